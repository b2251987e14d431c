/**
 * From the machine's rows to facts: which callables they are about, what they are given, what that makes happen in
 * turn (`indirect-callables.ts`), and what of it the pickle had changed before. Runs after the machine, and only as far
 * as it came.
 */
import { LIMITS, type Resource } from "../limits.ts";
import type { Callables, Name, Source } from "./callables.ts";
import { ChosenMethods } from "./chosen-methods.ts";
import { type Moment, type Recording, rowOf } from "./contents.ts";
import type { CallFact, Fact, ImportFact } from "./facts.ts";
import { ACTING, INDIRECT_CALLABLES, type Loading } from "./indirect-callables.ts";
import { IndirectCalls } from "./indirect-calls.ts";
import { returned, withKept } from "./kept.ts";
import { LOADED_BY_METHODS, ObjectState } from "./object-state.ts";
import { BYTE_OF_OPCODE as OP, OPCODE_OF_BYTE, type OpcodeName } from "./opcodes.ts";
import { LOOKED_UP_ONLY } from "./rare.ts";
import { FACT_BUDGET, Renderer } from "./render.ts";
import { CHANGE, ROW } from "./tables.ts";
import type { Depth } from "./tell.ts";
import { ValueText } from "./value-text.ts";
import { WriteOrder } from "./write-order.ts";

/**
 * Runs the pickles that `loader` is handed: `call` is the value that the loader's call made, `given` its argument, `named` what opcodes
 * call on objects, as far as the pickle has had the name of it (`write-order.ts`).
 */
export type RunNested = (loader: string, call: number, given: number, loading: Loading, named: ReadonlySet<string>) => NestedFacts;

/** What the pickles did that a loader was handed. */
export interface NestedFacts {
  readonly facts: readonly Fact[];
  /** What it returns is, or has in it, something to call which they chose; or that is not known. */
  readonly brings: boolean;
  /** What opcodes call on objects, as far as they had the name of it. */
  readonly named: ReadonlySet<string>;
}

/** What was read of a run; where facts are missing, from which offset on, and why. */
export interface ReadFacts {
  readonly facts: readonly Fact[];
  readonly limited: { readonly offset: number; readonly resource: Resource } | null;
}

type Method = NonNullable<CallFact["method"]>;

const METHOD_OF_OPCODE: Readonly<Record<number, Method>> = {
  [OP.BUILD]: "__setstate__",
  [OP.APPEND]: "append",
  [OP.APPENDS]: "extend",
  [OP.SETITEM]: "__setitem__",
  [OP.SETITEMS]: "__setitem__",
  [OP.ADDITEMS]: "add",
};

/** The facts of a recording, in execution order. */
export function readFacts(
  recording: Recording,
  callables: Callables,
  runNested: RunNested,
  { brought, brings, named }: Pick<Depth, "brought" | "brings" | "named"> = {},
): ReadFacts {
  const reader = new FactReader(recording, callables, runNested, brought ?? new Set(), named?.around);
  const read = reader.read();
  for (const name of named === undefined ? [] : reader.names) named!.found.add(name);
  if (brings !== undefined) brings.found = reader.isBringing();
  return read;
}

/** Callables and opcodes that are known to be told plainly: real pickles have some hundred, others are looked at each time. */
const MOST_PLAIN = 65_536;

/** Where something was told, and how often it happened since. */
interface Told {
  readonly index: number;
  repeats: number;
}

