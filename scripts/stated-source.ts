/**
 * What a folder of Python source says of itself: its name, its version, and whether it is one library at all. Boundary: what is installed
 * beside it, its project's files and its package's own; a version that any other file has is that of another project.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** The library that a folder holds. `files` are the paths of its source, relative. */
export function statedName(folder: string, files: readonly string[]): string {
  const packages = packagesIn(files);
  return !isPackage(files) && packages.length === 1 ? path.basename(packages[0]!) : path.basename(folder);
}

/**
 * The version that a library's source states of itself; null where it states none. That of what is installed counts first: metadata beside
 * the package or above it, then what the project says, then what the package does.
 */
export function statedVersion(folder: string, files: readonly string[]): string | null {
  if (isPackage(files)) {
    const around = path.dirname(folder);
    const name = path.basename(folder);
    return installedVersion(around, name) ?? versionAbove(around, name) ?? ownVersion(folder);
  }
  if (distributionsIn(folder).length > 1) return null;
  const packages = packagesIn(files);
  const own = packages.find((each) => normalized(path.basename(each)) === normalized(path.basename(folder)));
  const main = packages.length === 1 ? packages[0]! : own;
  return packedVersion(folder) ?? projectOf(folder)?.version ?? (main === undefined ? null : ownVersion(path.join(folder, main)));
}

/** What was installed into a folder, by the names of its metadata: more than one in site-packages. */
export function distributionsIn(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => METADATA.test(name));
}

const METADATA = /\.(dist|egg)-info$/;

function isPackage(files: readonly string[]): boolean {
  return files.includes("__init__.py");
}

/** Folders of packages at the top of a project, or in a folder of its source. */
function packagesIn(files: readonly string[]): readonly string[] {
  const inits = files.filter((file) => file.endsWith("/__init__.py"));
  const found = inits.flatMap((file) => /^((?:(?:src|lib|python|source|purelib|platlib)\/)*[^/]+)\/__init__\.py$/.exec(file)?.[1] ?? []);
  return found.filter((folder) => !BESIDE.has(path.basename(folder)));
}

/** Packages of a project that are not what it is about. */
const BESIDE: ReadonlySet<string> = new Set(["benchmarks", "build", "doc", "docs", "examples", "scripts", "test", "tests", "tools"]);

/** PEP 503, and an import's name as that of a distribution. */
function normalized(name: string): string {
  return name.replaceAll(/[-_.]+/g, "-").toLowerCase();
}

// -- metadata of what is installed, and of source distributions

/** The version of the one distribution in a folder that brought a package. */
function installedVersion(folder: string, package_: string): string | null {
  const all = distributionsIn(folder);
  const isNamed = (info: string) => normalized(info.replace(METADATA, "").split("-")[0]!) === normalized(package_);
  const named = all.filter((info) => isNamed(info) && topPackages(path.join(folder, info))?.has(package_) !== false);
  const holding = named.length > 0 ? named : all.filter((info) => topPackages(path.join(folder, info))?.has(package_));
  // Packages that several share (`azure`) have no version, and of two that are installed over each other it is not known which is there.
  return holding.length === 1 ? metadataVersion(path.join(folder, holding[0]!)) : null;
}

/** The top-level packages that a distribution brought; null where its metadata does not say. */
function topPackages(info: string): ReadonlySet<string> | null {
  const listed = textOf(path.join(info, "top_level.txt"));
  if (listed !== null) return new Set(listed.split(/\s+/));
  const record = textOf(path.join(info, "RECORD"));
  return record === null ? null : new Set([...record.matchAll(/^"?([^/,"\n]+)\/[^\n]*/gm)].map((match) => match[1]!));
}

/** Metadata is a folder with `METADATA` or `PKG-INFO`, or (distutils) that file itself. */
function metadataVersion(info: string): string | null {
  const text = textOf(path.join(info, "METADATA")) ?? textOf(path.join(info, "PKG-INFO")) ?? textOf(info);
  return field(text, "Version");
}

/** A field of the head of core metadata. */
function field(text: string | null, name: string): string | null {
  const [head = ""] = text?.split(/\r?\n\r?\n/, 1) ?? [];
  return new RegExp(`^${name}:[ \\t]*(\\S+)`, "m").exec(head)?.[1] ?? null;
}

// -- what a project says

interface Project {
  readonly name: string | null;
  readonly version: string;
}

