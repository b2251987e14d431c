/**
 * Objects to which the pickle gave something to call, under a name of its choice. Whoever is handed such an object may call methods of it
 * by their names, and calls what the pickle chose: `OrderedDict(object)` its `keys`, `torch.nn.Parameter(object)` its `detach`. Boundary:
 * which calls are handed one; that nobody knows what they do then is `read-facts.ts`'s.
 */
import { LIMITS } from "../limits.ts";
import type { Callables, Source } from "./callables.ts";
import { itemsOf, keywordsOf, type Moment, type Recording, rowOf, statesOf } from "./contents.ts";
import { ACTING, INDIRECT_CALLABLES } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { LOADED_BY_METHODS } from "./object-state.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { itemsMade } from "./rare.ts";

/** Containers inside each other that are looked into; deeper ones count as having such an object. */
const DEEPEST = 6;
/** Objects inside each other, likewise. */
const DEEPEST_OBJECT = 64;
/** States of an object that are looked at: picklers write one. */
const MOST_STATES = 4;

/** They keep what they are handed for whoever calls what they made, or look at its class alone. */
export const ONLY_KEEP: ReadonlySet<string> = new Set(["builtins.getattr", "functools.partial", "_functools.partial", "types.MethodType"]);

/** They ask what they are handed for its items and keys, and of what is in there only what its class has (`__iter__`, `__hash__`). */
export const GO_THROUGH: ReadonlySet<string> = new Set([
  ...["dict", "frozenset", "list", "set", "tuple"].map((name) => `builtins.${name}`),
  ...["Counter", "OrderedDict", "defaultdict", "deque"].map((name) => `collections.${name}`),
]);

/**
 * Types that make a value of what they are handed, or fail: objects keep them as the type of what they hold (pandas' dtypes, scikit-learn's
 * vectorizers). And what pandas has for a missing value, which pickles by its name and cannot be called.
 */
export const PLAIN =
  /^(pandas\._libs\.missing\.NA|builtins\.(bool|bytes|complex|float|int|object|str)|numpy\.(bool_?|bytes_|(complex|float|u?int)[0-9]+|datetime64|double|dtype|ndarray|object_|single|str_|timedelta64))$/;

/** What Cython makes of `__reduce__`: it is told the class, which it makes an object of (Cython/Compiler/ParseTreeTransforms.py). */
export const TAKES_CLASS = /^(.*\.)?__pyx_unpickle_\w+$/;

/** Opcodes that call something to make an object. */
const MAKES: ReadonlySet<number> = new Set([OP.REDUCE, OP.NEWOBJ, OP.NEWOBJ_EX, OP.OBJ, OP.INST]);

export class ChosenMethods {
  /** Objects that were asked about, and what the answer was; forgotten when they are given more. */
  private readonly known = new Map<number, boolean>();
  private left: number = LIMITS.handedValues.limit;
  private nesting = 0;
  /** Objects of which was asked whether they keep something to call. */
  private readonly keeping = new Map<number, boolean>();
  private readonly brought: Set<number>;

