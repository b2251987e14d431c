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

/** How a character is written within quotes; null where it stands for itself. */
export function escapeOf(code: number): string | null {
  if (code === 0x0a) return "\\n";
  if (code === 0x0d) return "\\r";
  if (code === 0x09) return "\\t";
  if (code === QUOTE || code === BACKSLASH) return `\\${String.fromCharCode(code)}`;
  if ((code >= 0x20 && code < 0x7f) || (code > 0xa0 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe)) return null;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

const ESCAPES = Array.from({ length: 0x100 }, (_, code) => escapeOf(code));

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
   * Bytes of a program in quotes, where they are characters up to U+00FF: in UTF-8, or in a line of UNICODE that escapes
   * nothing. Otherwise nothing is written, and the answer is false.
   */
  quoted(data: Uint8Array, from: number, to: number, isUtf8: boolean): boolean {
    let used = this.used;
    // Two for the quotes, and four for each character that is escaped.
    if (4 * (to - from) + 2 > bytes.length - used) return false;
    bytes[used++] = QUOTE;
    for (let index = from; index < to; index++) {
      let byte = data[index]!;
      if (byte > 0x7f && isUtf8) {
        // Two bytes of UTF-8 hold what is below U+0800.
        if (byte !== 0xc2 && byte !== 0xc3) return false;
        byte = ((byte & 3) << 6) | (data[++index]! & 0x3f);
      }
      if (byte === BACKSLASH && !isUtf8) return false;
      const escaped = ESCAPES[byte]!;
      if (escaped !== null) for (let at = 0; at < escaped.length; at++) bytes[used++] = escaped.charCodeAt(at);
      else bytes[used++] = byte;
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
