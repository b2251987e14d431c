/**
 * Values for whoever asks. Bounded in depth, width and characters, so that no program can make them large; what lies
 * beyond a bound is marked as such. `format.ts` writes them out as text.
 */
import type { Callables } from "./callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording, rowOf, stateOf } from "./contents.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { byteLengthOf, floatOf, integerOf, isBoolLine, lineEnd, longOf, textOf, utf8 } from "./operand-values.ts";
import type { PickleValue } from "./value.ts";

/** How much of a value is shown. */
export interface Budget {
  readonly depth: number;
  /** Items of one container. */
  readonly width: number;
  /** Characters of one str. */
  readonly characters: number;
  /** Values in all. */
  readonly nodes: number;
}

/** What a value in a fact gets: enough for a storage's persistent id, a shape, a dtype. */
export const FACT_BUDGET: Budget = { depth: 4, width: 16, characters: 200, nodes: 64 };

/** What a value gets that a container computes with: the dtype of a record array may have hundreds of fields. */
export const WRAPPER_BUDGET: Budget = { depth: 16, width: 4096, characters: 4096, nodes: 65_536 };

const DEEPER: PickleValue = { kind: "unknown", why: "beyond the budget" };
const UNKNOWN_CONTENTS: PickleValue = { kind: "unknown", why: "contents are not known" };

/** Renders values of one recording as they are at a moment of the run. */
export class Renderer {
  /** In all that was rendered. */
  valuesShown = 0;
  charactersShown = 0;
  private nodes = 0;
  private budget = FACT_BUDGET;
  private moment: Moment = { row: 0, change: 0 };

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
  ) {}

  /** One value. */
  render(value: number, moment: Moment, budget: Budget): PickleValue {
    this.begin(moment, budget);
    return this.value(value, budget.depth);
  }

  /** Several values, which share the budget. */
  renderAll(values: ArrayLike<number>, moment: Moment, budget: Budget): PickleValue[] {
    this.begin(moment, budget);
    return this.values(values, budget.depth);
  }

  /** The id that PERSID or BINPERSID at `value` hands to the loader. */
  renderPersistentId(value: number, moment: Moment, budget: Budget): PickleValue {
    this.begin(moment, budget);
    return this.persistentId(value, budget.depth);
  }

  private begin(moment: Moment, budget: Budget): void {
    this.moment = moment;
    this.budget = budget;
    this.nodes = budget.nodes;
  }

  private values(values: ArrayLike<number>, depth: number): PickleValue[] {
    const rendered: PickleValue[] = [];
    for (let index = 0; index < values.length; index++) rendered.push(this.value(values[index]!, depth));
    return rendered;
  }

  private value(value: number, depth: number): PickleValue {
    if (--this.nodes < 0) return DEEPER;
    this.valuesShown++;
    const { data } = this.recording;
    switch (kinds.KIND[data[value]!]) {
      case kinds.NONE:
        return { kind: "none" };
      case kinds.BOOL:
        return { kind: "bool", value: data[value] === OP.NEWTRUE };
      case kinds.INT:
        return this.integer(value);
      case kinds.FLOAT:
        return { kind: "float", value: floatOf(data, value) };
      case kinds.STR:
      case kinds.STRING: {
        const { text, truncated } = textOf(data, value, this.budget.characters);
        this.charactersShown += text.length;
        return truncated ? { kind: "str", value: text, truncated } : { kind: "str", value: text };
      }
      case kinds.BYTES:
      case kinds.BYTEARRAY:
        return { kind: "bytes", length: byteLengthOf(data, value) };
      case kinds.VIEW:
        return { kind: "unknown", why: "a view of a bytearray" };
      case kinds.TUPLE:
        return this.sequence("tuple", value, depth);
      case kinds.LIST:
        return this.sequence("list", value, depth);
      case kinds.SET:
        return this.sequence("set", value, depth);
      case kinds.FROZENSET:
        return this.sequence("frozenset", value, depth);
      case kinds.DICT:
        return this.dict(value, depth);
      default:
        return this.foreign(value, depth);
    }
  }

  private integer(value: number): PickleValue {
    const { data } = this.recording;
    const opcode = data[value];
    if (opcode === OP.BININT1 || opcode === OP.BININT2 || opcode === OP.BININT)
      return { kind: "int", value: String(integerOf(data, value)) };
    if (opcode === OP.INT && isBoolLine(data, value)) return { kind: "bool", value: integerOf(data, value) === 1 };
    const integer = longOf(data, value);
    return integer === null ? { kind: "unknown", why: "an integer of more than a kilobyte" } : { kind: "int", value: String(integer) };
  }

  private sequence(kind: "list" | "tuple" | "set" | "frozenset", value: number, depth: number): PickleValue {
    if (depth === 0) return DEEPER;
    const contents = itemsOf(this.recording, value, this.moment, this.budget.width);
    if (contents === null) return UNKNOWN_CONTENTS;
    const items = this.values(contents.items, depth - 1);
    return contents.more ? { kind, items, truncated: true } : { kind, items };
  }

  private dict(value: number, depth: number): PickleValue {
    if (depth === 0) return DEEPER;
    const contents = itemsOf(this.recording, value, this.moment, this.budget.width * 2);
    if (contents === null) return UNKNOWN_CONTENTS;
    const items: [PickleValue, PickleValue][] = [];
    for (let index = 0; index + 1 < contents.items.length; index += 2) {
      items.push([this.value(contents.items[index]!, depth - 1), this.value(contents.items[index + 1]!, depth - 1)]);
    }
    return contents.more ? { kind: "dict", items, truncated: true } : { kind: "dict", items };
  }

  private foreign(value: number, depth: number): PickleValue {
    const { data, state } = this.recording;
    switch (data[value]) {
      case OP.PERSID:
      case OP.BINPERSID:
        return { kind: "persistent", id: depth === 0 ? DEEPER : this.persistentId(value, depth - 1) };
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        return { kind: "unknown", why: `extension code ${state.tables.rows[rowOf(this.recording, value) + 1]}` };
      case OP.NEXT_BUFFER:
        return { kind: "unknown", why: "a buffer of the loader's" };
    }
    const { made, callable } = this.callables.of(value);
    if (!made) return { kind: "global", callable };
    if (depth === 0) return { kind: "object", callable, arguments: [DEEPER] };
    const given = argumentsOf(this.recording, value);
    const rendered = given === null ? [UNKNOWN_CONTENTS] : this.values(given, depth - 1);
    const built = stateOf(this.recording, value, this.moment);
    if (built === null) return { kind: "object", callable, arguments: rendered };
    return { kind: "object", callable, arguments: rendered, state: this.value(built, depth - 1) };
  }

  private persistentId(value: number, depth: number): PickleValue {
    const { data, state } = this.recording;
    if (data[value] === OP.BINPERSID) return this.value(state.tables.rows[rowOf(this.recording, value) + 1]!, depth);
    const end = lineEnd(data, value + 1);
    const cut = Math.min(end, value + 1 + this.budget.characters);
    const text = utf8(data, value + 1, cut);
    this.charactersShown += text.length;
    return cut < end ? { kind: "str", value: text, truncated: true } : { kind: "str", value: text };
  }
}