  /** `brought`: objects that another pickle made, of those that are or have something to call which that one chose. */
  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    brought: ReadonlySet<number> = new Set(),
  ) {
    this.brought = new Set(brought);
  }

  /** Notes that a loader was handed a pickle, and what it returns is such an object, or may be. */
  noteBrought(object: number): void {
    this.brought.add(object);
  }

  /** Whether what a pickle returns is something to call, or has such in it, or an object that was given such. */
  isBringing(root: number): boolean {
    const { state } = this.recording;
    const end = { row: state.rowTop, change: state.changedTop };
    return root >= 0 && (this.isToCall(root, end, DEEPEST) || this.hasSuch(root, end, DEEPEST));
  }

  /** Notes that an object is given a state, or items. */
  change(object: number): void {
    if (this.known.size > 0) this.known.delete(object);
  }

  /** Whether a call could be handed such an object: most are handed constants alone, which need no look. */
  mayBeHanded(arguments_: number): boolean {
    const { data, state } = this.recording;
    if (data[arguments_] === OP.EMPTY_TUPLE) return false;
    return itemsMade(state, arguments_)?.some((value) => isOfParts(kinds.KIND[data[value]!]!)) ?? true;
  }

  /** Whether the call at an offset, of a callable that was looked up, is handed such an object. */
  isHanded(call: number, { callable }: Source, moment: Moment): boolean {
    if (ONLY_KEEP.has(callable)) return false;
    const { data, state } = this.recording;
    const given = this.argumentsOf(call);
    if (given !== call && kinds.KIND[data[given]!] === kinds.FOREIGN) return this.isSuch(given, moment);
    const keywords = keywordsOf(this.recording, call);
    const depth = GO_THROUGH.has(callable) ? -1 : DEEPEST;
    const isSuch = (value: number) => this.hasSuch(value, moment, depth);
    return (itemsMade(state, given)?.some(isSuch) ?? false) || (keywords !== null && this.anyIn(keywords, moment, isSuch));
  }

  /** The value whose items are the arguments of the call at an offset: its tuple, or itself. */
  private argumentsOf(call: number): number {
    const { data, state } = this.recording;
    return data[call] === OP.INST || data[call] === OP.OBJ ? call : state.tables.rows[rowOf(this.recording, call) + 2]!;
  }

  /** Whether a value is such an object, or has one in it. */
  private hasSuch(value: number, moment: Moment, depth: number): boolean {
    const kind = kinds.KIND[this.recording.data[value]!]!;
    if (kind === kinds.FOREIGN) return this.isSuch(value, moment);
    if (depth < 0 || !isContainer(kind)) return false;
    return depth === 0 || this.anyIn(value, moment, (item) => this.hasSuch(item, moment, depth - 1));
  }

  private isSuch(object: number, moment: Moment): boolean {
    if (this.brought.has(object)) return true;
    const source = this.callables.of(object);
    if (!source.made) return false;
    // Behind its state joblib puts an array in its place, and of the state nothing but what joblib writes is taken.
    if (LOADED_BY_METHODS.has(this.callables.classOf(object))) return false;
    const known = this.known.get(object);
    if (known !== undefined) return known;
    if (this.nesting === DEEPEST_OBJECT) return true;
    // Of what is in itself, the rest decides.
    this.known.set(object, false);
    this.nesting++;
    const answer = this.wasGiven(object, moment);
    this.nesting--;
    this.known.set(object, answer);
    return answer;
  }

  private wasGiven(object: number, moment: Moment): boolean {
    const { data, state } = this.recording;
    if (data[object] === OP.PERSID || data[object] === OP.BINPERSID || data[object] === OP.NEXT_BUFFER) return false;
    const states = statesOf(this.recording, object, moment, MOST_STATES);
    if (states === null || states.some((each) => this.isToCall(each, moment, DEEPEST))) return true;
    if (this.anyIn(object, moment, (item) => this.isToCall(item, moment, DEEPEST))) return true;
    const keywords = keywordsOf(this.recording, object);
    if (keywords !== null && this.isToCall(keywords, moment, DEEPEST)) return true;
    // What it was handed by itself, whoever made it put where he wanted.
    const handed = itemsMade(state, this.argumentsOf(object));
    return handed?.some((value) => !this.isCallable(value) && this.isToCall(value, moment, DEEPEST)) ?? false;
  }

  /** Whether a value is something to call, or has such in it, or an object that was given such. */
  private isToCall(value: number, moment: Moment, depth: number): boolean {
    const kind = kinds.KIND[this.recording.data[value]!]!;
    if (kind === kinds.FOREIGN) return this.isCallable(value) || this.isSuch(value, moment);
    if (!isContainer(kind)) return false;
    return depth === 0 || this.anyIn(value, moment, (item) => this.isToCall(item, moment, depth - 1));
  }

  /**
   * A value that was looked up, or that keeps what was: a partial, a method that was fetched, or an object whose class was handed
   * such by itself, and may derive from a partial.
   */
  private isCallable(value: number): boolean {
    const { data } = this.recording;
    if (kinds.KIND[data[value]!] !== kinds.FOREIGN) return false;
    if (this.brought.has(value)) return true;
    const { made, callable } = this.callables.of(value);
    if (!made) return !PLAIN.test(callable);
    if (ACTING.has(callable)) return INDIRECT_CALLABLES.get(callable)?.does !== "loads";
    if (!MAKES.has(data[value]!) || LOADED_BY_METHODS.has(this.callables.classOf(value))) return false;
    const known = this.keeping.get(value);
    if (known !== undefined) return known;
    if (this.nesting === DEEPEST_OBJECT) return true;
    this.nesting++;
    const answer = this.handedTo(value, callable).some((item) => this.isCallable(item));
    this.nesting--;
    this.keeping.set(value, answer);
    return answer;
  }

  /** What the maker of an object was handed, but for what it calls: the class that a maker is told. */
  private handedTo(object: number, maker: string): number[] {
    const { data, state } = this.recording;
    const given = Array.from(itemsMade(state, this.argumentsOf(object)) ?? []);
    if (TAKES_CLASS.test(maker)) return given.slice(1);
    const indirection = INDIRECT_CALLABLES.get(maker);
    if (indirection?.does !== "calls") return given;
    const { positions, passes } = indirection;
    const passed = passes.kind === "items" && passes.position !== undefined ? given[passes.position] : undefined;
    const isTuple = passed !== undefined && kinds.KIND[data[passed]!] === kinds.TUPLE;
    return given.filter((_, position) => !positions.includes(position)).concat(isTuple ? Array.from(itemsMade(state, passed) ?? []) : []);
  }

  private anyIn(container: number, moment: Moment, test: (item: number) => boolean): boolean {
    const contents = this.left > 0 ? itemsOf(this.recording, container, moment, this.left) : null;
    if (contents === null) return true;
    this.left -= contents.items.length;
    return contents.more || contents.items.some(test);
  }
}

function isContainer(kind: number): boolean {
  return kind === kinds.TUPLE || kind === kinds.LIST || kind === kinds.DICT || kind === kinds.SET || kind === kinds.FROZENSET;
}

function isOfParts(kind: number): boolean {
  return kind === kinds.FOREIGN || isContainer(kind);
}
