/** Values that no call made, as Python source; and statements, broken into lines where they get long. */
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { countedRange, floatOf, integerOf, isBoolLine, lineEnd, longOf, textOf } from "./operand-values.ts";
import { reprBytes, reprFloat, reprString } from "./python-repr.ts";

/** A piece of source: as it is, or with items between brackets, where it can be broken. */
export type Source = string | { readonly open: string; readonly items: readonly Source[]; readonly close: string };

/** Lines longer than this are broken at brackets, the outermost first. */
const LONGEST_LINE = 110;
/** Strs and bytes longer than this are slices of `program`. */
const LONGEST_LITERAL = 200;

/** A call. */
export function call(callable: string, given: readonly Source[]): Source {
  return { open: `${callable}(`, items: given, close: ")" };
}

/** Source behind some text. */
export function after(text: string, source: Source): Source {
  return typeof source === "string" ? text + source : { ...source, open: text + source.open };
}

/** Source on one line. */
export function inline(source: Source): string {
  return typeof source === "string" ? source : source.open + source.items.map(inline).join(", ") + source.close;
}

/** The lines of a statement, the first with a comment. */
export function statement(before: string, source: Source, comment: string): string[] {
  const [first = "", ...rest] = layOut(after(before, source), "", "");
  return [`${first}  # ${comment}`, ...rest];
}

function layOut(source: Source, indent: string, end: string): string[] {
  const whole = inline(source);
  if (typeof source === "string" || source.items.length === 0 || indent.length + whole.length <= LONGEST_LINE)
    return [indent + whole + end];
  const inner = `${indent}    `;
  const lines = [indent + source.open];
  // Short items share a line: a list of a thousand numbers is not to be a thousand lines.
  let line = "";
  for (const item of source.items) {
    const text = inline(item);
    if (line !== "" && inner.length + line.length + text.length + 2 > LONGEST_LINE) {
      lines.push(inner + line);
      line = "";
    }
    if (inner.length + text.length < LONGEST_LINE) line += line === "" ? `${text},` : ` ${text},`;
    else lines.push(...layOut(item, inner, ","));
  }
  if (line !== "") lines.push(inner + line);
  // The comma of a tuple of one is there already.
  return [...lines, indent + source.close.replace(",", "") + end];
}

/** None, a bool, a number, a str or bytes. What is too long to be written out is read from `program`, the pickle's bytes. */
export function atom(data: Uint8Array, value: number): string {
  switch (kinds.KIND[data[value]!]) {
    case kinds.NONE:
      return "None";
    case kinds.BOOL:
      return data[value] === OP.NEWTRUE ? "True" : "False";
    case kinds.INT:
      return integer(data, value);
    case kinds.FLOAT: {
      const float = floatOf(data, value);
      return Number.isFinite(float) ? reprFloat(float) : `float('${reprFloat(float)}')`;
    }
    case kinds.BYTES:
    case kinds.BYTEARRAY: {
      const [from, to] = countedRange(data, value);
      const bytes = to - from > LONGEST_LITERAL ? slice(from, to) : reprBytes(data.subarray(from, to));
      return kinds.KIND[data[value]!] === kinds.BYTEARRAY ? `bytearray(${bytes})` : bytes;
    }
    case kinds.VIEW:
      return `readonly_buffer(${value})`;
    default: {
      const { text, truncated } = textOf(data, value, LONGEST_LITERAL);
      return truncated ? longText(data, value) : reprString(text);
    }
  }
}

function integer(data: Uint8Array, value: number): string {
  const opcode = data[value];
  if (opcode === OP.BININT || opcode === OP.BININT1 || opcode === OP.BININT2) return String(integerOf(data, value));
  if (opcode === OP.INT && isBoolLine(data, value)) return integerOf(data, value) === 1 ? "True" : "False";
  const long = longOf(data, value);
  if (long !== null) return String(long);
  if (opcode === OP.INT || opcode === OP.LONG) return `int(${slice(value + 1, lineEnd(data, value + 1))}, 0)`;
  return `int.from_bytes(${slice(...countedRange(data, value))}, 'little', signed=True)`;
}

function longText(data: Uint8Array, value: number): string {
  switch (data[value]) {
    case OP.UNICODE:
      return `${slice(value + 1, lineEnd(data, value + 1))}.decode('raw-unicode-escape')`;
    case OP.STRING:
      return `${slice(value + 2, lineEnd(data, value + 1) - 1)}.decode('unicode-escape')`;
    case OP.BINSTRING:
    case OP.SHORT_BINSTRING:
      return `${slice(...countedRange(data, value))}.decode('latin-1')`;
    default:
      return `${slice(...countedRange(data, value))}.decode('utf-8', 'surrogatepass')`;
  }
}

function slice(from: number, to: number): string {
  return `program[${from}:${to}]`;
}

/** A container's literal, of its items as source; a dict's are keys and values in turn. */
export function container(kind: number, items: readonly Source[]): Source {
  switch (kind) {
    case kinds.LIST:
      return { open: "[", items, close: "]" };
    case kinds.TUPLE:
      return items.length === 1 ? { open: "(", items, close: ",)" } : { open: "(", items, close: ")" };
    case kinds.SET:
      return items.length === 0 ? "set()" : { open: "{", items, close: "}" };
    case kinds.FROZENSET:
      return items.length === 0 ? "frozenset()" : { open: "frozenset({", items, close: "})" };
    default: {
      const pairs: Source[] = [];
      for (let index = 0; index + 1 < items.length; index += 2) pairs.push(after(`${inline(items[index]!)}: `, items[index + 1]!));
      return { open: "{", items: pairs, close: "}" };
    }
  }
}
