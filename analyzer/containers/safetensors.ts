/** safetensors: a length, a JSON header and raw tensors. Its header is checked, since no loader of it unpickles anything. */
import type { Content, Reading, Tracing } from "./tracing.ts";
import { failure } from "./tracing.ts";

/** The format's own limit on its header. */
const LONGEST_HEADER = 100_000_000;

/** Whether `head` begins with a length that fits `size` and an object behind it. */
export function isSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10) return false;
  const length = new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(Math.min(size - 8, LONGEST_HEADER)) && head[8] === 0x7b;
}

/** Parses the header; null where it is no JSON object, so that the content is something else. */
export async function readSafetensors(content: Content, tracing: Tracing): Promise<Reading | null> {
  const { source, entry } = content;
  const prefix = await source.read(0, 8);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  const header = parse(await source.read(8, 8 + length));
  if (header === null) return null;
  let end = 0;
  for (const [name, tensor] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const offsets = (tensor as { data_offsets?: unknown } | null)?.data_offsets;
    if (Array.isArray(offsets) && typeof offsets[1] === "number") end = Math.max(end, offsets[1]);
  }
  if (8 + length + end === source.size) return { container: "safetensors", outcome: "ok" };
  const message = `the header describes ${8 + length + end} bytes, and there are ${source.size}`;
  tracing.find({ kind: "safetensors-size", message, entry, offset: 8 });
  return { container: "safetensors", outcome: "malformed", failure: failure("safetensors-size", message, 8) };
}

function parse(bytes: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}
