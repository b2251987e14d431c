/**
 * Which names the text of a module calls outside of functions: when it is imported. Boundary: read from text, so that
 * modules without such calls need not be parsed; what a name means is `resolve.ts`'s. It tells more rather than less: what
 * stands in strings and comments counts too.
 */

/** Names, each once, in the order in which they stand. */
export type CallsAtTop = {
  /** `name(...)`, `@a.name`, and names that an import gives another name: `name as alias`. */
  readonly called: readonly string[];
  /** `name.method(...)`, `@name.method`, and the same imports. */
  readonly owners: readonly string[];
};

export function callsAtTop(text: string): CallsAtTop {
  const called = new Set<string>();
  const owners = new Set<string>();
  const parentheses = new Places(text, "(");
  const words = new Places(text, "as");
  for (const [start, end] of linesAtTop(text)) {
    if (text[start] === "@") {
      const path = text.slice(start + 1, endOfPath(text, start + 1)).split(".");
      for (const name of path) called.add(name);
      for (const name of path.slice(0, -1)) owners.add(name);
    }
    for (let at = parentheses.from(start); at < end; at = parentheses.from(at + 1)) {
      const nameEnd = skipBlanksBefore(text, at);
      const nameStart = startOfWord(text, nameEnd);
      if (nameStart === nameEnd) continue;
      called.add(text.slice(nameStart, nameEnd));
      const dot = skipBlanksBefore(text, nameStart) - 1;
      if (text[dot] !== ".") continue;
      const ownerEnd = skipBlanksBefore(text, dot);
      owners.add(text.slice(startOfWord(text, ownerEnd), ownerEnd));
    }
    for (let at = words.from(start); at < end; at = words.from(at + 1)) {
      if (!isBlank(text.charCodeAt(at - 1)) || !isBlank(text.charCodeAt(at + 2))) continue;
      const nameEnd = skipBlanksBefore(text, at);
      const name = text.slice(startOfWord(text, nameEnd), nameEnd);
      called.add(name);
      owners.add(name);
    }
  }
  return { called: [...called], owners: [...owners] };
}

/** Where something stands in a text, from the front to the back: no stretch is searched twice. */
class Places {
  private next = -1;

  constructor(
    private readonly text: string,
    private readonly what: string,
  ) {}

  /** The first place from one on that is no less than that of the last call; infinite where there is none. */
  from(at: number): number {
    if (this.next < at) {
      const found = this.text.indexOf(this.what, at);
      this.next = found === -1 ? Number.POSITIVE_INFINITY : found;
    }
    return this.next;
  }
}

/** Where the lines of a text begin, after their blanks, and end that no function is around, by the lines before each that are less deep. */
function* linesAtTop(text: string): Generator<readonly [start: number, end: number]> {
  /** How deep the outermost function is that is open: what is deeper is in it. */
  let around = Number.POSITIVE_INFINITY;
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    let first = start;
    for (let code = text.charCodeAt(first); code === SPACE || code === TAB; code = text.charCodeAt(first)) first++;
    const depth = first - start;
    if (first < end && depth <= around) {
      yield [first, end];
      FUNCTION.lastIndex = first;
      around = FUNCTION.test(text) ? depth : Number.POSITIVE_INFINITY;
    }
    start = end + 1;
  }
}

const FUNCTION = /(async\s+)?def\b/y;
const SPACE = 32;
const TAB = 9;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === NEWLINE || code === CARRIAGE_RETURN;
}

/** The end of what is before the blanks before a place. */
function skipBlanksBefore(text: string, at: number): number {
  let end = at;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

/** Where a word starts that ends at a place: the place itself where none does. */
function startOfWord(text: string, end: number): number {
  let start = end;
  while (start > 0 && isWord(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Where the dotted path ends that starts at a place. */
function endOfPath(text: string, start: number): number {
  let end = start;
  while (end < text.length && (text[end] === "." || isWord(text.charCodeAt(end)))) end++;
  return end;
}

/** A letter, a digit or an underscore; beyond ASCII whatever there is may be a letter. */
function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code >= 128;
}
