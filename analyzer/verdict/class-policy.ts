/**
 * The rules of a class policy: what PickleBall's enforcer checks (reference: CCS '25, section 5), and what it leaves
 * open. Every way of invoking something is a call here: REDUCE, NEWOBJ, INST, OBJ, what BUILD and item writes invoke on
 * an object, and what a callable invokes on the pickle's behalf. An extension code is never known, a persistent id is a
 * storage of torch or nothing, and a callable is named by where it is, not by a string that reads the same.
 */
import type { EmbeddedName, Finding } from "../containers/trace.ts";
import type { CallFact, Fact, ImportFact, KeptFact, PersistentIdFact, PickleFacts } from "../pickle/facts.ts";
import { ACTING, INDIRECT_CALLABLES } from "../pickle/indirect-callables.ts";
import type { Policy, PolicyEntry } from "../policy/policy.ts";
import { isModuleId, isStorageId, type Refusal, type ResolvedIds, refusalOf } from "./refusal.ts";
import type { Mode } from "./verdict.ts";

/** Callables that load a pickle as torch.load does, storages among it. */
const TORCH_LOADS: ReadonlySet<string> = new Set(["torch.load", "torch.serialization.load", "torch.storage._load_from_bytes"]);

/** What keeps a callable with arguments, and leaves it to whoever finds that to call it. A pickle's own calls of it are calls of a computed name. */
export const BINDER = "functools.partial";

/** Nothing can be done with what such a pickle returns. */
const RETURNS_STUB = "what the pickle returns is outside the policy";

/** Whoever unpickles it asks no policy. Said at STOP: by then it is known what the pickle hands to a loader. */
export const IN_CONSTANT = "a pickle in a constant, which nothing here unpickles";

/** What a class policy answers for each fact of a pickle. */
export class ClassPolicyRules {
  readonly #imports: CallableSet;
  readonly #calls: CallableSet;

  constructor(
    policy: Policy,
    private readonly mode: Mode,
  ) {
    this.#imports = CallableSet.of(policy.imports);
    this.#calls = CallableSet.of(policy.calls);
  }

  /** Why the load stops at this fact; null where it goes on. */
  refuse(fact: Fact, ids: ResolvedIds): Refusal | null {
    const reason = this.#reason(fact, ids);
    return reason === null ? null : refusalOf(fact, "callable" in fact ? fact.callable : null, reason);
  }

  /**
   * Why the load stops at a pickle in a constant, of which nobody knows who unpickles it, and what it would be called with:
   * it names what may not be both looked up and called, or nothing that a policy could know. Null where that is not seen to be so.
   */
  refuseConstant({ opcode, offset, names, doesMore }: Finding): Refusal | null {
    // Facts of earlier versions tell no opcode.
    if (opcode === undefined || offset === undefined || names === undefined || names === null) return null;
    const outside = names.find((name) => !this.#isOpen(name));
    if (outside === undefined && (names.length > 0 || doesMore)) return null;
    return { callable: outside?.callable ?? null, opcode, offset, reason: IN_CONSTANT };
  }

  /** Whether all that a pickle in a constant does is inside the policy, so that whoever unpickles it goes by the same. */
  accountsFor({ names = null, doesMore }: Finding): boolean {
    return names !== null && names.length > 0 && !doesMore && names.every((name) => this.#isOpen(name));
  }

  #isOpen({ callable, module }: EmbeddedName): boolean {
    const isAllowed = this.#imports.has(callable, module) && this.#calls.has(callable, module);
    return isAllowed && !INDIRECT_CALLABLES.has(callable) && !this.#calls.returnsShared(callable);
  }

  #reason(fact: Fact, ids: ResolvedIds): string | null {
    switch (fact.kind) {
      case "import":
        return this.#import(fact);
      case "call":
        return fact.method === undefined ? this.#call(fact) : this.#method(fact);
      case "kept":
        return this.#kept(fact);
      case "persistent-id":
        // torch.load inside a pickle that something else loads: tensors in a plain pickle hold their storages so.
        if (fact.via !== undefined) return this.#persistentIdInside(fact, fact.via);
        if (ids === "none") return "persistent id: the loader of this pickle resolves none";
        return isStorageId(fact.id, ids) || isModuleId(fact.id, ids) ? null : "persistent id that is not a storage of torch";
      case "extension":
        return `extension code ${fact.code}: copyreg's registry is empty`;
    }
  }

