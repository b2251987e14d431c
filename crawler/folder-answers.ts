/**
 * What was answered about the texts of the files below a folder, kept between runs: a file that nobody touched is not read again to be
 * asked the same. Boundary: which questions there are is `analyzer/python/module-file.ts`'s, where this is kept `parse-cache.ts`'s.
 */
import { existsSync, type Stats, statSync } from "node:fs";
import type { Answers } from "../analyzer/python/module-file.ts";

/**
 * For how many milliseconds a file must have been left alone before what is read of it is kept. A file system's clock may stand still for
 * some: a file that is written twice meanwhile looks the same after either (git calls such entries racy, and reads those files again).
 */
const SETTLED = 2000;

export class FolderAnswers {
  private readonly files = new Map<string, FileAnswers>();

  /** `written` is what `write` gave in an earlier run, null where there was none. Throws where it is something else. */
  constructor(
    private readonly folder: string,
    written: string | null,
    private readonly now: () => number = Date.now,
  ) {
    if (written === null) return;
    let at = written.indexOf("\n") + 1;
    const files: readonly KeptFile[] = JSON.parse(written.slice(0, at));
    for (const [name, stamp, length] of files) {
      this.files.set(name, new FileAnswers(stamp, written.slice(at, at + length)));
      at += length;
    }
  }

  /** What is known of a file below the folder as it is now; null where that cannot be told. */
  of(name: string): FileAnswers | null {
    const stats = statSync(`${this.folder}/${name}`, { throwIfNoEntry: false });
    if (stats === undefined || this.now() - Math.max(stats.mtimeMs, stats.ctimeMs) < SETTLED) return null;
    const known = this.files.get(name);
    if (known?.isOf(stats)) return known;
    const file = new FileAnswers(stampOf(stats), null);
    this.files.set(name, file);
    return file;
  }

  /** Whether anything was answered that was not known. */
  get isNew(): boolean {
    return [...this.files.values()].some((file) => file.isNew);
  }

  /** What is known of the files that are still there; null where that is longer than `longest`. */
  write(longest = Number.POSITIVE_INFINITY): string | null {
    const header: KeptFile[] = [];
    const parts: string[] = [];
    let length = 0;
    for (const [name, file] of this.files) {
      if (!existsSync(`${this.folder}/${name}`)) continue;
      const part = file.write();
      length += part.length;
      if (length > longest) return null;
      header.push([name, file.stamp, part.length]);
      parts.push(part);
    }
    return `${JSON.stringify(header)}\n${parts.join("")}`;
  }
}

/** A file, what its file system said of it, and how long its answers are, which are JSON. */
type KeptFile = readonly [name: string, stamp: string, length: number];

/** What was answered about one content of a file. */
export class FileAnswers {
  private answers: Map<string, Answers> | null = null;
  isNew = false;

  constructor(
    readonly stamp: string,
    private readonly written: string | null,
  ) {}

  /** Whether something was answered in an earlier run. */
  get isRecalled(): boolean {
    return this.written !== null;
  }

  /** Whether it is about the file of which a file system says this. */
  isOf(stats: Stats): boolean {
    return stampOf(stats) === this.stamp;
  }

  /** The answer to a question, which is only asked where it was not before. */
  recall<Answer extends Answers>(question: string, ask: () => Answer): Answer {
    this.answers ??= new Map(this.written === null ? [] : (JSON.parse(this.written) as [string, Answers][]));
    const known = this.answers.get(question);
    if (known !== undefined) return known as Answer;
    const answer = ask();
    this.answers.set(question, answer);
    this.isNew = true;
    return answer;
  }

  write(): string {
    return this.isNew || this.written === null ? JSON.stringify([...(this.answers ?? [])]) : this.written;
  }
}

/** What a file system says of a file that changes whenever the file does. Nobody can set the time of its last change (ctime). */
function stampOf({ size, mtimeMs, ctimeMs, ino, dev }: Stats): string {
  return [size, mtimeMs, ctimeMs, ino, dev].join(" ");
}
