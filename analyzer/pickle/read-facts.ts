/**
 * From the machine's rows to facts: which callables they are about, what they are given, what that makes happen in
 * turn (`indirect-callables.ts`), and what of it the pickle had changed before. Runs after the machine, and only as far
 * as it came.
 */
import { LIMITS } from "../limits.ts";
import { type Callables, computed, type Name, type Source, walk } from "./callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording, rowOf, stateOf, statesOf } from "./contents.ts";
import type { CallFact, Fact, ImportFact } from "./facts.ts";
import { INDIRECT_CALLABLES, INERT, type Indirection } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP, OPCODE_OF_BYTE, type OpcodeName } from "./opcodes.ts";
import { LOOKED_UP_ONLY } from "./rare.ts";
import { FACT_BUDGET, Renderer } from "./render.ts";
import { CHANGE, ROW } from "./tables.ts";
import { ValueText } from "./value-text.ts";

/** Runs the pickles that `loader` is handed: `call` is the value that the loader's call made, `given` its argument. */
export type RunNested = (loader: string, call: number, given: number, pickles: number) => readonly Fact[];

/** What was read of a run. `limited` is the offset from which on facts are missing. */
export interface ReadFacts {
  readonly facts: readonly Fact[];
  readonly limited: number | null;
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
export function readFacts(recording: Recording, callables: Callables, runNested: RunNested): ReadFacts {
  return new FactReader(recording, callables, runNested).read();
}

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
  private readonly renderer: Renderer;
  private readonly text: ValueText;
  /** The pickle has changed an object that it looked up: under which other names that can be reached is not known. */
  private hasChangedNames = false;
  private keysLeft: number = LIMITS.stateKeys.limit;
  private moment: Moment = { row: 0, change: 0 };
  private offset = 0;
  private opcode: OpcodeName = "STOP";

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    private readonly runNested: RunNested,
  ) {
    this.renderer = new Renderer(recording, callables);
    this.text = new ValueText(recording, callables);
  }

  read(): ReadFacts {
    const { state, data } = this.recording;
    const { rows } = state.tables;
    for (let row = 0; row < state.rowTop; row += ROW) {
      if (this.facts.length >= LIMITS.renderedFacts.limit) return this.finish(rows[row]!);
      this.offset = rows[row]!;
      const code = data[this.offset]!;
      if (this.facts.length >= LIMITS.listedFacts.limit && this.isPlainRepeat(row, code)) continue;
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
    if (plainKey < 0 || lastTold === null || INDIRECT_CALLABLES.has(this.callables.of(Math.floor(plainKey / 256)).callable)) return;
    this.toldPlainly.set(plainKey, lastTold);
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
    if (this.wasTold("import", looked.callable, origin, "", via)) return;
    const { offset, opcode } = this;
    const { module, name, callable, spelt } = looked;
    const fact: ImportFact = { kind: "import", offset, opcode, callable, module, name, origin, spelt };
    this.facts.push(via === undefined ? fact : { ...fact, via });
  }

  private call(source: Source, callable?: number): void {
    const indirection = INDIRECT_CALLABLES.get(source.callable);
    this.tellCall(source);
    if (indirection === undefined) return;
    const given = argumentsOf(this.recording, this.offset);
    if (!source.made) this.follow(indirection, source.callable, given);
    else if (callable !== undefined) this.callMade(indirection, source, callable, given);
  }

  private tellCall(source: Source, via?: string): void {
    const origin = this.hasChangedNames ? "mutated" : source.made ? "computed" : source.origin;
    if (this.wasTold("call", source.callable, origin, "", via)) return;
    const { offset, opcode } = this;
    const { module, name, callable } = source;
    const given = via === undefined ? this.text.ofCall(offset, this.moment) : this.text.of(null, this.moment);
    const fact: CallFact = { kind: "call", offset, opcode, callable, module, name, origin, arguments: given };
    this.facts.push(via === undefined ? fact : { ...fact, via });
  }

  /** BUILD, and item writes on what is no builtin container. */
  private callMethod(method: Method, object: number, second: number): void {
    const source = this.callables.of(object);
    const origin = this.hasChangedNames || this.isOverridden(object) ? "mutated" : source.origin;
    const overrides = method === "__setstate__" ? this.overridesOf(second) : undefined;
    const instanceOf = this.callables.toldClass(object);
    if (!source.made) this.hasChangedNames = true;
    if (this.wasTold("call", source.callable, origin, `${method} ${source.made} ${overrides} ${instanceOf}`)) return;
    const { offset, opcode } = this;
    const { module, name, callable } = source;
    const given = this.showChange(method, object, second);
    const fact: CallFact = { kind: "call", offset, opcode, callable, module, name, origin, method, arguments: given };
    if (source.made && overrides === undefined && instanceOf === undefined) this.facts.push(fact);
    else {
      this.facts.push({
        ...fact,
        ...(!source.made && { onCallable: true as const }),
        ...(overrides !== undefined && { overrides }),
        ...(instanceOf !== undefined && { instanceOf }),
      });
    }
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

  /** What `Indirection` says of a call with these arguments. */
  private follow(indirection: Indirection, via: string, given: ArrayLike<number> | null): void {
    switch (indirection.does) {
      case "calls":
        for (const position of indirection.positions) {
          if (given === null) this.tellCall({ ...computed("", "?"), made: false }, via);
          else if (position < given.length) this.callArgument(given[position]!, via);
        }
        return;
      case "fetches":
        this.fetch(given, indirection.object, indirection.name, via);
        return;
      case "imports":
      case "resolves": {
        const path =
          given !== null && given.length > indirection.position ? this.callables.constantText(given[indirection.position]!) : null;
        this.lookUp(path === null ? computed("", "?") : namedByPath(path, indirection.does === "imports"), via);
        return;
      }
      case "loads": {
        const bytes = given !== null && given.length > indirection.position ? given[indirection.position]! : -1;
        for (const fact of this.runNested(via, this.offset, bytes, indirection.pickles))
          this.facts.push("via" in fact || fact.kind === "persistent-id" || fact.kind === "extension" ? fact : { ...fact, via });
        return;
      }
      default:
        return;
    }
  }

  private callArgument(value: number, via: string): void {
    if (kinds.KIND[this.recording.data[value]!] !== kinds.FOREIGN) return;
    const source = this.callables.of(value);
    if (source.callable !== INERT) this.tellCall(source, via);
  }

  private fetch(given: ArrayLike<number> | null, objectAt: number, nameAt: number, via: string): void {
    if (given === null || given.length <= Math.max(objectAt, nameAt)) {
      this.lookUp(computed("", "?"), via);
      return;
    }
    this.fetchAttribute(given[objectAt]!, this.callables.constantText(given[nameAt]!), via);
  }

  private fetchAttribute(object: number, name: string | null, via: string): void {
    const isForeign = kinds.KIND[this.recording.data[object]!] === kinds.FOREIGN;
    const source = isForeign
      ? this.callables.of(object)
      : { ...computed("builtins", TYPE_NAMES[kinds.KIND[this.recording.data[object]!]!]!), origin: "attribute" as const, made: false };
    if (name === null) {
      this.lookUp({ ...walk(source, "?"), origin: "computed" }, via);
      return;
    }
    this.lookUp(walk(source, name), via);
  }

  /** A call of what an indirect callable made: `attrgetter("a.b")(object)`, `methodcaller("name")(object)`. */
  private callMade(indirection: Indirection, source: Source, callable: number, given: ArrayLike<number> | null): void {
    if (indirection.does !== "makes-getter" && indirection.does !== "makes-caller") return;
    const made = argumentsOf(this.recording, callable);
    const object = given === null || given.length === 0 ? null : given[0]!;
    if (made === null || made.length === 0 || object === null) {
      this.lookUp(computed("", "?"), source.callable);
      return;
    }
    const names = indirection.does === "makes-getter" ? Array.from(made) : [made[0]!];
    for (const each of names) {
      const name = this.callables.constantText(each);
      this.fetchAttribute(object, name, source.callable);
      if (indirection.does === "makes-caller" && name !== null && kinds.KIND[this.recording.data[object]!] === kinds.FOREIGN) {
        this.tellCall(walk(this.callables.of(object), name), source.callable);
      }
    }
  }

  /**
   * Whether a state that an object was given names what is to be called on it: as the state is by now, since a
   * `__setstate__` may have kept the very dict, and the pickle may have changed it.
   */
  private isOverridden(object: number): boolean {
    const states = statesOf(this.recording, object, this.moment, MOST_STATES);
    return states === null || states.some((given) => this.overridesOf(given) !== undefined);
  }

  /** Keys of a state under which something is later looked up on the object and called. */
  private overridesOf(given: number): readonly string[] | undefined {
    const { data } = this.recording;
    const kind = kinds.KIND[data[given]!];
    if (kind === kinds.FOREIGN) return ["*"];
    if (kind === kinds.DICT) return this.overridesIn(given);
    if (kind !== kinds.TUPLE) return undefined;
    const parts = itemsOf(this.recording, given, this.moment, 3);
    if (parts === null) return ["*"];
    // Attributes and slots; a tuple of another length is for the class's own __setstate__ alone.
    if (parts.items.length !== 2) return undefined;
    const found: string[] = [];
    for (const part of parts.items) {
      const partKind = kinds.KIND[data[part]!];
      if (partKind === kinds.DICT) found.push(...(this.overridesIn(part) ?? []));
      else if (partKind === kinds.FOREIGN) found.push("*");
    }
    return found.length === 0 ? undefined : found;
  }

  private overridesIn(dict: number): readonly string[] | undefined {
    const contents = this.keysLeft > 0 ? itemsOf(this.recording, dict, this.moment, MOST_KEYS * 2) : null;
    if (contents === null || contents.more) return ["*"];
    this.keysLeft -= contents.items.length / 2;
    let found: string[] | undefined;
    for (let index = 0; index < contents.items.length; index += 2) {
      const name = this.overrideOf(contents.items[index]!);
      if (name !== null) found = [...(found ?? []), name];
    }
    return found;
  }

  /** The name under which a key overrides something, `*` where the key is not known, null where it does not. */
  private overrideOf(key: number): string | null {
    const { data } = this.recording;
    const kind = kinds.KIND[data[key]!];
    if (kind === kinds.FOREIGN) return "*";
    if (kind !== kinds.STR && kind !== kinds.STRING) return null;
    // Most keys are short, plain and begin with another letter: nothing of them needs decoding.
    if (data[key] === OP.SHORT_BINUNICODE || data[key] === OP.BINUNICODE) {
      const first = data[key + (data[key] === OP.SHORT_BINUNICODE ? 2 : 5)]!;
      if (first !== 0x5f && first !== 0x61 && first !== 0x65 && first !== 0x75) return null;
    }
    const name = this.callables.constantText(key)!;
    return isOverriding(name) ? name : null;
  }

  /** Whether the same was told before: asked only of what comes after the first `listedFacts`. Counts it. */
  private wasTold(kind: string, callable: string, origin: string, detail: string, via = ""): boolean {
    this.lastTold = null;
    if (this.facts.length < LIMITS.listedFacts.limit) return false;
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
    this.plainKey = -1;
    if (this.hasChangedNames) return false;
    if (code === OP.BUILD) {
      if (data[callable] !== OP.NEWOBJ) return false;
      this.moment = { row, change: rows[row + 3]! };
      if (stateOf(this.recording, callable, this.moment) !== null) return false;
      if (this.overridesOf(rows[row + 2]!) !== undefined) return false;
      callable = rows[rowOf(this.recording, callable) + 1]!;
    } else if (code !== OP.REDUCE && code !== OP.NEWOBJ) return false;
    if (data[callable] !== OP.GLOBAL && data[callable] !== OP.STACK_GLOBAL) return false;
    this.plainKey = callable * 256 + code;
    const known = this.toldPlainly.get(this.plainKey);
    if (known !== undefined) known.repeats++;
    return known !== undefined;
  }

  private finish(limited: number | null): ReadFacts {
    for (const { index, repeats } of this.told.values()) {
      if (repeats > 0) this.facts[index] = { ...(this.facts[index] as ImportFact | CallFact), repeats };
    }
    return { facts: this.facts, limited };
  }
}

/** States of one object that are looked through; picklers give one. With more, anything may be called on it. */
const MOST_STATES = 8;

/** Keys of a state that are looked through; no class has as many attributes. */
const MOST_KEYS = 10_000;

const CALLED_BY_UNPICKLER: ReadonlySet<string> = new Set(["append", "extend", "add", "update"]);

function isOverriding(key: string): boolean {
  return (key.startsWith("__") && key.endsWith("__") && key.length > 4) || CALLED_BY_UNPICKLER.has(key);
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
