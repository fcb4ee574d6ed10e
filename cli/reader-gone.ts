import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { catchInterrupts, type Interrupt } from "./interrupt.ts";

const STDOUT = 1;
/** How soon it is found that the other end of a socket was closed; of a pipe the kernel tells by itself. */
const ASK_MS = 500;
const NOTHING = new Uint8Array(0);

/** As `catchInterrupts`, for what prints without end: it ends, and well, when nobody is left to read it (`fleet events --follow | head -1`). */
export function catchEnds(): Interrupt {
  const interrupt = catchInterrupts();
  const stop = whenReaderGone(STDOUT, interrupt.end);
  return {
    ...interrupt,
    release() {
      stop();
      interrupt.release();
    },
  };
}

/**
 * Tells once when nobody can read any more what is written there, also while nothing is written. Of terminals, files and what cannot be
 * asked it never tells: there the next thing that is written finds it. Returns how to stop it.
 */
export function whenReaderGone(descriptor: number, tell: () => void): () => void {
  try {
    const found = fstatSync(descriptor);
    if (found.isFIFO()) return watchPipe(descriptor, tell);
    if (found.isSocket()) return askSocket(descriptor, tell);
  } catch {
    // No /proc, or a Node whose handles are made otherwise.
  }
  return () => {};
}

interface StreamHandle {
  /** 0, or the number of an error. */
  open(descriptor: number): number;
}

/**
 * poll(2) reports an error on a pipe that nobody reads any more, but Node polls only what it reads or has still to write, and refuses to read
 * a pipe's writing end. The handle of a TCP socket does not ask what it is given: reading there waits for nothing but that error.
 */
function watchPipe(descriptor: number, tell: () => void): () => void {
  // Opened anew, since what is polled is made non-blocking: whoever has inherited the same open file would find that, too.
  const own = openSync(
    `/proc/self/fd/${descriptor}`,
    constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
  );
  const handle = tcpHandle();
  if (handle === null || handle.open(own) !== 0) {
    closeSync(own);
    return () => {};
  }
  const watching = new Socket({ handle, readable: true, writable: false } as ConstructorParameters<
    typeof Socket
  >[0]);
  watching.once("error", tell).unref();
  return () => {
    watching.off("error", tell).destroy();
  };
}

/** The handle of a socket that was asked to connect by a name that nobody looks up: it is made at once, and connected to nothing. */
function tcpHandle(): StreamHandle | null {
  const socket = new Socket();
  socket.connect({ host: "nowhere.invalid", port: 1, lookup: () => {} });
  const handle = (socket as unknown as { readonly _handle?: Partial<StreamHandle> | null })._handle;
  return typeof handle?.open === "function" ? (handle as StreamHandle) : null;
}

/** Writing no bytes to a socket fails where writing some would. (To a pipe it never does.) */
function askSocket(descriptor: number, tell: () => void): () => void {
  const asking = setInterval(() => {
    try {
      writeSync(descriptor, NOTHING);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return;
      clearInterval(asking);
      tell();
    }
  }, ASK_MS).unref();
  return () => clearInterval(asking);
}
