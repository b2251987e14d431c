/**
 * torch's format before 1.6 (torch.serialization._legacy_load): five pickles (magic number, protocol, system, the
 * object, the keys of its storages), then the storages' raw bytes, which nothing unpickles.
 */
import { decode } from "../pickle/decode.ts";
import { textOf } from "../pickle/operand-values.ts";
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
  let keys: PickleRun = magic;
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
    keys = run;
    at = run.end;
  }
  const end = object && storagesEnd(object, keysOf(keys), at);
  if (end === null && at < source.size) {
    const message = "which storages are read is not what torch.save writes: where they end, and the next file begins, is not known";
    tracing.find({ kind: "torch-legacy-keys", message, entry, offset: at });
    parts.push({ outcome: "unsupported", failure: failure("torch-legacy-keys", message, at) });
  }
  if (end !== null && end !== source.size) {
    const message = `the storages end at ${end}, the file at ${source.size}`;
    tracing.find({ kind: "torch-legacy-size", message, entry, offset: at });
    if (end > source.size) parts.push({ outcome: "malformed", failure: failure("torch-legacy-size", message, at) });
  }
  return { reading: readingOf("torch-legacy", parts), end: end !== null && end < source.size ? end : null };
}

/** How a list of texts is written, by the opcodes; `TEXT` and `PUT` stand for all of their kind. */
const LIST_OF_TEXTS =
  /^(?:PROTO )?(?:FRAME )?(?:EMPTY_LIST |MARK LIST )(?:PUT )?(?:TEXT (?:PUT )?APPEND |MARK (?:TEXT (?:PUT )?)+APPENDS )*STOP $/;
const TEXTS = /^(?:SHORT_)?(?:BIN)?(?:STRING|UNICODE8?)$/;
const PUTS = /^(?:(?:LONG_)?BIN)?PUT$|^MEMOIZE$/;

/** The keys that the last pickle lists, in the order in which torch reads their storages; null where it is no list of texts. */
function keysOf({ program: { bytes } }: PickleRun): readonly string[] | null {
  const keys: string[] = [];
  let opcodes = "";
  for (let at = 0; at < bytes.length; ) {
    const instruction = decode(bytes, at);
    if (!instruction.ok) return null;
    const { opcode, end } = instruction.value;
    const isText = TEXTS.test(opcode.name);
    if (isText) keys.push(textOf(bytes, at, bytes.length).text);
    opcodes += `${isText ? "TEXT" : PUTS.test(opcode.name) ? "PUT" : opcode.name} `;
    at = end;
  }
  return LIST_OF_TEXTS.test(opcodes) ? keys : null;
}

/**
 * Where the storages with these keys end, each behind its count of items, as the object's persistent ids have them; null where
 * that is not known: torch reads those that are listed, and as many bytes as the first id says.
 */
function storagesEnd(object: PickleRun, keys: readonly string[] | null, start: number): number | null {
  const storages = new Map<string, number>();
  for (const fact of object.facts.facts) {
    if (fact.kind !== "persistent-id") continue;
    const storage = storageId(fact.id);
    if (storage === "module") continue;
    if (storage === null || (storages.get(storage.key) ?? storage.bytes) !== storage.bytes) return null;
    storages.set(storage.key, storage.bytes);
  }
  if (keys === null || keys.length !== storages.size || new Set(keys).size !== keys.length) return null;
  let end = start;
  for (const key of keys) end += 8 + (storages.get(key) ?? Number.NaN);
  return Number.isNaN(end) ? null : end;
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
