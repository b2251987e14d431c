/**
 * What the machine made of a program, in the oracle's words: read from its tables rather than from the facts, so that
 * every object keeps its number.
 */
import { Callables } from "../../analyzer/pickle/callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording } from "../../analyzer/pickle/contents.ts";
import * as kinds from "../../analyzer/pickle/kinds.ts";
import { BYTE_OF_OPCODE as OP } from "../../analyzer/pickle/opcodes.ts";
import { countedRange, floatOf, integerOf, isBoolLine, lineEnd, longOf, textOf, utf8 } from "../../analyzer/pickle/operand-values.ts";
import { itemsMade, LOOKED_UP_ONLY } from "../../analyzer/pickle/rare.ts";
import type { MachineState } from "../../analyzer/pickle/state.ts";
import { CHANGE, ROW } from "../../analyzer/pickle/tables.ts";
import type { Event } from "./oracle.ts";

/** An event, and the offset of the opcode that caused it. */
export interface Placed {
  readonly at: number;
  readonly event: Event;
}

const DEEPEST = 4;
const WIDEST = 6;
const ALL = 1_000_000;

/** The events of a run, its root last if it came to STOP. */
export function eventsOf(state: MachineState, data: Uint8Array): Placed[] {
  return new EventReader(state, data).read();
}

class EventReader {
  private readonly recording: Recording;
  private readonly callables: Callables;
  private readonly numbers = new Map<number, number>();
  private made = 0;
  private moment: Moment = { row: 0, change: 0 };

  constructor(
    private readonly state: MachineState,
    private readonly data: Uint8Array,
  ) {
    this.recording = { state, data, changesByValue: null, buildsByValue: null };
    this.callables = new Callables(this.recording);
  }

  read(): Placed[] {
    const { rows } = this.state.tables;
    const placed: Placed[] = [];
    for (let row = 0; row < this.state.rowTop; row += ROW) {
      const at = rows[row]!;
      this.moment = { row, change: rows[row + 3]! };
      for (const event of this.eventsOfRow(row, at, rows[row + 1]!, rows[row + 2]!)) placed.push({ at, event });
    }
    if (this.state.halt?.kind === "stopped") {
      this.moment = { row: this.state.rowTop, change: this.state.changedTop };
      placed.push({ at: this.state.position - 1, event: ["root", this.shape(this.state.root)] });
    }
    return placed;
  }

  private eventsOfRow(row: number, at: number, first: number, second: number): Event[] {
    switch (this.data[at]) {
      case OP.GLOBAL:
      case OP.STACK_GLOBAL:
        return [["import", this.callables.nameOf(row).spelt, this.number(at)]];
      case OP.INST: {
        const looked = this.made++;
        const imported: Event = ["import", this.callables.nameOf(row).spelt, looked];
        if (second === LOOKED_UP_ONLY) return [imported];
        const call: Event = ["call", looked, this.args(at), "None"];
        this.number(at);
        return [imported, call];
      }
      case OP.REDUCE:
      case OP.NEWOBJ:
      case OP.NEWOBJ_EX:
      case OP.OBJ: {
        const keywords = this.data[at] === OP.NEWOBJ_EX ? this.shape(itemsMade(this.state, at)![1]!) : "None";
        const call: Event = ["call", this.number(first), this.args(at), keywords === "dict()" ? "None" : keywords];
        this.number(at);
        return [call];
      }
      case OP.PERSID: {
        const id = this.text(utf8(this.data, at + 1, lineEnd(this.data, at + 1)));
        return [["persid", id, this.number(at)]];
      }
      case OP.BINPERSID: {
        const id = this.shape(first);
        return [["persid", id, this.number(at)]];
      }
      case OP.BUILD:
        return [["__setstate__", this.number(first), this.shape(second)]];
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        return [];
      default:
        return this.changesOfRow(at, first, second);
    }
  }

  private changesOfRow(at: number, object: number, count: number): Event[] {
    const { changed, changes } = this.state.tables;
    const entry = this.moment.change - CHANGE;
    const number = this.number(object);
    // A run that failed for a key without a value has not kept the items.
    const items = changed[entry + 2] === at ? changes.subarray(changed[entry + 1]!, changed[entry + 1]! + count) : null;
    const shapes = items === null ? [] : Array.from(items, (item) => this.shape(item, DEEPEST - 1));
    if (this.data[at] === OP.ADDITEMS) return shapes.map((item) => ["add", number, `list1(${item})`]);
    if (this.data[at] === OP.APPEND || this.data[at] === OP.APPENDS) {
      return [["append", number, `list${shapes.length}(${shapes.slice(0, WIDEST).join(",")})`]];
    }
    const events: Event[] = [];
    for (let index = 0; index + 1 < shapes.length; index += 2) {
      events.push(["__setitem__", number, `list2(${shapes[index]},${shapes[index + 1]})`]);
    }
    return events;
  }

