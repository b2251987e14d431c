/**
 * What a pickle does, as data: the facts that everything after the machine is decided from. A fact says what happens,
 * at the byte offset of the opcode that does it, in the order in which CPython's unpickler would do it.
 */
import type { OpcodeName } from "./opcodes.ts";
import type { PickleValue } from "./value.ts";

/** How the machine came by a callable. Only `named` ones can ever be allowed by name. */
export type CallableOrigin =
  /** Looked up by constant module and name. */
  | "named"
  /** Reached by walking attributes of a looked-up object: a dotted name from protocol 4 on, or `getattr`. */
  | "attribute"
  /** The module or the name, or the callable itself, is the result of a call. */
  | "computed"
  /** Read from an object that the pickle itself has changed before (BUILD, SETITEM on a looked-up object). */
  | "mutated";

interface FactOfCallable {
  /** Byte offset of the opcode, in the content that holds the pickle (the file, or the decompressed entry). */
  readonly offset: number;
  readonly opcode: OpcodeName;
  /** How many more times the same happened after the first `LIMITS.listedFacts` facts, from where on only what is new is told. */
  readonly repeats?: number;
  /** `module.qualified.name` as the loader resolves it (Python 2 names mapped below protocol 3). */
  readonly callable: string;
  readonly module: string;
  /** Qualified name within `module`; may be dotted. */
  readonly name: string;
  readonly origin: CallableOrigin;
  /** The callable that does it on the pickle's behalf (`functools.partial`, `getattr` ...); absent when the pickle does it itself. */
  readonly via?: string;
}

/** A callable is looked up: GLOBAL, STACK_GLOBAL, INST, or a callable that looks up for the pickle. */
export interface ImportFact extends FactOfCallable {
  readonly kind: "import";
  /** As written in the pickle, `module.name`, before any mapping. */
  readonly spelt: string;
}

/** A callable is invoked, or a method of what a callable made. */
export interface CallFact extends FactOfCallable {
  readonly kind: "call";
  /**
   * Absent when `callable` itself is invoked (REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ). For BUILD, APPEND(S), SETITEM(S)
   * and ADDITEMS, the method invoked on an object, and `callable` is what made (or is) that object.
   */
  readonly method?: "__setstate__" | "append" | "extend" | "__setitem__" | "add" | "update";
  /** For a `method`: it is invoked on `callable` itself (a class, a function, a module), not on an object that `callable` made. */
  readonly onCallable?: true;
  /**
   * For BUILD: keys of the state under which the unpickler or Python itself later looks something up on the object and
   * calls it (`__setstate__`, `__class__`, any other `__name__` that Python or a numeric library knows, but those that describe, such
   * as `__doc__`), so that the pickle would choose what is called; `["*"]` where the keys are not known. Absent when there are none.
   */
  readonly overrides?: readonly string[];
  /**
   * For a `method`: what it invokes may be something that the pickle has put there, by a state or items that it gave the
   * object before. No pickler writes in this order.
   */
  readonly planted?: true;
  /** For a `method`, where the maker is told the class: `copyreg._reconstructor(class, ...)` made an instance of this one. */
  readonly instanceOf?: string;
  /**
   * It is handed over to `via`, and calls or looks up what it is given in its turn: with what, or what becomes of the
   * result, is not known. Also of a callable that may do anything (`builtins.exec`).
   */
  readonly effectUnknown?: true;
  /** What it is given, for people: bounded in length, never evaluated. */
  readonly arguments: string;
}

/** A persistent id is handed to the loader: PERSID, BINPERSID. */
export interface PersistentIdFact {
  readonly kind: "persistent-id";
  readonly offset: number;
  readonly opcode: OpcodeName;
  readonly id: PickleValue;
  /** The callable whose pickle it is in, where that is a pickle inside the pickle: its loader resolves it. */
  readonly via?: string;
}

/** An object is looked up in copyreg's extension registry, which is empty unless the application filled it. */
export interface ExtensionFact {
  readonly kind: "extension";
  readonly offset: number;
  readonly opcode: OpcodeName;
  readonly code: number;
}

/**
 * A callable that acts for the pickle (`getattr`, `functools.partial` ...) is kept: put into a container, or into the
 * arguments, items or state of an object. What it would be called with there, the pickle does not show. Of any callable,
 * where it is itself what the pickle returns (STOP).
 */
export interface KeptFact extends FactOfCallable {
  readonly kind: "kept";
}

export type Fact = ImportFact | CallFact | KeptFact | PersistentIdFact | ExtensionFact;

/** How a run ended: STOP was reached; CPython would fail; the machine does not know; a limit was hit. */
export type Outcome = "ok" | "malformed" | "unsupported" | "unfinished";

/** Why a run did not end at STOP, or does not end there in every loader. `kind` is a row of `failures.ts`. */
export interface Failure {
  /** A stable kebab-case word: `truncated`, `unknown-opcode`, `memo-key-missing`, `limit` ... */
  readonly kind: string;
  readonly message: string;
  readonly offset: number;
  /** For `kind: "limit"`: the row of `limits.ts` that was reached. */
  readonly resource?: string;
  readonly limit?: number;
}

/**
 * Loaders part ways here: one of them fails, or reads something else. The facts go on with what the worse of them does.
 * `kind` is a row of `failures.ts`, `offset` the first place, `count` how many there are.
 */
export interface Divergence {
  readonly kind: string;
  readonly message: string;
  readonly offset: number;
  readonly count: number;
}

/** How often an opcode ran, and where first: what a loader with fewer opcodes is judged by. */
export interface OpcodeUse {
  readonly opcode: OpcodeName;
  readonly offset: number;
  readonly count: number;
}

/** What running one pickle program showed. JSON-serialisable. */
export interface PickleFacts {
  /** Where the program starts in the content that holds it, and how many bytes it ran over. */
  readonly offset: number;
  readonly length: number;
  /** The highest protocol in force; 0 where no PROTO opcode was seen. */
  readonly protocol: number;
  readonly outcome: Outcome;
  /** Facts at and after its offset are those of the loaders that get further. */
  readonly failure?: Failure;
  /** Absent where all loaders agree. */
  readonly divergences?: readonly Divergence[];
  readonly facts: readonly Fact[];
  readonly opcodes: readonly OpcodeUse[];
  /** The callable that made the object STOP returned, if a callable made it. */
  readonly root: string | null;
}
