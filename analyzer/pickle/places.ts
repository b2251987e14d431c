/**
 * What sits where in the objects that a pickle makes: which class holds what, in which attribute. All objects of a class
 * are told as one, so that the answer is as small as the pickle has classes. Made from the program when it is asked for,
 * not kept among the facts: most pickles are judged without.
 */
import { Callables } from "./callables.ts";
import { itemsOf, type Moment, type Recording, rowOf, statesOf } from "./contents.ts";
import * as kinds from "./kinds.ts";
import { advance } from "./machine.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { itemsMade } from "./rare.ts";
import { startState } from "./state.ts";
import { allocateTables, ROW } from "./tables.ts";

/** Something that sits somewhere. */
export interface Place {
  /** The class of the object that holds it, or what made that; null for the pickle's root, and for what nothing holds. */
  readonly holder: string | null;
  /** The attribute, by the key of the object's state; `[]` for an element of an object; null for an argument, or elsewhere. */
  readonly attribute: string | null;
  /** It is in a container there, builtin or of the standard library, not there itself. */
  readonly isInside: boolean;
  /** The class of the object there, or what made it; or the callable there. */
  readonly held: string;
  /** It is the callable itself, not what calling it made. */
  readonly isCallable: boolean;
}

/** Everything that sits somewhere, each different place once. */
export interface Places {
  readonly places: readonly Place[];
  /** Classes of which an object was given a state that is no dict of attributes, nor one of slots. */
  readonly otherStates: readonly string[];
  /** Whether a type of arrays may be that of objects: then it is not known what an array holds that is outside of the pickle (joblib). */
  readonly hasObjectArrays: boolean;
  /** By class: the names that states of slots set, `(None, {"x": 1})`. */
  readonly slotStates: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Containers whose elements are taken to sit where the container does. */
const CONTAINERS: ReadonlySet<string> = new Set([
  "builtins.bytearray",
  "builtins.dict",
  "builtins.frozenset",
  "builtins.list",
  "builtins.set",
  "builtins.tuple",
  "collections.Counter",
  "collections.OrderedDict",
  "collections.defaultdict",
  "collections.deque",
  "numpy.ndarray",
]);

/** Whether what made an object made a container, whose elements sit where it does. */
export function isContainerMaker(callable: string): boolean {
  return CONTAINERS.has(callable);
}

/** Values that are walked over, times the holders they are walked for: beyond it nothing is told. */
const MOST_STEPS = 4_000_000;

/** The places of one program that runs to its STOP; null where what is inside its objects is not known, or is too much. */
export function placesOf(program: Uint8Array): Places | null {
  const state = startState(0, "any", false, allocateTables(program.length));
  advance(state, program, true);
  if (state.halt?.kind !== "stopped" || state.straddles.length > 0) return null;
  const recording: Recording = { state, data: program, changesByValue: null, buildsByValue: null };
  const reader = new PlaceReader(recording);
  return reader.read() ? reader.found() : null;
}

/** Where a walk is. */
interface Position {
  readonly holder: string | null;
  readonly attribute: string | null;
  readonly isInside: boolean;
}

class PlaceReader {
  private readonly places = new Map<string, Place>();
  private readonly otherStates = new Set<string>();
  private readonly slotStates = new Map<string, Set<string>>();
  private hasObjectArrays = false;
  private readonly placed = new Set<number>();
  private readonly callees = new Set<number>();
  private readonly callables: Callables;
  private readonly end: Moment;
  private steps = MOST_STEPS;
  private isKnown = true;

  constructor(private readonly recording: Recording) {
    this.callables = new Callables(recording);
    this.end = { row: recording.state.rowTop, change: recording.state.changedTop };
  }

  found(): Places {
    return {
      places: [...this.places.values()],
      otherStates: [...this.otherStates].sort(),
      hasObjectArrays: this.hasObjectArrays,
      slotStates: this.slotStates,
    };
  }

