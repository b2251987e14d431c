/** A worker thread that infers the policy of one class: source by strangers may make it slow, and no survey may wait for that. */
import { type InferError, infer, type SourceTree } from "../analyzer/policy/infer.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import type { Result } from "../analyzer/result.ts";
import { failed, ok } from "../analyzer/result.ts";
import { loadPythonParser } from "./python-grammar.ts";

export interface InferTask {
  readonly library: SourceTree;
  readonly dependencies: readonly SourceTree[];
  readonly class: string;
}

/** A policy, and the files of the library that are not Python as the grammar knows it. */
export type InferAnswer = Result<{ readonly policy: Policy; readonly unparsed: readonly string[] }, InferError>;

const parser = loadPythonParser();

export default async function inferRemote({ library, dependencies, class: name }: InferTask): Promise<InferAnswer> {
  const python = await parser;
  try {
    const inferred = infer({ parser: python, library, dependencies, class: name });
    return inferred.ok ? ok({ policy: inferred.value.policy, unparsed: inferred.value.unparsed }) : failed(inferred.error);
  } finally {
    python.forget();
  }
}
