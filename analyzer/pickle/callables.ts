/**
 * Which callable a value is, or came from: the names of GLOBAL, STACK_GLOBAL and INST as spelt and as CPython's
 * `find_class` resolves them, and for what a call returned, the callable at the root of the call.
 */
import { argumentsOf, type Recording, rowOf } from "./contents.ts";
import type { CallableOrigin } from "./facts.ts";
import { INDIRECT_CALLABLES, RETURNS_WHAT_IS_SHARED } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { lineEnd, textOf, utf8 } from "./operand-values.ts";
import { MODULES, NAMES } from "./python2-names.generated.ts";
import { itemsMade } from "./rare.ts";
import { RowNumbers } from "./row-numbers.ts";

/** A looked-up name. `origin` does not yet know of what the pickle changed. */
export interface Name {
  readonly module: string;
  readonly name: string;
  /** `module.name`. */
  readonly callable: string;
  readonly spelt: string;
  readonly origin: Exclude<CallableOrigin, "mutated">;
}

/** A callable, or an object that a callable made. */
export interface Source extends Name {
  /** Whether the value is what calling it returned, not the callable itself. */
  readonly made: boolean;
}

const MOST_LOOKUPS = 65_536;

/** By the byte of an opcode: whether it has a row, and makes something of the value that its row begins with. */
const IS_CALL = new Uint8Array(256);
for (const name of ["REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "BINPERSID"] as const) IS_CALL[OP[name]] = 1;

/** Names are cut at this length: no importable one comes near, and a hostile one is not to fill the facts. */
const LONGEST_NAME = 1000;

/** Reads callables of one recording, each once. */
export class Callables {
  /** Of lookups, by value: as many as any real pickle has. */
  private readonly lookups = new Map<number, Source>();
  /** Of what calls made, and of further lookups, by row: positions in `sources`, from 1 on. */
  private readonly byRow = new RowNumbers();
  private readonly sources: Source[] = [];
  private readonly numbers = new Map<Source, number>();
  /** What calling a callable makes: one source for all its results. */
  private readonly results = new Map<Source, Source>();
  private readonly names = new Map<string, Name>();
  private readonly sourcesOfNames = new Map<Name, Source>();

  constructor(private readonly recording: Recording) {}

  /** The callable that a foreign value is, or that made it. */
  of(value: number): Source {
    const direct = this.madeDirectly(value);
    if (direct !== null) return direct;
    // Chains of calls on results can be as long as the program: walked, not recursed.
    const chain: number[] = [];
    let link = value;
    let source = this.known(link);
    while (source === undefined) {
      const origin = this.madeBy(link);
      if (typeof origin === "number") {
        chain.push(link);
        link = origin;
        source = this.known(link);
      } else {
        source = origin;
        this.remember(link, source);
      }
    }
    while (chain.length > 0) {
      const next = chain.pop()!;
      source = this.madeFrom(next, source);
      this.remember(next, source);
    }
    return source;
  }

  private known(value: number): Source | undefined {
    const { data } = this.recording;
    if (!IS_CALL[data[value]!]) {
      const lookup = this.lookups.get(value);
      if (lookup !== undefined || this.lookups.size < MOST_LOOKUPS || data[value] === OP.NEXT_BUFFER) return lookup;
    }
    return this.sources[this.byRow.get(rowOf(this.recording, value)) - 1];
  }

  private remember(value: number, source: Source): void {
    const { data } = this.recording;
    if (!IS_CALL[data[value]!] && this.lookups.size < MOST_LOOKUPS) {
      this.lookups.set(value, source);
      return;
    }
    if (data[value] === OP.NEXT_BUFFER) return; // has no row
    let number = this.numbers.get(source);
    if (number === undefined) {
      number = this.sources.push(source);
      this.numbers.set(source, number);
    }
    this.byRow.set(rowOf(this.recording, value), number);
  }

  /** What a value is whose `madeBy` is another value, of the given source. */
  private madeFrom(value: number, source: Source): Source {
    if (this.recording.data[value] === OP.BINPERSID) return source;
    const attribute = this.attributeOf(value);
    if (attribute !== null) return walk(source, attribute[1]);
    return this.resultOf(source);
  }

  private resultOf(source: Source): Source {
    // What the result of a call returns is as little known, at any depth.
    if (source.made && source.origin === "computed") return source;
    let result = this.results.get(source);
    if (result === undefined) {
      result = { ...source, made: true, origin: source.made ? "computed" : source.origin };
      this.results.set(source, result);
    }
    return result;
  }

  /** The source of a lookup: one for all lookups of a name. */
  private lookedUp(row: number): Source {
    const name = this.nameOf(row);
    let source = this.sourcesOfNames.get(name);
    if (source === undefined) {
      source = { ...name, made: false };
      this.sourcesOfNames.set(name, source);
    }
    return source;
  }

  /** The usual case, without a search and without a trace: what a looked-up class or function made. */
  private madeDirectly(value: number): Source | null {
    const { data, state } = this.recording;
    if (data[value] !== OP.REDUCE && data[value] !== OP.NEWOBJ) return null;
    const callable = this.lookups.get(state.tables.rows[rowOf(this.recording, value) + 1]!);
    return callable === undefined || callable.callable === "builtins.getattr" ? null : this.resultOf(callable);
  }

  /** For `getattr(object, "name")`: the object, if it is a foreign value, and the name. */
  private attributeOf(call: number): readonly [object: number, name: string] | null {
    const { data, state } = this.recording;
    if (data[call] !== OP.REDUCE) return null;
    const callable = state.tables.rows[rowOf(this.recording, call) + 1]!;
    if (data[callable] !== OP.GLOBAL && data[callable] !== OP.STACK_GLOBAL) return null;
    if (this.of(callable).callable !== "builtins.getattr") return null;
    const given = argumentsOf(this.recording, call);
    // Of three it may give the last one.
    if (given === null || given.length !== 2 || kinds.KIND[data[given[0]!]!] !== kinds.FOREIGN) return null;
    const name = this.constantText(given[1]!);
    return name === null ? null : [given[0]!, name];
  }

  /** Whether an object may be a class, a function or a module, or one that others hold as well. */
  isShared(object: number): boolean {
    const source = this.of(object);
    if (!source.made) return true;
    if (RETURNS_WHAT_IS_SHARED.has(source.callable)) return true;
    const indirection = INDIRECT_CALLABLES.get(source.callable);
    if (indirection === undefined) return false;
    if (indirection.does !== "calls") return true;
    if (indirection.returns.kind !== "result") return false;
    const callee = this.toldClass(object);
    return callee === undefined || INDIRECT_CALLABLES.has(callee) || RETURNS_WHAT_IS_SHARED.has(callee);
  }

  /** The class of an object, where its maker was told it, else what made it: `copyreg._reconstructor(class, ...)`. */
  classOf(object: number): string {
    return this.toldClass(object) ?? this.of(object).callable;
  }

  /** What an object is an instance of, as far as calls tell: the class that its maker was told, or what was called to make it; null where it may be anything. */
  instanceOf(object: number): Source | null {
    const source = this.of(object);
    if (!source.made || source.origin === "computed" || this.isShared(object)) return null;
    const indirection = INDIRECT_CALLABLES.get(source.callable);
    if (indirection === undefined) return { ...source, made: false };
    return indirection.does === "calls" && indirection.returns.kind === "instance" ? this.told(object, indirection.returns.class) : null;
  }

  /** What `getattr(object, "name")` gives of an instance, by its class, whoever made it; null where a value is no such thing. */
  fetchedOf(value: number): string | null {
    const attribute = this.attributeOf(value);
    const class_ = attribute === null ? null : this.instanceOf(attribute[0]);
    return class_ === null ? null : `${class_.callable}.${attribute![1]}`;
  }

  /** The class that the maker of an object was told; undefined where it was not, or is none to be told. */
  toldClass(object: number): string | undefined {
    const source = this.of(object);
    const indirection = source.made && source.origin !== "computed" ? INDIRECT_CALLABLES.get(source.callable) : undefined;
    if (indirection?.does !== "calls" || indirection.returns.kind === "keeper") return undefined;
    const position = indirection.returns.kind === "instance" ? indirection.returns.class : (indirection.positions[0] ?? 0);
    return this.told(object, position)?.callable;
  }

  /** What is looked up and handed, at a position, to the call that made an object. */
  private told(object: number, position: number): Source | null {
    const given = argumentsOf(this.recording, object)?.[position];
    if (given === undefined || kinds.KIND[this.recording.data[given]!] !== kinds.FOREIGN) return null;
    const told = this.of(given);
    return told.made ? null : told;
  }

  /** The name that a lookup opcode names. */
  nameOf(row: number): Name {
    const { data, state } = this.recording;
    const { rows } = state.tables;
    const at = rows[row]!;
    if (data[at] === OP.STACK_GLOBAL) {
      const module = this.constantText(rows[row + 1]!);
      const name = this.constantText(rows[row + 2]!);
      const protocol = rows[row + 3]!;
      if (module !== null && name !== null) return this.resolve(module, name, protocol);
      return computed(module ?? "?", name ?? "?");
    }
    const first = lineEnd(data, at + 1);
    const second = Math.max(lineEnd(data, first + 1), first + 1);
    return this.resolve(this.line(at + 1, first), this.line(first + 1, second), rows[row + 1]!);
  }

  /** As `find_class` of the protocol in force resolves a name. */
  private resolve(module: string, name: string, protocol: number): Name {
    const key = `${protocol < 3 ? 2 : protocol < 4 ? 3 : 4} ${module} ${name}`;
    const known = this.names.get(key);
    if (known !== undefined && known.spelt === `${module}.${name}`) return known;
    const [toModule, toName] = protocol < 3 ? mapped(module, name) : [module, name];
    const resolved: Name = {
      module: toModule,
      name: toName,
      callable: `${toModule}.${toName}`,
      spelt: `${module}.${name}`,
      origin: protocol >= 4 && name.includes(".") ? "attribute" : "named",
    };
    this.names.set(key, resolved);
    return resolved;
  }

  /** What made a foreign value: its own lookup, or the value whose callable is to be asked for. */
  private madeBy(value: number): Source | number {
    const { data, state } = this.recording;
    const row = rowOf(this.recording, value);
    switch (data[value]) {
      case OP.GLOBAL:
      case OP.STACK_GLOBAL:
        return this.lookedUp(row);
      case OP.INST:
        return this.resultOf(this.lookedUp(row));
      case OP.REDUCE:
        return this.attributeOf(value)?.[0] ?? state.tables.rows[row + 1]!;
      case OP.NEWOBJ:
      case OP.NEWOBJ_EX:
      case OP.OBJ:
        return state.tables.rows[row + 1]!;
      case OP.BINPERSID:
        return this.legacyModule(state.tables.rows[row + 1]!) ?? PERSISTENT;
      case OP.PERSID:
        return PERSISTENT;
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        return { ...computed("copyreg", `extension ${state.tables.rows[row + 1]}`), made: false };
      default:
        return { ...computed("", "buffer"), made: true };
    }
  }

  /**
   * torch's legacy format hands `("module", class, file, source)` to its loader, which returns the class
   * (torch/serialization.py, `_legacy_load`). The class; null of any other id.
   */
  legacyModule(id: number): number | null {
    const { data, state } = this.recording;
    const items = kinds.KIND[data[id]!] === kinds.TUPLE ? itemsMade(state, id) : null;
    if (items === null || items.length < 2 || this.constantText(items[0]!) !== "module") return null;
    return kinds.KIND[data[items[1]!]!] === kinds.FOREIGN ? items[1]! : null;
  }

  /** The text of a constant str; null for anything else. A Python 2 str is as the loader decodes it. */
  constantText(value: number): string | null {
    const kind = kinds.KIND[this.recording.data[value]!];
    if (kind !== kinds.STR && kind !== kinds.STRING) return null;
    const { text } = textOf(this.recording.data, value, LONGEST_NAME);
    return kind === kinds.STRING && this.recording.state.encoding === "utf-8" ? Buffer.from(text, "latin1").toString("utf8") : text;
  }

  /**
   * The text of a key by which a dict tells it from others; null also where a dict may: of a Python 2 str, which some loaders make bytes of,
   * of a text that is cut off here, and of surrogates, two of which are one character to us and not to Python.
   */
  keyText(value: number): string | null {
    if (kinds.KIND[this.recording.data[value]!] !== kinds.STR) return null;
    const text = this.constantText(value);
    return text === null || text.length >= LONGEST_NAME || /[\ud800-\udfff]/.test(text) ? null : text;
  }

  private line(from: number, to: number): string {
    return utf8(this.recording.data, from, Math.min(to, from + LONGEST_NAME));
  }
}

/** What the loader returns for a persistent id. */
const PERSISTENT: Source = { ...computed("", "persistent_load"), made: true };

/** An attribute of a looked-up object, or of what a call made: what that is only running it would tell. */
export function walk(source: Source, attribute: string): Source {
  const name = `${source.name}.${attribute}`;
  const callable = `${source.callable}.${attribute}`;
  return { module: source.module, name, callable, spelt: callable, origin: source.made ? "computed" : "attribute", made: false };
}

function mapped(module: string, name: string): readonly [string, string] {
  return NAMES.get(`${module} ${name}`) ?? [MODULES.get(module) ?? module, name];
}

/** A callable whose name only running the pickle would tell. */
export function computed(module: string, name: string): Name {
  const callable = module === "" ? name : `${module}.${name}`;
  return { module, name, callable, spelt: callable, origin: "computed" };
}
