import { describe, expect, test } from "vitest";
import { holderIn } from "../../store/lock-holder.ts";

// Taken from a real /proc/locks, the inode is that of a -shm file.
const LOCKS = `1: POSIX  ADVISORY  READ  2048641 fe:00:3407896 128 128
2: POSIX  ADVISORY  WRITE 2048641 fe:00:3407896 120 120
2: -> POSIX  ADVISORY  WRITE 2048700 fe:00:3407896 120 120
3: FLOCK  ADVISORY  WRITE 1021 00:19:1405 0 EOF
4: POSIX  ADVISORY  WRITE 77 fe:00:99 0 EOF
5: POSIX  ADVISORY  WRITE 78 fe:00:100 121 121
6: OFDLCK ADVISORY  WRITE -1 fe:00:101 120 120
`;

describe("the holder of the write lock", () => {
  test.each([
    ["holds byte 120 of the file", 3407896, 2048641],
    ["holds the whole file", 99, 77],
    ["is not who holds another byte", 100, null],
    ["is not told for locks that belong to no process", 101, null],
    ["is nobody when no line speaks of the file", 5, null],
  ])("%s", (_, inode, pid) => {
    expect(holderIn(LOCKS, inode)).toBe(pid);
  });

  test("is nobody in no text", () => {
    expect(holderIn("", 1)).toBeNull();
  });
});
