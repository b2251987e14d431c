/** A worker thread that infers the policy of one class: source by strangers may make it slow, and no survey may wait for that. */
import { openPolicy } from "../analyzer/policy/inference/fill.ts";
import { type InferError, openLibrary, type SourceTree } from "../analyzer/policy/inference/infer.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { keepUnits } from "../analyzer/python/lower-module.ts";
import type { Result } from "../analyzer/result.ts";
import { failed, ok } from "../analyzer/result.ts";
import type { CostOfInference } from "../db/stored-policy.ts";
import { openParseCache, type ParseCache } from "./parse-cache.ts";
import { loadPythonParser } from "./python-grammar.ts";

export interface InferTask {
  readonly library: SourceTree;
  readonly dependencies: readonly SourceTree[];
  readonly class: string;
  /** The callables that the policy's slots are to be filled from (`class+open`); null to leave them as the class does. */
  readonly named: readonly string[] | null;
  /** The file that keeps what was parsed; null where nothing is kept. */
  readonly parseCache: string | null;
}

/** A policy, and the files of the library that are not Python as the grammar knows it. */
export type InferAnswer = Result<
  { readonly policy: Policy; readonly unparsed: readonly string[]; readonly cost: CostOfInference },
  InferError
>;

/** Open while a task is in hand: what it parsed is written before the next begins, whatever becomes of the worker. */
let cache: ParseCache | null = null;
const parser = loadPythonParser({ get: (file) => cache?.get(file) ?? null, put: (file, kept) => cache?.put(file, kept) });

export default async function inferRemote({ library, dependencies, class: name, named, parseCache }: InferTask): Promise<InferAnswer> {
  const python = await parser;
  const started = performance.now();
  cache = parseCache === null ? null : openParseCache(parseCache);
  try {
    const opened = openLibrary({ parser: python, library, dependencies, class: name });
    const inferred = opened.infer(name);
    if (!inferred.ok) return failed(inferred.error);
    const { policy, unparsed } = inferred.value;
    const answer = named === null ? policy : openPolicy(policy, named, opened.candidate);
    const milliseconds = Math.round(performance.now() - started);
    return ok({ policy: answer, unparsed, cost: { milliseconds, ...sizeOf([library, ...dependencies]) } });
  } finally {
    if (cache !== null) keepUnits(python);
    cache?.close();
    cache = null;
    python.forget();
  }
}

function sizeOf(trees: readonly SourceTree[]): Omit<CostOfInference, "milliseconds"> {
  const texts = trees.flatMap(({ files }) => files.map(({ text }) => text));
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { distributions: trees.length, files: texts.length, bytes };
}
