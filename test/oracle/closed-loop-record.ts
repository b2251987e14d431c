/**
 * What is to be known of one object of the closed loop, small enough to keep: whether it loads, that nothing loads without
 * a name it needs, that nothing else loads in its slots. With a file to keep records in, a run that was interrupted goes on.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { dangerOf, JUDGED_BY_ARGUMENTS } from "../../analyzer/policy/danger.ts";
import type { OpenSlot, Policy } from "../../analyzer/policy/policy.ts";
import { filledPolicy, judgeTrace, judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import { attackOf, DANGEROUS, FORMS } from "../analyzer/verdict/dangerous.ts";
import { closeLoop, type Libraries, type Outcome, type SavedObject } from "./closed-loop.ts";
import { ATTACKS, attack, type Target } from "./intruders.ts";
import { DEBIAN_PYTHON, howOf, SafeLoader } from "./loader.ts";

export interface LoopRecord {
  readonly name: string;
  readonly library: string;
  readonly class: string;
  /** What is first blocked under the class policy alone, and with its slots open; null where every file loads. */
  readonly alone: string | null;
  readonly opened: string | null;
  /** Names that the policy lets be looked up, without aliases, and that the files do look up. */
  readonly allowed: number;
  readonly observed: number;
  /** Names of the policy that could do more than make a value. */
  readonly dangerous: readonly string[];
  /** Of an object that loads under its class policy: names that were looked up or called, and without which it loads as well. */
  readonly unneeded: readonly string[];
  /** Dangerous callables in every form of call, held against the class policy strictly and lazily, and those that were not blocked. */
  readonly forms: number;
  readonly passing: readonly string[];
  /** Programs that put into an open slot what may not sit there, and those of them that were not blocked. */
  readonly attacks: number;
  readonly through: readonly string[];
  /** Files that load by the verdict, and not by the loader of the policy: of the class's own, or the open one's for that file. */
  readonly unloaded: readonly string[];
  /** Of a processor, for the inference of the class and of what fills its slots, and for the verdicts. */
  readonly seconds: number;
}

/** Closes the loop for objects, one after the other. `file` has the records of objects that need no second look. */
export async function recordAll(
  libraries: Libraries,
  objects: readonly SavedObject[],
  folder: string,
  file: string | undefined,
): Promise<LoopRecord[]> {
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  const known = new Map(lines.map((line): LoopRecord => JSON.parse(line)).map((record) => [record.name, record]));
  const records: LoopRecord[] = [];
  const loader = new SafeLoader(DEBIAN_PYTHON);
  for (const [index, object] of objects.entries()) {
    const record = known.get(object.name) ?? (await recordOf(libraries, object, folder, index, loader));
    records.push(record);
    if (file === undefined || known.has(object.name)) continue;
    appendFileSync(file, `${JSON.stringify(record)}\n`);
    console.info(`${index + 1} of ${objects.length}: ${object.name}, ${record.seconds.toFixed(1)} s`);
  }
  loader.close();
  return records;
}

async function recordOf(libraries: Libraries, object: SavedObject, folder: string, index: number, loader: SafeLoader): Promise<LoopRecord> {
  const start = process.cpuUsage();
  const outcome = await closeLoop(libraries.of(object.library), object, folder);
  const { user, system } = process.cpuUsage(start);
  const { policy, observed, alone, opened } = outcome;
  const names = new Set([...policy.imports, ...policy.calls].map(({ callable }) => callable));
  return {
    name: object.name,
    library: object.library,
    class: object.class,
    alone,
    opened,
    allowed: policy.imports.filter(({ sameAs }) => sameAs === undefined).length,
    observed: observed.imports.size,
    dangerous: [...names].filter((name) => dangerOf(name) !== null && !JUDGED_BY_ARGUMENTS.has(name)).sort(),
    unneeded: unneededOf(outcome),
    ...callDangerous(policy),
    ...(await attackSlots(outcome.open, index)),
    unloaded: await unloadedOf(outcome, folder, loader),
    seconds: (user + system) / 1e6,
  };
}

async function unloadedOf({ object, policy, open, files, alone, opened }: Outcome, folder: string, loader: SafeLoader): Promise<string[]> {
  if (opened !== null) return [];
  const unloaded: string[] = [];
  const closed = loader.writeLoader(policy);
  for (const { route, traced } of files) {
    const file = path.join(folder, object.files[route]!);
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    const written = alone === null ? closed : loader.writeLoader(filledPolicy(traced, open, "strict"), "strict", sha256);
    const loaded = await loader.load({ loader: written, how: howOf(route), file });
    if (loaded.outcome !== "loads") unloaded.push(`${route}: ${JSON.stringify(loaded)}`);
  }
  return unloaded;
}

