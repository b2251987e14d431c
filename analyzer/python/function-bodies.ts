/**
 * Where the bodies of a module's functions and methods lie, and its documentation, found by lines, indentation, brackets
 * and strings alone: most of a module's text is in them, and most of it is never asked for. Boundary: layout only. A text
 * whose layout is not plain Python's is not understood, and is then parsed whole.
 */
import { nesting, passString } from "./strings.ts";

/** The body of a function that starts on a line of its own. Offsets are in UTF-16 units, rows from 0. */
export interface FunctionBody {
  /** Of `def`, or of `async` before it. */
  readonly definition: number;
  readonly definitionRow: number;
  readonly definitionColumn: number;
  /** The start of the line after the head. */
  readonly start: number;
  readonly startRow: number;
  /** The start of the next line that is not the function's. */
  readonly end: number;
  readonly endRow: number;
}

/** Lines that are nothing but a string, as documentation is: they do nothing. */
export interface Documentation {
  readonly start: number;
  readonly startRow: number;
  /** The start of the next line. */
  readonly end: number;
  readonly endRow: number;
}

/** A class at the top of a module, with all that is in it. */
export interface TopClass {
  /** Of `class`. */
  readonly definition: number;
  readonly definitionRow: number;
  readonly definitionColumn: 0;
  /** The start of the next line that is not the class's. */
  readonly end: number;
  readonly endRow: number;
}

/** How a module is laid out. */
export interface Layout {
  /** In order, those of a few lines left out. */
  readonly classes: readonly TopClass[];
  /** The bodies of all functions that are not inside another function, in order. */
  readonly bodies: readonly FunctionBody[];
  /** In order, in bodies and outside of them. */
  readonly documentation: readonly Documentation[];
}

/** Shorter bodies are not worth a parse of their own, and shorter strings not a gap. */
const SHORTEST = 120;

/** Shorter classes are parsed with what is around them. */
const SHORTEST_CLASS = 400;

/** How a text is laid out; null where that is not understood. */
export function layoutOf(text: string): Layout | null {
  const scanner = new Scanner(text);
  return scanner.scan() ? scanner : null;
}

const TAB = 9;
const NEWLINE = 10;
const FORM_FEED = 12;
const RETURN = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const SINGLE_QUOTE = 39;
const COLON = 58;
const LETTER_C = 99;
const LETTER_R = 114;
const BACKSLASH = 92;

class Scanner implements Layout {
  readonly classes: TopClass[] = [];
  readonly bodies: FunctionBody[] = [];
  readonly documentation: Documentation[] = [];
  private at = 0;
  private row = 0;
  /** The last character of the logical line that is neither white space nor comment. */
  private lastCharacter = 0;
  /** Whether the logical line is one string and nothing else. */
  private isString = false;

  constructor(private readonly text: string) {}

  scan(): boolean {
    const { text } = this;
    let open: Omit<FunctionBody, "end" | "endRow"> | null = null;
    let openIndent = 0;
    let class_: Pick<TopClass, "definition" | "definitionRow"> | null = null;
    const indents = [0];
    while (this.at < text.length) {
      const lineStart = this.at;
      const lineRow = this.row;
      const indent = this.indentation();
      if (indent === null) continue;
      if (!isConsistent(indents, indent, this.lastCharacter === COLON)) return false;
      if (open !== null && indent <= openIndent) {
        this.close(open, lineStart, lineRow);
        open = null;
      }
      if (class_ !== null && indent === 0) {
        this.closeClass(class_, lineStart, lineRow);
        class_ = null;
      }
      const first = this.at;
      const isClass = indent === 0 && text.charCodeAt(first) === LETTER_C && CLASS.test(text.slice(first, first + 6));
      const isFunction = open === null && this.isDefinition();
      if (!this.logicalLine()) return false;
      if (this.isString && this.at - lineStart >= SHORTEST)
        this.documentation.push({ start: lineStart, startRow: lineRow, end: this.at, endRow: this.row });
      if (isClass && this.lastCharacter === COLON) class_ = { definition: first, definitionRow: lineRow };
      if (!isFunction || this.lastCharacter !== COLON) continue;
      openIndent = indent;
      open = {
        definition: first,
        definitionRow: lineRow,
        definitionColumn: first - lineStart,
        start: this.at,
        startRow: this.row,
      };
    }
    if (open !== null) this.close(open, text.length, this.row);
    if (class_ !== null) this.closeClass(class_, text.length, this.row);
    return true;
  }

