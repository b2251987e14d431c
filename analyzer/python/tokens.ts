/**
 * Python's tokens, one at a time, with the indentation between them. Boundary: what is not plain Python 3 throws
 * `NotPlain`, which only `plain-statements.ts` catches: such a text is parsed by tree-sitter.
 */
import { passString } from "./strings.ts";

/** The text, or what is read of it, is not Python as this parser knows it. */
export class NotPlain extends Error {}

/** A stretch of whole lines that is passed over. */
export interface PassedLines {
  readonly start: number;
  readonly end: number;
  readonly endRow: number;
}

export type TokenKind = "name" | "number" | "string" | "operator" | "newline" | "indent" | "dedent" | "end";

export class Tokens {
  /** The current token: its kind, its place, and the text of a name or an operator. */
  kind: TokenKind = "newline";
  start = 0;
  row = 0;
  word = "";
  /** Whether a string has interpolations. */
  isInterpolated = false;
  /** The end of the last token that has a text. */
  lastEnd = 0;
  private at: number;
  private atRow: number;
  /** Open brackets. */
  private depth = 0;
  private isLineStart: boolean;
  private indents: number[];
  private dedents = 0;
  private nextPassed = 0;

  /** `from` within the text to `to`; where it starts inside a line, what follows is one definition. */
  constructor(
    readonly text: string,
    private readonly passed: readonly PassedLines[],
    from: number,
    private readonly to: number,
    fromRow: number,
  ) {
    this.at = from;
    this.atRow = fromRow;
    this.isLineStart = from === 0;
    this.indents = [from === 0 ? 0 : -1];
    if (from === 0 && text.charCodeAt(0) === 0xfeff) this.at = 1;
  }

  get end(): number {
    return this.at;
  }

  protected is(kind: TokenKind): boolean {
    return this.kind === kind;
  }

  /** Where reading is, to come back to. */
  protected mark() {
    const { kind, start, row, word, isInterpolated, lastEnd, at, atRow, depth, isLineStart, dedents, nextPassed } = this;
    return {
      kind,
      start,
      row,
      word,
      isInterpolated,
      lastEnd,
      at,
      atRow,
      depth,
      isLineStart,
      dedents,
      nextPassed,
      indents: [...this.indents],
    };
  }

  protected goBack(mark: ReturnType<Tokens["mark"]>): void {
    Object.assign(this, mark);
  }

  /** Goes on to the next token. */
  advance(): void {
    if (this.kind !== "newline" && this.kind !== "indent" && this.kind !== "dedent") this.lastEnd = this.at;
    if (this.dedents > 0) {
      this.dedents--;
      this.kind = "dedent";
      return;
    }
    if (this.isLineStart && this.indentation()) return;
    this.blanks();
    this.start = this.at;
    this.row = this.atRow;
    if (this.at >= this.to) {
      this.finish();
      return;
    }
    const character = this.text.charCodeAt(this.at);
    if (character === 10) {
      this.at++;
      this.atRow++;
      this.isLineStart = true;
      this.kind = "newline";
    } else if (isWordStart(character)) this.readName();
    else if (isDigit(character) || (character === 46 && isDigit(this.text.charCodeAt(this.at + 1)))) this.readNumber();
    else if (character === 34 || character === 39) this.readString(this.at);
    else this.readOperator(character);
  }

  /** Passes whole lines, and goes on to the token after them. */
  protected pass(end: number, endRow: number): void {
    this.at = this.lastEnd = end;
    this.atRow = endRow;
    this.isLineStart = true;
    this.kind = "newline";
    this.advance();
  }

  /** At the start of a line: a change of indentation, if there is one. */
  private indentation(): boolean {
    const { text } = this;
    let indent = 0;
    for (;;) {
      while (this.nextPassed < this.passed.length && this.passed[this.nextPassed]!.start < this.at) this.nextPassed++;
      const passed = this.passed[this.nextPassed];
      if (passed && passed.start === this.at) {
        this.at = passed.end;
        this.atRow = passed.endRow;
        continue;
      }
      indent = 0;
      let character = text.charCodeAt(this.at);
      for (; character === 32 || character === 9 || character === 12 || character === 13; character = text.charCodeAt(++this.at)) {
        if (character === 32) indent++;
        else if (character === 9) indent += 8;
        else indent = 0;
      }
      if (this.at >= this.to) break;
      if (character === 35) this.comment();
      if (text.charCodeAt(this.at) !== 10) break;
      this.at++;
      this.atRow++;
    }
    this.isLineStart = false;
    if (this.at >= this.to) return false;
    let current = this.indents.at(-1)!;
    if (indent === current) return false;
    this.start = this.at;
    this.row = this.atRow;
    if (indent > current) {
      this.indents.push(indent);
      this.kind = "indent";
      return true;
    }
    while (indent < current) {
      this.indents.pop();
      this.dedents++;
      current = this.indents.at(-1)!;
    }
    if (indent !== current) throw new NotPlain();
    this.dedents--;
    this.kind = "dedent";
    return true;
  }

