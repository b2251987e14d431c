/**
 * The rules of torch's weights-only unpickler, release by release, applied to facts. References are to
 * `torch/_weights_only_unpickler.py` at v2.6.0; where releases differ, the rule is in the extracted data
 * (`analyzer/policy/weights-only.ts`). It is stricter than torch in one place, item writes before 2.10, and says so.
 */
import type { CallFact, Fact, ImportFact, KeptFact, PersistentIdFact, PickleFacts } from "../pickle/facts.ts";
import { BYTE_OF_OPCODE, type OpcodeName } from "../pickle/opcodes.ts";
import { isCallable, type MessageName, type NameKind, type UnpicklerRules } from "../policy/weights-only.ts";
import { isStorageId, type Refusal, type ResolvedIds, refusalOf } from "./refusal.ts";

const PARAMETER = "torch.nn.parameter.Parameter";
const ORDERED_DICT = "collections.OrderedDict";
const COUNTER = "collections.Counter";

/** What one release answers for a container, and for the opcodes and facts of a pickle. */
export class WeightsOnlyRules {
  constructor(private readonly rules: UnpicklerRules) {}

  /** Why torch.load would not hand a container to this unpickler; null where it does. */
  refuseContainer(container: string): string | null {
    if (container !== "torchscript" && container !== "torch-tar") return null;
    return (
      this.rules.archives[container] ??
      `torch ${this.rules.torch} loads ${container} files past the weights-only unpickler (CVE-2025-32434)`
    );
  }

  /** Line 552: `Unsupported operand` for every opcode that the release does not have. */
  refuseOpcode(opcode: OpcodeName, offset: number): Refusal | null {
    if (this.rules.opcodes.has(opcode)) return null;
    return { callable: null, opcode, offset, reason: this.#text("opcode", { "key[0]": String(BYTE_OF_OPCODE[opcode]) }) };
  }

  /** Why the load stops at this fact; null where it goes on, or has stopped at its opcode. */
  refuse(fact: Fact, ids: ResolvedIds): Refusal | null {
    if (!this.rules.opcodes.has(fact.opcode)) return null;
    const reason = this.#reason(fact, ids);
    return reason === null ? null : refusalOf(fact, "callable" in fact ? this.#name(fact).full : null, reason);
  }

  /**
   * BUILD on what no callable made: an unpickler of Python's own does nothing where the state is None, this one refuses.
   * There is no fact of it, but the opcode ran more often than there are facts.
   */
  refuseBuilds({ opcodes, facts }: Pick<PickleFacts, "opcodes" | "facts">): Refusal | null {
    const used = opcodes.find(({ opcode }) => opcode === "BUILD");
    if (used === undefined) return null;
    const told = facts.filter((fact): fact is CallFact => fact.kind === "call" && fact.opcode === "BUILD" && fact.via === undefined);
    if (told.reduce((sum, { repeats = 0 }) => sum + 1 + repeats, 0) >= used.count) return null;
    const reason = this.#text("build", { "type(inst)": "a value that no callable made" });
    return { callable: null, opcode: "BUILD", offset: used.offset, reason };
  }

  #reason(fact: Fact, ids: ResolvedIds): string | null {
    switch (fact.kind) {
      case "import":
        return this.#import(fact);
      case "call":
        return this.#call(fact);
      case "kept":
        return null; // as an import: torch looks at what is called
      case "persistent-id":
        return this.#persistentId(fact, ids);
      case "extension":
        return "copyreg's registry is empty"; // EXT opcodes are in no release
    }
  }

  /** GLOBAL, lines 323 to 364. */
  #import(fact: ImportFact): string | null {
    const { module, name, full } = this.#name(fact);
    if (this.rules.blockedModules.includes(module)) return this.#text("blockedModule", { full_path: full, module });
    if (fact.origin === "named" && this.rules.kinds.has(full)) return null;
    return this.rules.hints.get(full) ?? this.#text("global", { full_path: this.#shown(full), name });
  }

