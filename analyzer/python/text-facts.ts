/**
 * What the text of a module says without being parsed. Boundary: one text, and no name in it is resolved. Where it cannot be sure it
 * tells more rather than less.
 */

/** The modules that a text imports with `*`, as it spells them. */
export function starTargets(text: string): string[] {
  if (!/import\s+\*/.test(text)) return [];
  return Array.from(text.matchAll(/^\s*from\s+(\S+)\s+import\s+\*/gm), ([, target = ""]) => target);
}

/** The text from the line of the only place on where a word stands; null where it stands nowhere or more than once. */
export function onlyMention(text: string, word: string): string | null {
  const at = text.indexOf(word);
  if (at === -1 || text.indexOf(word, at + 1) !== -1) return null;
  return text.slice(text.lastIndexOf("\n", at) + 1);
}

/**
 * The names of `__all__` where it is a list of plain strings; null where it is anything else. `mention`: a text from the line on in which
 * `__all__` stands for the only time; null where it does not.
 */
export function literalExports(mention: string | null): string[] | null {
  const [, list] = (mention === null ? null : /^__all__\s*=\s*[[(]([\w\s'",]*)[\])]/m.exec(mention)) ?? [];
  return list === undefined ? null : Array.from(list.matchAll(/\w+/g), ([name]) => name);
}

/** Whether a text defines a class or function at its top; one that does not only passes names on. */
export function definesAnything(text: string): boolean {
  return /^(class|def|async def) /m.test(text);
}

/** Whether a module may get names that its text does not have, or be replaced by another object. */
export function makesNames(text: string): boolean {
  return /\b(__getattr__|globals|vars|locals|setattr|exec|eval|sys\s*\.\s*modules)\b|import\s*\(?\s*\*/.test(text);
}

/** Names of the classes at the top of a text, in order. */
export function classesAtTop(text: string): string[] {
  // Large packages are gone through whole for this, and most of their text has nothing to do with classes.
  const names: string[] = [];
  for (let at = text.startsWith(CLASS) ? 0 : text.indexOf(CLASS_LINE) + 1; at >= 0; ) {
    CLASS_NAME.lastIndex = at + CLASS.length;
    const name = CLASS_NAME.exec(text)?.[0];
    if (name !== undefined && text.startsWith(CLASS, at)) names.push(name);
    const next = text.indexOf(CLASS_LINE, at);
    at = next === -1 ? -1 : next + 1;
  }
  return names;
}

const CLASS = "class ";
const CLASS_NAME = /\w+/y;
const CLASS_LINE = "\nclass ";

/** What the heads of class statements say, and which names are other names for others. */
export type ClassHeads = {
  /** Classes, with the last names of what stands in their brackets. */
  readonly classes: readonly (readonly [name: string, bases: readonly string[]])[];
  /** `import name as alias`, then `alias = name`. */
  readonly aliases: readonly (readonly [name: string, alias: string])[];
};

export function classHeads(text: string): ClassHeads {
  const classes = Array.from(
    text.matchAll(/^[ \t]*class\s+(\w+)[^(\n]*\(([^:]*?)\)\s*:/gm),
    ([, name = "", bases = ""]) => [name, bases.match(/\w+/g) ?? []] as const,
  );
  const imported = Array.from(text.matchAll(/\b(\w+) as (\w+)/g), ([, name = "", alias = ""]) => [name, alias] as const);
  const assigned = Array.from(text.matchAll(/^(\w+)\s*=\s*(?:\w+\.)*(\w+)\s*$/gm), ([, alias = "", name = ""]) => [name, alias] as const);
  return { classes, aliases: [...imported, ...assigned] };
}

/** Whether a text may bind a name: where the name opens a line, or follows a word or comma after which a name is bound. */
export function mayBind(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (WORD_PART.test(text[at + name.length] ?? "")) continue;
    let before = at - 1;
    while (text[before] === " " || text[before] === "\t") before--;
    if (before < 0 || BEFORE_NAME.includes(text[before]!)) return true;
    if (before < at - 1 && BEFORE_BOUND.test(text.slice(Math.max(0, before - 6), before + 1))) return true;
  }
  return false;
}

const WORD_PART = /\w/;
const BEFORE_NAME = "\n\r,=(";
const BEFORE_BOUND = /\b(class|def|import|as|for)$/;

/** Every name of plain letters for which `mayBind` is true of a text, each once. */
export function boundNames(text: string): Set<string> {
  const names = new Set<string>();
  let isBound = true;
  for (let at = 0; at < text.length; ) {
    const kind = KINDS[text.charCodeAt(at)];
    if (kind !== WORD) {
      if (kind !== BLANK) isBound = kind === OPENS;
      at++;
      continue;
    }
    const start = at;
    while (KINDS[text.charCodeAt(at)] === WORD) at++;
    const word = text.slice(start, at);
    if (isBound) names.add(word);
    // What comes next is another word only if there are blanks between them.
    isBound = BINDING_WORDS.has(word);
  }
  return names;
}

const WORD = 1;
const BLANK = 2;
const OPENS = 3;
const BINDING_WORDS = new Set(["class", "def", "import", "as", "for"]);
/** By character; what is none of these, and what is not ASCII, is undefined or 0. */
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (WORD_PART.test(character)) return WORD;
  if (character === " " || character === "\t") return BLANK;
  return BEFORE_NAME.includes(character) ? OPENS : 0;
});
