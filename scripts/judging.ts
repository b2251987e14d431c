/** One file, traced and judged by several policies: what `scan` and `enforce` share. */
import path from "node:path";
import type { Program, Trace } from "../analyzer/containers/trace.ts";
import { decompile } from "../analyzer/pickle/decompile.ts";
import { disassemblyAround } from "../analyzer/pickle/disassembly-window.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { judgeTracedFile } from "../analyzer/verdict/judge.ts";
import { type Blocked, type Enforcer, type Mode, VERDICT_KINDS, type Verdict, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import { chooseFiles } from "../crawler/candidates.ts";
import type { FileRole } from "../db/schema.ts";
import type { Ending } from "./exit-codes.ts";
import type { FileTracer } from "./file-tracer.ts";
import { type TargetFile, unavailable } from "./targets.ts";

export interface JudgedFile {
  readonly name: string;
  /** Whether a library loads a file of this name, or training left it beside; null where it could hold no pickle by its name. */
  readonly role: FileRole | null;
  /** Null where its bytes could not be had: every verdict is then `unavailable`. */
  readonly trace: Trace | null;
  readonly programs: readonly Program[];
  /** One under each of the policies, in the same order. */
  readonly verdicts: readonly Verdict[];
  readonly policies: readonly Policy[];
}

export interface Standing {
  readonly policy: Policy;
  readonly mode: Mode;
  /** Ours where it is not said. */
  readonly enforcer?: Enforcer;
}

/** Traces a file and judges it by each policy in turn. */
export async function judgeFile(file: TargetFile, standing: readonly Standing[], tracer: FileTracer): Promise<JudgedFile> {
  const policies = standing.map(({ policy }) => policy);
  const role = chooseFiles([path.basename(file.name)])[0]?.role ?? null;
  try {
    const traced = await file.read(tracer.trace);
    const { trace, programs } = traced;
    const verdicts = standing.map(({ policy, mode, enforcer }) => judgeTracedFile(traced, policy, mode, enforcer));
    return { name: file.name, role, trace, programs, verdicts, policies };
  } catch (error) {
    const message = unavailable(error);
    const verdicts = standing.map(
      ({ policy, mode }) => ({ policy: policy.name, mode, verdict: "unavailable", blocked: [], message }) as const,
    );
    return { name: file.name, role, trace: null, programs: [], verdicts, policies };
  }
}

/** Whether a file was read to its end and holds no pickle: there is nothing in it to judge, and it does not count. */
export function holdsNothing({ trace, verdicts }: Pick<JudgedFile, "trace" | "verdicts">): boolean {
  return trace !== null && trace.pickles.length === 0 && verdicts.every(({ verdict }) => verdict === "loads");
}

/** What is said of it in the place of verdicts. A run that judged nothing is undecided: it has not shown that anything loads. */
export const NOTHING = { text: "nothing to judge: no pickle", ending: "undecided" } as const satisfies { text: string; ending: Ending };

/** The line of disassembly at a blocked opcode, by its place in the content; null where the program is not there or ends before. */
export function lineAt({ programs }: JudgedFile, { pickle, offset }: Blocked): string | null {
  const program = programs[pickle];
  const segment = program?.segments.findLast((candidate) => candidate.offset <= offset);
  if (program === undefined || segment === undefined) return null;
  const at = segment.at + offset - segment.offset;
  const opcode = disassemblyAround(program.bytes, at, 0).find((candidate) => candidate.offset === at);
  return opcode === undefined ? null : `${offset}: ${opcode.text.replace(/^\s*\d+: /, "")}`;
}

/** Programs are decompiled whole for the sake of one line: not those that would take long. */
const MOST_DECOMPILED = 2 ** 20;

/** What the blocked opcode does, as Python: the statement that the decompiled program has for it; null where it has none. */
export function statementAt({ programs }: JudgedFile, { pickle, offset }: Blocked): string | null {
  const program = programs[pickle];
  const segment = program?.segments.findLast((candidate) => candidate.offset <= offset);
  if (program === undefined || segment === undefined || program.bytes.length > MOST_DECOMPILED) return null;
  const place = new RegExp(`  # ${segment.at + offset - segment.offset} [A-Z0-9_]+$`);
  return (
    decompile(program.bytes)
      .split("\n")
      .find((line) => place.test(line))
      ?.replace(place, "") ?? null
  );
}

/** How a run ends that came to a verdict. */
export function endingOf(kind: VerdictKind): Ending {
  const { counts } = VERDICT_KINDS[kind];
  return counts === "success" ? "done" : counts === "failure" ? "blocked" : "undecided";
}

/** A verdict as it is printed: the shape that others build on. */
export function verdictJson(file: string, { policy, mode, enforcer, verdict, blocked, message }: Verdict) {
  const by = { policy, mode, ...(enforcer === undefined ? {} : { enforcer }) };
  return { file, ...by, verdict, ...(message === undefined ? {} : { message }), blocked: blocked.map(blockedJson) };
}

function blockedJson({ callable, opcode, entry, offset, pickle, capability, reason, count }: Blocked) {
  return { callable, opcode, entry, offset, capability, reason, count, pickle };
}
