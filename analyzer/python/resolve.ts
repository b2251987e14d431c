/**
 * What a dotted name means: imports, re-exports, star imports and plain aliases are followed to the definition.
 * Boundary: static. Values that code computes are followed by the policy room's flow.
 */
import type { Binding, Code, Unit } from "./code.ts";
import type { Modules } from "./modules.ts";

/** Where a name leads. `external`: into a module whose source is not given. */
export type Definition =
  | { readonly kind: "class" | "function"; readonly code: Code }
  | { readonly kind: "module"; readonly unit: Unit }
  /** A folder of modules without `__init__.py`. */
  | { readonly kind: "namespace"; readonly name: string }
  | { readonly kind: "variable"; readonly unit: Unit; readonly name: string }
  | { readonly kind: "external"; readonly name: string };

export class Resolver {
  private readonly known = new Map<Unit, Map<string, readonly Definition[]>>();
  private readonly running = new Set<string>();
  /** What modules of the library enter into `sys.modules`, by the name that it gets there. */
  private entries: Map<string, () => Unit | null> | null = null;

  /** Folders of the library that it adds to `sys.path`. */
  private folders: ReadonlySet<string> | null = null;

  constructor(readonly modules: Modules) {}

  /** The file that is imported under a name; null where none is known. */
  unit(module: string): Unit | null {
    if (this.modules.has(module)) return this.modules.unit(module);
    return this.entered(module) ?? this.onSearchPath(module);
  }

  /** What importing `module` gives. */
  module(module: string): Definition {
    const unit = this.unit(module);
    if (unit) return { kind: "module", unit };
    return this.modules.has(module) ? { kind: "namespace", name: module } : { kind: "external", name: module };
  }

  /** The module that the library enters into `sys.modules` under a name that no file has. */
  private entered(module: string): Unit | null {
    if (this.entries === null) {
      this.entries = new Map();
      for (const each of this.modules.modulesEnteringOthers()) {
        const unit = this.modules.unit(each)!;
        for (const { name, meaning } of unit.importEffects.renamed) this.entries.set(name, () => this.modules.unit(meaning));
        for (const { name, path } of unit.importEffects.modules) this.entries.set(name, () => this.moduleCalled(unit, path));
      }
    }
    return this.entries.get(module)?.() ?? null;
  }

  private moduleCalled(unit: Unit, path: readonly string[]): Unit | null {
    const [target] = this.path(unit, path);
    return target?.kind === "module" ? target.unit : null;
  }

  /** The module of the library that lies in a folder which the library adds to `sys.path`. */
  private onSearchPath(module: string): Unit | null {
    this.folders ??= new Set(this.modules.modulesChangingSearchPath().flatMap((each) => this.modules.unit(each)!.importEffects.folders));
    const path = module.replaceAll(".", "/");
    for (const folder of this.folders) {
      const found = this.modules.moduleAt(folder === "" ? path : `${folder}/${path}`);
      if (found !== null) return this.modules.unit(found);
    }
    return null;
  }

  /** What an import statement gives: `import module` where the name is null. */
  imported(module: string, name: string | null): readonly Definition[] {
    return name === null ? [this.module(module)] : this.member(module, name);
  }

  /** What `from module import name` gives; several where the module binds it in several branches. */
  member(module: string, name: string): readonly Definition[] {
    const unit = this.unit(module);
    const found = unit ? this.name(unit, name) : [];
    if (found.length > 0) return found;
    if (this.modules.has(`${module}.${name}`) || this.onSearchPath(`${module}.${name}`)) return [this.module(`${module}.${name}`)];
    return [{ kind: "external", name: runtimeName(`${module}.${name}`) }];
  }

  /** What a module-level name of `unit` means; empty if the module does not bind it. */
  name(unit: Unit, name: string): readonly Definition[] {
    const names = this.known.get(unit) ?? new Map<string, readonly Definition[]>();
    this.known.set(unit, names);
    const known = names.get(name);
    if (known) return known;
    // An import cycle that only goes round defines nothing.
    const key = `${unit.module}:${name}`;
    if (this.running.has(key)) return [];
    this.running.add(key);
    const found = distinct(this.search(unit, name));
    this.running.delete(key);
    if (this.running.size === 0 || found.length > 0) names.set(name, found);
    return found;
  }

  /** The same; what the module does not bind is a builtin. */
  nameOrBuiltin(unit: Unit, name: string): readonly Definition[] {
    const found = this.name(unit, name);
    return found.length > 0 ? found : [{ kind: "external", name: `builtins.${name}` }];
  }

  private search(unit: Unit, name: string): readonly Definition[] {
    // A module need not be parsed to know that a name that its text does not have is not bound there.
    if (unit.isParsed || this.modules.mayBind(unit.module, name)) {
      const found = this.bound(unit, name);
      if (found.length > 0) return found;
    }
    if (unit.isPackage && this.modules.has(`${unit.module}.${name}`)) return [this.module(`${unit.module}.${name}`)];
    return this.lazily(unit, name);
  }

  /** What the module's own statements bind the name to. */
  private bound(unit: Unit, name: string): readonly Definition[] {
    const bindings = unit.bindings.get(name);
    if (bindings) {
      const found = bindings.flatMap((binding) => this.binding(unit, name, binding));
      // Of `try: from a import b` and `except ImportError: from a import c as b`, what `a` does not have is no choice.
      const there = found.filter((each) => each.kind !== "external" || !this.isMissing(each.name));
      if (found.length > 0) return there.length > 0 ? there : found;
    }
    for (let index = unit.starImports.length - 1; index >= 0; index--) {
      const found = this.starred(unit.starImports[index] ?? "", name);
      if (found.length > 0) return found;
    }
    return [];
  }

