/** Verdicts for people: what is said of one file under the policies it was judged by, and of all files at the end. */
import { styleText } from "node:util";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { type Blocked, type Capability, VERDICT_KINDS, type Verdict, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import { type Advice, NO_ADVICE } from "./advice.ts";
import type { Terminal } from "./effects.ts";
import type { Opinion } from "./judges.ts";
import { type JudgedFile, lineAt, statementAt } from "./judging.ts";
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
const WIDTH = 80;
/** Columns of a verdict's label. */
const LABEL = 11;
/** What a model should not do while it is loaded, whatever its library. */
const HARMFUL: ReadonlySet<Capability> = new Set(["runs-code", "embedded-code", "imports", "network", "writes"]);

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
  const notes = (trace?.findings ?? []).filter(({ kind }) => kind === "embedded-pickle").flatMap(({ message }) => noted(message));
  const lines = [head, ...verdicts.flatMap((verdict) => reportVerdict(verdict, file, terminal)), ...notes, ...compared(opinions)];
  return lines.map((line) => `${line}\n`).join("");
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
  if (blocked.length > 0) lines.push(...[...explain(blocked, file), ...needs(verdict, file.advice)].map((line) => INDENT + line));
  return lines.map((line) => INDENT + line);
}

/** The first thing that stops the load, and what says most of what the file is about: a call, with what it is given. */
function explain(blocked: readonly Blocked[], file: ReportedFile): string[] {
  const [first] = blocked;
  const known = blocked.filter(({ capability }) => capability !== "unknown");
  // Where an opcode stops the load, callables that nothing is known of still say more.
  const named = known.length > 0 || first!.callable !== null ? known : blocked.filter(({ callable }) => callable !== null);
  const telling = named.find(({ opcode }) => CALLING.has(opcode)) ?? named[0];
  const lines = [...placed(first!, file), ...wrap(first!.reason, 4)];
  return telling === undefined || telling === first ? lines : [...lines, "and further on", ...placed(telling, file)];
}

function placed(blocked: Blocked, file: ReportedFile): string[] {
  const { callable, opcode, entry, offset, capability } = blocked;
  const phrase = CAPABILITY_PHRASES[capability];
  const what = callable === null ? "" : `: ${callable}${phrase === null ? "" : ` (${phrase})`}`;
  const shown = [lineAt(file, blocked), statementAt(file, blocked)].filter((line) => line !== null);
  return [`${opcode} at byte ${offset}${entry === null ? "" : ` of ${entry}`}${what}`, ...shown.map((line) => INDENT + cut(line, 6))];
}

/** What it would take for the file to load, where that can be said. */
function needs({ policy, blocked }: Verdict, advice: Advice): string[] {
  // Of the verdict by torch alone is anything known but names.
  const { loadsFrom, safeGlobals, root } = policy === advice.policy ? advice : NO_ADVICE;
  const unpickler = WEIGHTS_ONLY.find(({ name }) => name === policy)?.unpickler;
  const missing = blocked.map(({ opcode }) => opcode).filter((opcode) => unpickler?.opcodes.has(opcode) === false);
  const harmful = blocked.find(({ capability }) => HARMFUL.has(capability));
  const names = blocked.flatMap(({ callable }) => callable ?? []);
  const lines: string[] = [];
  if (harmful !== undefined) lines.push(...wrap(refusal(harmful), 4));
  else if (missing.length > 0) lines.push(...wrap(`no allowance helps: this unpickler has no ${listed(missing)}`, 4));
  else if (safeGlobals !== null)
    lines.push(
      "to load it, first run",
      ...safeGlobals.text
        .trimEnd()
        .split("\n")
        .map((line) => INDENT + line),
    );
  else if (names.length > 0) lines.push(...wrap(`to load it, allow ${listed(names)}`, 4));
  if (loadsFrom !== null) lines.push(fromRelease(loadsFrom));
  if (root !== null && harmful === undefined && loadsFrom === null && safeGlobals === null)
    lines.push(...wrap(`it holds a ${root}: the policy of that class may let it in (census infer)`, 4));
  return lines;
}

function refusal({ callable, capability }: Blocked): string {
  return `it would take ${callable}, which ${CAPABILITY_PHRASES[capability]}: no policy should allow that`;
}

/** Releases between two that were extracted were not looked at: it may have been sooner. */
function fromRelease(loadsFrom: WeightsOnlyPolicy): string {
  const [major, minor] = numbers(loadsFrom);
  const [majorBefore, minorBefore] = numbers(WEIGHTS_ONLY[WEIGHTS_ONLY.indexOf(loadsFrom) - 1]!);
  const isNext = major === majorBefore && minor === minorBefore! + 1;
  return `it loads weights-only from torch ${loadsFrom.unpickler.torch} on${isNext ? "" : ", or sooner"}`;
}

function numbers({ unpickler }: WeightsOnlyPolicy): number[] {
  return unpickler.torch.split(".").map(Number);
}

/** Each name once, the first few of them. */
function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - LISTED_NAMES;
  return distinct.slice(0, LISTED_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Text in lines that fit behind an indentation; a word that is longer stays whole. */
function wrap(text: string, indentation: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH - indentation) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function cut(text: string, indentation: number): string {
  return text.length <= WIDTH - indentation ? text : `${text.slice(0, WIDTH - indentation - 1)}…`;
}

function paint(kind: VerdictKind, { colour }: Terminal): string {
  const label = VERDICT_KINDS[kind].label.padEnd(LABEL);
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
