/**
 * What CPython says of a file, as `record.py` records it, in the terms of our own facts. It only ever sees files that we
 * generated ourselves, and resolves no name in them.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CallFact, Fact, ImportFact } from "../../analyzer/pickle/facts.ts";

const RECORDER = fileURLToPath(new URL("record.py", import.meta.url));
export const PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

/** The part of a fact that CPython can vouch for. */
export type RecordedFact =
  | Pick<ImportFact, "kind" | "callable" | "spelt" | "opcode" | "offset">
  | Pick<CallFact, "kind" | "callable" | "opcode" | "offset" | "method" | "onCallable">;

export interface RecordedPickle {
  readonly entry: string | null;
  readonly offset: number;
  readonly length: number;
  readonly protocol: number;
  /** STOP was reached. Otherwise the facts are those before the opcode that raised. */
  readonly loads: boolean;
  readonly facts: readonly RecordedFact[];
}

export interface Recording {
  readonly sha256: string;
  readonly pickles: readonly RecordedPickle[];
}

/** Whether there is a Python to ask. */
export function hasPython(): boolean {
  try {
    execFileSync(PYTHON, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The recorder's output for each path, in one run of Python. */
export function record(paths: readonly string[]): string[] {
  const output = execFileSync(PYTHON, [RECORDER, ...paths], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return output.split(/(?<=^}\n)/m);
}

/**
 * Our facts as CPython would tell them: what the pickle's own opcodes do, not what a callable does on its behalf. That what
 * a call returned may be shared (a function, a class) it cannot tell of its stand-ins: `recorded` says where it could.
 */
export function asRecorded(facts: readonly Fact[], recorded: readonly RecordedFact[]): RecordedFact[] {
  const onLookedUp = new Set(recorded.filter((fact) => "onCallable" in fact).map(({ offset }) => offset));
  return facts.flatMap((fact): RecordedFact[] => {
    if ((fact.kind !== "import" && fact.kind !== "call") || fact.via !== undefined) return [];
    const { kind, callable, opcode, offset } = fact;
    if (kind === "import") return [{ kind, callable, spelt: fact.spelt, opcode, offset }];
    const { method } = fact;
    const onCallable = fact.onCallable && onLookedUp.has(offset);
    return [{ kind, callable, opcode, offset, ...(method && { method }), ...(onCallable && { onCallable }) }];
  });
}
