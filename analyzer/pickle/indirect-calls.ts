/**
 * What happens when an indirect callable is called: which of its arguments it calls in turn, and with what, to any depth
 * that can be seen; what it looks up or loads. Boundary: which callables are indirect is `indirect-callables.ts`, what
 * becomes a fact is `read-facts.ts`.
 */
import { type Callables, computed, type Name, type Source, walk } from "./callables.ts";
import { argumentsOf, itemsOf, keywordsOf, type Moment, type Recording } from "./contents.ts";
import { type Calling, INDIRECT_CALLABLES, INERT, type Indirection, type Loading, type Passes } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { type HandedOver, lastSet } from "./object-state.ts";

/** Takes what is found; `via` is the callable that does it. */
export interface Found {
  lookUp(looked: Name, via: string): void;
  /** `effectUnknown` as in `CallFact`. */
  call(source: Source, via: string, effectUnknown?: true): void;
  /** What the call at hand made is given a state. */
  setState(given: number): void;
  /** A loader is handed something: its value, -1 where it is not known. */
  load(loader: string, given: number, loading: Loading): void;
}

/** What a callable is called with, as far as it is known. */
interface Arguments {
  readonly positional: ArrayLike<number>;
  /** More may follow, which nobody has seen. */
  readonly more: boolean;
  /** The values of keyword arguments. */
  readonly keywords: readonly number[];
}

/** How many callables may hand over one another; no library nests three. */
const DEEPEST = 8;

/** Items of an argument that are looked through: more than any callable that matters takes. */
const MOST_ITEMS = 64;

const UNKNOWN: Source = { ...computed("", "?"), made: false };

