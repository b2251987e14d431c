/** Text, and JSON: in which no loader finds a pickle, but for the one that writes pickles into JSON itself. */
import { heldInMemory } from "../bytes/held-source.ts";
import { memorySource } from "../bytes/memory-source.ts";
import { type Content, failure, memberPath, type Reading, readingOf, type Tracing } from "./tracing.ts";

/** JSON up to this size is parsed; longer, how it begins has to do. */
const PARSED_BYTES = 16 * 2 ** 20;

/** Whether `head` is UTF-8 without control characters; `cut` where it may end inside a character. */
export function isText(head: Uint8Array, cut: boolean): boolean {
  for (const byte of head)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: cut });
    return true;
  } catch {
    return false;
  }
}

/** Whether text that begins with `head` may be JSON of an object or an array: space of any length may stand before it. */
export function mayBeJson(head: Uint8Array): boolean {
  const first = head.find((byte) => byte > 0x20);
  return first === undefined || first === 0x7b || first === 0x5b;
}

/** Reads what is known to be text, and begins with `head`. */
export async function readText(content: Content, head: Uint8Array, tracing: Tracing): Promise<Reading> {
  if (!mayBeJson(head)) return { container: "text", outcome: "ok" };
  const { source, entry } = content;
  if (source.size > PARSED_BYTES) {
    const message = `${source.size} bytes that begin like JSON were not parsed`;
    tracing.find({ kind: "json-unread", message, entry, offset: 0 });
    return { container: "json", outcome: "unfinished", failure: { kind: "json-unread", message, offset: 0 } };
  }
  const value = parseJson(new TextDecoder().decode(await source.read(0, source.size)));
  if (value === undefined) return { container: "text", outcome: "ok" };
  return readingOf("json", await readSerialized(content, value, tracing));
}

/** Strings, and what Python's json reads and writes besides the standard's numbers. */
const STRING_OR_NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs;

/** JSON as Python reads it; undefined where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const withoutThem = text.replace(STRING_OR_NO_NUMBER, (token) => (token.startsWith('"') ? token : "0"));
    try {
      return withoutThem === text ? undefined : JSON.parse(withoutThem);
    } catch {
      return undefined;
    }
  }
}

/** Key behind which Stable Baselines puts the pickle of an attribute, in base64 (common/save_util.py, json_to_data). */
const SERIALIZED = ":serialized:";

async function readSerialized(content: Content, value: unknown, tracing: Tracing): Promise<Reading[]> {
  if (typeof value !== "object" || value === null) return [];
  const readings: Reading[] = [];
  for (const [name, attribute] of Object.entries(value)) {
    const encoded: unknown = attribute?.[SERIALIZED];
    if (typeof encoded !== "string") continue;
    const bytes = fromBase64(encoded);
    if (bytes === null) {
      const message = `${JSON.stringify(name)} is written in base64 that decoders read in several ways`;
      tracing.find({ kind: "base64-odd", message, entry: content.entry, offset: 0 });
      readings.push({ container: "unknown", outcome: "unsupported", failure: failure("base64-odd", message, 0) });
      continue;
    }
    const source = heldInMemory(memorySource(bytes));
    readings.push(await tracing.read({ ...content, source, entry: memberPath(content.entry, name), depth: content.depth + 1 }, tracing));
  }
  return readings;
}

/** Whole quartets, and padding at the end alone. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What Python's `b64decode` makes of a text: it passes over all characters outside of the alphabet. Null where padding stands elsewhere. */
function fromBase64(text: string): Uint8Array | null {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, "");
  return BASE64.test(digits) ? Buffer.from(digits, "base64") : null;
}
