/** The windows of the Hub's rate limits, shared by all processes of a store on PostgreSQL, by the database's clock. */
import { type Selectable, sql } from "kysely";
import type { Store } from "./connection.ts";
import type { RateLimitTable } from "./schema.ts";

export type SharedWindow = Omit<Selectable<RateLimitTable>, "identity" | "bucket">;

/**
 * Replaces a window by what `change` makes of it and of now (milliseconds), while no other process changes it, and
 * returns what it came to. A window that nobody knows yet is null.
 */
export function changeWindow<T>(
  store: Store,
  identity: string,
  bucket: string,
  change: (known: SharedWindow | null, now: number) => { readonly window: SharedWindow | null; readonly result: T },
): Promise<T> {
  return store.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext(${`${identity} ${bucket}`}))`.execute(transaction);
    const { rows } = await sql<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(
      transaction,
    );
    const known = await transaction
      .selectFrom("rate_limit")
      .select(["remaining", "resets_at", "quota", "length", "in_flight"])
      .where("identity", "=", identity)
      .where("bucket", "=", bucket)
      .executeTakeFirst();
    const { window, result } = change(known ?? null, rows[0]!.now);
    if (window !== null)
      await transaction
        .insertInto("rate_limit")
        .values({ identity, bucket, ...window })
        .onConflict((conflict) => conflict.columns(["identity", "bucket"]).doUpdateSet(window))
        .execute();
    return result;
  });
}