/** Follows the indirect calls of one recording. */
export class IndirectCalls {
  private moment: Moment = { row: 0, change: 0 };

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    private readonly found: Found,
  ) {}

  /** The call at an offset, of `callable`, whose source is given; does nothing where that is no indirect one. */
  call(offset: number, source: Source, callable: number | undefined, moment: Moment): void {
    const indirection = INDIRECT_CALLABLES.get(source.callable);
    if (indirection === undefined) return;
    this.moment = moment;
    const given = this.given(offset);
    if (!source.made) {
      this.follow(indirection, source.callable, given, DEEPEST);
      const state = indirection.does === "calls" && indirection.state !== undefined ? given?.positional[indirection.state] : undefined;
      if (state !== undefined && kinds.KIND[this.recording.data[state]!] !== kinds.NONE) this.found.setState(state);
    } else if (callable !== undefined) this.callMade(indirection, source, callable, given);
  }

  /** What a state hands over to be called. */
  handOver({ value, via, bound }: HandedOver, moment: Moment): void {
    this.moment = moment;
    if (bound === null) {
      this.pass(value, via, null, DEEPEST);
      return;
    }
    this.pass(value, via, this.inside(bound.positional, bound.keywords, true), DEEPEST);
    // A partial keeps the very dict of its keywords, whatever is put into it later.
    const before = this.itemsIn(bound.keywords, [kinds.DICT]);
    this.moment = { row: this.recording.state.rowTop, change: this.recording.state.changedTop };
    const after = this.itemsIn(bound.keywords, [kinds.DICT]);
    if (after?.items.length !== before?.items.length) this.pass(value, via, this.inside(bound.positional, bound.keywords, true), DEEPEST);
  }

  /** What `Indirection` says of a call with these arguments. */
  private follow(indirection: Indirection, via: string, given: Arguments | null, depth: number): void {
    switch (indirection.does) {
      case "calls":
        this.followCalling(indirection, via, given, depth);
        return;
      case "fetches": {
        const [object, name] = [given?.positional[indirection.object], given?.positional[indirection.name]];
        // A default is given for what is not there, under its name.
        if (object === undefined || name === undefined || given?.positional.length !== 2) this.found.lookUp(UNKNOWN, via);
        else this.fetch(object, this.callables.constantText(name), via);
        return;
      }
      case "imports":
      case "resolves": {
        const position = given?.positional[indirection.position];
        const path = position === undefined ? null : this.callables.constantText(position);
        this.found.lookUp(path === null ? UNKNOWN : namedByPath(path, indirection.does === "imports"), via);
        return;
      }
      case "makes-getter":
      case "makes-caller":
        // It fails without a name.
        if (given !== null && given.positional.length === 0) this.found.lookUp(UNKNOWN, via);
        return;
      case "loads":
        this.found.load(via, given?.positional[indirection.position] ?? -1, indirection);
        return;
      default:
        return;
    }
  }

  private followCalling({ positions, passes }: Calling, via: string, given: Arguments | null, depth: number): void {
    const passed = given === null ? null : this.passed(passes, given);
    // What binds arguments to a callable fails without one.
    const isNeeded = passes.kind === "arguments" && passes.more === true;
    for (const position of positions) {
      const value = given?.positional[position];
      if (value !== undefined) this.pass(value, via, passed, depth);
      else if (given === null || given.more || isNeeded) this.found.call(UNKNOWN, via);
    }
    for (const value of given?.keywords ?? []) this.pass(value, via, null, depth);
    if (given === null && positions.length === 0) this.found.call(UNKNOWN, via);
  }

  /** A value is handed to a callable that calls it with these arguments; with any where they are null. */
  private pass(value: number, via: string, given: Arguments | null, depth: number): void {
    if (kinds.KIND[this.recording.data[value]!] !== kinds.FOREIGN) return;
    const source = this.callables.of(value);
    if (source.callable === INERT) return;
    const indirection = source.made ? undefined : INDIRECT_CALLABLES.get(source.callable);
    if (indirection === undefined) {
      this.found.call(source, via);
      return;
    }
    // Whoever calls it keeps what it returns: only what calls the arguments at once is followed.
    if (indirection.does === "calls" && given !== null && depth > 0) this.found.call(source, via);
    else this.found.call(source, via, true);
    if (given !== null && depth > 0) this.follow(indirection, source.callable, given, depth - 1);
  }

  /** What a callable is called with that is handed over with these arguments. */
  private passed(passes: Passes, given: Arguments): Arguments | null {
    switch (passes.kind) {
      case "unknown":
        return null;
      case "arguments":
        return {
          positional: Array.from(given.positional).slice(passes.from, passes.to),
          more: passes.more === true || (given.more && passes.to === undefined),
          keywords: [],
        };
      case "items":
        return this.inside(at(given, passes.position), at(given, passes.keywords), given.more);
    }
  }

  /** The items of a tuple (or list) as arguments, and the values of a dict as keywords; each may be absent. */
  private inside(positional: number | undefined, keywords: number | undefined, more: boolean): Arguments | null {
    const { data } = this.recording;
    const items = positional === undefined ? { items: [], more: false } : this.itemsIn(positional, [kinds.TUPLE, kinds.LIST]);
    const named =
      keywords === undefined || kinds.KIND[data[keywords]!] === kinds.NONE
        ? { items: [], more: false }
        : this.itemsIn(keywords, [kinds.DICT]);
    if (items === null || named === null || named.more) return null;
    return { positional: items.items, more: more || items.more, keywords: valuesOf(lastSet(this.callables, named.items)) };
  }

  private itemsIn(value: number, allowed: readonly number[]): { items: number[]; more: boolean } | null {
    if (!allowed.includes(kinds.KIND[this.recording.data[value]!]!)) return null;
    return itemsOf(this.recording, value, this.moment, MOST_ITEMS * 2);
  }

  /** The arguments of the call at an offset; null where they are not known. */
  private given(offset: number): Arguments | null {
    const positional = argumentsOf(this.recording, offset);
    if (positional === null) return null;
    const keywords = keywordsOf(this.recording, offset);
    if (keywords === null) return { positional, more: false, keywords: [] };
    // `argumentsOf` has the keywords last.
    const before = Array.from(positional).slice(0, -1);
    const named = this.inside(undefined, keywords, false);
    return named === null ? null : { positional: before, more: false, keywords: named.keywords };
  }

  private fetch(object: number, name: string | null, via: string): void {
    const kind = kinds.KIND[this.recording.data[object]!]!;
    const source =
      kind === kinds.FOREIGN
        ? (this.callables.instanceOf(object) ?? this.callables.of(object))
        : { ...computed("builtins", TYPE_NAMES[kind]!), origin: "attribute" as const, made: false };
    this.found.lookUp(name === null ? { ...walk(source, "?"), origin: "computed" } : walk(source, name), via);
  }

  /** A call of what an indirect callable made: `attrgetter("a.b")(object)`, `methodcaller("name")(object)`. */
  private callMade(indirection: Indirection, source: Source, callable: number, given: Arguments | null): void {
    if (indirection.does !== "makes-getter" && indirection.does !== "makes-caller") return;
    const made = argumentsOf(this.recording, callable);
    const object = given?.positional[0];
    if (made === null || made.length === 0 || object === undefined) {
      this.found.lookUp(UNKNOWN, source.callable);
      return;
    }
    const names = indirection.does === "makes-getter" ? Array.from(made) : [made[0]!];
    for (const each of names) {
      const name = this.callables.constantText(each);
      this.fetch(object, name, source.callable);
      if (indirection.does === "makes-caller" && name !== null && kinds.KIND[this.recording.data[object]!] === kinds.FOREIGN) {
        this.found.call(walk(this.callables.of(object), name), source.callable);
      }
    }
  }
}

/** The values among keys and values in turn. */
function valuesOf(pairs: readonly number[]): number[] {
  return pairs.filter((_, index) => index % 2 === 1);
}

/** The argument at a position; undefined where there is no such position. */
function at(given: Arguments, position: number | undefined): number | undefined {
  return position === undefined ? undefined : given.positional[position];
}

const TYPE_NAMES: readonly string[] = [
  "object",
  "NoneType",
  "bool",
  "int",
  "float",
  "str",
  "bytes",
  "str",
  "tuple",
  "frozenset",
  "list",
  "dict",
  "set",
  "bytearray",
  "memoryview",
];

/** What `import_module`, `pydoc.locate` or `pkgutil.resolve_name` ("module:name") are asked for. */
function namedByPath(path: string, isModule: boolean): Name {
  const dotted = path.replace(":", ".");
  const dot = dotted.lastIndexOf(".");
  if (isModule || dot < 0) return { module: dotted, name: "", callable: dotted, spelt: path, origin: "attribute" };
  return { module: dotted.slice(0, dot), name: dotted.slice(dot + 1), callable: dotted, spelt: path, origin: "attribute" };
}
