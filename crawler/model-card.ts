/** What the code in a model card imports from a library and uses: the author's own word for how the model is loaded. */

/** A class that a card imports and then calls, or calls a method of. */
export interface CardClass {
  /** As imported: `flair.models.SequenceTagger`. */
  readonly name: string;
  /** The line that uses it. */
  readonly line: string;
}

/** Cards are prose by strangers: more than this is not code for loading a model. */
const MOST_CLASSES = 50;
const FENCE = /^[ \t]*(`{3,}|~{3,})[ \t]*(?:python|py|python3|pycon)\b[^\n]*\n([\s\S]*?)^[ \t]*\1[ \t]*$/gim;
const FROM_IMPORT = /^\s*(?:>>> )?from\s+([A-Za-z_][\w.]*)\s+import\s+(?:\(([^)]*)\)|([^\n#]+))/gm;

/** The classes that the card's Python blocks import by `from module import Class` and use, in the order of their use. */
export function readCard(markdown: string): CardClass[] {
  const found: CardClass[] = [];
  for (const [, , code = ""] of markdown.matchAll(FENCE)) {
    for (const { local, name } of importedClasses(code)) {
      const use = new RegExp(`^.*\\b${local}(?:\\(|\\.\\w+\\().*$`, "m").exec(code);
      if (use !== null && !found.some((known) => known.name === name)) found.push({ name, line: use[0].trim().slice(0, 200) });
      if (found.length === MOST_CLASSES) return found;
    }
  }
  return found;
}

/** Names that begin like classes (PEP 8), under the name that the code has for them. */
function* importedClasses(code: string): Generator<{ local: string; name: string }> {
  for (const [, module, parenthesised, plain] of code.matchAll(FROM_IMPORT)) {
    for (const item of (parenthesised ?? plain ?? "").split(",")) {
      const [, name, alias] = /^\s*([A-Z]\w*)(?:\s+as\s+(\w+))?\s*$/.exec(item) ?? [];
      if (name !== undefined) yield { local: alias ?? name, name: `${module}.${name}` };
    }
  }
}
