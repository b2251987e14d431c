/** What a stored source contains: which modules can be imported from it, and where its classes are defined. */
import type { Source } from "../db/stored-source.ts";
import type { LibraryContents } from "./choose-class.ts";
import { normalizeName } from "./distributions.ts";
import { SOURCE } from "./wheel.ts";

/** The contents of a distribution's source. */
export function contentsOf(source: Source): LibraryContents {
  const modules = new Set<string>();
  for (const { path } of source.files) {
    const module = moduleOf(path);
    if (module !== null) modules.add(module.split(".")[0]!);
  }
  return { distribution: source.distribution, modules, classesNamed: (name) => classesNamed(source, name) };
}

/** The distributions that a library requires whenever it is installed, normalised; those of its extras are not among them. */
export function requirementsOf(source: Source): string[] {
  const metadata = source.files.find(({ path }) => /^[^/]+\.dist-info\/METADATA$/.test(path))?.text ?? "";
  const header = metadata.split(/\r?\n\r?\n/, 1)[0]!;
  const required = [...header.matchAll(/^Requires-Dist:\s*([A-Za-z0-9][\w.-]*)([^\n]*)$/gm)];
  return [...new Set(required.filter(([, , rest]) => !/\bextra\s*==/.test(rest!)).map(([, name]) => normalizeName(name!)))];
}

/** The dotted name of the module that a file of a wheel is; null for what is none. */
function moduleOf(path: string): string | null {
  // `NAME.data/purelib/` and `platlib/` are installed where the rest is (PEP 427).
  const inside = path.replace(/^[^/]+\.data\/(?:purelib|platlib)\//, "");
  if (!SOURCE.test(inside) || /^[^/]+\.(dist-info|data)\//.test(inside)) return null;
  const module = inside
    .replace(SOURCE, "")
    .replace(/\/__init__$/, "")
    .replaceAll("/", ".");
  return /^[A-Za-z_][\w.]*$/.test(module) ? module : null;
}

function classesNamed(source: Source, name: string): string[] {
  if (!/^[A-Za-z_]\w*$/.test(name)) return [];
  // Stubs only repeat what is defined elsewhere. Cython's extension types are classes too.
  const definition = new RegExp(`^(?:cdef +)?class +${name}\\b`, "m");
  const found = source.files.filter(({ path, text }) => /\.pyx?$/.test(path) && definition.test(text)).map(({ path }) => moduleOf(path));
  return found.flatMap((module) => (module === null ? [] : [`${module}.${name}`])).sort();
}
