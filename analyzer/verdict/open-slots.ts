/**
 * The rules of a `class+open` policy: those of a class policy, and of what else sits where. Starting from the pickle's
 * root, every object is judged by the policy of whoever holds it; one that fills an open slot goes by its own policy from
 * there on. What is allowed in one slot is thereby allowed nowhere else.
 *
 * Objects of one class are told as one, in every place where any of them sits: what they hold goes by any of the policies that hold for one of them.
 */
import { storageItemSize } from "../containers/storage-types.ts";
import type { Fact, PickleFacts } from "../pickle/facts.ts";
import { INDIRECT_CALLABLES } from "../pickle/indirect-callables.ts";
import { isContainerMaker, type Place, type Places } from "../pickle/places.ts";
import { makesData } from "../policy/inference/fill.ts";
import { ANY_ATTRIBUTE, type Filler, type OpenSlot, type Policy, type PolicyEntry } from "../policy/policy.ts";
import { BINDER, ClassPolicyRules } from "./class-policy.ts";
import { type Refusal, type ResolvedIds, refusalOf } from "./refusal.ts";
import type { Mode } from "./verdict.ts";

/** What one policy, of the class or of a filler, allows of what its objects hold. */
class Standing {
  readonly #imports: ReadonlySet<string>;
  readonly #calls: ReadonlySet<string>;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #slots: ReadonlyMap<string, OpenSlot>;

  /** A survey judges many files by one policy. */
  static readonly #known = new WeakMap<Policy | Filler, Standing>();
  static readonly #classes = new WeakMap<Filler, Standing>();

  static of(policy: Policy): Standing {
    return Standing.#get(policy, () => new Standing(policy, null));
  }

  static ofFiller(filler: Filler): Standing {
    return Standing.#get(filler, () => new Standing(filler, filler));
  }

  /** Of a class that is itself there: it may be looked up, and nothing else. */
  static ofClass(filler: Filler): Standing {
    const known = Standing.#classes.get(filler);
    if (known !== undefined) return known;
    const imports = filler.imports.filter(({ callable, sameAs }) => callable === filler.name || sameAs === filler.name);
    const standing = new Standing({ imports, calls: [] }, null);
    Standing.#classes.set(filler, standing);
    return standing;
  }

  static #get(of: Policy | Filler, make: () => Standing): Standing {
    const known = Standing.#known.get(of) ?? make();
    Standing.#known.set(of, known);
    return known;
  }

  private constructor(
    readonly policy: {
      readonly imports: readonly PolicyEntry[];
      readonly calls: readonly PolicyEntry[];
      readonly openSlots?: readonly OpenSlot[];
    },
    readonly filler: Filler | null,
  ) {
    this.#imports = new Set(policy.imports.map(({ callable }) => callable));
    this.#calls = new Set(policy.calls.map(({ callable }) => callable));
    this.#aliases = new Map(policy.imports.flatMap(({ callable, sameAs }) => (sameAs === undefined ? [] : [[callable, sameAs]])));
    this.#slots = new Map((policy.openSlots ?? []).map((slot) => [`${slot.class} ${slot.attribute}`, slot]));
  }

  allows({ held, isCallable }: Place): boolean {
    return (isCallable ? this.#imports : this.#calls).has(held);
  }

  /** The slot that the policy leaves open where something sits; null where it does not. */
  slotAt({ holder, attribute }: Place): OpenSlot | null {
    if (holder === null || attribute === null) return null;
    return this.#slots.get(`${this.#aliases.get(holder) ?? holder} ${attribute}`) ?? null;
  }
}

/** What a `class+open` policy answers for each fact of one pickle. */
export class OpenPolicyRules {
  /** The policy and those of the fillers that sit in a slot, as one: what nothing of the pickle may go beyond. */
  readonly filled: Policy;
  readonly #rules: ClassPolicyRules;
  readonly #own: Standing;
  readonly #fillers: ReadonlyMap<string, Standing>;
  readonly #hasObjectArrays: boolean;
  readonly #byHolder = new Map<string | null, Place[]>();
  /** Under which policies each class, or what else makes objects, was found to sit. */
  readonly #standings = new Map<string, Set<Standing>>();
  /** Why objects of a class, or a callable, may not sit where some do. */
  readonly #misplaced = new Map<string, string>();

