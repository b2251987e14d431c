/** One activation of a code: its registers as nodes. Boundary: plain data, made by `flow.ts`. */
import type { Code } from "../../python/code.ts";
import type { Node } from "./graph.ts";
import type { Value } from "./values.ts";

/**
 * A function is activated once for each receiver and enclosing activation, never for each call: methods of different
 * objects are kept apart, calls of the same method are not.
 */
export interface Frame {
  readonly id: number;
  readonly code: Code;
  readonly outer: Frame | null;
  readonly receiver: Value | null;
  /** The node of register 0; the others follow. */
  readonly base: Node;
  readonly result: Node;
  /** What a generator yields. */
  readonly yields: Node;
}