  private number(value: number): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    this.numbers.set(value, this.made);
    return this.made++;
  }

  private args(call: number): string {
    const given = argumentsOf(this.recording, call);
    if (given === null) return "?";
    const items = this.data[call] === OP.NEWOBJ_EX ? Array.from(given).slice(0, -1) : Array.from(given);
    return `tuple${items.length}(${items
      .slice(0, WIDEST)
      .map((item) => this.shape(item, DEEPEST - 1))
      .join(",")})`;
  }

  private items(value: number): readonly number[] {
    return itemsOf(this.recording, value, this.moment, ALL)?.items ?? [];
  }

  private shape(value: number, depth = DEEPEST): string {
    const kind = kinds.KIND[this.data[value]!];
    switch (kind) {
      case kinds.LIST:
      case kinds.TUPLE: {
        if (depth === 0) return "...";
        const items = this.items(value);
        const shapes = items.slice(0, WIDEST).map((item) => this.shape(item, depth - 1));
        return `${kind === kinds.LIST ? "list" : "tuple"}${items.length}(${shapes.join(",")})`;
      }
      case kinds.DICT: {
        if (depth === 0) return "...";
        const items = this.items(value);
        const shapes = new Map<string, string>();
        for (let index = 0; index < items.length; index += 2) shapes.set(this.key(items[index]!), this.shape(items[index + 1]!, depth - 1));
        return `dict(${[...shapes]
          .sort(byKey)
          .map(([key, item]) => `${key}:${item}`)
          .join(",")})`;
      }
      case kinds.SET:
      case kinds.FROZENSET:
        return `${kind === kinds.SET ? "set" : "frozenset"}(${this.members(value)})`;
      case kinds.BOOL:
        return this.data[value] === OP.NEWTRUE ? "True" : "False";
      case kinds.BYTEARRAY:
        return "bytearray";
      case kinds.VIEW:
        return "view";
      case kinds.INT:
        if (this.data[value] === OP.INT && isBoolLine(this.data, value)) return integerOf(this.data, value) === 1 ? "True" : "False";
        return this.key(value);
      default:
        return this.key(value);
    }
  }

  private members(value: number): string {
    return [...new Set(this.items(value).map((item) => this.key(item)))].sort(byText).join(",");
  }

  private key(value: number): string {
    const { data } = this;
    switch (kinds.KIND[data[value]!]) {
      case kinds.NONE:
        return "None";
      case kinds.BOOL:
        return data[value] === OP.NEWTRUE ? "n1" : "n0";
      case kinds.INT: {
        const isLong = data[value] === OP.INT || data[value] === OP.LONG || data[value] === OP.LONG1 || data[value] === OP.LONG4;
        const integer = isLong ? longOf(data, value) : BigInt(integerOf(data, value));
        return integer === null ? "big" : integerKey(integer);
      }
      case kinds.FLOAT:
        return floatKey(floatOf(data, value));
      case kinds.STRING:
        if (this.state.encoding === "bytes") return bytesKey(Buffer.from(textOf(data, value, ALL).text, "latin1"));
        return this.text(this.decoded(textOf(data, value, ALL).text));
      case kinds.STR:
        return this.text(textOf(data, value, ALL).text);
      case kinds.BYTES: {
        const [from, to] = countedRange(data, value);
        return bytesKey(data.subarray(from, to));
      }
      case kinds.TUPLE:
        return `t(${this.items(value)
          .map((item) => this.key(item))
          .join(",")})`;
      case kinds.FROZENSET:
        return `z(${this.members(value)})`;
      default:
        return `@${this.numbers.get(value)}`;
    }
  }

  /** A Python 2 str, which is told as Latin-1, in the loader's encoding. */
  private decoded(text: string): string {
    return this.state.encoding === "utf-8" ? Buffer.from(text, "latin1").toString("utf8") : text;
  }

  private text(text: string): string {
    const characters = Array.from(text);
    return `s${characters
      .slice(0, 20)
      .map((character) => `${character.codePointAt(0)!.toString(16)}.`)
      .join("")}${characters.length}`;
  }
}

function bytesKey(bytes: Uint8Array): string {
  return `b${Buffer.from(bytes.subarray(0, 20)).toString("hex")}.${bytes.length}`;
}

function integerKey(integer: bigint): string {
  return (integer < 0n ? -integer : integer) < 1n << 128n ? `n${integer}` : "big";
}

function floatKey(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Number.isInteger(value)) return integerKey(BigInt(value));
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `f${bytes.toString("hex")}`;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function byKey(left: readonly [string, string], right: readonly [string, string]): number {
  return byText(left[0], right[0]);
}
