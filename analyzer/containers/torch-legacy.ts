/**
 * torch's format before 1.6 (torch.serialization._legacy_load): five pickles (magic number, protocol, system, the
 * object, the keys of its storages), then the storages' raw bytes, which nothing unpickles.
 */
import type { PickleValue } from "../pickle/value.ts";
import { keepRun, type PickleRun, runPickle } from "./run-pickle.ts";
import { storageItemSize } from "./storage-types.ts";
import { type Content, failure, type Reading, readingOf, type Tracing } from "./tracing.ts";

/** Which of the pickles is the object: the only one whose persistent ids torch resolves. */
const OBJECT = 3;
const PICKLES = 5;

/** How programs end that make torch's magic number, 0x1950a86a20f9469cfc6c, and do nothing else. */
const MAGIC_ENDINGS = ["\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "L119547037146038801333356L\n."];

/** Whether a program that was run is the first of torch's five. */
export function isTorchMagic(run: PickleRun): boolean {
  if (run.facts.outcome !== "ok" || run.facts.facts.length > 0) return false;
  const text = String.fromCharCode(...run.program.bytes.subarray(-32));
  return MAGIC_ENDINGS.some((ending) => text.endsWith(ending));
}

/** Reads the pickles behind the magic number. `end` is where the storages do; null where nothing is known to lie behind them. */
export async function readTorchLegacy(
  content: Content,
  magic: PickleRun,
  tracing: Tracing,
): Promise<{ readonly reading: Reading; readonly end: number | null }> {
  const { source, entry } = content;
  tracing.recognise(content, "torch-legacy");
  const parts = await keepRun({ ...magic, loader: "torch" }, content, tracing);
  let at = magic.end;
  let object: PickleRun | null = null;
  for (let index = 1; index < PICKLES; index++) {
    if (at === source.size) {
      const message = `the file ends after ${index} of ${PICKLES} pickles`;
      tracing.find({ kind: "torch-legacy-truncated", message, entry, offset: at });
      const truncated = { outcome: "malformed", failure: failure("torch-legacy-truncated", message, at) } as const;
      return { reading: readingOf("torch-legacy", [...parts, truncated]), end: null };
    }
    const run = await runPickle({ ...content, loader: "torch" }, at, "opcodes", tracing);
    parts.push(...(await keepRun(run, content, tracing)));
    if (run.facts.outcome !== "ok") return { reading: readingOf("torch-legacy", parts), end: null };
    if (index === OBJECT) object = run;
    at = run.end;
  }
  const end = object && storagesEnd(object, at);
  if (end !== null && end !== source.size) {
    const message = `the storages end at ${end}, the file at ${source.size}`;
    tracing.find({ kind: "torch-legacy-size", message, entry, offset: at });
    if (end > source.size) parts.push({ outcome: "malformed", failure: failure("torch-legacy-size", message, at) });
  }
  return { reading: readingOf("torch-legacy", parts), end: end !== null && end < source.size ? end : null };
}

/** Where the storages that the object's persistent ids name end, each behind its count of items; null where one is not known. */
function storagesEnd(object: PickleRun, start: number): number | null {
  const storages = new Map<string, number>();
  for (const fact of object.facts.facts) {
    if (fact.kind !== "persistent-id") continue;
    const storage = storageId(fact.id);
    if (storage === "module") continue;
    if (storage === null) return null;
    storages.set(storage.key, storage.bytes);
  }
  let end = start;
  for (const bytes of storages.values()) end += 8 + bytes;
  return end;
}

/** `('storage', class, key, location, numel, view)` or `('module', class, source file, source)`. */
function storageId(id: PickleValue): { key: string; bytes: number } | "module" | null {
  if (id.kind !== "tuple") return null;
  const [tag, type, key, , count] = id.items;
  if (tag?.kind === "str" && tag.value === "module") return "module";
  if (tag?.kind !== "str" || tag.value !== "storage" || key?.kind !== "str" || type?.kind !== "global" || count?.kind !== "int")
    return null;
  const itemSize = storageItemSize(type.callable);
  return itemSize === null ? null : { key: key.value, bytes: Number(count.value) * itemSize };
}