  private isDefinition(): boolean {
    const letter = this.text.charCodeAt(this.at);
    // Slicing every line would cost more than the rest.
    return (letter === 97 || letter === 100) && DEFINITION.test(this.text.slice(this.at, this.at + 16));
  }

  private close(open: Omit<FunctionBody, "end" | "endRow">, end: number, endRow: number): void {
    if (end - open.start >= SHORTEST) this.bodies.push({ ...open, end, endRow });
  }

  private closeClass(class_: Pick<TopClass, "definition" | "definitionRow">, end: number, endRow: number): void {
    if (end - class_.definition >= SHORTEST_CLASS) this.classes.push({ ...class_, definitionColumn: 0, end, endRow });
  }

  /**
   * Goes to the first character of a line, and gives its column as the grammar's scanner counts (a tab is eight, a form
   * feed starts anew); null where the line has nothing but a comment, which is passed.
   */
  private indentation(): number | null {
    const { text } = this;
    let indent = 0;
    for (; ; this.at++) {
      const character = text.charCodeAt(this.at);
      if (character === SPACE) indent++;
      else if (character === TAB) indent += 8;
      else if (character === FORM_FEED || character === RETURN) indent = 0;
      else if (character === NEWLINE) {
        this.at++;
        this.row++;
        return null;
      } else if (character === HASH) {
        this.comment();
        return null;
      } else return this.at < text.length ? indent : null;
    }
  }

  /** Passes a comment and the end of its line. */
  private comment(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end === -1 ? this.text.length : end + 1;
    if (end !== -1) this.row++;
  }

  /** Passes a logical line and its end. False where strings or brackets do not end as they should. */
  private logicalLine(): boolean {
    const { text } = this;
    let depth = 0;
    let tokens = 0;
    this.lastCharacter = 0;
    this.isString = false;
    while (this.at < text.length) {
      const character = text.charCodeAt(this.at);
      if (character === SPACE || character === TAB || character === RETURN || character === FORM_FEED) this.at++;
      else if (character === NEWLINE) {
        this.at++;
        this.row++;
        if (depth === 0) return true;
      } else if (character === HASH) {
        this.comment();
        if (depth === 0) return true;
      } else if (character === BACKSLASH) {
        if (!this.continuation()) return false;
      } else if (character === DOUBLE_QUOTE || character === SINGLE_QUOTE) {
        const passed = passString(text, this.at);
        if (passed === null) return false;
        this.at = passed.end;
        this.row += passed.rows;
        this.lastCharacter = character;
        this.isString = tokens++ === 0;
      } else {
        depth += nesting(character);
        if (depth < 0) return false;
        this.lastCharacter = character;
        this.at++;
        // An `r` before the quotes is part of the string.
        if (tokens > 0 || (character | 32) !== LETTER_R) tokens++;
        this.isString = false;
      }
    }
    return depth === 0;
  }

  /** A backslash at the end of a line. */
  private continuation(): boolean {
    const { text } = this;
    this.at++;
    if (text.charCodeAt(this.at) === RETURN) this.at++;
    if (text.charCodeAt(this.at) !== NEWLINE) return false;
    this.at++;
    this.row++;
    return true;
  }
}

const CLASS = /^class[ \t]/;
const DEFINITION = /^(?:async[ \t]+)?def[ \t]/;

/**
 * Follows Python's stack of indents to the next line. False where it is no Python: a line that is indented without a colon
 * before it, or dedents to a level that nobody opened. The grammar reads on there without an error, and otherwise in a
 * piece than in the whole.
 */
function isConsistent(indents: number[], indent: number, afterColon: boolean): boolean {
  if (indent > indents.at(-1)!) {
    indents.push(indent);
    return afterColon;
  }
  while (indents.at(-1)! > indent) indents.pop();
  return indents.at(-1) === indent;
}
