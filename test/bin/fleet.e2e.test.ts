import { afterAll, beforeAll, expect, test } from "vitest";
import { createHost, type Host } from "../sandbox/host.ts";

let host: Host;
beforeAll(async () => {
  host = await createHost({ name: "launcher" });
  await host.check("root", ["sh", "-c", "mkdir -p /opt/fleet/dist && cat > /opt/fleet/dist/fleet.cjs"], {
    input: 'console.log("the real thing")',
  });
});
afterAll(async () => {
  await host.down();
});

/** A checkout at `path` with a remembered line, written by bob, that names a program of bob's. */
async function plant(path: string, owner: string, mode: string): Promise<void> {
  const script = `set -e; cp -R /opt/fleet ${path}; rm -f ${path}/.fleet-node; chown -R ${owner} ${path}
    chmod ${mode} ${path}
    printf '#!/bin/sh\\necho trapped\\n' > /srv/trap; chmod 755 /srv/trap
    touch -d '1 hour ago' /srv/trap
    echo /srv/trap > ${path}/.fleet-node; chown bob ${path}/.fleet-node; chmod 644 ${path}/.fleet-node`;
  await host.check("root", ["sh", "-c", script]);
}

const runAs = (user: string, path: string) =>
  host.check(user, [`${path}/bin/fleet`, "ps"], {
    env: { PATH: "/opt/node/bin:/usr/bin:/bin", FLEET_NODE: "" },
  });

test("another user's remembered line in one's own checkout is not trusted, and is replaced", async () => {
  await plant("/home/alice/checkout", "alice", "755");
  expect(await runAs("alice", "/home/alice/checkout")).toBe("the real thing\n");
  const owner = ["stat", "-c", "%U", "/home/alice/checkout/.fleet-node"];
  expect(await host.check("alice", owner)).toBe("alice\n");
});

test("a line that anybody could have put into a sticky directory is not trusted", async () => {
  await plant("/srv/sticky", "root", "1777");
  expect(await runAs("alice", "/srv/sticky")).toBe("the real thing\n");
  expect(await runAs("root", "/srv/sticky")).toBe("the real thing\n");
});

test("in another's checkout that owner's line is trusted as the code beside it is, and never rewritten", async () => {
  await plant("/srv/bobs", "bob", "755");
  expect(await runAs("alice", "/srv/bobs")).toBe("trapped\n");
  await host.check("root", ["rm", "/srv/bobs/.fleet-node"]);
  expect(await runAs("root", "/srv/bobs")).toBe("the real thing\n");
  expect((await host.exec("root", ["test", "-e", "/srv/bobs/.fleet-node"])).code).toBe(1);
});
