/**
 * PickleBall's enforcer as it is, gaps included (CCS '25, section 5; its `enforce/enforce.py`), so that its verdicts can
 * stand beside ours: it looks at GLOBAL, STACK_GLOBAL and REDUCE, at two keys of BUILD's state, and refuses INST, OBJ and
 * EXT. NEWOBJ, item writes, methods that BUILD invokes and what a callable does for the pickle pass unseen. Where it would
 * decide by what only a run can show (the run-time name of what a call returned), nothing is said to load.
 */
import type { CallFact, Fact, ImportFact, PickleFacts } from "../pickle/facts.ts";
import { INDIRECT_CALLABLES } from "../pickle/indirect-callables.ts";
import type { OpcodeName } from "../pickle/opcodes.ts";
import type { Policy, PolicyEntry } from "../policy/policy.ts";
import { isModuleId, isStorageId, type Refusal, type ResolvedIds, refusalOf } from "./refusal.ts";
import type { Mode } from "./verdict.ts";

/** Opcodes that its load_inst, load_obj and get_extension raise on. */
const RAISING: ReadonlySet<OpcodeName> = new Set(["INST", "OBJ", "EXT1", "EXT2", "EXT4"]);

/**
 * Keys that its load_build refuses, lest a payload give an allowed object the name of another. Facts single them out no
 * more, as nothing calls them: they are looked for in the state as it is shown, whose beginning has them or has not.
 */
const REFUSED_KEY = /'(__name__|__module__)':/;

/** Their `__setstate__` takes a tuple, of which its load_build asks the keys: it fails there. */
const TUPLE_STATES: ReadonlySet<string> = new Set([
  "numpy.dtype",
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
]);

/** What the enforcer answers for the opcodes and facts of one pickle. */
export class PickleballRules {
  readonly #globals: ReadonlySet<string>;
  readonly #reduces: ReadonlySet<string>;
  /** What a name of the policy is called at run time, where that is another one. */
  readonly #runtimeNames: ReadonlyMap<string, string>;
  /** Callables that some spelling outside the policy made a stub of. */
  readonly #stubs: ReadonlySet<string>;

  constructor(
    policy: Policy,
    private readonly mode: Mode,
    { facts }: Pick<PickleFacts, "facts">,
  ) {
    this.#globals = new Set(policy.imports.flatMap(spellings));
    this.#reduces = new Set(policy.calls.map(({ callable }) => callable));
    this.#runtimeNames = new Map(
      [...policy.imports, ...policy.calls].flatMap(({ callable, sameAs }) => (sameAs === undefined ? [] : [[callable, sameAs]])),
    );
    this.#stubs = new Set(facts.flatMap((fact) => (fact.kind === "import" && this.#becomesStub(fact) ? [fact.callable] : [])));
  }

  /** The opcodes that always raise. */
  refuseOpcode(opcode: OpcodeName, offset: number): Refusal | null {
    return RAISING.has(opcode) ? { callable: null, opcode, offset, reason: `PickleBall supports no ${opcode}` } : null;
  }

  /** Why the load stops at this fact; null where it goes on. */
  refuse(fact: Fact, ids: ResolvedIds): Refusal | null {
    if (RAISING.has(fact.opcode)) return null;
    const reason = this.#reason(fact, ids);
    return reason === null ? null : refusalOf(fact, "callable" in fact ? fact.callable : null, reason);
  }

  #reason(fact: Fact, ids: ResolvedIds): string | null {
    switch (fact.kind) {
      case "import":
        return this.mode === "strict" && this.#becomesStub(fact) ? "import outside the policy" : null;
      case "call":
        if (!passesUnpickler(fact)) return null;
        return fact.method === undefined ? this.#call(fact) : this.#method(fact);
      case "kept":
        return null;
      case "persistent-id":
        if (ids === "none") return "persistent id: the loader of this pickle resolves none";
        if (isModuleId(fact.id, ids)) return null;
        if (!isStorageId(fact.id, ids)) return "persistent id that is not a storage of torch";
        return this.#isStubbedStorage(fact.id) ? "the type of a storage is a stub, which has no dtype" : null;
      case "extension":
        return `PickleBall supports no ${fact.opcode}`;
    }
  }

  /** load_global, load_stack_global: `module.name`, as spelt, in one string; the name of a computed one may be anything. */
  #becomesStub(fact: ImportFact): boolean {
    return passesUnpickler(fact) && (fact.origin === "computed" || !this.#globals.has(fact.spelt));
  }

  #call(fact: CallFact): string | null {
    // `__new__` of a stub gives the stub again; of everything else, whatever class was looked up.
    if (fact.opcode !== "REDUCE") return null;
    if (this.#stubs.has(fact.callable)) return "call of a stub: its import is outside the policy";
    if (fact.origin === "computed") return "call of what a call returned: its name shows at run time only";
    if (fact.origin === "mutated") return "call after the pickle has changed what it looked up: its name shows at run time only";
    return this.#reduces.has(this.#runtimeName(fact)) ? null : "call outside the policy";
  }

  /** load_reduce: `func.__module__ + "." + func.__name__`, which of a nested name keeps the last part alone. */
  #runtimeName({ callable, module, name }: CallFact): string {
    return this.#runtimeNames.get(callable) ?? `${module}.${name.slice(name.lastIndexOf(".") + 1)}`;
  }

  /** BUILD, and item writes: a stub raises whatever is asked of it. */
  #method(fact: CallFact): string | null {
    if (this.#stubs.has(fact.callable)) return `${fact.opcode} on a stub: its import is outside the policy`;
    if (fact.method !== "__setstate__") return null;
    if (TUPLE_STATES.has(fact.callable) && !fact.onCallable) return "BUILD with a tuple for a __setstate__: PickleBall asks it for keys";
    if (fact.overrides?.includes("*")) return "BUILD with keys that are not known";
    const refused = REFUSED_KEY.exec(fact.arguments);
    return refused === null ? null : `BUILD of ${refused[1]}`;
  }

  #isStubbedStorage(id: Parameters<typeof isStorageId>[0]): boolean {
    const type = id.kind === "tuple" ? id.items[1] : undefined;
    return type?.kind === "global" && this.#stubs.has(type.callable);
  }
}

/** Whether an unpickler does it: what a callable does on the pickle's behalf is unseen, unless it loads another pickle. */
function passesUnpickler({ via }: ImportFact | CallFact): boolean {
  return via === undefined || INDIRECT_CALLABLES.get(via)?.does === "loads";
}

/** Its generator lists what it finds of builtins under Python 2's name as well. */
function spellings({ callable }: PolicyEntry): string[] {
  return callable.startsWith("builtins.") ? [callable, callable.replace("builtins.", "__builtin__.")] : [callable];
}
