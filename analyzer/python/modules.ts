/**
 * Source trees to importable modules: under which dotted name each file is imported, read when it is first asked for.
 * Boundary: what a name inside a module means is `resolve.ts`.
 */
import type { Unit } from "./code.ts";
import { absoluteModule } from "./imports.ts";
import { lowerModule, type SourceFile } from "./lower-module.ts";
import type { PythonParser } from "./parser.ts";
import { Words } from "./words.ts";

/** A file of a distribution. */
export interface SourceFileText {
  /** Relative, with `/`. */
  readonly path: string;
  /** May be a getter: only what is needed is read. */
  readonly text: string;
  /**
   * The text from the line of the only place on where a word stands; null where it stands nowhere or more than once. Where
   * there is one, it is quicker than to read the whole text.
   */
  onlyMention?(word: string): string | null;
}

/** A distribution's source, as in a wheel, a repository or just the package's folder. */
export interface SourceTree {
  /** The distribution's (or the folder's) name. */
  readonly name: string;
  readonly version: string | null;
  /** Only `.py`, `.pyi` and `.pyx` files are read, and only those that are needed. */
  readonly files: readonly SourceFileText[];
  /** sha256 (hex) over the files, if whoever read them computed it. */
  readonly sha256?: string | null;
}

/** A file under its module's name. What is read of its text is read once, and the text itself when it is first asked for. */
class ModuleFile implements SourceFile {
  private held: string | null = null;
  private heldWords: Words | null = null;
  private stars: readonly string[] | null = null;
  private exported: ReadonlySet<string> | null | undefined;

  constructor(
    readonly module: string,
    readonly path: string,
    readonly isPackage: boolean,
    readonly tree: SourceTree,
    private readonly source: SourceTree["files"][number],
  ) {}

  get text(): string {
    this.held ??= this.source.text;
    return this.held;
  }

  /** The text, without keeping it. */
  get passingText(): string {
    return this.held ?? this.source.text;
  }

  get words(): Words {
    this.heldWords ??= new Words(this.text);
    return this.heldWords;
  }

  /** The names of `__all__` where the text writes it once, as a list of plain strings; null where it says nothing, or more. */
  get literalExports(): ReadonlySet<string> | null {
    if (this.exported === undefined) {
      const mention = this.held === null ? this.source.onlyMention?.(EXPORTS) : undefined;
      this.exported = literalExports(mention === undefined ? onlyMention(this.passingText, EXPORTS) : mention);
    }
    return this.exported;
  }

  /** Absolute names of the modules that are imported with `*`, as the text spells them. */
  get starTargets(): readonly string[] {
    this.stars ??= starTargets(this.text).map((target) => absoluteModule(target, this));
    return this.stars;
  }
}

/** All modules of a library and its dependencies. Where two trees have the same module, the earlier tree's counts. */
export class Modules {
  private readonly files = new Map<string, ModuleFile>();
  private readonly units = new Map<string, Unit>();
  private ofLibrary: string[] | null = null;
  private ofLibraryPackages: Set<string> | null = null;
  private headers: ClassHeaders | null = null;
  private readonly packages = new Set<string>();
  private readonly offers = new Map<string, Offer>();
  private readonly classes = new Map<string, Map<string, string[]>>();

  /** `rootPackage`: the package's name for a tree that is the inside of a package (`__init__.py` at its root). */
  constructor(
    private readonly parser: PythonParser,
    private readonly library: SourceTree,
    dependencies: readonly SourceTree[],
    rootPackage: string | null,
  ) {
    for (const tree of [library, ...dependencies]) {
      const name = tree === library && rootPackage !== null ? rootPackage : tree.name;
      for (const file of moduleFiles(tree, name)) this.add(file);
    }
  }

  private add(file: ModuleFile): void {
    if (this.files.has(file.module)) return;
    this.files.set(file.module, file);
    const parts = file.module.split(".");
    for (let length = 1; length < parts.length; length++) this.packages.add(parts.slice(0, length).join("."));
  }

  /** The module of that dotted name; null if no tree has it. */
  unit(module: string): Unit | null {
    const known = this.units.get(module);
    if (known) return known;
    const file = this.files.get(module);
    if (!file) return null;
    const unit = lowerModule(this.parser, file);
    this.units.set(module, unit);
    return unit;
  }

  /** The modules that were asked for so far, and had to be parsed. */
  get parsed(): readonly Unit[] {
    return [...this.units.values()].filter((unit) => unit.isParsed);
  }

  isPackage(module: string): boolean {
    return this.files.get(module)?.isPackage ?? false;
  }

  /** Whether a module's text defines a class or function at its top; one that does not only passes names on. */
  definesAnything(module: string): boolean {
    return /^(class|def|async def) /m.test(this.files.get(module)?.text ?? "");
  }

  /** Whether something can be imported under that name: a module, or a folder of modules without `__init__.py`. */
  has(module: string): boolean {
    return this.files.has(module) || this.packages.has(module);
  }