  /** At the end of the text: a newline if there was none, then what was not closed. */
  private finish(): void {
    if (this.depth > 0) throw new NotPlain();
    if (this.kind !== "newline" && this.kind !== "dedent" && this.kind !== "end") {
      this.kind = "newline";
      this.isLineStart = true;
    } else if (this.indents.length > 1) {
      this.indents.pop();
      this.kind = "dedent";
    } else this.kind = "end";
  }

  private blanks(): void {
    const { text } = this;
    for (; this.at < this.to; this.at++) {
      const character = text.charCodeAt(this.at);
      if (character === 32 || character === 9 || character === 13 || character === 12) continue;
      if (character === 35) {
        this.comment();
        this.at--;
      } else if (character === 92) {
        if (text.charCodeAt(this.at + 1) === 13) this.at++;
        if (text.charCodeAt(this.at + 1) !== 10) throw new NotPlain();
        this.at++;
        this.atRow++;
      } else if (character === 10 && this.depth > 0) this.atRow++;
      else return;
    }
  }

  private comment(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end === -1 || end > this.to ? this.to : end;
  }

  private readName(): void {
    const { text } = this;
    let end = this.at + 1;
    while (isWordPart(text.charCodeAt(end))) end++;
    const next = text.charCodeAt(end);
    if ((next === 34 || next === 39) && end - this.at <= 2 && STRING_PREFIX.test(text.slice(this.at, end))) {
      this.readString(end);
      return;
    }
    this.kind = "name";
    this.word = text.slice(this.at, end);
    this.at = end;
  }

  private readNumber(): void {
    NUMBER.lastIndex = this.at;
    const [found = ""] = NUMBER.exec(this.text) ?? [];
    this.kind = "number";
    this.word = found;
    this.at += found.length;
    if (found === "" || isWordStart(this.text.charCodeAt(this.at))) throw new NotPlain();
  }

  private readString(quote: number): void {
    const { text } = this;
    const passed = passString(text, quote);
    if (passed === null || passed.end > this.to) throw new NotPlain();
    this.kind = "string";
    this.isInterpolated = passed.isInterpolated;
    this.at = passed.end;
    this.atRow += passed.rows;
  }

  private readOperator(character: number): void {
    const { text } = this;
    const second = text.charCodeAt(this.at + 1);
    let word = SINGLE[character];
    if (word === undefined) throw new NotPlain();
    if (second === 61 && BEFORE_EQUALS.includes(word)) word += "=";
    else if (second === character && DOUBLED.includes(word)) {
      word += word;
      if (text.charCodeAt(this.at + 2) === 61) word += "=";
    } else if ((character === 45 || character === 60) && second === 62) word += ">";
    else if (character === 46 && second === 46 && text.charCodeAt(this.at + 2) === 46) word = "...";
    if (word === "(" || word === "[" || word === "{") this.depth++;
    else if (word === ")" || word === "]" || word === "}") this.depth--;
    if (word === "!" || this.depth < 0) throw new NotPlain();
    this.kind = "operator";
    this.word = word;
    this.at += word.length;
  }
}

const STRING_PREFIX = /^(?:[rbuft]|[rR][bft]|[bft][rR])$/i;
const NUMBER =
  /0[xX][\da-fA-F_]+[lL]?|0[oO][0-7_]+[lL]?|0[bB][01_]+[lL]?|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJlL]?/y;
const SINGLE: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return "+-*/%@&|^~<>=!:.,;()[]{}".includes(character) ? character : undefined;
});
const BEFORE_EQUALS = "+-*/%@&|^<>=!:";
const DOUBLED = "*/<>";

function isDigit(character: number): boolean {
  return character >= 48 && character <= 57;
}

function isWordStart(character: number): boolean {
  const letter = character | 32;
  return (letter >= 97 && letter <= 122) || character === 95 || character >= 128;
}

function isWordPart(character: number): boolean {
  return isWordStart(character) || isDigit(character);
}