/** The version of the one distribution whose metadata a folder holds: a source distribution, or a wheel that was unpacked. */
function packedVersion(folder: string): string | null {
  const infos = [folder, path.join(folder, "src")].flatMap((place) => distributionsIn(place).map((info) => path.join(place, info)));
  return infos.length === 1 ? metadataVersion(infos[0]!) : null;
}

/** The version in a project's folder, where it is written there and not computed. */
function projectOf(folder: string): Project | null {
  const packed = textOf(path.join(folder, "PKG-INFO"));
  const project = textOf(path.join(folder, "pyproject.toml"));
  const setup = textOf(path.join(folder, "setup.cfg"));
  const stated = [
    { name: field(packed, "Name"), version: field(packed, "Version") },
    ...["project", "tool.poetry"].map((table) => ({ name: setting(project, table, "name"), version: setting(project, table, "version") })),
    { name: setting(setup, "metadata", "name"), version: setting(setup, "metadata", "version") },
  ];
  const found = stated.find(({ version }) => version !== null && IS_VERSION.test(version));
  return found === undefined ? null : { name: found.name, version: found.version! };
}

/** The same of the project that a package's folder is in, where that is its own. */
function versionAbove(folder: string, package_: string): string | null {
  const root = SOURCE_FOLDERS.has(path.basename(folder)) ? path.dirname(folder) : folder;
  const project = projectOf(root);
  return project?.name && normalized(project.name) === normalized(package_) ? project.version : null;
}

const SOURCE_FOLDERS: ReadonlySet<string> = new Set(["src", "lib", "python", "source"]);

/** A setting on one line of a table of TOML, or a section of `setup.cfg`. */
function setting(text: string | null, table: string, key: string): string | null {
  let isInside = false;
  for (const line of text?.split(/\r?\n/) ?? []) {
    const head = /^\s*\[([^\]]+)\]\s*(#.*)?$/.exec(line)?.[1];
    if (head !== undefined) isInside = head.trim() === table;
    const value = isInside ? /^\s*([\w-]+)\s*=\s*(["']?)([^"'#\s]+)\2\s*(#.*)?$/.exec(line) : null;
    if (value?.[1] === key) return value[3]!;
  }
  return null;
}

// -- what a package says

/** Where packages write their version, and under which names; first of all as most do, in `__init__.py`. */
const OWN_FILES: readonly (readonly [file: string, names: readonly string[]])[] = [
  ["__init__.py", ["__version__"]],
  ["__version__.py", ["__version__", "version", "VERSION"]],
  ["_version.py", ["__version__", "version", "VERSION"]],
  ["version.py", ["__version__", "version", "VERSION"]],
  ["__about__.py", ["__version__"]],
  ["about.py", ["__version__"]],
];

const VERSION = String.raw`v?\d[\w.+!-]*`;
const IS_VERSION = new RegExp(`^${VERSION}$`);
/** `__version__ = version = "1.2"`, of which the first group is all that is assigned to. */
const ASSIGNED = new RegExp(String.raw`^((?:\w+[ \t]*(?::[^=\n]+)?=[ \t]*)+)(["'])(${VERSION})\2`, "gm");
/** versioneer writes JSON into `_version.py`. */
const VERSIONEER = new RegExp(String.raw`^version_json\s*=[^}]*"version":\s*"(${VERSION})"`, "m");

function ownVersion(folder: string): string | null {
  for (const [file, names] of OWN_FILES) {
    const text = textOf(path.join(folder, file));
    const version = text === null ? null : versionIn(text, names);
    if (version !== null) return version;
  }
  const file = (textOf(path.join(folder, "VERSION")) ?? textOf(path.join(folder, "version.txt")))?.trim();
  return file !== undefined && IS_VERSION.test(file) ? file : null;
}

function versionIn(text: string, names: readonly string[]): string | null {
  const assigned = [...text.matchAll(ASSIGNED)];
  const found = names.flatMap((name) => assigned.filter(([, targets = ""]) => new RegExp(`\\b${name}\\b`).test(targets)));
  return found[0]?.[3] ?? VERSIONEER.exec(text)?.[1] ?? null;
}

// -- the disk

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function textOf(file: string): string | null {
  try {
    return existsSync(file) && statSync(file).isFile() ? readFileSync(file, "utf8") : null;
  } catch {
    return null;
  }
}
