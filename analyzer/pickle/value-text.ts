/**
 * Values as a line of text, close to how Python would write them: what a call was given, for people. Bounded, and
 * written straight from the machine's tables: a pickle of two thousand tensors has six thousand such lines.
 */
import type { Callables } from "./callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording, rowOf, stateOf } from "./contents.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { byteLengthOf, countedRange, floatOf, integerOf, isBoolLine, lineEnd, longOf, textOf, utf8 } from "./operand-values.ts";
import { madeEntry } from "./rare.ts";
import { ENTRY } from "./tables.ts";
import { ELLIPSIS, escapeOf, TextWriter } from "./text-writer.ts";

/** Brackets within brackets, items of one container, values in all, characters of a str. */
const DEEPEST = 4;
const WIDEST = 16;
const MOST_VALUES = 64;
const LONGEST_STRING = 80;

/** Writes values of one recording. */
export class ValueText {
  private readonly writer = new TextWriter();
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
    return this.writer.end();
  }

  /** The arguments of the call whose row is at a moment. */
  ofCall(call: number, moment: Moment): string {
    const { data, state } = this.recording;
    const opcode = data[call];
    const given = opcode === OP.REDUCE || opcode === OP.NEWOBJ ? state.tables.rows[moment.row + 2]! : -1;
    if (given < 0 || kinds.KIND[data[given]!] !== kinds.TUPLE) return this.of(argumentsOf(this.recording, call), moment);
    if (data[given] === OP.EMPTY_TUPLE) return "";
    this.begin(moment);
    this.tupleItems(given, DEEPEST + 1);
    return this.writer.end();
  }

  private begin(moment: Moment): void {
    this.writer.begin();
    this.left = MOST_VALUES;
    this.moment = moment;
  }

  /** Writes the comma in front of an item; false, and an ellipsis, where no more are wanted. */
  private begins(index: number): boolean {
    if (index > 0) this.writer.latin1(", ");
    if (index < WIDEST && this.left > 0 && !this.writer.isFull) return true;
    this.writer.text(ELLIPSIS);
    return false;
  }

  private value(value: number, depth: number): void {
    const { writer } = this;
    if (--this.left < 0) {
      writer.text(ELLIPSIS);
      return;
    }
    const { data } = this.recording;
    switch (kinds.KIND[data[value]!]) {
      case kinds.NONE:
        writer.latin1("None");
        return;
      case kinds.BOOL:
        writer.latin1(data[value] === OP.NEWTRUE ? "True" : "False");
        return;
      case kinds.INT:
        this.integer(value);
        return;
      case kinds.FLOAT:
        writer.latin1(floatText(floatOf(data, value)));
        return;
      case kinds.STR:
      case kinds.STRING:
        this.string(value);
        return;
      case kinds.BYTES:
      case kinds.BYTEARRAY:
        writer.latin1(`<${byteLengthOf(data, value)} bytes>`);
        return;
      case kinds.TUPLE: {
        writer.latin1("(");
        const count = this.tupleItems(value, depth);
        writer.latin1(count === 1 ? ",)" : ")");
        return;
      }
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
        writer.text(ELLIPSIS);
    }
  }

  private integer(value: number): void {
    const { data } = this.recording;
    const opcode = data[value];
    if (opcode === OP.BININT1 || opcode === OP.BININT2 || opcode === OP.BININT) this.writer.integer(integerOf(data, value));
    else if (opcode === OP.INT && isBoolLine(data, value)) this.writer.latin1(integerOf(data, value) === 1 ? "True" : "False");
    else {
      const integer = longOf(data, value);
      this.writer.text(integer === null ? ELLIPSIS : String(integer));
    }
  }

  private string(value: number): void {
    const { data } = this.recording;
    if (data[value] === OP.SHORT_BINUNICODE || data[value] === OP.BINUNICODE) {
      const [from, to] = countedRange(data, value);
      if (to - from <= LONGEST_STRING && this.writer.quoted(data, from, to, true)) return;
    } else if (data[value] === OP.UNICODE) {
      const end = lineEnd(data, value + 1);
      if (end - value <= LONGEST_STRING && this.writer.quoted(data, value + 1, end, false)) return;
    }
    const { text, truncated } = textOf(data, value, LONGEST_STRING);
    this.writer.text(quote(text, truncated));
  }

  /** Writes the items of a tuple, and says how many there are. */
  private tupleItems(value: number, depth: number): number {
    const { state } = this.recording;
    const { made, arena } = state.tables;
    const entry = madeEntry(state, value);
    if (depth === 0 || (entry < 0 && value >= state.contentsLostAt)) {
      this.writer.text(ELLIPSIS);
      return 0;
    }
    const from = entry < 0 ? 0 : made[entry + 1]!;
    const to = entry < 0 ? 0 : entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
    for (let index = from; index < to && this.begins(index - from); index++) this.value(arena[index]!, depth - 1);
    return to - from;
  }

  private items(value: number, depth: number, open: string, close: string): void {
    const { writer } = this;
    const isDict = kinds.KIND[this.recording.data[value]!] === kinds.DICT;
    const contents = depth === 0 ? null : itemsOf(this.recording, value, this.moment, isDict ? WIDEST * 2 + 1 : WIDEST + 1);
    if (contents === null) {
      writer.text(ELLIPSIS);
      return;
    }
    writer.latin1(open);
    const step = isDict ? 2 : 1;
    for (let index = 0; index < contents.items.length && this.begins(index / step); index += step) {
      this.value(contents.items[index]!, depth - 1);
      if (!isDict) continue;
      writer.latin1(": ");
      if (index + 1 < contents.items.length) this.value(contents.items[index + 1]!, depth - 1);
    }
    writer.latin1(close);
  }

  private foreign(value: number, depth: number): void {
    const { writer } = this;
    const { data, state } = this.recording;
    switch (data[value]) {
      case OP.PERSID:
        writer.text(`persistent_load(${quote(utf8(data, value + 1, Math.min(lineEnd(data, value + 1), value + LONGEST_STRING)), false)})`);
        return;
      case OP.BINPERSID:
        writer.latin1("persistent_load(");
        this.value(state.tables.rows[rowOf(this.recording, value) + 1]!, depth);
        writer.latin1(")");
        return;
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
      case OP.NEXT_BUFFER:
        writer.text(ELLIPSIS);
        return;
    }
    const { made, callable } = this.callables.of(value);
    writer.text(callable);
    if (!made) return;
    const given = depth === 0 ? null : argumentsOf(this.recording, value);
    writer.latin1("(");
    if (given === null) writer.text(ELLIPSIS);
    else for (let index = 0; index < given.length && this.begins(index); index++) this.value(given[index]!, depth - 1);
    writer.latin1(")");
    const built = depth === 0 ? null : stateOf(this.recording, value, this.moment);
    if (built === null) return;
    writer.latin1(" with state ");
    this.value(built, depth - 1);
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

function quote(text: string, truncated: boolean): string {
  const shown = /^[ !#-&(-[\]-~]*$/.test(text)
    ? text
    : text.replace(/[\\'"\n\r\t]|[^ -~\u00a1-\ud7ff\ue000-\ufffd]/g, (character) => escapeOf(character.charCodeAt(0)) ?? character);
  return `'${shown}${truncated ? ELLIPSIS : ""}'`;
}
