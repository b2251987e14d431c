/** A file of Python source on a disk, as the inference takes it: it is read when its text is needed, and not kept. */
import { isAscii } from "node:buffer";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { SourceFileText } from "../analyzer/python/modules.ts";

/** Files are read into the same memory one after the other: new memory for each of thousands costs more than reading. */
const MEMORY = Buffer.allocUnsafeSlow(1 << 20);

export class PythonFile implements SourceFileText {
  /** `path` is the one in its tree, `place` where it lies. Reading throws where there is no such file any more. */
  constructor(
    readonly path: string,
    private readonly place: string,
  ) {}

  get text(): string {
    return textOf(this.read());
  }

  onlyMention(word: string): string | null {
    const bytes = this.read();
    const at = bytes.indexOf(word);
    if (at === -1 || bytes.indexOf(word, at + 1) !== -1) return null;
    return textOf(bytes.subarray(bytes.lastIndexOf("\n", at) + 1));
  }

  /** The content, until the next file is read. */
  private read(): Buffer {
    const file = openSync(this.place, "r");
    try {
      let length = 0;
      // A read may bring less than there is; only one that brings nothing is the end.
      for (let more = -1; more !== 0 && length < MEMORY.length; length += more)
        more = readSync(file, MEMORY, length, MEMORY.length - length, length);
      return length < MEMORY.length ? MEMORY.subarray(0, length) : readFileSync(this.place);
    } finally {
      closeSync(file);
    }
  }
}

/** Bytes of UTF-8 as text; of ASCII, as most are, that is a copy. */
export function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString("latin1") : bytes.toString("utf8");
}
