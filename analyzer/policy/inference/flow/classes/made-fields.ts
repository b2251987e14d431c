/**
 * Fields that a call in the body of a class makes, also without an annotation (`spans = attr.ib(factory=list)`): their converters, and
 * methods that give their defaults (`@spans.default`). Boundary: which those are, and what fills a field by them; arguments are `fields.ts`.
 */
import type { Code, Instruction, Register } from "../../../../python/code.ts";
import { IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import type { Definition } from "../../../../python/resolve.ts";
import type { Node } from "../../graph/graph.ts";
import { invoke, invokeFunction } from "../calls.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { isFieldMaker } from "../models/functions.ts";
import { definitionsOf, originsOf } from "../register-origins.ts";
import type { Value } from "../values.ts";
import { isNoField, isOnlyHanded } from "./fields.ts";

/** A field that a call makes. */
interface MadeField {
  /** What is called with whatever is to be in it. */
  readonly converter: Register | null;
  /** Whether it is one without an annotation, too. */
  readonly isEnough: boolean;
}

const NONE: ReadonlyMap<string, MadeField> = new Map();

/** The fields of a class, not of its bases, that calls make, by name. */
export function madeFields(flow: Flow, class_: Code): ReadonlyMap<string, MadeField> {
  const known = flow.madeFields.get(class_);
  if (known) return known;
  const found = class_.decorators.length === 0 ? NONE : findMade(flow, class_);
  flow.madeFields.set(class_, found);
  return found;
}

function findMade(flow: Flow, class_: Code): ReadonlyMap<string, MadeField> {
  const found = new Map<string, MadeField>();
  for (const instruction of class_.body.instructions) {
    if (instruction.op !== "bind" || !class_.members.get(instruction.name)?.isAssigned) continue;
    for (const call of originsOf(class_, instruction.from)) {
      const maker = call.op === "call" ? makerIn(flow, class_, call) : null;
      if (maker === null || call.op !== "call") continue;
      const converter = call.arguments.find(({ name }) => name === "converter")?.from ?? null;
      found.set(instruction.name, { converter, isEnough: /^attrs?\./.test(maker) });
    }
  }
  return found;
}

/** The function that a call makes a field by. */
function makerIn(flow: Flow, class_: Code, { callee }: Extract<Instruction, { readonly op: "call" }>): string | null {
  for (const origin of originsOf(class_, callee))
    for (const definition of definitionsOf(flow.resolver, class_, origin)) {
      const name = nameOf(flow, definition);
      if (isFieldMaker(name)) return name;
    }
  return null;
}

function nameOf(flow: Flow, definition: Definition): string {
  if ("code" in definition) return flow.nameOf(definition.code);
  // `ib = attr = attrib`
  if (definition.kind === "variable") return `${definition.unit.module}.${definition.name}`;
  return definition.kind === "external" ? definition.name : "";
}

/** Whether a name in the body of a class is a field, which the constructor takes. */
export function isField(flow: Flow, class_: Code, name: string): boolean {
  const annotation = class_.members.get(name)?.annotation;
  if (annotation == null) return madeFields(flow, class_).get(name)?.isEnough === true;
  return !isNoField(annotation) || isOnlyHanded(annotation);
}

/** Lets a field hold what is passed for it, by way of its converter. */
export function fillField(flow: Flow, frame: Frame, value: Value, class_: Code, name: string, from: Node, line: number): void {
  const into = flow.field(value, name);
  const converter = madeFields(flow, class_).get(name)?.converter ?? null;
  const [body] = flow.framesOf(class_);
  if (converter === null || body === undefined) {
    flow.store(from, into, frame.code, line);
    return;
  }
  const args = [{ kind: "positional" as const, from }];
  flow.graph.listen(body.base + converter, (callee) => {
    if (FOLLOWED.has(flow.data(callee).kind)) invoke(flow, frame, callee, args, into, line);
    else flow.store(from, into, frame.code, line);
  });
}

const FOLLOWED: ReadonlySet<string> = new Set(["function", "method", "class", "partial"]);

/** Fills fields that nothing was passed for from their defaults. `isOpen`: something else may have been passed. */
export function fillFromDefaults(
  flow: Flow,
  frame: Frame | null,
  value: Value,
  class_: Code,
  filled: ReadonlySet<string>,
  isOpen: boolean,
): void {
  const holder = flow.classValue(class_);
  const [body] = flow.framesOf(class_);
  const from = frame ?? body;
  for (const [name, member] of class_.members) {
    if (!member.hasValue || filled.has(name) || !isField(flow, class_, name)) continue;
    if (member.annotation !== null && isOnlyHanded(member.annotation)) continue;
    const node = flow.field(holder, name);
    if (from === undefined || (madeFields(flow, class_).get(name)?.converter ?? null) === null)
      flow.graph.edge(node, flow.field(value, name));
    else {
      const passed = flow.graph.allocate(1);
      flow.graph.edge(node, passed);
      if (isOpen) flow.graph.kinds.mark(passed, IS_UNKNOWN);
      fillField(flow, from, value, class_, name, passed, member.line);
    }
  }
  if (from !== undefined) runDefaults(flow, from, value, class_, filled);
}

/** `@name.default` over a method: it gives the default of the field. */
function runDefaults(flow: Flow, frame: Frame, value: Value, class_: Code, filled: ReadonlySet<string>): void {
  for (const instruction of class_.body.instructions) {
    if (instruction.op !== "function") continue;
    for (const decorator of instruction.code.decorators) {
      const [, name] = /^(\w+)\.default$/.exec(decorator) ?? [];
      if (name === undefined || filled.has(name) || !madeFields(flow, class_).has(name)) continue;
      const passed = flow.graph.allocate(1);
      invokeFunction(flow, frame, flow.values.function(instruction.code, null), value, [], passed);
      fillField(flow, frame, value, class_, name, passed, instruction.line);
    }
  }
}
