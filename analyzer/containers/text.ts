/** Text, and JSON: in which no loader finds a pickle, but for the one that writes pickles into JSON itself. */
import { heldInMemory } from "../bytes/held-source.ts";
import { memorySource } from "../bytes/memory-source.ts";
import { type Content, memberPath, type Reading, readingOf, type Tracing } from "./tracing.ts";

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

/** Reads what is known to be text, and begins with `head`. */
export async function readText(content: Content, head: Uint8Array, tracing: Tracing): Promise<Reading> {
  const first = head.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return { container: "text", outcome: "ok" };
  const { source, entry } = content;
  if (source.size > PARSED_BYTES) {
    const message = `${source.size} bytes that begin like JSON were not parsed`;
    tracing.find({ kind: "json-unread", message, entry, offset: 0 });
    return { container: "json", outcome: "unfinished", failure: { kind: "json-unread", message, offset: 0 } };
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch {
    return { container: "text", outcome: "ok" };
  }
  return readingOf("json", await readSerialized(content, value, tracing));
}

/** Key behind which Stable Baselines puts the pickle of an attribute, in base64 (common/save_util.py, json_to_data). */
const SERIALIZED = ":serialized:";

async function readSerialized(content: Content, value: unknown, tracing: Tracing): Promise<Reading[]> {
  if (typeof value !== "object" || value === null) return [];
  const readings: Reading[] = [];
  for (const [name, attribute] of Object.entries(value)) {
    const encoded: unknown = attribute?.[SERIALIZED];
    if (typeof encoded !== "string") continue;
    // Like Python's decoder, this one passes over characters outside of the alphabet.
    const source = heldInMemory(memorySource(Buffer.from(encoded, "base64")));
    readings.push(await tracing.read({ ...content, source, entry: memberPath(content.entry, name), depth: content.depth + 1 }, tracing));
  }
  return readings;
}