  /** Whether everything could be read. */
  read(): boolean {
    const { state, data } = this.recording;
    const { rows } = state.tables;
    const made: number[] = [];
    const looked: number[] = [];
    for (let row = 0; row < state.rowTop && this.isKnown; row += ROW) {
      const value = rows[row]!;
      switch (data[value]) {
        case OP.GLOBAL:
        case OP.STACK_GLOBAL:
          looked.push(value);
          break;
        case OP.REDUCE:
        case OP.NEWOBJ:
        case OP.NEWOBJ_EX:
        case OP.OBJ:
          this.callees.add(rows[row + 1]!);
          made.push(value);
          break;
        case OP.INST:
          made.push(value);
          break;
        case OP.BINPERSID: {
          // The class sits where what the loader gives for it does.
          const class_ = this.callables.legacyModule(rows[row + 1]!);
          if (class_ !== null) this.callees.add(class_);
          break;
        }
        default:
          break;
      }
    }
    for (const value of made) this.readObject(value, this.callables.fetchedOf(value) ?? this.callables.classOf(value));
    this.walk(state.root, { holder: null, attribute: null, isInside: false });
    for (const value of [...looked, ...made]) {
      if (!this.placed.has(value) && !this.callees.has(value)) this.walk(value, { holder: null, attribute: null, isInside: false });
    }
    return this.isKnown;
  }

  /** What an object holds: its arguments, its elements, its states. */
  private readObject(object: number, holder: string): void {
    const isContent = this.callables.of(object).callable === "copyreg._reconstructor";
    if (holder === "numpy.dtype") this.readType(object);
    for (const [position, given] of this.argumentsOf(object).entries()) {
      // copyreg's third argument is what the container is made of that the class derives from.
      this.walk(given, { holder, attribute: isContent && position === 2 ? "[]" : null, isInside: false });
    }
    // What a container was given later is where the container is; its arguments are not: it iterates over them, or calls them.
    if (CONTAINERS.has(holder)) return;
    for (const item of this.itemsOf(object)) this.walk(item, { holder, attribute: "[]", isInside: false });
    for (const given of this.statesOf(object)) this.readState(given, holder);
  }

  /** A type of arrays that is one of numbers or of text by its name, or may be of objects. */
  private readType(object: number): void {
    const [name] = this.argumentsOf(object);
    const text = name === undefined ? null : this.callables.constantText(name);
    if (text === null || !/^[<>=|]?[biufcmMSU]\d+$/.test(text)) this.hasObjectArrays = true;
  }

  private readState(given: number, holder: string): void {
    const { data } = this.recording;
    const kind = kinds.KIND[data[given]!];
    if (kind === kinds.DICT) {
      this.readAttributes(given, holder);
      return;
    }
    const parts = kind === kinds.TUPLE ? this.itemsOf(given) : [];
    const slots = this.slotsOf(parts);
    if (slots !== null) this.slotStates.set(holder, new Set([...(this.slotStates.get(holder) ?? []), ...slots]));
    else if (kind !== kinds.NONE) this.otherStates.add(holder);
    if (parts.length !== 2) {
      this.walk(given, { holder, attribute: null, isInside: false });
      return;
    }
    // Attributes and slots, or a tuple that the class's own __setstate__ takes.
    for (const part of parts) {
      if (kinds.KIND[data[part]!] === kinds.DICT) this.readAttributes(part, holder);
      else this.walk(part, { holder, attribute: null, isInside: false });
    }
  }

  /** The names in the second part of a state of attributes and slots; null where it is no such state, or they are not known. */
  private slotsOf([attributes, slots, ...more]: readonly number[]): readonly string[] | null {
    const { data } = this.recording;
    const kindOf = (value: number | undefined) => (value === undefined ? null : kinds.KIND[data[value]!]);
    if (more.length > 0 || slots === undefined || kindOf(slots) !== kinds.DICT) return null;
    if (kindOf(attributes) !== kinds.NONE && kindOf(attributes) !== kinds.DICT) return null;
    const names = this.itemsOf(slots)
      .filter((_, index) => index % 2 === 0)
      .map((key) => this.callables.constantText(key));
    return names.every((name) => name !== null) ? names : null;
  }

