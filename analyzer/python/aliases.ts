/**
 * Other names under which classes and functions of the library can be looked up: what packages re-export, old names
 * assigned to new classes, folders on `sys.path`, entries in `sys.modules`. A pickle carries the name of the day it was
 * saved. Boundary: computed from what modules bind; a name that means something else as well is not an alias.
 */
import type { Code, Unit } from "./code.ts";
import { isExported, type Resolver } from "./resolve.ts";
import { CHANGES_IMPORTS } from "./search-path.ts";

/** What changes imports, and what gives one thing the name of another. */
const MOVES_NAMES = new RegExp(`${CHANGES_IMPORTS.source}|^\\w+\\s*=\\s*[\\w.]+\\s*$`, "m");

/** Another name for a code, and the line that makes it one. */
export interface Alias {
  readonly name: string;
  readonly code: Code;
  readonly file: string;
  readonly line: number;
}

/** Every other name of the given classes and functions, sorted. */
export function aliasesOf(resolver: Resolver, codes: ReadonlySet<Code>): Alias[] {
  const units = unitsWithAliases(resolver, codes);
  const moduleNames = otherModuleNames(resolver, units);
  const found = new Map<string, Alias>();
  const add = (unit: Unit, name: string, code: Code, line: number) => {
    for (const module of [unit.module, ...(moduleNames.get(unit) ?? [])]) {
      const full = `${module}.${name}`;
      if (full !== `${code.unit.module}.${code.qualifiedName}` && !found.has(full))
        found.set(full, { name: full, code, file: unit.path, line });
    }
  };
  for (const code of codes) add(code.unit, code.qualifiedName, code, code.line);
  for (const { name, code, unit, line } of renamedCodes(resolver, units))
    if (codes.has(code) && !found.has(name)) found.set(name, { name, code, file: unit.path, line });
  for (const unit of units) {
    for (const name of exposedNames(unit, resolver)) {
      const [definition, ...others] = resolver.name(unit, name);
      if (others.length > 0 || (definition?.kind !== "class" && definition?.kind !== "function")) continue;
      if (codes.has(definition.code)) add(unit, name, definition.code, unit.bindings.get(name)?.[0]?.line ?? 1);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Packages, shims, modules that move others, and those of the codes themselves: what else there is need not be parsed. */
function unitsWithAliases(resolver: Resolver, codes: ReadonlySet<Code>): Unit[] {
  const { modules } = resolver;
  const moving = modules.libraryModulesWith(MOVES_NAMES);
  const shims = modules.libraryModules().filter((module) => modules.isPackage(module) || !modules.definesAnything(module));
  const found = new Set([...moving, ...shims, ...[...codes].map((code) => code.unit.module)]);
  return [...found]
    .sort()
    .map((module) => modules.unit(module))
    .filter((unit) => unit !== null);
}

/** Names that a module offers beside those it defines: a package's imports, a shim's imports, assignments of a name to a name. */
function exposedNames(unit: Unit, resolver: Resolver): string[] {
  const isShim = [...unit.bindings.values()].flat().every((binding) => binding.kind === "import" || binding.kind === "assignment");
  const names = [...unit.bindings].flatMap(([name, bindings]) => {
    const isOffered = bindings.some((binding) => {
      if (binding.kind === "assignment") return binding.path !== null;
      return binding.kind === "import" && (unit.isPackage || isShim || unit.exports?.includes(name));
    });
    return isOffered ? [name] : [];
  });
  const starred = unit.isPackage || isShim ? unit.starImports.flatMap((module) => offeredByStar(module, resolver, new Set())) : [];
  return [...new Set([...names, ...starred])];
}

function offeredByStar(module: string, resolver: Resolver, seen: Set<string>): string[] {
  const unit = resolver.modules.unit(module);
  if (!unit || seen.has(module)) return [];
  seen.add(module);
  const names = new Set([...(unit.exports ?? []), ...unit.bindings.keys()].filter((name) => isExported(unit, name)));
  return [...names, ...unit.starImports.flatMap((other) => offeredByStar(other, resolver, seen))];
}

/** Classes and functions to which a dict gives the name of another. */
function renamedCodes(resolver: Resolver, units: readonly Unit[]): { name: string; code: Code; unit: Unit; line: number }[] {
  return units.flatMap((unit) =>
    unit.importEffects.renamed.flatMap(({ name, meaning, line }) => {
      const dot = meaning.lastIndexOf(".");
      const [definition, ...others] = resolver.member(meaning.slice(0, dot), meaning.slice(dot + 1));
      const isCode = others.length === 0 && (definition?.kind === "class" || definition?.kind === "function");
      return isCode && name.includes(".") ? [{ name, code: definition.code, unit, line }] : [];
    }),
  );
}

/** Names of modules by way of folders on `sys.path` and entries of `sys.modules`. */
function otherModuleNames(resolver: Resolver, units: readonly Unit[]): Map<Unit, string[]> {
  const names = new Map<Unit, string[]>();
  const add = (unit: Unit, name: string) => {
    if (name !== "" && name !== unit.module) names.set(unit, [...new Set([...(names.get(unit) ?? []), name])]);
  };
  const folders = new Set(units.flatMap((unit) => unit.importEffects.folders));
  for (const folder of folders) {
    for (const unit of units) {
      if (folder === "") add(unit, moduleName(unit.path));
      else if (unit.path.startsWith(`${folder}/`)) add(unit, moduleName(unit.path.slice(folder.length + 1)));
    }
  }
  const addBelow = (module: string, name: string) => {
    for (const unit of units) {
      if (unit.module === module) add(unit, name);
      else if (unit.module.startsWith(`${module}.`)) add(unit, name + unit.module.slice(module.length));
    }
  };
  for (const unit of units) {
    for (const { name, path } of unit.importEffects.modules) {
      const [target] = resolver.path(unit, path);
      if (target?.kind === "module") addBelow(target.unit.module, name);
    }
    for (const { name, meaning } of unit.importEffects.renamed)
      if (resolver.modules.has(meaning) && !resolver.modules.has(name)) addBelow(meaning, name);
  }
  return names;
}

function moduleName(path: string): string {
  return path
    .replace(/\.pyi?$/, "")
    .replace(/(^|\/)__init__$/, "")
    .replaceAll("/", ".");
}