  /** Whether the library has modules in that top-level package. */
  isLibraryPackage(package_: string): boolean {
    this.ofLibraryPackages ??= new Set(this.libraryModules().map((module) => module.split(".")[0]!));
    return this.ofLibraryPackages.has(package_);
  }

  isOfLibrary(unit: Unit): boolean {
    return this.files.get(unit.module)?.tree === this.library;
  }

  /** Names of the library's modules, sorted. Its tests can be imported, but nobody saves what they make. */
  libraryModules(): readonly string[] {
    this.ofLibrary ??= [...this.files.values()]
      .filter((file) => file.tree === this.library && !TESTS.test(file.path))
      .map((file) => file.module)
      .sort();
    return this.ofLibrary;
  }

  /** The library's modules whose text matches: where to look, without parsing the rest. One of `words` is in every match. */
  libraryModulesWith(pattern: RegExp, words: readonly string[] = []): readonly string[] {
    return this.libraryModules().filter((module) => {
      const file = this.files.get(module);
      if (!file || (words.length > 0 && !words.some((word) => file.words.mayHave(word)))) return false;
      return pattern.test(file.text);
    });
  }

  /** The names of the library's modules, and their texts. */
  libraryTexts(): (readonly [module: string, text: string])[] {
    return this.libraryModules().map((module) => [module, this.files.get(module)?.text ?? ""]);
  }

  /** The library's modules that may define a subclass, direct or not, of a class of that name. */
  modulesWithSubclasses(class_: string): readonly string[] {
    this.headers ??= classHeaders(this.libraryTexts());
    const names = new Set([class_]);
    const modules = new Set<string>();
    for (const name of names) {
      for (const alias of this.headers.aliases.get(name) ?? []) names.add(alias);
      for (const subclass of this.headers.subclasses.get(name) ?? []) {
        names.add(subclass.name);
        modules.add(subclass.module);
      }
    }
    return [...modules].sort();
  }

  /**
   * Whether a module's text, or that of a module it imports with `*`, has the name anywhere. Packages that import
   * hundreds of modules with `*` are common; most of those need not be parsed to know that a name is not theirs.
   */
  mayBind(module: string, name: string): boolean {
    const file = this.files.get(module);
    if (!file) return false;
    return mentionsBinding(file, name) || file.starTargets.some((target) => target !== module && this.mayExport(target, name));
  }

  /**
   * Whether a module certainly has nothing of that name: a plain file of Python whose text does not have it, and that neither imports with
   * `*` nor makes names while it runs. A package may have a compiled module of that name.
   */
  lacks(module: string, name: string): boolean {
    const file = this.files.get(module);
    if (!file || file.isPackage || !file.path.endsWith(".py") || name.startsWith("__")) return false;
    return !file.words.mayHave(name) && file.starTargets.length === 0 && !MAKES_NAMES.test(file.text);
  }

  /** The same of what `from module import *` brings. */
  mayExport(module: string, name: string): boolean {
    const { exported, files } = this.offerOf(module);
    return exported.has(name) || files.some((file) => mentionsBinding(file, name));
  }

  private offerOf(module: string): Offer {
    const known = this.offers.get(module);
    if (known) return known;
    const exported = new Set<string>();
    const files: ModuleFile[] = [];
    const reached = new Set([module]);
    for (const each of reached) {
      const file = this.files.get(each);
      if (file?.literalExports) for (const name of file.literalExports) exported.add(name);
      else if (file) {
        files.push(file);
        for (const target of file.starTargets) reached.add(target);
      }
    }
    const offer = { exported, files };
    this.offers.set(module, offer);
    return offer;
  }

  /** Modules inside a package whose text defines a class of that name, sorted; found without parsing them. */
  modulesDefining(package_: string, class_: string): readonly string[] {
    let index = this.classes.get(package_);
    if (!index) {
      index = new Map();
      const modules = [...this.files.keys()].filter((module) => module.startsWith(`${package_}.`)).sort();
      for (const module of modules) {
        for (const name of classesAtTop(this.files.get(module)?.passingText ?? "")) index.set(name, [...(index.get(name) ?? []), module]);
      }
      this.classes.set(package_, index);
    }
    return index.get(class_) ?? [];
  }
}

/** What `from module import *` may bring: what the modules behind it list in `__all__`, and what the files of the others bind. */
interface Offer {
  readonly exported: ReadonlySet<string>;
  readonly files: readonly ModuleFile[];
}

/** Folders that hold packages without being part of their names. */
const SOURCE_ROOTS = new Set(["src", "lib", "python", "source", "purelib", "platlib"]);

