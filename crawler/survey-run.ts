/** What the stages of one run of a survey share. */
import type { Store } from "../db/connection.ts";
import { inTransaction } from "../db/transaction.ts";
import { addSpent } from "../db/writes-listing.ts";
import type { Spent } from "./http.ts";
import { openSession, type Session } from "./session.ts";
import type { SurveyEffects, SurveyEvent, SurveyRequest } from "./survey-request.ts";

const CONCURRENCY = 8;
const THREADS = 4;
/** So many failures of the network in a row, with nothing that worked between them, are no longer the fault of what was asked for. */
const OUTAGE = 24;

export class SurveyRun {
  readonly session: Session;
  /** Aborted by the user, or by an outage: begin nothing more. */
  readonly signal: AbortSignal;
  readonly #outage = new AbortController();
  #failures = 0;
  #written: Spent = { requests: 0, bytesRead: 0 };

  constructor(
    readonly surveyId: number,
    readonly request: SurveyRequest,
    readonly effects: SurveyEffects,
  ) {
    this.signal = AbortSignal.any([effects.signal, this.#outage.signal]);
    this.session = openSession(request, { ...effects, signal: this.signal });
  }

  get store(): Store {
    return this.effects.store;
  }

  get interrupted(): boolean {
    return this.signal.aborted;
  }

  /** Why the network was given up; null while it was not. */
  get outage(): string | null {
    return this.#outage.signal.aborted ? String(this.#outage.signal.reason) : null;
  }

  get token(): string | null {
    return this.request.token;
  }

  /** Models in hand at once. */
  get concurrency(): number {
    return this.request.concurrency ?? CONCURRENCY;
  }

  /** Worker threads. */
  get threads(): number {
    return this.request.threads ?? THREADS;
  }

  worked(): void {
    this.#failures = 0;
  }

  /** Something could not be had, for a reason that may pass. */
  failed(message: string): void {
    if (++this.#failures >= OUTAGE) this.#outage.abort(`${OUTAGE} failures in a row, the last: ${message}`);
  }

  report(event: SurveyEvent): void {
    this.effects.report(event);
  }

  /**
   * Writes what an item came to and its change of state in one transaction, with what was spent since the last one: a
   * process that is killed leaves each item either untouched or done.
   */
  async commit<T>(write: (store: Store) => Promise<T>): Promise<T> {
    const { requests, bytesRead } = this.session.http.spent;
    const spent = { requests: requests - this.#written.requests, bytesRead: bytesRead - this.#written.bytesRead };
    this.#written = { requests, bytesRead };
    const result = await inTransaction(this.store, async (transaction) => {
      const result = await write(transaction);
      // Last, as every process writes this row: it is locked until the transaction's end.
      if (spent.requests > 0 || spent.bytesRead > 0) await addSpent(transaction, this.surveyId, spent);
      return result;
    });
    if (spent.requests > 0 || spent.bytesRead > 0)
      this.report({ kind: "spent", requests, bytesRead, left: this.session.limiter.left("resolvers") });
    return result;
  }
}
