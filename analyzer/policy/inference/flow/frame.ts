/** One activation of a code: its registers as nodes. Boundary: plain data, made by `flow.ts`. */
import type { Code } from "../../../python/code.ts";
import type { Node } from "../graph/graph.ts";
import type { Value } from "./values.ts";

/**
 * A function is activated once for each object on whose behalf it runs, never for each call: what different objects do
 * is kept apart, calls of the same method are not.
 */
export interface Frame {
  readonly id: number;
  readonly code: Code;
  readonly outer: Frame | null;
  readonly receiver: Value | null;
  /** The object on whose behalf it runs: its receiver, or that of the method that called the function. */
  readonly context: Value | null;
  /** The node of register 0; the others follow. */
  readonly base: Node;
  readonly result: Node;
  /** What a generator yields. */
  readonly yields: Node;
}
