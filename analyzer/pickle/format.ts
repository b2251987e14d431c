/** A rendered value as one line of text, close to how Python would write it. For people; not to be parsed. */
import { assertNever } from "../result.ts";
import type { PickleValue } from "./value.ts";

/** Longest text of the arguments of a call. */
const LONGEST = 400;
/** Longest str within it. */
const LONGEST_STRING = 80;

/** Several values, separated by commas, cut where they get long. */
export function formatValues(values: readonly PickleValue[]): string {
  const text = values.map(formatValue).join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** One value. */
export function formatValue(value: PickleValue): string {
  switch (value.kind) {
    case "none":
      return "None";
    case "bool":
      return value.value ? "True" : "False";
    case "int":
      return value.value;
    case "float":
      return formatFloat(value.value);
    case "str":
      return formatString(value.value, value.truncated === true);
    case "bytes":
      return `<${value.length} bytes>`;
    case "list":
      return `[${formatItems(value)}]`;
    case "tuple":
      return value.items.length === 1 && !value.truncated ? `(${formatValue(value.items[0]!)},)` : `(${formatItems(value)})`;
    case "set":
      return value.items.length === 0 ? "set()" : `{${formatItems(value)}}`;
    case "frozenset":
      return `frozenset({${formatItems(value)}})`;
    case "dict":
      return `{${value.items.map(([key, item]) => `${formatValue(key)}: ${formatValue(item)}`).join(", ")}${value.truncated ? ", …" : ""}}`;
    case "global":
      return value.callable;
    case "object": {
      const made = `${value.callable}(${value.arguments.map(formatValue).join(", ")})`;
      return value.state === undefined ? made : `${made} with state ${formatValue(value.state)}`;
    }
    case "persistent":
      return `persistent_load(${formatValue(value.id)})`;
    case "unknown":
      return "…";
    default:
      return assertNever(value);
  }
}

function formatItems(value: { readonly items: readonly PickleValue[]; readonly truncated?: true }): string {
  return `${value.items.map(formatValue).join(", ")}${value.truncated ? ", …" : ""}`;
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

function formatString(text: string, truncated: boolean): string {
  const cut = truncated || text.length > LONGEST_STRING;
  const shown = (cut ? text.slice(0, LONGEST_STRING) : text).replace(/[\\'\n\r\t]|[^ -~\u00a1-\ud7ff\ue000-\ufffd]/g, escapeCharacter);
  return `'${shown}${cut ? "…" : ""}'`;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    case "\\":
    case "'":
      return `\\${character}`;
    default: {
      const code = character.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    }
  }
}
