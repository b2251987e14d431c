/**
 * Which class does a model load as? What the pickles themselves return counts most, then the configuration, then the
 * card's code; and only a class of a library that the model names. Each is a candidate, with how sure it is and why.
 */
import type { Confidence } from "../db/schema.ts";
import type { CardClass } from "./model-card.ts";

/** What is known of a model that its class can be told by. */
export interface ClassEvidence {
  /** The callables that made what its pickles return, with the file; weights only, in the order of their paths. */
  readonly roots: readonly { readonly path: string; readonly root: string }[];
  /** `architectures` of config.json. */
  readonly architectures: readonly string[];
  /** Classes of its `auto_map`: the repository's own code, whatever a library has under the same name. */
  readonly autoMap?: readonly string[];
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

export interface ClassCandidate {
  readonly class: string;
  readonly confidence: Confidence;
  readonly evidence: string;
}

/** Modules whose classes hold the model rather than being it. */
const CONTAINERS = new Set(["builtins", "__builtin__", "collections", "copyreg", "copy_reg", "numpy"]);

/** Whether there is anything that could name a class: without it, no library's source needs to be had. */
export function mayNameClass({ roots, architectures, card }: ClassEvidence): boolean {
  return architectures.length > 0 || card.length > 0 || roots.some(({ root }) => !CONTAINERS.has(topModule(root)));
}

/** Everything that points at a class of this library, the surest first, each class once. */
export function classCandidates(evidence: ClassEvidence, library: LibraryContents): readonly ClassCandidate[] {
  const isOfLibrary = (name: string) => library.modules.has(topModule(name));
  const found: ClassCandidate[] = [];
  for (const { path, root } of evidence.roots.filter((each) => isOfLibrary(each.root)))
    found.push({ class: root, confidence: "certain", evidence: `${path} holds one, and ${library.distribution} contains its module` });
  const own = new Set(evidence.autoMap?.map((name) => name.slice(name.lastIndexOf(".") + 1)));
  for (const architecture of evidence.architectures.filter((name) => !own.has(name))) {
    const [name, ...others] = library.classesNamed(architecture);
    if (name !== undefined && others.length === 0)
      found.push({ class: name, confidence: "likely", evidence: `config.json names ${architecture} as the architecture` });
  }
  for (const { name, line } of evidence.card.filter((each) => isOfLibrary(each.name)))
    found.push({ class: name, confidence: "possible", evidence: `the model card uses it: ${line}` });
  return found.filter((candidate, index) => found.findIndex((other) => other.class === candidate.class) === index);
}

/** Why the first of several candidates is the one: its evidence, how sure it is, and what else the model might load as. */
export function reasonFor([chosen, ...others]: readonly [ClassCandidate, ...ClassCandidate[]]): string {
  const also = others.map((other) => `${other.class} (${other.confidence}: ${other.evidence})`);
  return [`${chosen.evidence} (${chosen.confidence})`, ...(also.length > 0 ? [`it might be ${also.join(", or ")}`] : [])].join("; ");
}

/** The surest first; of those that are as sure, in the order given. */
export function bySureness(left: { readonly confidence: Confidence }, right: { readonly confidence: Confidence }): number {
  return SURENESS.indexOf(left.confidence) - SURENESS.indexOf(right.confidence);
}

const SURENESS: readonly Confidence[] = ["certain", "likely", "possible"];

export function topModule(name: string): string {
  return name.slice(0, name.indexOf(".") === -1 ? undefined : name.indexOf("."));
}
