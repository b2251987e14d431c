/**
 * Source trees to importable modules: under which dotted name each file is imported, read when it is first asked for.
 * Boundary: what a name inside a module means is `resolve.ts`.
 */
import type { Unit } from "./code.ts";
import { lowerModule } from "./lower-module.ts";
import { ModuleFile, type SourceTree } from "./module-file.ts";
import type { PythonParser } from "./parser.ts";

/** All modules of a library and its dependencies. Where two trees have the same module, the earlier tree's counts. */
export class Modules {
  private readonly files = new Map<string, ModuleFile>();
  private readonly units = new Map<string, Unit>();
  private ofLibrary: string[] | null = null;
  private ofLibraryPackages: Set<string> | null = null;
  private subclasses: Subclasses | null = null;
  private calls: Calls | null = null;
  private paths: ReadonlyMap<string, string> | null = null;
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
    return this.files.get(module)?.definesAnything ?? false;
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

  /** The tree that a module is of. */
  treeOf(unit: Unit): SourceTree | null {
    return this.files.get(unit.module)?.tree ?? null;
  }

  isOfLibrary(unit: Unit): boolean {
    return this.treeOf(unit) === this.library;
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
      if (!file || (words.length > 0 && !words.some((word) => file.mayHave(word)))) return false;
      return pattern.test(file.text);
    });
  }

  private libraryFiles(): readonly ModuleFile[] {
    return this.libraryModules().map((module) => this.files.get(module)!);
  }

  /** The library's modules that call something of a name outside of functions, sorted: see `top-calls.ts`. */
  modulesCalling(name: string): readonly string[] {
    this.calls ??= callsOf(this.libraryFiles());
    return this.calls.called.get(name) ?? [];
  }

  /** The same of those that call a method of something of a name. */
  modulesCallingMethodsOf(name: string): readonly string[] {
    this.calls ??= callsOf(this.libraryFiles());
    return this.calls.owners.get(name) ?? [];
  }

  /** The library's modules that may add folders to `sys.path` outside of functions, sorted. */
  modulesChangingSearchPath(): readonly string[] {
    return this.modulesCallingMethodsOf("path").filter((module) => {
      const file = this.files.get(module)!;
      return file.mayHave("sys") && (file.mayHave("append") || file.mayHave("insert"));
    });
  }

  /** The library's modules that may enter others into `sys.modules` outside of functions. */
  modulesEnteringOthers(): readonly string[] {
    const found = new Set([...this.modulesCalling("modules"), ...this.modulesCallingMethodsOf("modules")]);
    return [...found].sort().filter((module) => this.files.get(module)!.mayHave("sys"));
  }

  /** The library's module in the file `path.py`, or in the package `path`; null where neither is. */
  moduleAt(path: string): string | null {
    this.paths ??= new Map(this.libraryFiles().map((file) => [file.path.replace(/(\/__init__)?\.\w+$/, ""), file.module]));
    return this.paths.get(path) ?? null;
  }

  /** Names to which a method of something of a name is assigned: `register = REGISTRY.register`. */
  namesOfMethodsOf(name: string): readonly string[] {
    this.calls ??= callsOf(this.libraryFiles());
    return this.calls.methods.get(name) ?? [];
  }

  /** Functions of the library that may decorate, and call something of a name or put something into it. */
  decoratorsUsing(name: string): readonly FunctionInModule[] {
    this.calls ??= callsOf(this.libraryFiles());
    return this.calls.decorators.get(name) ?? [];
  }

  /** A name, and other names that imports and assignments of the library give to what has it, as texts have them. */
  namesOf(name: string): ReadonlySet<string> {
    this.subclasses ??= subclassesOf(this.libraryFiles());
    const names = new Set([name]);
    for (const each of names) {
      for (const alias of this.subclasses.aliases.get(each) ?? []) names.add(alias);
      if (names.size > MOST_NAMES) break;
    }
    return names;
  }

  /** The library's modules that may define a subclass, direct or not, of a class of that name. */
  modulesWithSubclasses(class_: string): readonly string[] {
    this.subclasses ??= subclassesOf(this.libraryFiles());
    const names = new Set([class_]);
    const modules = new Set<string>();
    for (const name of names) {
      for (const alias of this.subclasses.aliases.get(name) ?? []) names.add(alias);
      for (const subclass of this.subclasses.byBase.get(name) ?? []) {
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
    return file.mayBind(name) || file.starTargets.some((target) => target !== module && this.mayExport(target, name));
  }

  /**
   * Whether a module certainly has nothing of that name: a plain file of Python whose text does not have it, and that neither imports with
   * `*` nor makes names while it runs. A package may have a compiled module of that name.
   */
  lacks(module: string, name: string): boolean {
    return this.neverMentions(module, name) && !this.files.get(module)!.makesNames;
  }

  /** Whether nothing in the text of a module, nor of what its star imports bring, has the name. */
  neverMentions(module: string, name: string): boolean {
    const file = this.files.get(module);
    if (!file || file.isPackage || !file.path.endsWith(".py") || name.startsWith("__")) return false;
    return !file.mayHave(name) && file.starTargets.length === 0;
  }

  /** Whether a module may have a variable of that name, which calls may have put there. */
  mayHold(module: string, name: string): boolean {
    return this.mayBind(module, name) || this.files.get(module)?.makesNames === true;
  }

  /** Whether what `from module import *` brings may have the name. */
  mayExport(module: string, name: string): boolean {
    const { exported, files } = this.offerOf(module);
    return exported.has(name) || files.some((file) => file.mayBind(name));
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

  /** Modules inside a package whose text may bind a name, sorted; found without parsing them. */
  modulesBinding(package_: string, name: string): readonly string[] {
    return this.modulesInside(package_).filter((module) => this.files.get(module)!.mayBind(name));
  }

  private modulesInside(package_: string): readonly string[] {
    return [...this.files.keys()].filter((module) => module.startsWith(`${package_}.`)).sort();
  }

  /** Modules inside a package whose text defines a class of that name, sorted; found without parsing them. */
  modulesDefining(package_: string, class_: string): readonly string[] {
    let index = this.classes.get(package_);
    if (!index) {
      index = new Map();
      for (const module of this.modulesInside(package_)) {
        for (const name of this.files.get(module)?.classesAtTop ?? []) listed(index, name).push(module);
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

/** By the last name of a base, who derives from it, and by a name its other names, as texts have it. */
interface Subclasses {
  readonly byBase: ReadonlyMap<string, readonly { readonly module: string; readonly name: string }[]>;
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

function subclassesOf(files: readonly ModuleFile[]): Subclasses {
  const byBase = new Map<string, { module: string; name: string }[]>();
  const aliases = new Map<string, string[]>();
  for (const { module, classHeads } of files) {
    for (const [name, bases] of classHeads.classes) for (const base of bases) listed(byBase, base).push({ module, name });
    for (const [name, alias] of classHeads.aliases) listed(aliases, name).push(alias);
  }
  return { byBase, aliases };
}

/** The modules in which each name stands, in their order. */
type NamesInModules = ReadonlyMap<string, readonly string[]>;

/** A name that means something else in every module (`e`) says nothing. */
const MOST_NAMES = 16;

/** A function at the top of a module. */
export interface FunctionInModule {
  readonly module: string;
  readonly name: string;
}

/** What modules call, by name: see `top-calls.ts`. */
interface Calls {
  readonly called: NamesInModules;
  readonly owners: NamesInModules;
  readonly methods: ReadonlyMap<string, readonly string[]>;
  readonly decorators: ReadonlyMap<string, readonly FunctionInModule[]>;
}

function callsOf(files: readonly ModuleFile[]): Calls {
  const called = new Map<string, string[]>();
  const owners = new Map<string, string[]>();
  const methods = new Map<string, string[]>();
  const decorators = new Map<string, FunctionInModule[]>();
  for (const { module, callsAtTop } of files) {
    for (const name of callsAtTop.called) listed(called, name).push(module);
    for (const name of callsAtTop.owners) listed(owners, name).push(module);
    for (const [name, alias] of callsAtTop.methods) listed(methods, name).push(alias);
    for (const [name, uses] of callsAtTop.decorators) for (const use of uses) listed(decorators, use).push({ module, name });
  }
  return { called, owners, methods, decorators };
}

/** The list of a key, which is made where there is none. */
function listed<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  const known = lists.get(key);
  if (known) return known;
  const list: Value[] = [];
  lists.set(key, list);
  return list;
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

function isIdentifier(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}
