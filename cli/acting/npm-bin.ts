import type { RunWords } from "./programs.ts";

/** Where npm, as this user has it now, puts programs that are installed globally; null without npm. */
export async function findNpmBin(run: RunWords): Promise<string | null> {
  const finished = await run(["npm", "prefix", "--global"], 10_000);
  const prefix = finished.stdout.trim();
  return finished.code === 0 && prefix.startsWith("/") && !prefix.includes("\n") ? `${prefix}/bin` : null;
}