  private readAttributes(dict: number, holder: string): void {
    const items = this.itemsOf(dict);
    for (let index = 0; index + 1 < items.length; index += 2) {
      const attribute = this.callables.constantText(items[index]!);
      if (attribute === null) this.walk(items[index]!, { holder, attribute, isInside: true });
      this.walk(items[index + 1]!, { holder, attribute, isInside: false });
    }
  }

  /** Tells everything in a value. */
  private walk(start: number, position: Position): void {
    const { data } = this.recording;
    const seen = new Set<number>();
    const queue: [value: number, isInside: boolean][] = [[start, position.isInside]];
    for (let next = queue.pop(); next !== undefined && this.isKnown; next = queue.pop()) {
      const [value, isInside] = next;
      const kind = kinds.KIND[data[value]!]!;
      if ((kind !== kinds.FOREIGN && !isCollection(kind)) || seen.has(value)) continue;
      seen.add(value);
      if (--this.steps < 0) this.isKnown = false;
      if (kind === kinds.FOREIGN) this.tell(value, { ...position, isInside });
      for (const inside of this.insideOf(value, kind)) queue.push([inside, true]);
    }
  }

  private tell(value: number, { holder, attribute, isInside }: Position): void {
    this.placed.add(value);
    const source = this.callables.of(value);
    const { data } = this.recording;
    if (source.made && (data[value] === OP.PERSID || data[value] === OP.BINPERSID)) return;
    const held = source.made ? this.callables.classOf(value) : (this.callables.fetchedOf(value) ?? source.callable);
    const key = JSON.stringify([holder, attribute, isInside, held, source.made]);
    if (!this.places.has(key)) this.places.set(key, { holder, attribute, isInside, held, isCallable: !source.made });
  }

  /** What is walked over with a value: the items of a container, and what tells a persistent id. */
  private insideOf(value: number, kind: number): readonly number[] {
    const { data, state } = this.recording;
    if (kind !== kinds.FOREIGN) return this.itemsOf(value);
    if (data[value] === OP.BINPERSID) return [state.tables.rows[rowOf(this.recording, value) + 1]!];
    const source = this.callables.of(value);
    if (!source.made || !CONTAINERS.has(this.callables.classOf(value))) return [];
    return [...this.itemsOf(value), ...this.statesOf(value)];
  }

  private argumentsOf(call: number): readonly number[] {
    const { data, state } = this.recording;
    const opcode = data[call];
    if (opcode === OP.INST || opcode === OP.OBJ) return this.known(itemsMade(state, call));
    if (opcode !== OP.REDUCE && opcode !== OP.NEWOBJ && opcode !== OP.NEWOBJ_EX) return [];
    const given = state.tables.rows[rowOf(this.recording, call) + 2]!;
    if (kinds.KIND[data[given]!] !== kinds.TUPLE) return this.known(null);
    const keywords = opcode === OP.NEWOBJ_EX ? this.known(itemsMade(state, call)).slice(1) : [];
    return [...this.known(itemsMade(state, given)), ...keywords];
  }

  private itemsOf(value: number): readonly number[] {
    const contents = itemsOf(this.recording, value, this.end, this.steps);
    if (contents === null || contents.more) return this.known(null);
    this.steps -= contents.items.length;
    return contents.items;
  }

  private statesOf(object: number): readonly number[] {
    const { data } = this.recording;
    if (data[object] === OP.GLOBAL || data[object] === OP.STACK_GLOBAL) return [];
    return this.known(statesOf(this.recording, object, this.end, MOST_STATES));
  }

  private known(values: ArrayLike<number> | null): readonly number[] {
    if (values === null) this.isKnown = false;
    return values === null ? [] : Array.from(values);
  }
}

/** States of one object that are looked through; picklers give one. */
const MOST_STATES = 8;

function isCollection(kind: number): boolean {
  return kind === kinds.TUPLE || kind === kinds.FROZENSET || kind === kinds.LIST || kind === kinds.DICT || kind === kinds.SET;
}
