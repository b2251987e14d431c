/**
 * The bytes of one program as the machine sees them: brought from the content in steps, consecutive even where raw data
 * lies between its opcodes, each with its place in the content.
 */
import type { HeldSource } from "../bytes/held-source.ts";
import type { Program } from "./trace.ts";

/** What is brought at a time grows with what was brought since something was left out, up to this. */
const LONGEST_STEP = 1024 * 1024;

/** Constants longer than this are left out but for `KEPT_BYTES`: none is brought whole by the way, whatever the steps. */
export const LONGEST_CONSTANT = LONGEST_STEP;
/** What stays of a constant that was left out. */
export const KEPT_BYTES = 4096;

/** Where a program says how long a constant is, and what it says. */
export interface Constant {
  readonly countAt: number;
  /** Bytes of the count, least significant first. */
  readonly countWidth: number;
  readonly length: number;
}

export class ProgramView {
  private buffer: Uint8Array = new Uint8Array(0);
  private owned = false;
  private length = 0;
  /** Length at which something was left out last. */
  private cutAt = 0;
  private ended = false;
  private shortened = false;
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

  /** Whether some constant is shorter here than in the content. */
  get leavesOut(): boolean {
    return this.shortened;
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
    const growing = Math.min(LONGEST_STEP, Math.max(this.firstStep, this.length - this.cutAt));
    const step = Math.min(left, this.limit - this.length, Math.max(missing, growing));
    this.append(await this.source.read(this.next, this.next + step));
    return true;
  }

  /**
   * Leaves out all but the first bytes of a constant, and says so in its count: the program stays one that can be run and
   * listed. False where what stays is beyond the limit.
   */
  async leaveOut({ countAt, countWidth, length }: Constant): Promise<boolean> {
    const body = countAt + countWidth;
    const end = this.offsetOf(body) + length;
    const missing = body + KEPT_BYTES - this.length;
    if (body + KEPT_BYTES > this.limit) return false;
    if (missing > 0) this.append(await this.source.read(this.next, this.next + missing));
    this.own(this.length);
    for (let index = 0; index < countWidth; index++) this.buffer[countAt + index] = Math.floor(KEPT_BYTES / 256 ** index) % 256;
    this.shortened = true;
    this.skipTo(body + KEPT_BYTES, end);
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
    this.cutAt = at;
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
      this.own(length);
      this.buffer.set(bytes, this.length);
    }
    this.length = length;
    this.next += bytes.length;
  }

  /** Makes the buffer one that may be written to, of at least `length` bytes. */
  private own(length: number): void {
    if (this.owned && length <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(length, Math.min(2 * this.length, this.limit)));
    grown.set(this.bytes);
    this.buffer = grown;
    this.owned = true;
  }
}
