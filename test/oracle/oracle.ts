/**
 * The process of `unpickle.py`, asked in batches: what CPython's unpicklers do with programs. Only for programs that
 * tests generate themselves.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { StringEncoding } from "../../analyzer/pickle/state.ts";

/** One thing that an unpickler did; the numbers are of the objects that came to be, in order. */
export type Event =
  | readonly ["import", name: string, made: number]
  | readonly ["call", of: number, args: string, keywords: string]
  | readonly ["__setstate__" | "append" | "add" | "__setitem__", of: number, given: string]
  | readonly ["persid", id: string, made: number]
  | readonly ["root", value: string];

export interface Answer {
  readonly loads: boolean;
  readonly error: string | null;
  /** Bytes taken from the file: exact up to the first frame. */
  readonly position: number;
  readonly events: readonly Event[];
}

/**
 * `file` is the C unpickler from a file, `memory` from bytes in memory, `plain` from a file that can only be read,
 * `buffered` from one with a buffer that can be peeked into; `python` is the pure-Python one from a file.
 */
export type Unpickler = "file" | "memory" | "python" | "plain" | "buffered";

export interface Question {
  readonly program: Uint8Array;
  readonly unpickler: Unpickler;
  readonly encoding?: Exclude<StringEncoding, "any">;
}

const UNPICKLERS: readonly Unpickler[] = ["file", "memory", "python", "plain", "buffered"];
const ENCODINGS: readonly StringEncoding[] = ["ASCII", "utf-8", "latin1", "bytes"];

export class Oracle {
  private readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  /** @param python the interpreter whose unpicklers are asked */
  constructor(python = "python3") {
    // Its stderr is the interpreter's own grumbling about buffers that outlive their bytearrays.
    this.process = spawn(python, [fileURLToPath(new URL("unpickle.py", import.meta.url))], { stdio: ["pipe", "pipe", "ignore"] });
    this.lines = linesOf(this.process.stdout!);
  }

  /** An answer for each question, in order. */
  async ask(questions: readonly Question[]): Promise<readonly Answer[]> {
    const parts: Buffer[] = [Buffer.alloc(4)];
    parts[0]!.writeUInt32LE(questions.length);
    for (const { program, unpickler, encoding } of questions) {
      const head = Buffer.alloc(5);
      head.writeUInt8(UNPICKLERS.indexOf(unpickler) | (ENCODINGS.indexOf(encoding ?? "ASCII") << 3));
      head.writeUInt32LE(program.length, 1);
      parts.push(head, Buffer.from(program));
    }
    this.process.stdin!.write(Buffer.concat(parts));
    const line = await this.lines.next();
    if (line.done) throw new Error("the oracle died");
    return JSON.parse(line.value);
  }

  close(): void {
    this.process.stdin!.end();
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, newline)]).toString("utf8");
      rest = [];
      from = newline + 1;
    }
    rest.push(chunk.subarray(from));
  }
}
