/**
 * torch 0.1.1's format, which `torch.load` still reads (torch.serialization.legacy_load): a tar whose members
 * `storages` and `tensors` hold pickles with raw data between them, and `pickle` the object.
 */
import { keepRun, type PickleRun, runPickle } from "./run-pickle.ts";
import { storageItemSize } from "./storage-types.ts";
import { type Content, failure, type Reading, readingOf, type Tracing } from "./tracing.ts";

/** Whether members of these names make a tar torch's. */
export function isTorchTar(names: ReadonlySet<string>): boolean {
  return names.has("pickle") && names.has("storages") && names.has("tensors");
}

/** Reads one member of torch's tar. */
export function readTorchTar(member: Content, name: string, tracing: Tracing): Promise<Reading> {
  const content: Content = { ...member, loader: "torch" };
  const basename = name.replace(/^\.\//, "");
  if (basename === "storages") return readInterleaved(content, endOfStorage, tracing);
  if (basename === "tensors") return readInterleaved(content, endOfTensor, tracing);
  return tracing.read(content, tracing);
}

/** Where the raw data behind a pickle ends; the pickle's own end where there is none. */
type RawEnd = (content: Content, run: PickleRun) => Promise<number>;

/** A pickled count, then pickles with raw data behind each, to the end of the member. */
async function readInterleaved(content: Content, rawEnd: RawEnd, tracing: Tracing): Promise<Reading> {
  const outcomes: Omit<Reading, "container">[] = [];
  let at = 0;
  for (let index = 0; at < content.source.size; index++) {
    const run = await runPickle(content, at, "opcodes", tracing);
    outcomes.push(...(await keepRun(run, content, tracing)));
    if (run.facts.outcome !== "ok") break;
    at = index === 0 ? run.end : await rawEnd(content, run);
    if (at <= content.source.size) continue;
    const message = `raw data behind a pickle reaches to ${at}, beyond the end of the member`;
    tracing.find({ kind: "torch-tar-beyond-end", message, entry: content.entry, offset: run.end });
    outcomes.push({ outcome: "malformed", failure: failure("torch-tar-beyond-end", message, run.end) });
  }
  return readingOf("torch-tar", outcomes);
}

/** A storage: the number of its items in eight bytes, and the items. The last pickle lists views, and names no class. */
async function endOfStorage(content: Content, run: PickleRun): Promise<number> {
  const type = run.facts.facts.find((fact) => fact.kind === "import");
  const itemSize = type?.kind === "import" ? storageItemSize(type.callable) : null;
  if (itemSize === null) return run.end;
  const count = await readNumbers(content, run.end, 8, 1);
  return run.end + 8 + count[0]! * itemSize;
}

/** A tensor: the number of dimensions in four bytes, four more, sizes, strides and an offset of eight bytes each. */
async function endOfTensor(content: Content, run: PickleRun): Promise<number> {
  const [dimensions] = await readNumbers(content, run.end, 4, 1);
  return run.end + 8 + 8 * (2 * dimensions! + 1);
}

async function readNumbers(content: Content, at: number, width: 4 | 8, count: number): Promise<number[]> {
  const padded = new Uint8Array(width * count);
  padded.set(await content.source.read(at, at + padded.length));
  const view = new DataView(padded.buffer);
  return Array.from({ length: count }, (_, index) =>
    width === 4 ? view.getUint32(4 * index, true) : Number(view.getBigUint64(8 * index, true)),
  );
}
