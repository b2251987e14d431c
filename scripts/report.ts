/** Verdicts for people: what is said of one file under the policies it was judged by, and of all files at the end. */
import { styleText } from "node:util";
import type { Policy } from "../analyzer/policy/policy.ts";
import { type Blocked, VERDICT_KINDS, type Verdict, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Advice } from "./advice.ts";
import type { Terminal } from "./effects.ts";
import type { Opinion } from "./judges.ts";
import { holdsNothing, type JudgedFile, lineAt, NOTHING, statementAt } from "./judging.ts";
import { cut, listed, wrap } from "./lines.ts";
import { plural } from "./quantities.ts";
import { CAPABILITY_PHRASES, harmfulOf, remedies } from "./remedies.ts";
import { reasonOf } from "./torch-words.ts";

const COLOURS = { success: "green", failure: "red", unknown: "yellow" } as const;
const INDENT = "  ";
/** Columns of a verdict's label. */
const LABEL = 11;
/** Opcodes by which a pickle calls. */
const CALLING: ReadonlySet<string> = new Set(["REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"]);

export interface ReportedFile extends JudgedFile {
  readonly advice: Advice;
  /** Of the verdicts, the one by a policy that the store had of the class: nobody asked for it, and it does not count. */
  readonly ofStore?: Verdict | null;
  /** What others make of it, where they were asked. */
  readonly opinions: readonly Opinion[];
}

/** The lines on one file, at most 80 columns wide where names and paths let them be. */
export function reportFile(file: ReportedFile, terminal: Terminal): string {
  const { name, role, trace, verdicts, opinions } = file;
  const about = [
    ...(trace === null ? [] : [trace.container, plural(trace.pickles.length, "pickle")]),
    ...(role === "side" ? ["side file"] : []),
  ];
  const head = `${name}${about.length > 0 ? ` (${about.join(", ")})` : ""}`;
  const embedded = (trace?.findings ?? []).filter(({ kind }) => kind === "embedded-pickle").map(({ message }) => message);
  const notes = [...brokenOff(file), ...embedded].flatMap(noted);
  const said = holdsNothing(file) ? [`${INDENT}${NOTHING.text}`] : verdicts.flatMap((verdict) => reportVerdict(verdict, file, terminal));
  const lines = [head, ...said, ...notes, ...compared(opinions)];
  return lines.map((line) => `${line}\n`).join("");
}

/** Where a file could not be read to its end, of which a verdict of "blocked" says nothing: what it stops is before that. */
function brokenOff({ trace, verdicts }: ReportedFile): string[] {
  if (trace === null || trace.outcome === "ok" || !verdicts.some(({ verdict }) => verdict === "blocked")) return [];
  const failure = trace.failure ?? trace.pickles.find(({ outcome }) => outcome === trace.outcome)?.failure;
  const why = failure === undefined ? "" : `: ${failure.message} (${failure.kind} at byte ${failure.offset})`;
  return [`${trace.outcome}, besides${why}`];
}

/** What is to be known of a file whatever the policy. */
function noted(message: string): string[] {
  const [first = "", ...more] = wrap(message, LABEL + 4);
  return [`${INDENT}${"note".padEnd(LABEL)}  ${first}`, ...more.map((line) => " ".repeat(LABEL + 4) + line)];
}

/** A line for each opinion; judges in a row that are of one opinion share it. */
function compared(opinions: readonly Opinion[]): string[] {
  const lines: { opinion: Opinion; last: string }[] = [];
  for (const opinion of opinions) {
    const before = lines.at(-1);
    const isSame = before !== undefined && before.opinion.says === opinion.says && `${before.opinion.of}` === `${opinion.of}`;
    if (isSame && opinion.judge.startsWith("weights-only@")) before.last = opinion.judge;
    else lines.push({ opinion, last: opinion.judge });
  }
  const shown = lines.flatMap(({ opinion: { judge, says, of }, last }) => {
    const who = last === judge ? judge : `${judge} to ${last.replace("weights-only@torch-", "")}`;
    const [first = "", ...more] = wrap(`${who}${of.length > 0 ? `: ${listed(of)}` : ""}`, LABEL + 6);
    return [`${INDENT}${says.padEnd(LABEL + 2)}${first}`, ...more.map((line) => " ".repeat(LABEL + 4) + line)];
  });
  return shown.length === 0 ? [] : [`${INDENT}side by side`, ...shown];
}

