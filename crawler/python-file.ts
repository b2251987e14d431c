/** A file of Python source on a disk, as the inference takes it: it is read when its text is needed, and not kept. */
import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { Answers, SourceFileText } from "../analyzer/python/module-file.ts";
import type { FileAnswers, FolderAnswers } from "./folder-answers.ts";

/** Files are read into the same memory one after the other: new memory for each of thousands costs more than reading. */
const MEMORY = Buffer.allocUnsafeSlow(1 << 20);

export class PythonFile implements SourceFileText {
  private known: FileAnswers | null | undefined;

  /**
   * `path` is the one in its tree, `place` where it lies, `folder` what was answered before about the files below the tree's folder.
   * Reading throws `UnreadableSource` where it cannot be read, or is no longer the file of which something was recalled.
   */
  constructor(
    readonly path: string,
    private readonly place: string,
    private readonly folder: FolderAnswers | null = null,
  ) {}

  get text(): string {
    return textOf(this.read());
  }

  /** Of the text: where the bytes are no UTF-8, that is not theirs. */
  get sha256(): string {
    return this.recall("sha256", () => sha256(this.text));
  }

  onlyMention(word: string): string | null {
    const bytes = this.read();
    const at = bytes.indexOf(word);
    if (at === -1 || bytes.indexOf(word, at + 1) !== -1) return null;
    return textOf(bytes.subarray(bytes.lastIndexOf("\n", at) + 1));
  }

  recall<Answer extends Answers>(question: string, ask: () => Answer): Answer {
    return this.answers ? this.answers.recall(question, ask) : ask();
  }

  private get answers(): FileAnswers | null {
    if (this.known === undefined) this.known = this.folder?.of(this.path) ?? null;
    return this.known;
  }

  private open(): number {
    try {
      return openSync(this.place, "r");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === "ENOENT" ? "there is no such file, or it is a link to none" : message;
      throw new UnreadableSource(`cannot read ${this.place}: ${reason}`);
    }
  }

  /** The content, until the next file is read. */
  private read(): Buffer {
    // Looked at before it is read, so that what is answered of this content is not kept for one that is there later.
    const { answers } = this;
    const file = this.open();
    try {
      if (answers?.isRecalled && !answers.isOf(fstatSync(file)))
        throw new UnreadableSource(`${this.place} was changed while it was in use: run it again`);
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

/** A file of source cannot be read: its message says which, and why. */
export class UnreadableSource extends Error {}

/** sha256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Bytes of UTF-8 as text; of ASCII, as most are, that is a copy. */
export function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString("latin1") : bytes.toString("utf8");
}
