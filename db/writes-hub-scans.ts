/** What the Hub's own scanners said of files, as rows. */
import { type CapabilityOf, callableIds, storable } from "./callables.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** The Hub's word on a file; `status` null where it said nothing of it. */
export interface ScanToStore {
  readonly fileId: number;
  readonly status: string | null;
  readonly scanners: Readonly<Record<string, string>>;
  readonly imports: readonly { readonly name: string; readonly safety: string }[];
}

/** Worst first: a name that a file imports in several pickles is listed once. */
const SAFETY = ["dangerous", "suspicious"];

/** Writes what was said of files at an instant, in the place of what was said of them before. */
export async function writeHubScans(
  store: Store,
  scans: readonly ScanToStore[],
  askedAt: string,
  capabilityOf: CapabilityOf,
): Promise<void> {
  const callables = await callableIds(
    store,
    scans.flatMap(({ imports }) => imports.map(({ name }) => name)),
    capabilityOf,
  );
  const rows = scans.map(({ fileId, status, scanners }) => ({
    file_id: fileId,
    status: status === null ? null : storable(status),
    scanners: JSON.stringify(scanners),
    asked_at: askedAt,
  }));
  for (const chunk of chunksOf(rows)) {
    await store
      .insertInto("hub_scan")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.column("file_id").doUpdateSet(({ ref }) => ({
          status: ref("excluded.status"),
          scanners: ref("excluded.scanners"),
          asked_at: ref("excluded.asked_at"),
        })),
      )
      .execute();
    const files = chunk.map(({ file_id }) => file_id);
    await store.deleteFrom("hub_scan_import").where("file_id", "in", files).execute();
  }
  const imports = scans.flatMap(({ fileId, imports }) => {
    const worst = new Map<number, string>();
    for (const { name, safety } of imports) {
      const callable = callables.get(name)!;
      const known = worst.get(callable);
      if (known === undefined || badness(safety) < badness(known)) worst.set(callable, safety);
    }
    return [...worst].map(([callable_id, safety]) => ({ file_id: fileId, callable_id, safety: storable(safety) }));
  });
  for (const chunk of chunksOf(imports)) await store.insertInto("hub_scan_import").values(chunk).execute();
}

function badness(safety: string): number {
  const place = SAFETY.indexOf(safety);
  return place < 0 ? SAFETY.length : place;
}
