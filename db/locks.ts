/**
 * Locks between the processes that share a store on PostgreSQL: advisory ones of a session, which the server releases
 * when the process that holds them is gone, however it went. SQLite has one process, and needs none.
 */
import { sql } from "kysely";
import pLimit from "p-limit";
import type { Store } from "./connection.ts";
import { CONNECTIONS, isShared } from "./dialect.ts";

/** Runs `work` while no other process runs its own under the same key. Holds a connection for as long. */
export async function withLock<T>(store: Store, key: string, work: () => Promise<T>): Promise<T> {
  if (!isShared(store)) return work();
  return holders(() =>
    store.connection().execute(async (connection) => {
      await sql`select pg_advisory_lock(${CLASS}, hashtext(${key}))`.execute(connection);
      try {
        return await work();
      } finally {
        await sql`select pg_advisory_unlock(${CLASS}, hashtext(${key}))`.execute(connection);
      }
    }),
  );
}

/** Those that wait with a connection in their hands leave half of all for work. */
const holders = pLimit(CONNECTIONS / 2);

/** Sets the locks of this store apart from others in the same database: "pick". */
const CLASS = sql.lit(0x7069636b);
