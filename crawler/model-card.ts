/** What the code in a model card imports from a library and uses: the author's own word for how the model is loaded. */

/** A class that a card imports and then calls, or calls a method of. */
export interface CardClass {
  /** As imported: `brine.models.SequenceTagger`. */
  readonly name: string;
  /** The line that uses it. */
  readonly line: string;
}

/** Cards are prose by strangers: what goes beyond this is not code for loading a model, and costs no more time. */
const MOST_IMPORTS = 200;
const MOST_CODE = 2 ** 16;

const FENCE = /^\s{0,20}(`{3,20}|~{3,20})\s{0,20}(\w*)/;
const PYTHON = new Set(["python", "py", "python3", "pycon"]);
const FROM_IMPORT = /^ {0,20}(?:>>> )?from +([A-Za-z_][\w.]*) +import +(?:\(([^()]*)\)|([^\n#()]+))/gm;

/** `import brine`, `import torch.nn as nn`. */
const IMPORT = /^ {0,20}(?:>>> )?import +([A-Za-z_][\w.]{0,200})(?: +as +([A-Za-z_]\w{0,100}))? *(?:#.*)?$/gm;

/**
 * The classes that the card's Python blocks import and use, in the order of their import: by `from module import Class`,
 * or by `import module` and the class's path.
 */
export function readCard(markdown: string): CardClass[] {
  const found: CardClass[] = [];
  let imports = 0;
  for (const code of pythonBlocks(markdown)) {
    for (const { local, name } of importedClasses(code)) {
      if (++imports > MOST_IMPORTS) return found;
      const use = new RegExp(`^.*\\b${local}(?:\\(|\\.\\w+\\().*$`, "m").exec(code);
      if (use !== null && !found.some((known) => known.name === name)) found.push({ name, line: use[0].trim().slice(0, 200) });
    }
    for (const { local, module } of importedModules(code)) {
      if (++imports > MOST_IMPORTS) return found;
      for (const { path, line } of usesOf(local, code)) {
        const name = `${module}.${path}`;
        if (!found.some((known) => known.name === name)) found.push({ name, line: line.slice(0, 200) });
      }
    }
  }
  return found;
}

/** The text of fenced blocks that say that they are Python; one that is not closed is none. */
function* pythonBlocks(markdown: string): Generator<string> {
  let open: { fence: string; python: boolean; lines: string[] } | null = null;
  let length = 0;
  for (const line of markdown.split("\n")) {
    const [, fence, language] = FENCE.exec(line) ?? [];
    if (open === null) {
      if (fence !== undefined) open = { fence, python: PYTHON.has(language!.toLowerCase()), lines: [] };
    } else if (fence?.startsWith(open.fence) && language === "") {
      if (open.python) yield open.lines.join("\n");
      open = null;
    } else if (open.python) {
      length += line.length;
      if (length <= MOST_CODE) open.lines.push(line);
    }
  }
}

/** Names that begin like classes (PEP 8), under the name that the code has for them. */
function* importedClasses(code: string): Generator<{ local: string; name: string }> {
  for (const [, module, parenthesised, plain] of code.matchAll(FROM_IMPORT)) {
    for (const item of (parenthesised ?? plain ?? "").split(",")) {
      const [, name, alias] = /^\s*([A-Z]\w*)(?:\s+as\s+(\w+))?\s*$/.exec(item.slice(0, 500)) ?? [];
      if (name !== undefined) yield { local: alias ?? name, name: `${module}.${name}` };
    }
  }
}

/** Modules, under the name that the code has for them. */
function* importedModules(code: string): Generator<{ local: string; module: string }> {
  for (const [, module, alias] of code.matchAll(IMPORT)) yield { local: alias ?? module!, module: module! };
}

/** Lines that call a class of a module by its path, or a method of the class; few levels deep, as people write it. */
function* usesOf(local: string, code: string): Generator<{ path: string; line: string }> {
  const used = new RegExp(
    `(?<![\\w.])${local.replaceAll(".", "\\.")}((?:\\.[a-z_]\\w{0,80}){0,5}\\.[A-Z]\\w{0,80})(?:\\(|\\.\\w{1,80}\\()`,
  );
  for (const line of code.split("\n")) {
    const path = line.length > MOST_LINE ? undefined : used.exec(line)?.[1];
    if (path !== undefined) yield { path: path.slice(1), line: line.trim() };
  }
}

/** A line of code that loads a model is no longer. */
const MOST_LINE = 1000;
