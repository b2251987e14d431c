/**
 * `census export confusion`: how often each judge is right about a folder of labelled files. Positive is malicious, as in
 * the tables of the field; a file that could not be decided is neither right nor wrong, and has columns of its own.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Argument, Option } from "commander";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { forbiddenNames } from "../../analyzer/verdict/deny-list.ts";
import { VERDICT_KINDS } from "../../analyzer/verdict/verdict.ts";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName, formatOf } from "../../db/exports/formats.ts";
import { type ExportRow, integer, number, text } from "../../db/exports/table.ts";
import { CensusCommand, type Context, repeatable, resolvePath, UsageError } from "../context.ts";
import { withTracer } from "../file-tracer.ts";
import { judgesOf } from "../judges.ts";
import { judgeFile } from "../judging.ts";
import { outputFile, writing } from "../output-file.ts";
import { loadPolicy } from "../policy-files.ts";
import { startProgress } from "../progress.ts";
import { fileOnDisk } from "../targets.ts";

interface Options {
  readonly labels?: string;
  readonly policy: readonly string[];
  readonly format?: ExportFormatName;
  readonly output?: string;
  readonly json?: boolean;
}

/** What a judge makes of a file: it stops it, lets it pass, or cannot tell. */
type Answer = "stops" | "passes" | "undecided";

interface Answering {
  readonly name: string;
  readonly answer: (trace: Trace) => Answer;
}

interface Labelled {
  readonly file: string;
  readonly isMalicious: boolean;
}

const TABLE = {
  name: "confusion",
  description: "How often each judge is right about labelled files; positive is malicious.",
  columns: [
    text("judge", "Whose verdict: a release of torch, a policy under our rules or under PickleBall's, a deny-list."),
    integer("true_positives", "Malicious files that it stops."),
    integer("false_negatives", "Malicious files that it lets pass."),
    integer("undecided_malicious", "Malicious files of which it cannot tell; they are not loaded."),
    integer("true_negatives", "Benign files that it lets pass."),
    integer("false_positives", "Benign files that it stops."),
    integer("undecided_benign", "Benign files of which it cannot tell; they are not loaded."),
    number("false_negative_rate", "Share of the malicious files that pass."),
    number("false_positive_rate", "Share of the benign files that are stopped."),
  ],
} as const;

export function confusionCommand(context: Context): CensusCommand {
  return new CensusCommand(
    context,
    "confusion",
    "Write how often each judge is right about a folder of labelled files",
    ["census export confusion samples/ --labels samples/manifest.tsv", "census export confusion samples/ --policy tagger.json --json"],
    "export",
  )
    .addArgument(new Argument("<FOLDER>", "the folder of the files"))
    .option(
      "--labels <FILE>",
      "a table with tabs between, and the columns 'path' (in the folder) and 'expected' (malicious or benign; what is neither is left out) (default: manifest.tsv in the folder)",
    )
    .addOption(repeatable("--policy <FILE>", "a judge beside torch's releases, by our rules and by PickleBall's"))
    .addOption(
      new Option("--format <FORMAT>", "as of export (default: by the ending of the output's name, else csv)").choices(EXPORT_FORMAT_NAMES),
    )
    .option("-o, --output <FILE>", "write to a file")
    .option("--json", "the same as --format json")
    .runs(async (folder: string, options: Options) => {
      const file = options.output === undefined ? null : await outputFile(context, options.output);
      const labelled = await readLabels(context, folder, options.labels ?? path.join(folder, "manifest.tsv"));
      const policies = await Promise.all(options.policy.map((file) => loadPolicy(context, file)));
      const judges = judgesOf(policies).map(({ name, judge }): Answering => ({ name, answer: (trace) => answerOf(judge(trace).verdict) }));
      const counted = await count(context, labelled, [...judges, DENY_LIST]);
      if (counted === null) return "interrupted";
      const rows = tabulate(labelled, counted);
      const format = options.json ? "json" : (options.format ?? formatOf(options.output ?? "") ?? "csv");
      const chunks = EXPORT_FORMATS[format].write(TABLE, rows);
      if (file !== null) await writing(options.output!, writeFile(file, chunks));
      else for await (const chunk of chunks) await context.effects.print(chunk);
      return "done";
    });
}

/** It forbids what it knows, and so never says that it cannot tell. */
const DENY_LIST: Answering = { name: "deny-list", answer: (trace) => (forbiddenNames(trace).length > 0 ? "stops" : "passes") };

function answerOf(verdict: keyof typeof VERDICT_KINDS): Answer {
  const { counts } = VERDICT_KINDS[verdict];
  return counts === "failure" ? "stops" : counts === "success" ? "passes" : "undecided";
}

/** The files of the table that are labelled malicious or benign. */
async function readLabels(context: Context, folder: string, labels: string): Promise<Labelled[]> {
  const content = await readFile(resolvePath(context, labels), "utf8").catch(() => {
    throw new UsageError(`no such table of labels: ${labels}`);
  });
  const [head = "", ...lines] = content.split(/\r?\n/);
  const columns = head.split("\t");
  const [file, expected] = [columns.indexOf("path"), columns.indexOf("expected")];
  if (file < 0 || expected < 0) throw new UsageError(`${labels} has no columns 'path' and 'expected'`);
  return lines
    .map((line) => line.split("\t"))
    .filter((cells) => cells[expected] === "malicious" || cells[expected] === "benign")
    .map((cells) => ({ file: path.join(folder, cells[file]!), isMalicious: cells[expected] === "malicious" }));
}

/** What a judge makes of the files: of each answer how many benign ones, then how many malicious. */
interface Counted {
  readonly judge: string;
  readonly answers: Readonly<Record<Answer, [number, number]>>;
}

/**
 * Every file is read once, and handed to every judge. One that cannot be read is undecided for all of them. Null where it was
 * interrupted: shares of a part of the files say nothing of the whole.
 */
async function count(context: Context, labelled: readonly Labelled[], judges: readonly Answering[]): Promise<readonly Counted[] | null> {
  const { effects } = context;
  const counted = judges.map(({ name }): Counted => ({ judge: name, answers: { stops: [0, 0], passes: [0, 0], undecided: [0, 0] } }));
  const progress = startProgress(effects, "files");
  try {
    return await withTracer(async (tracer) => {
      for (const [index, { file, isMalicious }] of labelled.entries()) {
        if (effects.signal.aborted) return null;
        const { trace } = await judgeFile(await fileOnDisk(context, file), [], tracer);
        for (const [which, judge] of judges.entries())
          counted[which]!.answers[trace === null ? "undecided" : judge.answer(trace)][isMalicious ? 1 : 0]++;
        progress.update(index + 1, labelled.length, file);
      }
      return counted;
    });
  } finally {
    progress.stop();
  }
}

async function* tabulate(labelled: readonly Labelled[], counted: readonly Counted[]): AsyncGenerator<ExportRow> {
  const malicious = labelled.filter(({ isMalicious }) => isMalicious).length;
  const share = (part: number, of: number) => (of === 0 ? null : Number((part / of).toFixed(4)));
  for (const { judge, answers } of counted) {
    const { stops, passes, undecided } = answers;
    yield {
      judge,
      true_positives: stops[1],
      false_negatives: passes[1],
      undecided_malicious: undecided[1],
      true_negatives: passes[0],
      false_positives: stops[0],
      undecided_benign: undecided[0],
      false_negative_rate: share(passes[1], malicious),
      false_positive_rate: share(stops[0], labelled.length - malicious),
    };
  }
}