function unneededOf({ policy, observed, files, alone }: Outcome): string[] {
  if (alone !== null) return [];
  return (["imports", "calls"] as const).flatMap((list) =>
    [...observed[list]].filter((callable) => {
      const without: Policy = { ...policy, [list]: policy[list].filter((entry) => entry.callable !== callable) };
      if (without[list].length === policy[list].length) return false;
      return files.every(({ traced }) => judgeTrace(traced.trace, without, "strict").verdict !== "blocked");
    }),
  );
}

/** Calls every callable that peers know to be dangerous, and that the policy does not list, in every form of call. */
export function callDangerous(policy: Policy): Pick<LoopRecord, "forms" | "passing"> {
  dangerousCalls ??= Object.entries(FORMS).flatMap(([form, write]) =>
    DANGEROUS.map((callable) => ({ form, callable, trace: attackOf(write, callable) })),
  );
  const listed = new Set([...policy.imports, ...policy.calls].map(({ callable }) => callable));
  const calls = dangerousCalls.filter(({ callable }) => !listed.has(callable));
  const passing = calls.flatMap(({ form, callable, trace }) =>
    (["strict", "lazy"] as const)
      .filter((mode) => judgeTrace(trace, policy, mode).verdict !== "blocked")
      .map((mode) => `${mode}: ${callable} by ${form}`),
  );
  return { forms: 2 * calls.length, passing };
}

/** Made once: they are thousands, and every policy meets the same. */
let dangerousCalls: readonly { readonly form: string; readonly callable: string; readonly trace: Trace }[] | undefined;

/** Puts what may not sit there into every open slot: in turn, so that every slot is attacked and every attack made often. */
async function attackSlots(open: Policy, index: number): Promise<Pick<LoopRecord, "attacks" | "through">> {
  const through: string[] = [];
  let attacks = 0;
  for (const slot of open.openSlots ?? []) {
    // More where an inert object may sit.
    const count = slot.takes?.includes("intruders.Inert") ? 8 : 2;
    for (const name of Array.from({ length: count }, (_, step) => ATTACKS[(index + attacks + step) % ATTACKS.length]!)) {
      const { verdict } = judgeTracedFile(await attack(targetOf(open, slot), name), open, "strict");
      if (verdict !== "blocked") through.push(`${slot.class}.${slot.attribute}: ${name}: ${verdict}`);
    }
    attacks += count;
  }
  return { attacks, through };
}

/** Where the red team puts something. */
export function targetOf(policy: Policy, { class: class_, attribute }: OpenSlot): Target {
  const entry = policy.imports.find(({ callable }) => callable === class_);
  const module = entry?.module ?? class_.slice(0, class_.lastIndexOf("."));
  return { module, name: class_.slice(module.length + 1), attribute };
}

/** A row for each library, and one for all: the table of `docs/inference-measured.md`. */
export function tableOf(records: readonly LoopRecord[]): string {
  const libraries = [...new Set(records.map(({ library }) => library))].sort();
  const row = (name: string, of: readonly LoopRecord[]) => {
    const loads = (key: "alone" | "opened") => of.filter((record) => record[key] === null);
    const share = (key: "alone" | "opened") => `${loads(key).length} (${((100 * loads(key).length) / of.length).toFixed(0)}%)`;
    const seconds = of.map((record) => record.seconds);
    const cells = [name, of.length, new Set(of.map((record) => record.class)).size, share("alone"), share("opened")];
    const ratios = ratiosOf(of);
    const ratio = ratios.length === 0 ? "" : medianOf(ratios).toFixed(1);
    return `| ${[...cells, ratio, medianOf(seconds).toFixed(1), Math.max(...seconds).toFixed(1)].join(" | ")} |`;
  };
  return [
    "| library | objects | classes | load under `class` | under `class+open` | allowed by observed (median) | seconds (median) | (most) |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...libraries.map((library) =>
      row(
        library,
        records.filter((record) => record.library === library),
      ),
    ),
    row("all", records),
  ].join("\n");
}

/** Names allowed by names observed, of those that load under their class policy. */
export function ratiosOf(records: readonly LoopRecord[]): number[] {
  return records.filter(({ alone }) => alone === null).map(({ allowed, observed }) => allowed / observed);
}

export function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
