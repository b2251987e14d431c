/**
 * Values as a line of text, close to how Python would write them: what a call was given, for people. Bounded, and
 * written straight from the machine's tables: a pickle of two thousand tensors has six thousand such lines.
 */
import type { Callables } from "./callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording, rowOf, stateOf } from "./contents.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { byteLengthOf, floatOf, integerOf, isBoolLine, lineEnd, longOf, textOf, utf8 } from "./operand-values.ts";
import { madeEntry } from "./rare.ts";
import { ENTRY } from "./tables.ts";

/** Brackets within brackets, items of one container, values in all, characters of a str and in all. */
const DEEPEST = 4;
const WIDEST = 16;
const MOST_VALUES = 64;
const LONGEST_STRING = 80;
const LONGEST = 400;

/** What stands where a bound was reached, or something is not known. */
const ELLIPSIS = "…";

/** Writes values of one recording. */
export class ValueText {
  private text = "";
  private left = 0;
  private moment: Moment = { row: 0, change: 0 };

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
  ) {}

  /** Values as they are at a moment of the run, separated by commas. */
  of(values: ArrayLike<number> | null, moment: Moment): string {
    if (values === null) return ELLIPSIS;
    this.begin(moment);
    for (let index = 0; index < values.length && this.begins(index); index++) this.value(values[index]!, DEEPEST);
    return this.end();
  }

  /** The arguments of the call at an offset. */
  ofCall(call: number, moment: Moment): string {
    const { data, state } = this.recording;
    const opcode = data[call];
    const given = opcode === OP.REDUCE || opcode === OP.NEWOBJ ? state.tables.rows[rowOf(this.recording, call) + 2]! : -1;
    if (given < 0 || kinds.KIND[data[given]!] !== kinds.TUPLE) return this.of(argumentsOf(this.recording, call), moment);
    this.begin(moment);
    this.tupleItems(given, DEEPEST + 1);
    return this.end();
  }

  private begin(moment: Moment): void {
    this.text = "";
    this.left = MOST_VALUES;
    this.moment = moment;
  }

  private end(): string {
    return this.text.length > LONGEST ? this.text.slice(0, LONGEST - 1) + ELLIPSIS : this.text;
  }

  /** Writes the comma in front of an item; false, and an ellipsis, where no more are wanted. */
  private begins(index: number): boolean {
    if (index > 0) this.text += ", ";
    if (index < WIDEST && this.left > 0 && this.text.length <= LONGEST) return true;
    this.text += ELLIPSIS;
    return false;
  }

  private value(value: number, depth: number): void {
    if (--this.left < 0) {
      this.text += ELLIPSIS;
      return;
    }
    const { data } = this.recording;
    switch (kinds.KIND[data[value]!]) {
      case kinds.NONE:
        this.text += "None";
        return;
      case kinds.BOOL:
        this.text += data[value] === OP.NEWTRUE ? "True" : "False";
        return;
      case kinds.INT:
        this.text += integerText(data, value);
        return;
      case kinds.FLOAT:
        this.text += floatText(floatOf(data, value));
        return;
      case kinds.STR:
      case kinds.STRING: {
        const { text, truncated } = textOf(data, value, LONGEST_STRING);
        this.text += quote(text, truncated);
        return;
      }
      case kinds.BYTES:
      case kinds.BYTEARRAY:
        this.text += `<${byteLengthOf(data, value)} bytes>`;
        return;
      case kinds.TUPLE:
        this.tuple(value, depth);
        return;
      case kinds.LIST:
        this.items(value, depth, "[", "]");
        return;
      case kinds.DICT:
      case kinds.SET:
        this.items(value, depth, "{", "}");
        return;
      case kinds.FROZENSET:
        this.items(value, depth, "frozenset({", "})");
        return;
      case kinds.FOREIGN:
        this.foreign(value, depth);
        return;
      default:
        this.text += ELLIPSIS;
    }
  }

  private tuple(value: number, depth: number): void {
    this.text += "(";
    const count = this.tupleItems(value, depth);
    this.text += count === 1 ? ",)" : ")";
  }

  /** Writes the items of a tuple, and says how many there are. */
  private tupleItems(value: number, depth: number): number {
    const { state } = this.recording;
    const { made, arena } = state.tables;
    const entry = madeEntry(state, value);
    if (depth === 0 || (entry < 0 && value >= state.contentsLostAt)) {
      this.text += ELLIPSIS;
      return 0;
    }
    const from = entry < 0 ? 0 : made[entry + 1]!;
    const to = entry < 0 ? 0 : entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
    for (let index = from; index < to && this.begins(index - from); index++) this.value(arena[index]!, depth - 1);
    return to - from;
  }

  private items(value: number, depth: number, open: string, close: string): void {
    const isDict = kinds.KIND[this.recording.data[value]!] === kinds.DICT;
    const contents = depth === 0 ? null : itemsOf(this.recording, value, this.moment, isDict ? WIDEST * 2 + 1 : WIDEST + 1);
    if (contents === null) {
      this.text += ELLIPSIS;
      return;
    }
    this.text += open;
    const step = isDict ? 2 : 1;
    for (let index = 0; index < contents.items.length && this.begins(index / step); index += step) {
      this.value(contents.items[index]!, depth - 1);
      if (!isDict) continue;
      this.text += ": ";
      if (index + 1 < contents.items.length) this.value(contents.items[index + 1]!, depth - 1);
    }
    this.text += close;
  }

  private foreign(value: number, depth: number): void {
    const { data, state } = this.recording;
    switch (data[value]) {
      case OP.PERSID:
        this.text += `persistent_load(${quote(utf8(data, value + 1, Math.min(lineEnd(data, value + 1), value + LONGEST_STRING)), false)})`;
        return;
      case OP.BINPERSID:
        this.text += "persistent_load(";
        this.value(state.tables.rows[rowOf(this.recording, value) + 1]!, depth);
        this.text += ")";
        return;
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
      case OP.NEXT_BUFFER:
        this.text += ELLIPSIS;
        return;
    }
    const { made, callable } = this.callables.of(value);
    this.text += callable;
    if (!made) return;
    const given = depth === 0 ? null : argumentsOf(this.recording, value);
    this.text += "(";
    if (given === null) this.text += ELLIPSIS;
    else for (let index = 0; index < given.length && this.begins(index); index++) this.value(given[index]!, depth - 1);
    this.text += ")";
    const built = depth === 0 ? null : stateOf(this.recording, value, this.moment);
    if (built === null) return;
    this.text += " with state ";
    this.value(built, depth - 1);
  }
}

function integerText(data: Uint8Array, value: number): string {
  const opcode = data[value];
  if (opcode === OP.BININT1 || opcode === OP.BININT2 || opcode === OP.BININT) return String(integerOf(data, value));
  if (opcode === OP.INT && isBoolLine(data, value)) return integerOf(data, value) === 1 ? "True" : "False";
  const integer = longOf(data, value);
  return integer === null ? ELLIPSIS : String(integer);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

function quote(text: string, truncated: boolean): string {
  const shown = /^[ !#-&(-[\]-~]*$/.test(text) ? text : text.replace(/[\\'"\n\r\t]|[^ -~\u00a1-\ud7ff\ue000-\ufffd]/g, escapeCharacter);
  return `'${shown}${truncated ? ELLIPSIS : ""}'`;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    case '"':
      return character;
    case "\\":
    case "'":
      return `\\${character}`;
    default: {
      const code = character.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    }
  }
}
