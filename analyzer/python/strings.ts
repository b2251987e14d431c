/** Where a string literal ends, by its quotes and the interpolations in it. Boundary: one literal, from its first quote. */

export interface PassedString {
  /** After the closing quotes. */
  readonly end: number;
  /** Line ends inside it. */
  readonly rows: number;
  readonly isInterpolated: boolean;
}

const NEWLINE = 10;
const RETURN = 13;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** The literal whose opening quotes are there; null where it does not end. */
export function passString(text: string, quoteAt: number): PassedString | null {
  const reader = new StringReader(text, quoteAt);
  return reader.string() ? { end: reader.at, rows: reader.rows, isInterpolated: reader.isInterpolated } : null;
}

class StringReader {
  rows = 0;
  isInterpolated = false;

  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  string(): boolean {
    const { text } = this;
    const format = isFormat(text, this.at);
    const quote = text.charCodeAt(this.at);
    const isTriple = text.charCodeAt(this.at + 1) === quote && text.charCodeAt(this.at + 2) === quote;
    this.at += isTriple ? 3 : 1;
    while (this.at < text.length) {
      const character = text.charCodeAt(this.at);
      if (format && character === BACKSLASH && text.charCodeAt(this.at + 1) === OPEN_BRACE) {
        // It escapes nothing: `f"\\{x}"` interpolates.
        this.at++;
      } else if (character === BACKSLASH) {
        const isLineEnd = text.charCodeAt(this.at + 1) === RETURN && text.charCodeAt(this.at + 2) === NEWLINE;
        if (isLineEnd || text.charCodeAt(this.at + 1) === NEWLINE) this.rows++;
        this.at += isLineEnd ? 3 : 2;
      } else if (character === quote) {
        if (!isTriple) {
          this.at++;
          return true;
        }
        if (text.charCodeAt(this.at + 1) === quote && text.charCodeAt(this.at + 2) === quote) {
          this.at += 3;
          return true;
        }
        this.at++;
      } else if (character === NEWLINE) {
        if (!isTriple) return false;
        this.rows++;
        this.at++;
      } else if (format && character === OPEN_BRACE) {
        if (text.charCodeAt(this.at + 1) === OPEN_BRACE) this.at += 2;
        else if (!this.interpolation()) return false;
      } else this.at++;
    }
    return false;
  }

  /** Passes `{...}` inside a formatted string, in which the same quotes may occur again. */
  private interpolation(): boolean {
    const { text } = this;
    this.isInterpolated = true;
    let depth = 0;
    while (this.at < text.length) {
      const character = text.charCodeAt(this.at);
      if (character === DOUBLE_QUOTE || character === SINGLE_QUOTE) {
        if (!this.string()) return false;
        continue;
      }
      if (character === NEWLINE) this.rows++;
      depth += nesting(character);
      this.at++;
      if (depth === 0 && character === CLOSE_BRACE) return true;
    }
    return false;
  }
}

/** What a character does to the depth of brackets. */
export function nesting(character: number): number {
  switch (character) {
    case 40:
    case 91:
    case OPEN_BRACE:
      return 1;
    case 41:
    case 93:
    case CLOSE_BRACE:
      return -1;
    default:
      return 0;
  }
}

/** Whether the letters before an opening quote make it a formatted string. */
function isFormat(text: string, quote: number): boolean {
  for (let at = quote - 1; at >= quote - 2 && at >= 0; at--) {
    const letter = text.charCodeAt(at) | 32;
    // f, t; and what may stand beside them: r, b, u.
    if (letter === 102 || letter === 116) return true;
    if (letter !== 114 && letter !== 98 && letter !== 117) return false;
  }
  return false;
}