  private isMissing(name: string): boolean {
    const dot = name.lastIndexOf(".");
    return this.modules.neverMentions(name.slice(0, dot), name.slice(dot + 1));
  }

  private binding(unit: Unit, name: string, binding: Binding): readonly Definition[] {
    switch (binding.kind) {
      case "class":
      case "function":
        return [{ kind: binding.kind, code: binding.code }];
      case "import":
        return this.imported(binding.module, binding.name);
      case "assignment": {
        const target = binding.path ? this.path(unit, binding.path) : [];
        const isAlias = target.length > 0 && binding.path?.join(".") !== name;
        return isAlias ? target : [{ kind: "variable", unit, name }];
      }
    }
  }

  /** `name` through `from module import *`. */
  private starred(module: string, name: string): readonly Definition[] {
    const unit = this.unit(module);
    if (!unit || !this.modules.mayExport(unit.module, name)) return [];
    return isExported(unit, name) ? this.name(unit, name) : [];
  }

  /**
   * A package that fills itself when it is used (`__getattr__`, `sys.modules[__name__] = ...`) defines its names in its modules: classes in
   * any, and the library's own functions and variables in those that its text names.
   */
  private lazily(unit: Unit, name: string): Definition[] {
    if (!unit.isPackage) return [];
    const replacesItself = unit.bindings.has("__getattr__") || unit.bindings.has("_import_structure");
    if (!replacesItself) return [];
    const classes = /^[A-Z]/.test(name) ? this.definedIn(this.modules.modulesDefining(unit.module, name), name, ["class"]) : [];
    if (classes.length > 0 || name.startsWith("__") || !this.modules.isOfLibrary(unit)) return classes;
    const modules = this.modules.modulesBinding(unit.module, name).filter((module) => {
      const [last = ""] = module.split(".").slice(-1);
      return new RegExp(`["'.]${last}["']`).test(unit.code.text);
    });
    const found = this.definedIn(modules, name, ["class", "function", "assignment"]);
    return found.length > 0 ? found : this.definedIn(modules, name, ["import"]);
  }

  private definedIn(modules: readonly string[], name: string, kinds: readonly Binding["kind"][]): Definition[] {
    return modules.flatMap((module) => {
      const unit = this.modules.unit(module);
      const bindings = unit?.bindings.get(name)?.filter(({ kind }) => kinds.includes(kind)) ?? [];
      return unit ? bindings.flatMap((binding) => this.binding(unit, name, binding)) : [];
    });
  }

  /** What `a.b.c` means in a module. */
  path(unit: Unit, path: readonly string[]): readonly Definition[] {
    const [first = "", ...rest] = path;
    return this.attributes(this.name(unit, first), rest);
  }

  /** What `a.b.c` means inside `code`: names of enclosing classes come before those of the module. */
  pathIn(code: Code, path: readonly string[]): readonly Definition[] {
    const [first = "", ...rest] = path;
    for (let scope: Code | null = code; scope && scope.kind !== "module"; scope = scope.parent) {
      const nested = scope.kind === "class" ? nestedClass(scope, first) : null;
      if (nested) return this.attributes([{ kind: "class", code: nested }], rest);
    }
    return this.path(code.unit, path);
  }

  private attributes(start: readonly Definition[], rest: readonly string[]): readonly Definition[] {
    let current = start;
    for (const name of rest) current = distinct(current.flatMap((definition) => this.attribute(definition, name)));
    return current;
  }

  attribute(definition: Definition, name: string): readonly Definition[] {
    switch (definition.kind) {
      case "module":
        return this.member(definition.unit.module, name);
      case "namespace":
        return [this.module(`${definition.name}.${name}`)];
      case "external":
        return [{ kind: "external", name: runtimeName(`${definition.name}.${name}`) }];
      case "class": {
        const nested = nestedClass(definition.code, name);
        return nested ? [{ kind: "class", code: nested }] : [];
      }
      default:
        return [];
    }
  }
}

/** Whether `from module import *` brings a name of a module: what `__all__` lists, and what has no underscore where that is not all, or is not there. */
export function isExported({ exports, hasMoreExports }: Unit, name: string): boolean {
  return exports?.includes(name) || ((exports === null || hasMoreExports) && !name.startsWith("_"));
}

/** The class `name` in the body of `code`. */
export function nestedClass(code: Code, name: string): Code | null {
  return code.nested.find((other) => other.name === name) ?? null;
}

function distinct(definitions: readonly Definition[]): Definition[] {
  const seen = new Set<unknown>();
  return definitions.filter((definition) => {
    const key = identity(definition);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function identity(definition: Definition): unknown {
  switch (definition.kind) {
    case "class":
    case "function":
      return definition.code;
    case "module":
      return definition.unit;
    case "variable":
      return `${definition.unit.module}:${definition.name}`;
    default:
      return `${definition.kind} ${definition.name}`;
  }
}

/** The name of what is called, or derived from, under a dotted name of something that is not analysed. */
export function runtimeName(name: string): string {
  return TYPING_ALIASES[name] ?? name;
}

/** What the aliases of `typing` are called as, and derived from (`_alias` and `_TupleType` in CPython's `Lib/typing.py`). */
const TYPING_ALIASES: Readonly<Record<string, string>> = {
  "typing.Dict": "builtins.dict",
  "typing.List": "builtins.list",
  "typing.Set": "builtins.set",
  "typing.FrozenSet": "builtins.frozenset",
  "typing.Tuple": "builtins.tuple",
  "typing.OrderedDict": "collections.OrderedDict",
  "typing.DefaultDict": "collections.defaultdict",
  "typing.Counter": "collections.Counter",
  "typing.ChainMap": "collections.ChainMap",
  "typing.Deque": "collections.deque",
};
