/** Verdicts for people: what is said of one file under the policies it was judged by, and of all files at the end. */
import { styleText } from "node:util";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { type Blocked, type Capability, VERDICT_KINDS, type Verdict, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Terminal } from "./effects.ts";
import { type JudgedFile, lineAt } from "./judging.ts";
import { plural } from "./quantities.ts";

/** What blocked code could do, as it is said of a callable. */
const CAPABILITY_PHRASES: Readonly<Record<Capability, string | null>> = {
  "runs-code": "runs code",
  reads: "reads files or the environment",
  writes: "writes or removes files",
  network: "reaches the network",
  imports: "imports modules by name",
  "embedded-code": "brings code of its own",
  "calls-callables": "calls what it is handed",
  unknown: null,
};

const COLOURS = { success: "green", failure: "red", unknown: "yellow" } as const;
/** Of what would have to be allowed, as many are named; the others are counted. */
const LISTED_NAMES = 6;
const INDENT = "  ";

export interface ReportedFile extends JudgedFile {
  /** The first release of torch whose weights-only unpickler takes the file; null where none does. */
  readonly loadsFrom: WeightsOnlyPolicy | null;
}

/** The lines on one file. */
export function reportFile(file: ReportedFile, terminal: Terminal): string {
  const { name, role, trace, verdicts } = file;
  const about = [
    ...(trace === null ? [] : [trace.container, plural(trace.pickles.length, "pickle")]),
    ...(role === "side" ? ["side file"] : []),
  ];
  const head = `${name}${about.length > 0 ? ` (${about.join(", ")})` : ""}`;
  return [head, ...verdicts.flatMap((verdict) => reportVerdict(verdict, file, terminal))].map((line) => `${line}\n`).join("");
}

function reportVerdict(verdict: Verdict, file: ReportedFile, terminal: Terminal): string[] {
  const { policy, mode, verdict: kind, blocked, message } = verdict;
  const lines = [`${paint(kind, terminal)}  ${policy}${mode === "lazy" ? ", lazy" : ""}${message === undefined ? "" : `: ${message}`}`];
  if (blocked.length > 0) lines.push(...[...explain(blocked, file), ...needs(verdict, file)].map((line) => INDENT + line));
  return lines.map((line) => INDENT + line);
}

/** The first thing that stops the load, and the first that says what the file is about. */
function explain(blocked: readonly Blocked[], file: ReportedFile): string[] {
  const [first] = blocked;
  const telling = blocked.find(({ capability }) => capability !== "unknown");
  const lines = [...placed(first!, file), first!.reason];
  return telling === undefined || telling === first ? lines : [...lines, "and further on", ...placed(telling, file)];
}

function placed(blocked: Blocked, file: ReportedFile): string[] {
  const { callable, opcode, entry, offset, capability } = blocked;
  const phrase = CAPABILITY_PHRASES[capability];
  const what = callable === null ? "" : `: ${callable}${phrase === null ? "" : ` (${phrase})`}`;
  const line = lineAt(file, blocked);
  return [`${opcode} at byte ${offset}${entry === null ? "" : ` of ${entry}`}${what}`, ...(line === null ? [] : [INDENT + line])];
}

/** What it would take for the file to load, where that can be said. */
function needs({ policy, blocked }: Verdict, { loadsFrom }: ReportedFile): string[] {
  const lines: string[] = [];
  const unpickler = WEIGHTS_ONLY.find(({ name }) => name === policy)?.unpickler;
  const missing = blocked.map(({ opcode }) => opcode).filter((opcode) => unpickler?.opcodes.has(opcode) === false);
  const names = blocked.flatMap(({ callable }) => callable ?? []);
  if (missing.length > 0) lines.push(`no allowance helps: this unpickler has no ${listed(missing)}`);
  else if (names.length > 0) lines.push(`to load it, allow ${listed(names)}`);
  if (loadsFrom !== null) lines.push(`it loads weights-only from torch ${loadsFrom.unpickler.torch} on`);
  return lines;
}

/** Each name once, the first few of them. */
function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - LISTED_NAMES;
  return distinct.slice(0, LISTED_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function paint(kind: VerdictKind, { colour }: Terminal): string {
  const label = VERDICT_KINDS[kind].label.padEnd(11);
  return colour ? styleText(COLOURS[VERDICT_KINDS[kind].counts], label, { validateStream: false }) : label;
}

/** Whether there is anything to say of a file among others: those without a pickle are only counted. */
export function isWorthSaying({ trace, verdicts }: Pick<ReportedFile, "trace" | "verdicts">): boolean {
  return trace === null || trace.pickles.length > 0 || verdicts.some(({ verdict }) => verdict !== "loads");
}

/** One line over all files: how many came to which verdict. */
export function reportTotals(verdicts: readonly VerdictKind[], unsaid: number): string {
  const counts = (Object.keys(VERDICT_KINDS) as VerdictKind[])
    .map((kind) => ({ kind, count: verdicts.filter((each) => each === kind).length }))
    .filter(({ count }) => count > 0);
  const parts = counts.map(({ kind, count }) => `${count} ${VERDICT_KINDS[kind].label}`);
  return `${plural(verdicts.length, "file")}: ${parts.join(", ")}${unsaid === 0 ? "" : ` (${unsaid} of them without a pickle)`}\n`;
}