  /** `places` are those of the pickle. */
  constructor(policy: Policy, mode: Mode, places: Places) {
    this.#own = Standing.of(policy);
    this.#hasObjectArrays = places.hasObjectArrays;
    this.#fillers = new Map((policy.fillers ?? []).map((filler) => [filler.name, Standing.ofFiller(filler)]));
    for (const place of places.places) {
      const known = this.#byHolder.get(place.holder);
      if (known === undefined) this.#byHolder.set(place.holder, [place]);
      else known.push(place);
    }
    this.#settle();
    for (const name of places.otherStates) {
      if (this.#isFiller(name)) this.#misplaced.set(name, "is given a state that is no dict of attributes");
    }
    for (const [name, slots] of places.slotStates) {
      const stored = this.#fillers.get(name)?.filler?.slots ?? [];
      const isStored = stored.length > 0 && [...slots].every((slot) => stored.includes(slot));
      if (this.#isFiller(name) && !isStored) this.#misplaced.set(name, "is given a state of slots that it does not have");
    }
    this.filled = this.#merged(policy);
    this.#rules = new ClassPolicyRules(this.filled, mode);
  }

  /** Why the load stops at this fact; null where it goes on. */
  refuse(fact: Fact, ids: ResolvedIds): Refusal | null {
    const refused = this.#rules.refuse(fact, ids);
    if (refused !== null || (fact.kind !== "import" && fact.kind !== "call")) return refused;
    const reason = this.#misplacedReason(fact) ?? this.#madeOtherwise(fact) ?? this.#inside(fact);
    return reason === null ? null : refusalOf(fact, fact.callable, reason);
  }

  /** As of a class policy. */
  refuseRoot(pickle: PickleFacts): Refusal | null {
    return this.#rules.refuseRoot(pickle);
  }

  /** What may not sit where it does, and that no refused fact names. */
  refuseUntold({ offset, length }: PickleFacts, refused: readonly Refusal[]): readonly Refusal[] {
    const told = new Set(refused.map(({ callable }) => callable));
    return [...this.#misplaced]
      .filter(([callable]) => !told.has(callable))
      .map(([callable, reason]) => ({ callable, opcode: "STOP", offset: offset + length - 1, reason: `${callable} ${reason}` }));
  }

  #settle(): void {
    const queue: [name: string | null, standing: Standing][] = [[null, this.#own]];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [holder, standing] = next;
      for (const place of this.#byHolder.get(holder) ?? []) {
        const known = this.#standings.get(place.held) ?? new Set();
        this.#standings.set(place.held, known);
        for (const found of this.#standingsOf(place, standing)) {
          if (known.has(found)) continue;
          known.add(found);
          if (!place.isCallable) queue.push([place.held, found]);
        }
      }
    }
    for (const [holder, places] of this.#byHolder) {
      const standings = holder === null ? [this.#own] : [...(this.#standings.get(holder) ?? [])];
      if (standings.length === 0) continue;
      for (const place of places)
        if (standings.every((standing) => this.#standingsOf(place, standing).length === 0))
          this.#misplaced.set(place.held, this.#whyNot(place, standings));
    }
  }

  /**
   * The policies that hold for what sits somewhere, under one of its holder: none where it may not. The caller's object goes by its own class's, and by
   * the holder's where that has such objects as well: which of the two it is no pickle tells.
   */
  #standingsOf(place: Place, standing: Standing): readonly Standing[] {
    const { holder, held, isCallable } = place;
    const filler = holder === null ? undefined : this.#fillers.get(holder)?.policy;
    if (standing.filler !== null && standing.policy === filler && this.#isTouched(standing.filler, place)) return [];
    const slot = standing.slotAt(place);
    const taken = slot?.takes?.includes(held) ? this.#fillers.get(held)! : null;
    const own = standing.allows(place) ? [standing] : [];
    if (taken?.filler?.kind === "class" && !isCallable) return [taken, ...own];
    // Of data, the holder's policy says more where it speaks of it.
    if (own.length > 0) return own;
    if (isCallable && slot?.takesClasses?.includes(held)) return [Standing.ofClass(this.#fillers.get(held)!.filler!)];
    return taken?.filler?.kind === "recorded" || (taken?.filler?.kind === "function" && isCallable) ? [taken] : [];
  }

  #whyNot(place: Place, standings: readonly Standing[]): string {
    const { holder, attribute } = place;
    if (holder === null) return "is outside the policy";
    const at = `${holder}${attribute === null ? "" : `.${attribute}`}`;
    const filler = this.#fillers.get(holder);
    const isTouched = filler !== undefined && standings.includes(filler) && this.#isTouched(filler.filler!, place);
    return isTouched ? `sits in ${at}, whose methods loading calls` : `sits in ${at}, which is not open to it`;
  }

  #isTouched({ touches, computes = [], asks = [] }: Filler, { attribute, isInside, held, isCallable }: Place): boolean {
    const isAmong = (attributes: readonly string[]) => attribute !== null && attributes.includes(attribute);
    const isAnyAsked = computes.includes(ANY_ATTRIBUTE);
    if (isCallable) return isAnyAsked || isAmong(computes) || (isAmong(touches) && !isInside);
    const isArray = isContainerMaker(held) || ARRAYS.has(held) || (held === JOBLIBS_ARRAY && !this.#hasObjectArrays);
    if (isArray) return false;
    if (isAmong(computes) && !DATA.has(held)) return true;
    if ((isAnyAsked || (isAmong(asks) && !isInside)) && !DATA.has(held) && !makesData(held)) return true;
    return isAmong(touches) && !isInside;
  }

  #isFiller(name: string): boolean {
    return [...(this.#standings.get(name) ?? [])].some(({ filler }) => filler?.kind === "class" && filler.name === name);
  }

  #merged(policy: Policy): Policy {
    const standings = new Set([...this.#standings.values()].flatMap((each) => [...each]));
    const all = [...new Set([this.#own, ...standings])];
    const entries = (kind: "imports" | "calls") => all.flatMap((standing) => standing.policy[kind]);
    // What a partial may be made of goes by what else its own policy lets it be handed: with two of them it is not known which that is.
    const isOfSeveral = (this.#standings.get(BINDER)?.size ?? 0) > 1;
    const imports = isOfSeveral ? entries("imports").map(({ bound: _, ...entry }) => entry) : entries("imports");
    return { ...policy, imports, calls: entries("calls") };
  }

  #misplacedReason({ callable }: { readonly callable: string }): string | null {
    const reason = this.#misplaced.get(callable);
    return reason === undefined ? null : `${callable} ${reason}`;
  }

  /** What fills a slot is inert only as its own reduction makes it: never called with arguments, never handed items. */
  #madeOtherwise(fact: Extract<Fact, { readonly kind: "import" | "call" }>): string | null {
    if (fact.kind === "import" || !this.#isFiller(fact.callable)) return null;
    if (this.#fillers.get(fact.callable)!.filler!.isCalled) return null;
    if (fact.method !== undefined) return fact.method === "__setstate__" ? null : `${fact.method} of what fills a slot`;
    const isNew = fact.opcode === "NEWOBJ" || fact.opcode === "NEWOBJ_EX" || NEW.has(fact.via ?? "");
    return isNew ? null : "what fills a slot is made by calling its class, as its own reduction does not";
  }

  /** A pickle inside the pickle goes by the policies of what loads it. */
  #inside({ via, callable, kind }: Extract<Fact, { readonly kind: "import" | "call" }>): string | null {
    if (via === undefined || INDIRECT_CALLABLES.get(via)?.does !== "loads") return null;
    const place = { holder: via, attribute: null, isInside: false, held: callable, isCallable: kind === "import" };
    const standings = [...(this.#standings.get(via) ?? [])];
    const allows = (standing: Standing) => standing.allows(place);
    const isStorage = callable.startsWith("torch.") && storageItemSize(callable) !== null;
    // A storage is data, whoever's tensor it is; all else is to be allowed wherever there is such a pickle.
    const isAllowed = standings.length > 0 && (isStorage ? standings.some(allows) : standings.every(allows));
    return isAllowed ? null : `${callable} is in a pickle that ${via} loads`;
  }
}

/** What makes an array of numbers of bytes, as protocol 5 has it. */
const ARRAYS: ReadonlySet<string> = new Set(["numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"]);

/** What an array stands for that is in the file outside of the pickle, or in a pickle of its own if it is one of objects. */
const JOBLIBS_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper";

/** What makes a number or a text, and what an array is told its type by. */
const DATA: ReadonlySet<string> = new Set([
  ...ARRAYS,
  "_codecs.encode",
  "builtins.bytes",
  "builtins.complex",
  "numpy._core.multiarray.scalar",
  "numpy.core.multiarray.scalar",
  "numpy.dtype",
]);

/** What makes an object without calling its class. */
const NEW: ReadonlySet<string> = new Set(["copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"]);
