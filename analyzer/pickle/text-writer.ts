/**
 * One line of text, put together from parts of a program: bounded, and made into a string only once. Parts are copied
 * as bytes, because a string of each was a third of the time of all facts (a profile of 500 small pickles); text beyond
 * Latin-1 goes the slow way.
 */

/** Characters of a line; what is beyond is dropped, and an ellipsis stands for it. */
const LONGEST = 400;

/** What stands where a bound was reached, or something is not known. */
export const ELLIPSIS = "…";

const QUOTE = 0x27;
const BACKSLASH = 0x5c;
/** Behind ASCII, the first character that is not written as an escape. */
const FIRST_PRINTABLE = 0xa1;

/** Shared by all writers, as no line is begun before another has ended. One character more than a line may have. */
const bytes = Buffer.alloc(LONGEST + 1);

export class TextWriter {
  /** What was written before the last text beyond Latin-1, with it. */
  private head = "";
  /** Characters behind `head`: bytes in the buffer, unless the line is full. */
  private used = 0;

  /** Begins a new line. */
  begin(): void {
    this.head = "";
    this.used = 0;
  }

  /** The line. */
  end(): string {
    const tail = this.used === 0 ? "" : bytes.toString("latin1", 0, this.used);
    const text = this.head === "" ? tail : this.head + tail;
    return text.length > LONGEST ? text.slice(0, LONGEST - 1) + ELLIPSIS : text;
  }

  /** Whether more was written than the line takes. */
  get isFull(): boolean {
    return this.head.length + this.used > LONGEST;
  }

  /** Text of characters up to U+00FF. */
  latin1(text: string): void {
    const end = Math.min(text.length, bytes.length - this.used);
    for (let index = 0; index < end; index++) bytes[this.used++] = text.charCodeAt(index);
  }

  /** Any text. */
  text(text: string): void {
    const before = this.used;
    const end = Math.min(text.length, bytes.length - before);
    for (let index = 0; index < end; index++) {
      const code = text.charCodeAt(index);
      if (code > 0xff) {
        this.head += bytes.toString("latin1", 0, before) + text;
        this.used = 0;
        return;
      }
      bytes[before + index] = code;
    }
    this.used = before + end;
  }

  /**
   * Bytes of a program in quotes, where they are characters up to U+00FF that stand for themselves: in UTF-8, or in
   * Latin-1. Otherwise nothing is written, and the answer is false.
   */
  quoted(data: Uint8Array, from: number, to: number, isUtf8: boolean): boolean {
    if (to - from + 2 > bytes.length - this.used) return false;
    let used = this.used;
    bytes[used++] = QUOTE;
    for (let index = from; index < to; index++) {
      let byte = data[index]!;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false;
      if (byte > 0x7e) {
        // Two bytes of UTF-8 hold what is below U+0800.
        if (isUtf8) byte = byte === 0xc2 || byte === 0xc3 ? ((byte & 3) << 6) | (data[++index]! & 0x3f) : 0;
        if (byte < FIRST_PRINTABLE) return false;
      }
      bytes[used++] = byte;
    }
    bytes[used++] = QUOTE;
    this.used = used;
    return true;
  }

  /** An integer, as it is most of the time: small. */
  integer(value: number): void {
    if (value >= 0 && value < 10 && !this.isFull) bytes[this.used++] = 0x30 + value;
    else this.latin1(String(value));
  }
}
