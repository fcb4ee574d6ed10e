/** A type that is none, or a family without its dot, finds nothing for ever: whoever wrote it wants to know. */
export async function hintOnTypes(types: readonly string[] | undefined): Promise<string> {
  if (types === undefined) return "";
  const { guards } = await import("../store/events/guards.generated.ts");
  const known = [...guards.keys()];
  const fits = (type: string) =>
    known.some((one) => one === type || (type.endsWith(".") && one.startsWith(type)));
  const odd = types.filter((type) => !fits(type));
  const said = odd.map((type) => {
    const family = `${type}.`;
    const better = known.some((one) => one.startsWith(family))
      ? `; a family ends with a dot: --type ${family}`
      : `; there are ${[...new Set(known.map((one) => `${one.split(".")[0]}.`))].join(", ")}`;
    return `\n  ${JSON.stringify(type)} is no type that this fleet knows${better}`;
  });
  return said.join("");
}
