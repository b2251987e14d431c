/** A transaction that several processes may run into each other with: whoever loses begins again, and finds the other's rows. */
import type { Store } from "./connection.ts";

/** PostgreSQL: a unique key that another transaction has just written, a serialization failure, a deadlock. */
const COLLISIONS = new Set(["23505", "40001", "40P01"]);
const ATTEMPTS = 10;

/** Runs `write` in a transaction; again from its beginning where it collided with another process's. */
export async function inTransaction<T>(store: Store, write: (transaction: Store) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.transaction().execute(write);
    } catch (error) {
      if (!COLLISIONS.has((error as { code?: string }).code ?? "") || attempt >= ATTEMPTS) throw error;
    }
  }
}
