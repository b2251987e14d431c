/**
 * `census demo`: the whole road on this machine. Starts the loopback Hub on the sample models, surveys it, and serves
 * the dashboard. A second start finds the survey finished, unless the samples have changed.
 */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { runSurvey } from "../../crawler/survey.ts";
import { findSurveyRow, type SurveyRow } from "../../db/writes-listing.ts";
import { type Hub, startHub } from "../../test/hub/hub.ts";
import { samples } from "../../test/hub/samples.ts";
import { CensusCommand, type Context, UsageError } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { portOption, serveUntilInterrupted } from "../serving.ts";
import { databasePath, openIfThere } from "../store.ts";
import { runStage } from "../survey-options.ts";

interface Options {
  readonly serve: boolean;
  readonly port: number;
  readonly database: string;
  readonly json?: boolean;
}

export function demoCommand(context: Context): CensusCommand {
  return new CensusCommand(context, "demo", "Survey a Hub of sample models on this machine, and serve the dashboard", [
    "census demo",
    "census demo --no-serve",
  ])
    .option("--no-serve", "end after the survey")
    .addOption(portOption(4870))
    .option("--database <FILE>", "the store", ".census/demo.sqlite")
    .option("--json", "print JSON")
    .runs((options: Options) => demo(context, options));
}

async function demo(context: Context, options: Options): Promise<Ending> {
  const { effects } = context;
  const held = await samples();
  const database = databasePath(context, options.database);
  const name = `samples-${digest(held.repositories)}`;
  const known = await surveyIn(database, name);
  if (known === null) for (const suffix of ["", "-wal", "-shm"]) rmSync(database + suffix, { force: true });
  const hub = await startAt(known, held);
  try {
    effects.report(`Hub with ${held.repositories.length} sample models: ${hub.url}\n`);
    const survey = { name, hub: hub.url, index: hub.indexUrl, filter: [], hubScans: true, database, ...(options.json && { json: true }) };
    // A token is somebody's on the real Hub; this one would refuse it.
    const anonymous = { ...context, effects: { ...effects, environment: {} } };
    const ending = await runStage(anonymous, survey, runSurvey);
    if (!options.serve || ending !== "done") return ending;
    return await serveUntilInterrupted(context, database, options.port);
  } finally {
    await hub.close();
  }
}

/** Which samples these are: their names and commits. */
function digest(repositories: readonly { readonly id: string; readonly sha: string }[]): string {
  const commits = repositories.map(({ id, sha }) => `${id} ${sha}\n`).toSorted();
  return createHash("sha256").update(commits.join("")).digest("hex").slice(0, 8);
}

async function surveyIn(database: string, name: string): Promise<SurveyRow | null> {
  const store = await openIfThere(database);
  try {
    return await findSurveyRow(store, name);
  } finally {
    await store.destroy();
  }
}

/** Where the survey found it the last time: it is known by its address. */
async function startAt(known: SurveyRow | null, held: Awaited<ReturnType<typeof samples>>): Promise<Hub> {
  try {
    return await startHub({ ...held, ...(known !== null && { port: Number(new URL(known.hub).port) }) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new UsageError(`another demonstration is running at ${known?.hub}; --database starts one of its own`);
  }
}
