/**
 * Which class does a model load as? What the pickles themselves return counts most, then the configuration, then the
 * card's code; and only a class of the library that the model names. The reason is kept with the answer.
 */
import type { CardClass } from "./model-card.ts";

/** What is known of a model that its class can be told by. */
export interface ClassEvidence {
  /** The callables that made what its pickles return, with the file; weights only, in the order of their paths. */
  readonly roots: readonly { readonly path: string; readonly root: string }[];
  /** `architectures` of config.json. */
  readonly architectures: readonly string[];
  readonly card: readonly CardClass[];
}

/** What a distribution contains. */
export interface LibraryContents {
  readonly distribution: string;
  /** Top-level modules. */
  readonly modules: ReadonlySet<string>;
  /** The qualified names of the classes that are defined under a simple name. */
  readonly classesNamed: (name: string) => readonly string[];
}

export interface ChosenClass {
  readonly class: string;
  readonly reason: string;
}

/** Modules whose classes hold the model rather than being it. */
const CONTAINERS = new Set(["builtins", "__builtin__", "collections", "copyreg", "copy_reg", "numpy"]);

/** Whether there is anything that could name a class: without it, no library's source needs to be had. */
export function mayNameClass({ roots, architectures, card }: ClassEvidence): boolean {
  return architectures.length > 0 || card.length > 0 || roots.some(({ root }) => !CONTAINERS.has(topModule(root)));
}

/** The class, or null where nothing points at one of this library. */
export function chooseClass(evidence: ClassEvidence, library: LibraryContents): ChosenClass | null {
  const isOfLibrary = (name: string) => library.modules.has(topModule(name));
  const root = evidence.roots.find(({ root: name }) => isOfLibrary(name));
  if (root !== undefined) return { class: root.root, reason: `${root.path} holds one, and ${library.distribution} contains its module` };
  for (const architecture of evidence.architectures) {
    const [name, ...others] = library.classesNamed(architecture);
    if (name !== undefined && others.length === 0) return { class: name, reason: `config.json names ${architecture} as the architecture` };
  }
  const used = evidence.card.find(({ name }) => isOfLibrary(name));
  return used === undefined ? null : { class: used.name, reason: `the model card uses it: ${used.line}` };
}

export function topModule(name: string): string {
  return name.slice(0, name.indexOf(".") === -1 ? undefined : name.indexOf("."));
}