class FactReader {
  private readonly facts: Fact[] = [];
  /** Of facts after the first `listedFacts`, by what tells them apart. */
  private readonly told = new Map<string, Told>();
  /** The same by the callable's offset and the opcode, for what is plain: most of a million instances. */
  private readonly toldPlainly = new Map<number, Told>();
  private lastTold: Told | null = null;
  /** The key of the row at hand in `toldPlainly`; -1 where it is not plain. */
  private plainKey = -1;
  /** Characters of names and arguments in the facts. */
  private characters = 0;
  private readonly renderer: Renderer;
  private readonly text: ValueText;
  /** The pickle has changed an object that it looked up: under which other names that can be reached is not known. */
  private hasChangedNames = false;
  /** Something was looked up that must not be kept. */
  private hasActing = false;
  private readonly indirect: IndirectCalls;
  private readonly states: ObjectState;
  private readonly order: WriteOrder;
  private readonly chosen: ChosenMethods;
  private moment: Moment = { row: 0, change: 0 };
  private offset = 0;
  private opcode: OpcodeName = "STOP";

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    private readonly runNested: RunNested,
    brought: ReadonlySet<number>,
    around?: ReadonlySet<string>,
  ) {
    this.renderer = new Renderer(recording, callables);
    this.text = new ValueText(recording, callables);
    this.states = new ObjectState(recording, callables);
    this.order = new WriteOrder(recording, callables, around);
    this.chosen = new ChosenMethods(recording, callables, brought);
    this.indirect = new IndirectCalls(recording, callables, {
      lookUp: (looked, via) => this.lookUp(looked, via),
      call: (source, via, effectUnknown) => this.tellCall(source, via, effectUnknown),
      setState: (given) => this.setState(given),
      load: (loader, given, loading) => this.loadNested(loader, given, loading),
    });
  }

  get names(): ReadonlySet<string> {
    return this.order.namesBefore(Number.POSITIVE_INFINITY);
  }

  isBringing(): boolean {
    return this.chosen.isBringing(this.recording.state.root);
  }

  read(): ReadFacts {
    const { state, data } = this.recording;
    const { rows } = state.tables;
    for (let row = 0; row < state.rowTop; row += ROW) {
      const resource = this.spent;
      if (resource !== null) return this.finish({ offset: rows[row]!, resource });
      this.offset = rows[row]!;
      const code = data[this.offset]!;
      this.lastTold = null;
      if (this.isCounting && this.isPlainRepeat(row, code)) continue;
      this.opcode = OPCODE_OF_BYTE[code]!.name;
      // STACK_GLOBAL's row holds the protocol there, and nothing of a lookup depends on the moment.
      this.moment = { row, change: rows[row + 3]! };
      this.readRow(row, code, rows[row + 1]!, rows[row + 2]!);
      this.rememberPlain();
    }
    return this.finish(null);
  }

  /** What was just told, or counted, is from now on counted without being looked at: but not where arguments matter. */
  private rememberPlain(): void {
    const { plainKey, lastTold } = this;
    this.plainKey = -1;
    if (plainKey < 0 || lastTold === null) return;
    const { callable } = this.callables.of(Math.floor(plainKey / 256));
    if (INDIRECT_CALLABLES.has(callable) || LOADED_BY_METHODS.has(callable)) return;
    if (this.toldPlainly.size < MOST_PLAIN) this.toldPlainly.set(plainKey, lastTold);
  }

  private readRow(row: number, code: number, first: number, second: number): void {
    switch (code) {
      case OP.GLOBAL:
      case OP.STACK_GLOBAL:
        this.lookUp(this.callables.nameOf(row));
        return;
      case OP.INST:
        this.lookUp(this.callables.nameOf(row));
        if (second === LOOKED_UP_ONLY) return;
        this.call({ ...this.callables.nameOf(row), made: false });
        return;
      case OP.REDUCE:
      case OP.NEWOBJ:
      case OP.NEWOBJ_EX:
      case OP.OBJ:
        this.call(this.callables.of(first), first);
        return;
      case OP.PERSID:
      case OP.BINPERSID: {
        const id = this.renderer.renderPersistentId(this.offset, this.moment, FACT_BUDGET);
        this.facts.push({ kind: "persistent-id", offset: this.offset, opcode: this.opcode, id });
        return;
      }
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        this.facts.push({ kind: "extension", offset: this.offset, opcode: this.opcode, code: first });
        return;
      default:
        this.callMethod(METHOD_OF_OPCODE[code]!, first, second);
    }
  }

  private lookUp(looked: Name, via?: string): void {
    const origin = this.hasChangedNames ? "mutated" : looked.origin;
    if (ACTING.has(looked.callable)) this.hasActing = true;
    if (this.isCounting && this.wasTold("import", looked.callable, origin, "", via)) return;
    const { offset, opcode } = this;
    const { module, name, callable, spelt } = looked;
    const fact: ImportFact = { kind: "import", offset, opcode, callable, module, name, origin, spelt };
    this.characters += callable.length + spelt.length;
    this.facts.push(via === undefined ? fact : { ...fact, via });
  }

  private call(source: Source, callable?: number): void {
    const isUnknown =
      !source.made &&
      (INDIRECT_CALLABLES.get(source.callable)?.does === "anything" || this.chosen.isHanded(this.offset, source, this.moment));
    this.tellCall(source, undefined, isUnknown || undefined);
    this.indirect.call(this.offset, source, callable, this.moment);
  }

  private tellCall(source: Source, via?: string, effectUnknown?: true): void {
    const origin = this.hasChangedNames ? "mutated" : source.made ? "computed" : source.origin;
    if (this.isCounting && this.wasTold("call", source.callable, origin, effectUnknown ? "unknown" : "", via)) return;
    const { offset, opcode } = this;
    const { module, name, callable } = source;
    const given = via === undefined ? this.text.ofCall(offset, this.moment) : this.text.of(null, this.moment);
    const fact: CallFact = { kind: "call", offset, opcode, callable, module, name, origin, arguments: given };
    this.characters += callable.length + given.length;
    if (via === undefined && effectUnknown === undefined) this.facts.push(fact);
    else this.facts.push({ ...fact, ...(via !== undefined && { via }), ...(effectUnknown && { effectUnknown }) });
  }

  /** BUILD, and item writes on what is no builtin container. */
  private callMethod(method: Method, object: number, second: number): void {
    const source = this.callables.of(object);
    this.chosen.change(object);
    const isLate = this.order.write(method, object, second, this.moment.change);
    const builds = method === "__setstate__";
    const overrides = builds ? this.states.overridesOf(second, this.moment, this.states.expectedKeys(object)) : undefined;
    const planted = isLate || (overrides === undefined && this.order.isNamed(method, object, this.offset));
    const origin = this.hasChangedNames || planted ? "mutated" : source.origin;
    const instanceOf = this.callables.toldClass(object);
    const isShared = this.callables.isShared(object);
    if (isShared) this.hasChangedNames = true;
    if (!this.isCounting || !this.wasTold("call", source.callable, origin, `${method} ${isShared} ${planted} ${overrides} ${instanceOf}`)) {
      const { offset, opcode } = this;
      const { module, name, callable } = source;
      const given = this.showChange(method, object, second);
      const fact: CallFact = { kind: "call", offset, opcode, callable, module, name, origin, method, arguments: given };
      this.characters += callable.length + given.length;
      if (!isShared && !planted && overrides === undefined && instanceOf === undefined) this.facts.push(fact);
      else {
        this.facts.push({
          ...fact,
          ...(isShared && { onCallable: true as const }),
          ...(planted && { planted: true as const }),
          ...(overrides !== undefined && { overrides }),
          ...(instanceOf !== undefined && { instanceOf }),
        });
      }
    }
    if (!builds) return;
    for (const handed of this.states.handedBy(object, second, this.moment)) this.indirect.handOver(handed, this.moment);
  }

  /** What the call at hand made is given a state by its maker: told where that does more than to set attributes. */
  private setState(given: number): void {
    const { offset, moment, states } = this;
    if (states.overridesOf(given, moment) !== undefined || states.handedBy(offset, given, moment).length > 0)
      this.callMethod("__setstate__", offset, given);
    else this.order.noteState(moment.row);
  }

  private showChange(method: Method, object: number, second: number): string {
    if (method === "__setstate__") return this.text.of([second], this.moment);
    // The opcode's own items are the last `second` that were put into the object.
    const { changed, changes } = this.recording.state.tables;
    const entry = this.moment.change - CHANGE;
    if (entry < 0 || changed[entry] !== object || changed[entry + 2] !== this.offset) return this.text.of(null, this.moment);
    const from = changed[entry + 1]!;
    return this.text.of(changes.subarray(from, from + second), this.moment);
  }

  private loadNested(loader: string, given: number, loading: Loading): void {
    const { facts, brings, named } = this.runNested(loader, this.offset, given, loading, this.order.namesBefore(this.offset));
    this.order.noteNames(named, this.offset);
    if (brings) this.chosen.noteBrought(this.offset);
    for (const fact of facts) this.facts.push("via" in fact || fact.kind === "extension" ? fact : { ...fact, via: loader });
  }

  /** Whether the first `listedFacts` are told: from then on, what was told before is only counted. */
  private get isCounting(): boolean {
    return this.facts.length >= LIMITS.listedFacts.limit;
  }

  /** Whether the same was told before while it was counted what is told. Counts it. */
  private wasTold(kind: string, callable: string, origin: string, detail: string, via = ""): boolean {
    const key = `${kind} ${this.opcode} ${origin} ${callable} ${detail} ${via}`;
    const known = this.told.get(key);
    this.lastTold = known ?? { index: this.facts.length, repeats: 0 };
    if (known === undefined) this.told.set(key, this.lastTold);
    else known.repeats++;
    return known !== undefined;
  }

  /**
   * Whether a row is a call of a looked-up name, or a plain state or items for what such a call made, that was told
   * before: then it is counted and done with. A pickle of a million instances is two million rows of that kind.
   */
  private isPlainRepeat(row: number, code: number): boolean {
    const { state, data } = this.recording;
    const { rows } = state.tables;
    let callable = rows[row + 1]!;
    let madeBy = -1;
    this.plainKey = -1;
    if (this.hasChangedNames) return false;
    if (code === OP.BUILD) {
      if (data[callable] !== OP.NEWOBJ) return false;
      madeBy = rows[row - ROW] === callable ? row - ROW : rowOf(this.recording, callable);
      if (rows[madeBy] !== callable || !this.order.isFresh(madeBy)) return false;
      if (this.order.isNamed("__setstate__", callable, this.offset)) return false;
      if (!this.isPlainState(row, callable, rows[row + 2]!)) return false;
      this.chosen.change(callable);
      callable = rows[madeBy + 1]!;
    } else if (code !== OP.REDUCE && code !== OP.NEWOBJ) return false;
    if (data[callable] !== OP.GLOBAL && data[callable] !== OP.STACK_GLOBAL) return false;
    if (code !== OP.BUILD && this.chosen.mayBeHanded(rows[row + 2]!)) return false;
    this.plainKey = callable * 256 + code;
    const known = this.toldPlainly.get(this.plainKey);
    if (known === undefined) return false;
    known.repeats++;
    if (code === OP.BUILD) this.order.noteState(madeBy);
    return true;
  }

  private isPlainState(row: number, object: number, given: number): boolean {
    const change = this.recording.state.tables.rows[row + 3]!;
    if (this.states.isPlain(given, change)) return true;
    this.moment = { row, change };
    if (this.states.overridesOf(given, this.moment) !== undefined) return false;
    return !this.states.mayHandOver(given) || this.states.handedBy(object, given, this.moment).length === 0;
  }

  /** What there is too much of for more facts. */
  private get spent(): Resource | null {
    if (this.facts.length >= LIMITS.renderedFacts.limit) return "renderedFacts";
    if (this.renderer.valuesShown > LIMITS.shownValues.limit) return "shownValues";
    return this.renderer.charactersShown + this.characters > LIMITS.shownCharacters.limit ? "shownCharacters" : null;
  }

  private finish(limited: ReadFacts["limited"]): ReadFacts {
    for (const { index, repeats } of this.told.values()) {
      if (repeats > 0) this.facts[index] = { ...(this.facts[index] as ImportFact | CallFact), repeats };
    }
    const { recording, callables, states } = this;
    const facts = this.hasActing ? withKept(this.facts, recording, callables, states) : this.facts;
    const last = returned(recording, callables);
    return { facts: last === null ? facts : [...facts, last], limited };
  }
}