  #call(fact: CallFact): string | null {
    const { full } = this.#name(fact);
    const kind = fact.origin === "named" ? this.rules.kinds.get(full) : undefined;
    switch (fact.method) {
      case undefined:
        return fact.opcode === "NEWOBJ" ? this.#newobj(full, kind) : this.#reduce(full, kind);
      case "__setstate__":
        return this.#build(fact, full, kind);
      case "append":
        return this.#text("append", { "type(list_obj)": typeOf(fact, full) });
      case "extend":
        return this.#text(this.rules.messages.extend === undefined ? "append" : "extend", { "type(list_obj)": typeOf(fact, full) });
      case "__setitem__":
        return this.#setItem(fact, full);
      case "add":
      case "update":
        return `${fact.opcode} on ${typeOf(fact, full)}`; // ADDITEMS is in no release
    }
  }

  /** REDUCE, lines 382 to 392, and what an allowed function calls: any value of the table passes, but not all can be called. */
  #reduce(full: string, kind: NameKind | undefined): string | null {
    if (kind === undefined) return this.#text("reduce", { func: full });
    return isCallable(kind) ? null : `${full} is a ${kind}, which cannot be called`;
  }

  /** NEWOBJ, lines 365 to 381: up to 2.5 for Parameter alone. */
  #newobj(full: string, kind: NameKind | undefined): string | null {
    if (full === PARAMETER) return null;
    if (kind === undefined || this.rules.newobj === "named") return this.#text("newobj", { cls: `<class '${full}'>` });
    return kind === "class" ? null : `${full} is a ${kind}, which has no instances`;
  }

  /** BUILD, lines 393 to 424: by the exact type of the object, so of what the callable that made it returns. */
  #build(fact: CallFact, full: string, kind: NameKind | undefined): string | null {
    const made = fact.onCallable ? null : madeBy(full, kind);
    const spelledOut = made === "torch.Tensor" || made === PARAMETER || made === ORDERED_DICT;
    const listed = made !== null && (made === SUBCLASS || this.rules.kinds.get(made) === "class");
    if (spelledOut || (this.rules.build === "allowed" && listed)) return null;
    return this.#text("build", { "type(inst)": typeOf(fact, made === SUBCLASS ? full : (made ?? full)) });
  }

  /** SETITEM and SETITEMS, lines 442 to 448. A write into what is no dict fails, or, into a tensor, corrupts memory. */
  #setItem(fact: CallFact, full: string): string | null {
    const isDict = fact.origin === "named" && !fact.onCallable && (full === ORDERED_DICT || full === COUNTER);
    if (isDict) return null;
    if (this.rules.checksItemTargets) return this.#text("setitem", { opcode: fact.opcode, "type(self.stack[-1])": typeOf(fact, full) });
    return `${fact.opcode} into ${full}: torch ${this.rules.torch} does not look at what it writes to (CVE-2026-24747)`;
  }

  /** BINPERSID, lines 501 to 518, then torch.load's own persistent_load, which takes a storage and nothing else. */
  #persistentId({ id }: PersistentIdFact, ids: ResolvedIds): string | null {
    if (id.kind !== "tuple") return this.#text("persistentType", { "type(pid)": `<class '${id.kind}'>` });
    const tag = id.items[0];
    if (tag?.kind !== "str" || tag.value !== "storage") {
      const shown = tag?.kind === "str" ? tag.value : "something else";
      return this.#text("persistentId", { "pid[0]": shown, "type(pid[0])": `<class '${tag?.kind ?? "tuple"}'>` });
    }
    if (!isStorageId(id, "storages")) return "the id of a storage that torch.save does not write, and torch.load does not take";
    return ids === "storages" || ids === "legacy" ? null : this.#text("persistentLoad", {});
  }

  /** The name as this release reads it: whether it maps Python 2's names does not depend on what the machine did. */
  #name(fact: ImportFact | CallFact | KeptFact): { readonly module: string; readonly name: string; readonly full: string } {
    if (fact.module === "") return { module: "", name: fact.name, full: fact.callable }; // what a loader returned
    const { when, names, modules } = this.rules.renames;
    const spelt = fact.kind === "import" ? fact.spelt : fact.callable;
    const module = spelt === fact.callable ? fact.module : spelt.slice(0, spelt.lastIndexOf("."));
    const renamed = when === "never" ? spelt : (names.get(spelt) ?? `${modules.get(module) ?? module}.${spelt.slice(module.length + 1)}`);
    if (renamed === fact.callable) return { module: fact.module, name: fact.name, full: renamed };
    const dot = renamed.lastIndexOf(".");
    return { module: renamed.slice(0, dot), name: renamed.slice(dot + 1), full: renamed };
  }

  /** Since 2.7 the text proposes the full path, and leaves out `builtins.`. */
  #shown(full: string): string {
    const proposesPath = this.rules.messages.global?.includes("globals([{full_path}])");
    return proposesPath && full.startsWith("builtins.") ? full.slice("builtins.".length) : full;
  }

  #text(message: MessageName, holes: Readonly<Record<string, string>>): string {
    return this.rules.messages[message]!.replace(/\{([^}]+)\}/g, (hole, expression: string) => holes[expression] ?? hole);
  }
}

/** A tensor subclass that was given to a function of torch; it was looked up, so it is in the table. */
const SUBCLASS = "a class of the table";

/** The exact type of what a callable of the table returns; null where it is in no table. */
function madeBy(full: string, kind: NameKind | undefined): string | null {
  if (kind === undefined) return null;
  if (/^torch\.(cuda\.)?(sparse\.)?\w+Tensor$/.test(full)) return "torch.Tensor"; // legacy constructors
  if (kind === "class") return full;
  if (full === "torch._tensor._rebuild_from_type_v2" || full === "torch._utils._rebuild_wrapper_subclass") return SUBCLASS;
  if (full.startsWith("torch._utils._rebuild_parameter")) return PARAMETER;
  return full.startsWith("torch._utils._rebuild_") ? "torch.Tensor" : null;
}

function typeOf(fact: CallFact, made: string): string {
  return fact.onCallable ? "<class 'type'>" : `<class '${made}'>`;
}
