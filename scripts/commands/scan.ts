/**
 * `census scan`: files, folders and models on the Hub, judged by torch's weights-only unpickler, by given policies, and by
 * the policy that the store has of the class that a file holds.
 */
import { Argument, Option } from "commander";
import type { Mode, Verdict, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../../db/connection.ts";
import { StoreError } from "../../db/store-error.ts";
import { adviceOn } from "../advice.ts";
import { CensusCommand, type Context, printJson, repeatable } from "../context.ts";
import { type Ending, worstEnding } from "../exit-codes.ts";
import { type FileTracer, withTracer } from "../file-tracer.ts";
import { opinionsOn } from "../judges.ts";
import { endingOf, holdsNothing, type JudgedFile, judgeFile, NOTHING, type Standing, verdictJson } from "../judging.ts";
import { loadPolicy, RELEASES, weightsOnlyOf } from "../policy-files.ts";
import { startProgress } from "../progress.ts";
import { withHub } from "../remote.ts";
import { type ReportedFile, reportFile, reportTotals } from "../report.ts";
import { sarifLog } from "../sarif.ts";
import { databasePath, isThere, openForReading, withDatabase } from "../store.ts";
import { StorePolicies, type StoreVerdict } from "../store-policies.ts";
import { filesOf } from "../targets.ts";

interface Options {
  readonly policy: readonly string[];
  readonly torch: string;
  readonly mode: Mode;
  readonly hub?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly sarif?: boolean;
  readonly quiet?: boolean;
  readonly compare?: boolean;
  readonly database?: string;
}

export function scanCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "scan", "Judge files, folders and models on the Hub", [
    "census scan pytorch_model.bin",
    "census scan checkpoints/ --policy tagger.json",
    "census scan hf://owner/name@main/model.bin --json",
    "census scan checkpoints/ --jsonl | jq -r 'select(.verdicts[0].verdict == \"blocked\") | .file'",
    "census scan hf://owner/name --compare",
    "census scan models/ --policy tagger.json --sarif > models.sarif",
  ]);
  return withDatabase(
    withHub(command),
    "a store: of the class that a file holds its policies judge as well, the newest under which the file loads, or else the newest; that verdict does not count for the exit code",
  )
    .addArgument(new Argument("<TARGET...>", "a file, a folder, or hf://owner/name[@revision][/path]"))
    .addOption(repeatable("--policy <FILE>", "judge by this policy as well, and end by it alone"))
    .addOption(new Option("--torch <VERSION>", "the release whose weights-only unpickler judges").choices(RELEASES).default("2.6"))
    .addOption(new Option("--mode <MODE>", "how a name outside a given policy is taken").choices(["strict", "lazy"]).default("strict"))
    .option("--compare", "say what every release of torch, PickleBall's rules, a deny-list and the Hub's own scanner make of each file")
    .option("--json", "print JSON")
    .addOption(new Option("--jsonl", "print the JSON of each file as soon as it is judged, a line each").conflicts("json"))
    .addOption(new Option("--sarif", "print SARIF 2.1.0, for code scanning").conflicts(["json", "jsonl"]))
    .option("-q, --quiet", "print nothing: the exit code says it")
    .runs(async (targets: readonly string[], options: Options) => {
      const given = await Promise.all(options.policy.map((file) => loadPolicy(context, file)));
      const standing: Standing[] = [
        { policy: weightsOnlyOf(options.torch), mode: "strict" },
        ...given.map((policy) => ({ policy, mode: options.mode })),
      ];
      return withTracer((tracer) => scan(context, targets, standing, options, tracer));
    });
}

async function scan(
  context: Context,
  targets: readonly string[],
  standing: readonly Standing[],
  options: Options,
  tracer: FileTracer,
): Promise<Ending> {
  // Nothing means nothing: what a Hub makes one wait for is progress, too.
  if (options.quiet) context.effects = { ...context.effects, report: () => undefined };
  const { effects } = context;
  const progress = startProgress(effects, "files");
  const store = await storeFor(context, options.database);
  const storePolicies = store === null ? null : new StorePolicies(store);
  const policies = standing.slice(1).map(({ policy }) => policy);
  const isDocument = options.json === true || options.sarif === true;
  const files: ReportedFile[] = [];
  const kinds: VerdictKind[] = [];
  let without = 0;
  try {
    for await (const target of filesOf(context, targets, options)) {
      if (effects.signal.aborted) return "interrupted";
      const judged = await judgeFile(target, standing, tracer);
      const opinions = options.compare && judged.trace !== null ? opinionsOn(judged.trace, policies, target.hubScan ?? null) : [];
      const advice = adviceOn(judged.trace, judged.verdicts[0]!);
      const own = advice.root === null ? null : ((await storePolicies?.verdictOn(judged.trace!, advice.root)) ?? null);
      const file = { ...withOwn(judged, own), advice, opinions };
      if (holdsNothing(judged)) without++;
      else kinds.push(decisive(judged.verdicts));
      if (options.jsonl) await effects.print(`${JSON.stringify(fileJson(file))}\n`);
      else if (isDocument) files.push(file);
      // Of the many files of a folder that hold none, only the number is told.
      else if (!options.quiet && (target.isNamed || !holdsNothing(judged))) await effects.print(reportFile(file, effects.terminal));
      if (isDocument) progress.update(kinds.length + without, 0, judged.name);
    }
  } finally {
    progress.stop();
    await store?.destroy();
  }
  if (options.sarif) await printJson(context, sarifLog(files));
  else if (options.json) await printJson(context, { files: files.map(fileJson) });
  else if (!options.jsonl && !options.quiet) await effects.print(reportTotals(kinds, without));
  return kinds.length === 0 ? NOTHING.ending : worstEnding(kinds.map(endingOf));
}

function withOwn(judged: JudgedFile, own: StoreVerdict | null) {
  if (own === null) return judged;
  const { verdicts, policies } = judged;
  return { ...judged, verdicts: [...verdicts, own.verdict], policies: [...policies, own.policy], ofStore: own.verdict };
}

/** The store that is named. One that merely lies where the user stands, or in their settings, keeps no file from being judged. */
async function storeFor(context: Context, given: string | undefined): Promise<Store | null> {
  const file = databasePath(context, given);
  if (given !== undefined) return openForReading(file);
  try {
    return isThere(file) ? await openForReading(file) : null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    context.effects.report(`without the class policies of ${file}: ${error.message}\n`);
    return null;
  }
}

/** The verdict that a run ends by: the worst under the given policies where there are any, else torch's. */
function decisive([weightsOnly, ...given]: readonly Verdict[]): VerdictKind {
  const kinds = (given.length > 0 ? given : [weightsOnly!]).map(({ verdict }) => verdict);
  const ending = worstEnding(kinds.map(endingOf));
  return kinds.find((kind) => endingOf(kind) === ending)!;
}

function fileJson(file: ReportedFile) {
  const {
    name,
    role,
    trace,
    ofStore,
    opinions,
    advice: { loadsFrom, safeGlobals, root },
  } = file;
  const verdicts = holdsNothing(file) ? [] : file.verdicts;
  const container = trace?.container ?? null;
  const advice = { loadsFrom: loadsFrom?.unpickler.torch ?? null, safeGlobals: safeGlobals?.names ?? null, root };
  return {
    file: name,
    role,
    container,
    pickles: trace?.pickles.length ?? null,
    verdicts: verdicts.map((verdict) => ({ ...verdictJson(name, verdict), ...(verdict === ofStore ? { by: "store" } : {}) })),
    ...advice,
    ...(opinions.length > 0 ? { opinions } : {}),
  };
}