  /** What would be called with what is judged nowhere, so that no list of names covers it. */
  #kept(fact: KeptFact): string | null {
    if (ACTING.has(fact.callable)) return `kept as a value: what it would be called with is not known${on(fact)}`;
    return this.mode === "lazy" && fact.via === undefined && !this.#imports.has(fact.callable, fact.module) ? RETURNS_STUB : null;
  }

  /** Lazily, an instance of a class outside the policy that is all there is. */
  refuseRoot({ root, facts, offset, length }: PickleFacts): Refusal | null {
    if (this.mode !== "lazy" || root === null) return null;
    const isStub = facts.some((fact) => fact.kind === "call" && fact.callable === root && this.#isNewOfStub(fact));
    return isStub ? { callable: root, opcode: "STOP", offset: offset + length - 1, reason: RETURNS_STUB } : null;
  }

  #persistentIdInside(fact: PersistentIdFact, via: string): string | null {
    if (!TORCH_LOADS.has(via)) return `persistent id: ${via} resolves none`;
    return isStorageId(fact.id, "storages") ? null : `persistent id that is not a storage of torch, by ${via}`;
  }

  #import(fact: ImportFact): string | null {
    const outside = this.#imports.refuses(fact);
    if (outside === null) return null;
    // Lazily, what find_class is asked for becomes a stub. What a callable looks up for the pickle does not pass through it.
    if (this.mode === "lazy" && this.#isStub(fact)) return null;
    return outside === "unlisted" ? `import outside the policy${on(fact)}` : `import of a ${outside}${on(fact)}`;
  }

  #call(fact: CallFact): string | null {
    const outside = this.#calls.refuses(fact);
    const isBound = outside === "unlisted" && fact.via === BINDER && this.#imports.mayBeBound(fact);
    if (outside === null || isBound) return fact.effectUnknown ? `call whose effect is not known${on(fact)}` : null;
    // NEWOBJ on a stub gives the stub again, and nothing runs; a class that may be looked up but not made is one as well.
    if (this.mode === "lazy" && this.#isNewOfStub(fact)) return null;
    return outside === "unlisted" ? `call outside the policy${on(fact)}` : `call of a ${outside}${on(fact)}`;
  }

  /** BUILD, APPEND(S), SETITEM(S), ADDITEMS on an object that is no builtin container. */
  #method(fact: CallFact): string | null {
    if (fact.onCallable || this.#calls.returnsShared(fact.instanceOf ?? fact.callable))
      return `${fact.opcode} changes ${fact.callable} itself, not an object made by it`;
    if (fact.planted) return `${fact.opcode} calls what the pickle may have put there`;
    if (fact.overrides !== undefined) return `BUILD would override ${overridden(fact.overrides)}`;
    const outside = this.#calls.refuses(fact);
    if (outside === null) return null;
    return `${fact.method} of an object that was made by ${outside === "unlisted" ? "a call outside the policy" : `a ${outside}`}`;
  }

  #isNewOfStub(fact: CallFact): boolean {
    const instantiates = (fact.opcode === "NEWOBJ" || fact.opcode === "NEWOBJ_EX") && fact.method === undefined;
    return instantiates && this.#isStub(fact) && this.#calls.refuses(fact) !== null;
  }

  #isStub(fact: ImportFact | CallFact): boolean {
    return fact.via === undefined && (fact.origin === "named" || fact.origin === "attribute");
  }
}

function on(fact: ImportFact | CallFact | KeptFact): string {
  return fact.via === undefined ? "" : `, by ${fact.via}`;
}

function overridden(names: readonly string[]): string {
  return names.includes("*") ? "names that are not known" : names.join(", ");
}

/** Callables by module and name: module `a`, name `b.c` is not module `a.b`, name `c`. */
class CallableSet {
  /** A survey judges many files by one policy. */
  static readonly #known = new WeakMap<readonly PolicyEntry[], CallableSet>();
  readonly #modules = new Map<string, Set<string>>();
  readonly #returnShared = new Set<string>();
  readonly #bound = new Set<string>();

  static of(entries: readonly PolicyEntry[]): CallableSet {
    const known = CallableSet.#known.get(entries) ?? new CallableSet(entries);
    CallableSet.#known.set(entries, known);
    return known;
  }

  private constructor(entries: readonly PolicyEntry[]) {
    for (const { callable, module = callable.slice(0, callable.lastIndexOf(".")), returns, bound } of entries) {
      if (bound) this.#bound.add(`${module} ${callable}`);
      if (returns === "shared") this.#returnShared.add(callable);
      const modules = this.#modules.get(callable);
      if (modules === undefined) this.#modules.set(callable, new Set([module]));
      else modules.add(module);
    }
  }

  /** Why the set does not cover a callable: it is not in it, or no list of names can cover how it was come by. */
  refuses(fact: ImportFact | CallFact): "unlisted" | "computed name" | "callable that the pickle has changed" | null {
    if (fact.origin === "computed") return "computed name";
    if (fact.origin === "mutated") return "callable that the pickle has changed";
    return this.has(fact.callable, fact.module) ? null : "unlisted";
  }

  has(callable: string, module: string): boolean {
    return this.#modules.get(callable)?.has(module) ?? false;
  }

  mayBeBound({ callable, module }: CallFact): boolean {
    return this.#bound.has(`${module} ${callable}`);
  }

  returnsShared(callable: string): boolean {
    return this.#returnShared.has(callable);
  }
}
