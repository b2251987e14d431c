/** What pickletools prints of programs (`pickletools-dis.py`), asked in one go. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Printed {
  /** Null where it is longer than a megabyte. */
  readonly text: string | null;
  /** Of the text, in hex. */
  readonly sha256: string;
  readonly error: string | null;
}

/** What `pickletools.dis` prints of each program, in order. */
export async function* printedByPickletools(programs: readonly Uint8Array[]): AsyncGenerator<Printed> {
  const python = spawn("python3", [fileURLToPath(new URL("pickletools-dis.py", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  // Written while the answers are read: both pipes would fill up otherwise.
  const writing = (async () => {
    for (const program of programs) {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(program.length);
      if (!python.stdin.write(Buffer.concat([head, program]))) await new Promise((resolve) => python.stdin.once("drain", resolve));
    }
    python.stdin.end();
  })();
  for await (const line of createInterface({ input: python.stdout })) yield JSON.parse(line);
  await writing;
}
