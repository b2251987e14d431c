/**
 * Which names the text of a module calls, or stores to what they mean, outside of functions: when it is imported. Boundary: read from text, so that
 * modules without such calls need not be parsed; what a name means is `resolve.ts`'s. It tells more rather than less: what
 * stands in strings and comments counts too.
 */

/** Names, each once, in the order in which they stand. */
export type CallsAtTop = {
  /** `name(...)`, `@a.name`, and names that an import gives another name: `name as alias`. */
  readonly called: readonly string[];
  /** `name.method(...)`, `@name.method`, `name.attribute = ...`, `name[key] = ...`, `name |= ...`, `setattr(name, ...)`, and the same imports. */
  readonly owners: readonly string[];
  /** `alias = name.method`: the name, and the alias. */
  readonly methods: readonly (readonly [name: string, alias: string])[];
  /** Functions that may decorate, each with names that it calls or puts something into. */
  readonly decorators: readonly (readonly [name: string, uses: readonly string[]])[];
};

export function callsAtTop(text: string): CallsAtTop {
  const called = new Set<string>();
  const owners = new Set<string>();
  const methods: (readonly [string, string])[] = [];
  const parentheses = new Places(text, "(");
  const words = new Places(text, "as");
  for (const [start, end] of linesAtTop(text)) {
    if (text[start] === "@") {
      const path = text.slice(start + 1, endOfPath(text, start + 1)).split(".");
      for (const name of path) called.add(name);
      for (const name of path.slice(0, -1)) owners.add(name);
    }
    const changed = changedIn(text, start, end, methods);
    if (changed !== null) owners.add(changed);
    for (let at = parentheses.from(start); at < end; at = parentheses.from(at + 1)) {
      const nameEnd = skipBlanksBefore(text, at);
      const nameStart = startOfWord(text, nameEnd);
      if (nameStart === nameEnd) continue;
      const name = text.slice(nameStart, nameEnd);
      called.add(name);
      if (name === "setattr")
        owners.add(
          text
            .slice(at + 1, endOfPath(text, at + 1))
            .split(".")
            .at(-1)!,
        );
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
  return { called: [...called], owners: [...owners], methods, decorators: decoratorsIn(text) };
}

/** What is assigned, where that is a method of something: `a.name.method`. */
const METHOD = /[ \t]*(?:\w+\.)*(\w+)\.\w+[ \t]*(?=\r?\n|$)/y;

/** Functions at the top of a text that have a function inside, or give back their first parameter, and what they use as a registry may be used. */
function decoratorsIn(text: string): (readonly [string, readonly string[]])[] {
  const found: (readonly [string, readonly string[]])[] = [];
  const next = (from: number) => {
    const at = text.indexOf(DEF_LINE, from);
    return at === -1 ? -1 : at + 1;
  };
  for (let head = text.startsWith(DEF) ? 0 : next(0); head !== -1; ) {
    HEAD.lastIndex = head;
    const [line = "", name = "", parameter = ""] = HEAD.exec(text) ?? [];
    const start = head + Math.max(line.length, DEF.length);
    const end = endOfBlock(text, start);
    const block = text.slice(start, end);
    if (name !== "" && mayDecorate(block, parameter)) {
      const uses = new Set(Array.from(block.matchAll(USED), ([, use = ""]) => use));
      if (uses.size > 0) found.push([name, [...uses]]);
    }
    head = next(end);
  }
  return found;
}

const DEF = "def ";
const DEF_LINE = "\ndef ";
const HEAD = /def (\w+)\((\w*)/y;

/** Where a line starts that is no part of a function at the top. */
function endOfBlock(text: string, from: number): number {
  for (let at = text.indexOf("\n", from); at !== -1; at = text.indexOf("\n", at + 1)) {
    const next = text.charCodeAt(at + 1);
    if (!isBlank(next) && next !== CLOSING && next !== COMMENT) return at;
  }
  return text.length;
}

const CLOSING = 41;
const COMMENT = 35;

/** Whether a function gives back a function inside it, or its first parameter. */
function mayDecorate(block: string, parameter: string): boolean {
  const given = block.lastIndexOf("return ");
  if (given === -1) return false;
  if (block.startsWith("return lambda", given)) return true;
  GIVEN.lastIndex = given;
  const name = GIVEN.exec(block)?.[1];
  if (name === undefined) return block.includes("return lambda");
  return name === parameter || block.includes(` def ${name}(`);
}

const GIVEN = /return (\w+)[ \t]*(?=\r?\n|$)/y;

/** A name that is called, or has something put into it. */
const USED =
  /(?<![\w.]|\bdef )(?!isinstance\b|getattr\b|hasattr\b|type\b|len\b|str\b)([A-Za-z_]\w*)(?=\(|\.(?:append|add|extend|insert|update|setdefault|register\w*)\(|(?:\[[^\]\n]*\])+\s*=(?!=))/g;

/** The name of what a line stores to an attribute or an element of, or changes in place; null where it does not start with that. */
function changedIn(text: string, start: number, end: number, methods: (readonly [string, string])[]): string | null {
  if (!isWord(text.charCodeAt(start))) return null;
  const pathEnd = endOfPath(text, start);
  let at = pathEnd;
  while (at < end && (text[at] === " " || text[at] === "\t")) at++;
  const isSubscript = text[at] === "[";
  if (isAssigned(text, at) || text[at] === ",") {
    const path = text.slice(start, pathEnd).split(".");
    if (path.length > 1) return path.at(-2)!;
    METHOD.lastIndex = at + 1;
    const name = METHOD.exec(text)?.[1];
    if (name !== undefined) methods.push([name, path[0]!]);
    return null;
  }
  if (isSubscript ? !/\]\s*[|+&]?=(?!=)/.test(text.slice(at, end)) : !/[|+&]/.test(text[at] ?? "") || !isAssigned(text, at + 1))
    return null;
  return text.slice(start, pathEnd).split(".").at(-1)!;
}

function isAssigned(text: string, at: number): boolean {
  return text[at] === "=" && text[at + 1] !== "=";
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
