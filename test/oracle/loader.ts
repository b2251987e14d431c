/** Processes of `load_safely.py`: files loaded for real, by loaders as `writeLoader` writes them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { writeLoader } from "../../analyzer/policy/loader.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import type { Verdict } from "../../analyzer/verdict/verdict.ts";

/** How `load_safely.py` loads a file. */
export type How = "pickle" | "torch" | "joblib" | "npy" | "npz";

/** How a file is read that `library_objects.py` saved by a route. */
export function howOf(route: string): How {
  if (route.startsWith("torch")) return "torch";
  return route === "joblib" ? "joblib" : "pickle";
}

export interface Blocked {
  readonly callable: string | null;
  readonly opcode: string;
  readonly offset: number | null;
  readonly reason: string;
}

export type Loaded =
  | { readonly outcome: "loads"; readonly type: string }
  | { readonly outcome: "blocked"; readonly blocked: Blocked }
  | { readonly outcome: "fails"; readonly error: string };

/** A name of a policy, as the loader has it. */
export type Name = readonly [module: string, name: string];

export interface Request {
  readonly loader: string;
  readonly how: How;
  readonly file: string;
  readonly without?: { readonly imports?: readonly Name[]; readonly calls?: readonly Name[] };
}

/** One Python that loads files, with folders in front of its `sys.path`. */
export class SafeLoader {
  private readonly process: ChildProcess;
  private readonly answers: AsyncIterator<string>;
  private readonly folder = mkdtempSync(path.join(tmpdir(), "safe-load-"));
  private written = 0;

  constructor(python: string, folders: readonly string[] = []) {
    const script = fileURLToPath(new URL("load_safely.py", import.meta.url));
    this.process = spawn(python, [script, ...folders], { stdio: ["pipe", "pipe", "inherit"] });
    this.answers = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
  }

  /** Writes bytes to a file of this process's folder; its path. */
  write(name: string, content: Uint8Array | string): string {
    const file = path.join(this.folder, `${this.written++}-${name}`);
    writeFileSync(file, content);
    return file;
  }

  /** Writes the loader of a policy; its path. */
  writeLoader(policy: Policy, mode: "strict" | "lazy" = "strict", model: string | null = null): string {
    const text = writeLoader(policy, mode, model);
    if (!text.ok) throw new Error(text.error.message);
    return this.write("safe_load.py", text.value);
  }

  async load(request: Request): Promise<Loaded> {
    this.process.stdin!.write(`${JSON.stringify(request)}\n`);
    const line = await this.answers.next();
    if (line.done) throw new Error("the loader's process died");
    return JSON.parse(line.value);
  }

  close(): void {
    this.process.stdin!.end();
    rmSync(this.folder, { recursive: true });
  }
}

/** Debian's Python, which has the libraries that the sample models were made with; else the one on PATH. */
export const DEBIAN_PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

/** Whether it has the libraries that the samples are of; says so where it has not. */
export function hasLibraries(): boolean {
  const code =
    "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ['torch', 'joblib', 'sklearn', 'gensim', 'xgboost'])))";
  const found = spawnSync(DEBIAN_PYTHON, ["-c", code]).status === 0;
  if (!found) console.warn(`${DEBIAN_PYTHON} has not torch, joblib, scikit-learn, gensim and xgboost: loading with them is not tested`);
  return found;
}

/** The oldest and the newest Python that this machine has, from 3.8 on, and Debian's: a command by version. */
export function pythons(): ReadonlyMap<string, string> {
  const versions = path.join(process.env.PYENV_ROOT ?? path.join(homedir(), ".pyenv"), "versions");
  const managed = existsSync(versions) ? readdirSync(versions).map((version) => path.join(versions, version, "bin/python3")) : [];
  const found = new Map([DEBIAN_PYTHON, "python3", ...managed].map((python) => [versionOf(python), python]));
  found.delete(null);
  const ordered = [...found.keys()].map(String).sort((left, right) => left.localeCompare(right, "en", { numeric: true }));
  const chosen = new Set([versionOf(DEBIAN_PYTHON)!, ordered[0]!, ordered.at(-1)!]);
  return new Map([...chosen].map((version) => [version, found.get(version)!]));
}

/** Its version, where it is 3.8 or newer. */
function versionOf(python: string): string | null {
  const { stdout, status } = spawnSync(python, ["-c", "import sys; print(*sys.version_info[:3], sep='.')"], { encoding: "utf8" });
  const [major, minor] = status === 0 ? stdout.split(".").map(Number) : [];
  return major === 3 && minor! >= 8 ? stdout.trim() : null;
}

/**
 * Whether a loader refused what the verdict blocks first, at the same opcode and for the same reason. It knows names that
 * the verdict calls computed, and calls what it may not change by its type, not by what made it; of a pickle inside the
 * pickle it knows neither who loads it nor where it lies. Facts tell the first thousand characters of a name.
 */
export function isSameRefusal(verdict: Verdict["blocked"][number], loaded: Blocked): boolean {
  const isOutside = /^(import|call) outside/.test(verdict.reason);
  return (
    loaded.opcode === verdict.opcode &&
    (!isOutside || loaded.callable === verdict.callable || isCutFrom(verdict.callable, loaded.callable)) &&
    (loaded.offset === null
      ? isSameInside(verdict.reason, loaded.reason)
      : loaded.offset === verdict.offset && withoutRepeats(verdict.reason) === loaded.reason)
  );
}

function isCutFrom(name: string | null, whole: string | null): boolean {
  return name !== null && whole !== null && name.length >= 1_000 && whole.startsWith(name);
}

/** A key may be set more than once in a state. */
function withoutRepeats(reason: string): string {
  const overrides = /^(BUILD would override )(.*)$/.exec(reason);
  return overrides === null ? reason : overrides[1] + [...new Set(overrides[2]!.split(", "))].join(", ");
}

function isSameInside(verdict: string, loaded: string): boolean {
  const isPersistentId = verdict.startsWith("persistent id") && loaded.startsWith("persistent id");
  return isPersistentId || withoutRepeats(verdict) === loaded || verdict.startsWith(`${loaded}, by `);
}
