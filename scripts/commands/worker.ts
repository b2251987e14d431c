/** `census worker`: takes part in the surveys of a store that several machines share. */
import { work } from "../../crawler/workers.ts";
import { isPostgres } from "../../db/connection.ts";
import { CensusCommand, type Context, UsageError } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { startProgress } from "../progress.ts";
import { databasePath, openForWriting, withDatabase } from "../store.ts";
import { effectsOf, positive, Telling } from "../survey-options.ts";

interface Options {
  readonly database?: string;
  readonly concurrency?: number;
}

const CONCURRENCY = 8;

export function workerCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "worker", "Take part in the surveys of a PostgreSQL store, until interrupted", [
    "census worker --database postgres://census@db.example/census --concurrency 16",
    "CENSUS_DATABASE_URL=postgres://census@db.example/census census worker",
  ]);
  return withDatabase(command)
    .option("--concurrency <N>", `models in hand at once (default: ${CONCURRENCY})`, positive)
    .runs((options: Options) => takePart(context, options));
}

async function takePart(context: Context, options: Options): Promise<Ending> {
  const { effects } = context;
  const database = databasePath(context, options.database);
  if (!isPostgres(database)) throw new UsageError("workers share a PostgreSQL store: --database postgres://..., or CENSUS_DATABASE_URL");
  const store = await openForWriting(database);
  const progress = startProgress(effects, "models");
  const telling = new Telling(progress);
  try {
    const place = { database, token: effects.environment.HF_TOKEN || null, concurrency: options.concurrency ?? CONCURRENCY };
    const failure = await work(place, { ...effectsOf(context, store), report: (event) => telling.hear(event) });
    if (failure === null) return "interrupted";
    effects.report(`${failure}\n`);
    return "network";
  } finally {
    progress.stop();
    await store.destroy();
  }
}