function reportVerdict(verdict: Verdict, file: ReportedFile, terminal: Terminal): string[] {
  const { policy, mode, enforcer, verdict: kind, blocked, message } = verdict;
  const how = `${mode === "lazy" ? ", lazy" : ""}${enforcer === "pickleball" ? ", by PickleBall's rules" : ""}${verdict === file.ofStore ? " (the store's, does not count)" : ""}`;
  const [first = "", ...more] = wrap(`${policy}${how}${message === undefined ? "" : `: ${message}`}`, LABEL + 4);
  const lines = [`${paint(kind, terminal)}  ${first}`, ...more.map((line) => " ".repeat(LABEL + 2) + line)];
  if (blocked.length > 0) {
    const by = file.policies[file.verdicts.indexOf(verdict)];
    lines.push(...[...explain(blocked, file, by), ...remedies(verdict, by, file.advice)].map((line) => INDENT + line));
  }
  return lines.map((line) => INDENT + line);
}

/** The first thing that stops the load, and what says most of what the file is about: a call, with what it is given. */
function explain(blocked: readonly Blocked[], file: ReportedFile, by: Policy | undefined): string[] {
  const [first] = blocked;
  const known = blocked.filter(({ capability }) => capability !== "unknown");
  // Where an opcode stops the load, callables that nothing is known of still say more.
  const named = known.length > 0 || first!.callable !== null ? known : blocked.filter(({ callable }) => callable !== null);
  const telling = named.find(({ opcode }) => CALLING.has(opcode)) ?? named[0];
  const lines = [...placed(first!, file), ...wrap(reasonOf(first!, by, harmfulOf(blocked) !== undefined), 4)];
  return telling === undefined || telling === first ? lines : [...lines, "and further on", ...placed(telling, file)];
}

function placed(blocked: Blocked, file: ReportedFile): string[] {
  const { callable, opcode, entry, offset, capability } = blocked;
  const phrase = CAPABILITY_PHRASES[capability];
  const what = callable === null ? "" : `: ${callable}${phrase === null ? "" : ` (${phrase})`}`;
  const shown = [lineAt(file, blocked), statementAt(file, blocked)].filter((line) => line !== null);
  return [`${opcode} at byte ${offset}${entry === null ? "" : ` of ${entry}`}${what}`, ...shown.map((line) => INDENT + cut(line, 6))];
}

function paint(kind: VerdictKind, { colour }: Terminal): string {
  const label = VERDICT_KINDS[kind].label.padEnd(LABEL);
  return colour ? styleText(COLOURS[VERDICT_KINDS[kind].counts], label, { validateStream: false }) : label;
}

/** One line over all files: how many came to which verdict, and how many hold no pickle, of which nothing else is said. */
export function reportTotals(verdicts: readonly VerdictKind[], without: number): string {
  const counts = (Object.keys(VERDICT_KINDS) as VerdictKind[])
    .map((kind) => ({ kind, count: verdicts.filter((each) => each === kind).length }))
    .filter(({ count }) => count > 0);
  const parts = [
    ...counts.map(({ kind, count }) => `${count} ${VERDICT_KINDS[kind].label}`),
    ...(without === 0 ? [] : [`${without} without a pickle`]),
  ];
  return `${plural(verdicts.length + without, "file")}: ${verdicts.length === 0 ? NOTHING.text : parts.join(", ")}\n`;
}
