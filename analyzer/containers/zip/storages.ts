/**
 * Which entries of a torch archive are storages: raw tensor data, which a loader reads as such and nothing else. That
 * is what a persistent id of a pickle in the archive names, not what an entry is called.
 */
import type { PickleValue } from "../../pickle/value.ts";
import { storageItemSize } from "../storage-types.ts";
import type { Finding, PickleTrace } from "../trace.ts";
import { memberPath } from "../tracing.ts";
import type { ZipEntry } from "./directory.ts";

/** Whether an entry lies where storages lie: in the folder named after a pickle (`data/0` beside `data.pkl`). */
export function liesWithStorages(name: string, names: ReadonlySet<string>): boolean {
  const folder = /^(.+)\/[^/]+$/.exec(name)?.[1];
  return folder !== undefined && names.has(`${folder}.pkl`);
}

/** Sizes in bytes that pickles say storages have, by the path of the storage's entry; null where it cannot be told. */
export type Storages = ReadonlyMap<string, number | null>;

/** The storages that the persistent ids of `pickles` name: `('storage', class, key, location, numel)`. */
export function storagesOf(pickles: readonly PickleTrace[]): Storages {
  const storages = new Map<string, number | null>();
  for (const pickle of pickles) {
    if (!pickle.entry?.endsWith(".pkl")) continue;
    const folder = pickle.entry.slice(0, -".pkl".length);
    for (const fact of pickle.facts) {
      if (fact.kind !== "persistent-id") continue;
      const named = storageId(fact.id);
      if (named) storages.set(`${folder}/${named.key}`, named.bytes);
    }
  }
  return storages;
}

function storageId(id: PickleValue): { key: string; bytes: number | null } | null {
  if (id.kind !== "tuple" || id.items.length < 5) return null;
  const [tag, type, key, , count] = id.items;
  if (tag?.kind !== "str" || tag.value !== "storage" || key?.kind !== "str") return null;
  const itemSize = type?.kind === "global" ? storageItemSize(type.callable) : null;
  return { key: key.value, bytes: itemSize !== null && count?.kind === "int" ? Number(count.value) * itemSize : null };
}

/** Storages whose entry does not have the size that the pickle says. */
export function compareStorages(storages: Storages, entries: readonly ZipEntry[], archive: string | null): Finding[] {
  const findings: Finding[] = [];
  for (const entry of entries) {
    const path = memberPath(archive, entry.name);
    const bytes = storages.get(path);
    if (bytes === undefined || bytes === null || bytes === entry.size) continue;
    const message = `the pickle says that the storage has ${bytes} bytes, the directory ${entry.size}`;
    findings.push({ kind: "storage-size", message, entry: path, offset: entry.headerOffset });
  }
  return findings;
}