/** What the heads of class statements say, read from text: by the last name of a base, who derives from it. */
interface ClassHeaders {
  readonly subclasses: ReadonlyMap<string, readonly { readonly module: string; readonly name: string }[]>;
  /** `import name as alias`. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

function classHeaders(texts: readonly (readonly [string, string])[]): ClassHeaders {
  const subclasses = new Map<string, { module: string; name: string }[]>();
  const aliases = new Map<string, string[]>();
  for (const [module, text] of texts) {
    for (const [, name = "", bases = ""] of text.matchAll(/^[ \t]*class\s+(\w+)[^(\n]*\(([^:]*?)\)\s*:/gm)) {
      for (const [base] of bases.matchAll(/\w+/g)) subclasses.set(base, [...(subclasses.get(base) ?? []), { module, name }]);
    }
    for (const [, name = "", alias = ""] of text.matchAll(/\b(\w+) as (\w+)/g)) aliases.set(name, [...(aliases.get(name) ?? []), alias]);
    for (const [, alias = "", name = ""] of text.matchAll(/^(\w+)\s*=\s*(?:\w+\.)*(\w+)\s*$/gm))
      aliases.set(name, [...(aliases.get(name) ?? []), alias]);
  }
  return { subclasses, aliases };
}

const TESTS = /(^|\/)(tests?\/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)/;

/** Of a module in several files, those that tell more than one of this kind. */
const MORE_TOLD: Readonly<Record<string, readonly string[]>> = { pyi: ["py", "pyx"], pyx: ["py"] };

function moduleFiles(tree: SourceTree, name: string): ModuleFile[] {
  const paths = new Set(tree.files.map((file) => file.path));
  const prefix = paths.has("__init__.py") ? `${name.replaceAll("-", "_")}/` : "";
  const result: ModuleFile[] = [];
  for (const source of tree.files) {
    const { path } = source;
    const match = /^(.*)\.(py[ix]?)$/.exec(path);
    if (!match?.[1] || MORE_TOLD[match[2] ?? ""]?.some((better) => paths.has(`${match[1]}.${better}`))) continue;
    const parts = (prefix + match[1]).split("/");
    const isPackage = parts.at(-1) === "__init__";
    const kept = prefix ? parts : parts.slice(rootDepth(parts, paths));
    const module = (isPackage ? kept.slice(0, -1) : kept).join(".");
    if (module && kept.every(isIdentifier)) result.push(new ModuleFile(module, path, isPackage, tree, source));
  }
  return result;
}

/** How many leading folders of a file are not part of its module's name. */
function rootDepth(parts: readonly string[], paths: ReadonlySet<string>): number {
  const isPackage = (depth: number) => paths.has(`${parts.slice(0, depth).join("/")}/__init__.py`);
  let depth = 0;
  while (depth < parts.length - 1) {
    const folder = parts[depth] ?? "";
    const path = parts.slice(0, depth + 1).join("/");
    const isProject = paths.has(`${path}/setup.py`) || paths.has(`${path}/pyproject.toml`);
    if (isPackage(depth + 1) && !isProject) return depth;
    if (!isProject && !SOURCE_ROOTS.has(folder) && isIdentifier(folder)) return depth;
    depth++;
  }
  return depth;
}

/** Names of the classes at the top of a text, in order. */
function classesAtTop(text: string): string[] {
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

/** Whether a text may bind a name: where the name opens a line, or follows a word or comma after which a name is bound. */
function mentionsBinding({ words, text }: ModuleFile, name: string): boolean {
  if (!words.mayHave(name)) return false;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (WORD_PART.test(text[at + name.length] ?? "")) continue;
    let before = at - 1;
    while (text[before] === " " || text[before] === "\t") before--;
    if (before < 0 || "\n\r,=(".includes(text[before]!)) return true;
    if (before < at - 1 && BEFORE_BOUND.test(text.slice(Math.max(0, before - 6), before + 1))) return true;
  }
  return false;
}

const WORD_PART = /\w/;
/** What a module may get names by that its text does not have, or be replaced by another object. */
const MAKES_NAMES = /\b(__getattr__|globals|vars|locals|setattr|exec|eval|sys\s*\.\s*modules)\b|import\s*\(?\s*\*/;
const BEFORE_BOUND = /\b(class|def|import|as|for)$/;

/** The modules that a text imports with `*`, as it spells them. */
function starTargets(text: string): string[] {
  if (!/import\s+\*/.test(text)) return [];
  return Array.from(text.matchAll(/^\s*from\s+(\S+)\s+import\s+\*/gm), ([, target = ""]) => target);
}

const EXPORTS = "__all__";

function onlyMention(text: string, word: string): string | null {
  const at = text.indexOf(word);
  if (at === -1 || text.indexOf(word, at + 1) !== -1) return null;
  return text.slice(text.lastIndexOf("\n", at) + 1);
}

/** `mention`: a text from the line on in which `__all__` stands for the only time; null where it does not. */
function literalExports(mention: string | null): ReadonlySet<string> | null {
  const [, list] = (mention === null ? null : /^__all__\s*=\s*[[(]([\w\s'",]*)[\])]/m.exec(mention)) ?? [];
  return list === undefined ? null : new Set(Array.from(list.matchAll(/\w+/g), ([name]) => name));
}

function isIdentifier(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}
