/** A worker thread that infers the policy of one class: source by strangers may make it slow, and no survey may wait for that. */
import { type InferError, infer, type SourceTree } from "../analyzer/policy/infer.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import type { Result } from "../analyzer/result.ts";
import { failed, ok } from "../analyzer/result.ts";
import type { CostOfInference } from "../db/stored-policy.ts";
import { loadPythonParser } from "./python-grammar.ts";

export interface InferTask {
  readonly library: SourceTree;
  readonly dependencies: readonly SourceTree[];
  readonly class: string;
}

/** A policy, and the files of the library that are not Python as the grammar knows it. */
export type InferAnswer = Result<
  { readonly policy: Policy; readonly unparsed: readonly string[]; readonly cost: CostOfInference },
  InferError
>;

const parser = loadPythonParser();

export default async function inferRemote({ library, dependencies, class: name }: InferTask): Promise<InferAnswer> {
  const python = await parser;
  const started = performance.now();
  try {
    const inferred = infer({ parser: python, library, dependencies, class: name });
    if (!inferred.ok) return failed(inferred.error);
    const { policy, unparsed } = inferred.value;
    return ok({ policy, unparsed, cost: { milliseconds: Math.round(performance.now() - started), ...sizeOf([library, ...dependencies]) } });
  } finally {
    python.forget();
  }
}

function sizeOf(trees: readonly SourceTree[]): Omit<CostOfInference, "milliseconds"> {
  const texts = trees.flatMap(({ files }) => files.map(({ text }) => text));
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { distributions: trees.length, files: texts.length, bytes };
}
