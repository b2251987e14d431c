/**
 * Changes to a class that loading an object of it may make and be inert all the same: `self.__class__.step =
 * wrap(self.__class__.step)`, which is a decorator applied late, and a flag on the function so that it is applied once.
 * Nothing that the pickle brought takes part in either. Boundary: one store; what the decorator itself runs is read as
 * any function that loading calls.
 */
import { type Code, type Instruction, isEmpty, type Register } from "../../../python/code.ts";
import type { Flow } from "../flow/flow.ts";
import type { Frame } from "../flow/frame.ts";
import { originsOf } from "../flow/register-origins.ts";

type Store = Extract<Instruction, { readonly op: "store" }>;

/** Whether a class gets, in place of a method of its own, a function of the analysed source that wraps that method. */
export function isLateDecoration(flow: Flow, frame: Frame, { object, attribute, from }: Store): boolean {
  if (isSpecial(attribute)) return false;
  const [made, ...others] = originsOf(frame.code, from);
  if (made?.op !== "call" || others.length > 0) return false;
  const [wrapped, ...more] = made.arguments;
  if (wrapped?.kind !== "positional" || more.length > 0 || !isAttributeOf(flow, frame, wrapped.from, object, attribute)) return false;
  const decorators = flow.graph.valuesOf(frame.base + made.callee).map((value) => flow.data(value));
  return decorators.length > 0 && decorators.every((data) => data.kind === "function" && isDecorator(data.code));
}

/** Whether a constant is put on a function, under a name that nothing but the library reads. */
export function isFlag(code: Code, { attribute, from }: Store): boolean {
  const origins = originsOf(code, from);
  const isConstant = isEmpty(from) || (origins.length > 0 && origins.every(({ op }) => op === "text" || op === "constant"));
  return isConstant && !isSpecial(attribute);
}

function isSpecial(attribute: string): boolean {
  return attribute.startsWith("__") && attribute.endsWith("__");
}

/** Whether a register holds the attribute of that name of the same class. */
function isAttributeOf(flow: Flow, frame: Frame, register: Register, object: Register, attribute: string): boolean {
  const classes = classesIn(flow, frame, object);
  const origins = originsOf(frame.code, register);
  return (
    origins.length > 0 &&
    origins.every(
      (origin) => origin.op === "load" && origin.attribute === attribute && sameValues(classes, classesIn(flow, frame, origin.object)),
    )
  );
}

function classesIn(flow: Flow, frame: Frame, register: Register): readonly number[] {
  const values = flow.graph.valuesOf(frame.base + register);
  return values.every((value) => flow.data(value).kind === "class") ? values : [];
}

function sameValues(some: readonly number[], others: readonly number[]): boolean {
  return some.length > 0 && some.length === others.length && some.every((value) => others.includes(value));
}

/** A function that gives functions made in it, which hold nothing of where it was made: neither the object nor its state. */
function isDecorator(code: Code): boolean {
  const given = code.body.instructions.flatMap((instruction) => (instruction.op === "return" ? originsOf(code, instruction.from) : []));
  const isMade = (register: Register): boolean => {
    const origins = originsOf(code, register);
    return origins.length > 0 && origins.every(({ op }) => op === "function");
  };
  const makes = given.every(
    (origin) => origin.op === "function" || (origin.op === "call" && origin.arguments.every(({ from }) => isMade(from))),
  );
  return given.length > 0 && makes && staysInside(code, 0);
}

/** Whether a function, and those in it, use variables of none that is further out. */
function staysInside(code: Code, depth: number): boolean {
  return code.body.instructions.every((instruction) => {
    if (instruction.op === "outer" || instruction.op === "set-outer") return instruction.hops <= depth;
    return instruction.op !== "function" || staysInside(instruction.code, depth + 1);
  });
}
