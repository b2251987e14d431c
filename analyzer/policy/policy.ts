/** A policy: which callables loading may look up and call, each with the reason it is there. */

/** One step of the chain that leads from the class to a name. */
export interface Reason {
  /** How this step follows from the one before: the class itself, a base, a subclass, an attribute's type ... */
  readonly kind:
    | "class"
    | "base"
    | "subclass"
    | "attribute"
    | "element"
    | "annotation"
    | "reduce"
    | "argument"
    | "setstate"
    | "alias"
    | "protocol"
    | "native"
    | "loader"
    | "release"
    | "save"
    | "observed"
    | "unanalysed";
  /** What the step is about, in words a person reads: `SequenceTagger.embeddings`, `returns (restore, ...)`. */
  readonly text: string;
  /** The fully qualified name this step arrives at, where it is one. */
  readonly name?: string;
  /** Path within the distribution's source, and the 1-based line. */
  readonly file?: string;
  readonly line?: number;
  /** Of a step of kind `release`: every release in which the name is needed, from the earliest. */
  readonly releases?: readonly string[];
}

/** A callable that is allowed, and the chain of reasons, from the class to the name. */
export interface PolicyEntry {
  readonly callable: string;
  /** The entry whose object this one is, under another name that the library gives it. */
  readonly sameAs?: string;
  /** The module within `callable`, where the name in it is dotted (a nested class, a method); absent: all before the last dot. */
  readonly module?: string;
  /** Of a call: what it returns may be a class, a function, a module or an object that others hold. A pickle may not change it. */
  readonly returns?: "shared";
  /** Of an import: objects of the class keep partials of it. A pickle may make one (`functools.partial`), and nothing of it calls it. */
  readonly bound?: true;
  readonly reasons: readonly Reason[];
}

/** The distribution whose source a policy was inferred from. */
export interface PolicyLibrary {
  readonly name: string;
  readonly version: string | null;
  /** sha256 (hex) over the source that was read. */
  readonly sourceSha256: string | null;
}

/** A parameter that reaches a slot. */
export interface SlotSource {
  /** Fully qualified name of the function that takes it. */
  readonly function: string;
  readonly parameter: string;
  readonly file: string;
  readonly line: number;
  /** What the docstring says that it is. */
  readonly documentation?: string;
}

/** An attribute that a class leaves to its caller: the steps of a pipeline, the members of a module list, a function. */
export interface OpenSlot {
  /** Fully qualified name of the class of the objects that have it. */
  readonly class: string;
  /** `[]` for the elements of an object that is itself a container. */
  readonly attribute: string;
  readonly from: readonly SlotSource[];
  readonly asks: SlotAsks;
  /** In a `class+open` policy: the fillers, by name, that it takes. */
  readonly takes?: readonly string[];
  /** The classes among the fillers that it takes themselves, as something that the code calls. */
  readonly takesClasses?: readonly string[];
}

/** What the code asks of what it finds in a slot. */
export interface SlotAsks {
  /** Attributes and methods that are read, called or looked for. */
  readonly attributes: readonly string[];
  /** Classes that it is compared with by isinstance. */
  readonly classes: readonly string[];
  /** Whether it is called itself. */
  readonly functions: boolean;
}

/** In the place of an attribute: whichever it is. */
export const ANY_ATTRIBUTE = "*";

/**
 * What may fill open slots: a class that is inert to load, a type whose reduction was recorded, a function. It loads by a
 * policy of its own, which holds for what it holds in turn.
 */
export interface Filler {
  /** The class or function; for a recorded type, what its reduction calls to make it. */
  readonly name: string;
  readonly kind: "class" | "recorded" | "function";
  readonly imports: readonly PolicyEntry[];
  readonly calls: readonly PolicyEntry[];
  readonly openSlots: readonly OpenSlot[];
  /** Of a class: attributes whose methods loading calls, where nothing but a builtin container may be. */
  readonly touches: readonly string[];
  /** Of a class: attributes that loading computes with, where nothing but data may be, or `ANY_ATTRIBUTE`; absent where there are none. */
  readonly computes?: readonly string[];
  /** Of a class: attributes of which loading asks something by operators and the like: no object may be there of a class that has source; absent where there are none. */
  readonly asks?: readonly string[];
  /** Of a class: whether a pickle makes it by calling it. Otherwise only NEWOBJ, NEWOBJ_EX and copyreg may make it. */
  readonly isCalled: boolean;
  /** Of a class: names in its `__slots__` that a state of slots may set, as that only stores. */
  readonly slots?: readonly string[];
}

/** An allow-list of imports and calls. What is written to a policy file, with `format` and `version` added. */
export interface Policy {
  /**
   * Unique name, the kind of the policy first: `weights-only@torch-2.6`, `class:brine.models.SequenceTagger@brine-0.2.0`,
   * `class-range:brine.models.SequenceTagger@brine-0.1.0..0.2.0`, `checkpoint:brine@brine-0.2.0`.
   */
  readonly name: string;
  /** Fully qualified name of the class it is for; null for a policy that is not of a class. */
  readonly class: string | null;
  readonly library: PolicyLibrary | null;
  /** Sorted by callable. */
  readonly imports: readonly PolicyEntry[];
  readonly calls: readonly PolicyEntry[];
  /** Absent where none are known: a policy that was not inferred. */
  readonly openSlots?: readonly OpenSlot[];
  /** Of a `class+open` policy: what its slots, and those of the fillers, may be filled with. */
  readonly fillers?: readonly Filler[];
}
