/**
 * The bytes of one program as the machine sees them: brought from the content in steps, consecutive even where raw data
 * lies between its opcodes, each with its place in the content.
 */
import type { HeldSource } from "../bytes/held-source.ts";
import type { Program } from "./trace.ts";

/** What is brought at a time grows with what was brought, up to this. */
const LONGEST_STEP = 4 * 1024 * 1024;

export class ProgramView {
  private buffer: Uint8Array = new Uint8Array(0);
  private owned = false;
  private length = 0;
  private ended = false;
  /** Where the byte behind the view lies in the content. */
  private next: number;
  private readonly segments: { at: number; offset: number }[];

  constructor(
    private readonly source: HeldSource,
    start: number,
    /** The most bytes that are brought. */
    readonly limit: number,
    /** What is brought at first. */
    private readonly firstStep: number,
  ) {
    this.next = start;
    this.segments = [{ at: 0, offset: start }];
  }

  /** What has been brought. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Whether there is no more to bring. */
  get complete(): boolean {
    return this.ended || this.next >= this.source.size;
  }

  /** Whether the content has enough for a view of `needed` bytes. */
  canHold(needed: number): boolean {
    return needed - this.length <= this.source.size - this.next;
  }

  /** Leaves the rest of the content: it is known not to suffice. */
  end(): void {
    this.ended = true;
  }

  /** Brings bytes until there are `needed`, or all that there are; false where that is beyond the limit, and nothing was brought. */
  async bring(needed: number): Promise<boolean> {
    const left = this.source.size - this.next;
    const missing = Math.min(needed - this.length, left);
    if (this.length + missing > this.limit) return false;
    const step = Math.min(left, this.limit - this.length, Math.max(missing, Math.min(LONGEST_STEP, Math.max(this.firstStep, this.length))));
    const bytes = await this.source.read(this.next, this.next + step);
    this.append(bytes);
    return true;
  }

  /** Where the byte at `at` lies in the content; for the end of the view, where the next would. */
  offsetOf(at: number): number {
    const segment = this.segments.findLast((candidate) => candidate.at <= at) ?? this.segments[0]!;
    return segment.offset + at - segment.at;
  }

  /** Leaves out what lies between the byte at `at` and `offset` in the content, where the program goes on. */
  skipTo(at: number, offset: number): void {
    const last = this.segments.at(-1)!;
    if (last.at === at) last.offset = offset;
    else this.segments.push({ at, offset });
    this.length = at;
    this.next = Math.min(offset, this.source.size);
  }

  /** The first `length` bytes, as a program of their own. */
  program(length: number): Program {
    return { bytes: this.buffer.slice(0, length), segments: this.segments.filter(({ at }) => at < length || at === 0) };
  }

  private append(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (this.length === 0) {
      // Most programs fit the first step: it is used as it came, and never written to.
      this.buffer = bytes;
      this.owned = false;
    } else {
      if (!this.owned || length > this.buffer.length) {
        const grown = new Uint8Array(Math.max(length, Math.min(2 * this.length, this.limit)));
        grown.set(this.bytes);
        this.buffer = grown;
        this.owned = true;
      }
      this.buffer.set(bytes, this.length);
    }
    this.length = length;
    this.next += bytes.length;
  }
}
