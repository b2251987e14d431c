/**
 * What an exception is made with is part of its pickle: `BaseException` keeps the arguments (`args`), and its reduction calls the class with
 * them. Boundary: which types are exceptions, and the arguments that objects of them keep.
 */
import { functionsNamed } from "../../../../python/code.ts";
import type { Passed } from "../arguments.ts";
import { elementInto, iterate } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { nativeType } from "../models/natives.ts";
import type { Value } from "../values.ts";

const EXCEPTION = /^builtins\.(\w*(Error|Exception|Warning|Group)|Stop(Async)?Iteration|KeyboardInterrupt|SystemExit|GeneratorExit)$/;

/** Whether a dotted name is that of a builtin exception. */
export function isException(type: string): boolean {
  return EXCEPTION.test(type) && nativeType(type) !== null;
}

/** The tuple of an exception's arguments; null of what is none. */
export function argumentsOf(flow: Flow, value: Value): Value | null {
  const data = flow.data(value);
  const types = data.kind === "container" ? [data.type] : data.kind === "instance" ? flow.classes.externalBases(data.code) : [];
  return types.some(isException) ? flow.values.container("builtins.tuple", `arguments of ${value}`) : null;
}

/**
 * What the class is called with, until a constructor of its own calls that of its base (`super().__init__(text)`), which is told what is
 * kept in its place.
 */
export function keepArguments(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], line: number): void {
  if (!callsOther(flow, value)) replaceArguments(flow, frame, value, args, line);
}

/** `BaseException.__init__`. */
export function replaceArguments(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], line: number): void {
  const kept = argumentsOf(flow, value);
  if (kept === null) return;
  for (const [index, { kind, from }] of args.entries()) {
    if (kind === "positional") flow.store(from, elementInto(flow, kept, String(index)), frame.code, line);
    else if (kind === "star") iterate(flow, frame, from, elementInto(flow, kept, null), line);
  }
}

/** Whether the class has a constructor that calls another one. */
function callsOther(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  const definer = data.kind === "instance" ? flow.classes.definerOf(data.code, "__init__") : null;
  const constructors = definer === null ? [] : functionsNamed(definer, "__init__");
  return constructors.some(({ body }) => body.instructions.some((each) => each.op === "load" && each.attribute === "__init__"));
}
