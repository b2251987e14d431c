/**
 * Instructions to constraints: what each adds to the graph, for one activation. Boundary: attributes, containers and
 * calls have their own files.
 */
import { type Code, type Instruction, isEmpty, NOTHING } from "../../../python/code.ts";
import { IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import { ownName } from "../../../python/imports.ts";
import { loadAttribute, storeAttribute } from "./attributes.ts";
import { call } from "./calls.ts";
import { nameDescriptor } from "./classes/descriptors.ts";
import { enter, item, iterate, make, setItem } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { addResultOf } from "./generators.ts";
import { operate } from "./models/operators.ts";
import { seedType } from "./types.ts";

/** Adds the instructions of an activation to the graph. */
export function execute(flow: Flow, frame: Frame, instructions: readonly Instruction[], start = 0, end = instructions.length): void {
  for (let index = start; index < end; index++) {
    const instruction = instructions[index]!;
    if (instruction.op !== "guard") step(flow, frame, instruction);
    else {
      flow.branches.add(frame, index);
      index += instruction.length;
    }
  }
}

function step(flow: Flow, frame: Frame, instruction: Instruction): void {
  const { graph, values } = flow;
  const { base } = frame;
  const { line } = instruction;
  switch (instruction.op) {
    case "move":
      graph.edge(base + instruction.from, base + instruction.into);
      return;
    case "text":
      graph.add(base + instruction.into, values.text(instruction.value), madeAt(flow, frame, line));
      return;
    case "constant":
      // In a stub `...` is in the place of what it does not say.
      if (instruction.type === "ellipsis" && frame.code.unit.path.endsWith(".pyi")) return;
      graph.add(base + instruction.into, values.native(`builtins.${instruction.type}`), madeAt(flow, frame, line));
      return;
    case "name": {
      const into = base + instruction.into;
      const { unit } = frame.code;
      const own = ownName(instruction.name, unit);
      if (flow.binds(unit, instruction.name)) graph.alias(flow.variable(unit, instruction.name), into);
      else if (own !== null) graph.add(into, values.text(own), madeAt(flow, frame, line));
      else if (flow.computedAttributes.mayMake(unit, instruction.name)) flow.computedAttributes.loadGlobal(unit, instruction.name, into);
      else graph.add(into, values.external(`builtins.${instruction.name}`), madeAt(flow, frame, line));
      return;
    }
    case "outer": {
      const outer = outerFrame(frame, instruction.hops);
      if (outer) graph.edge(outer.base + instruction.register, base + instruction.into);
      else graph.kinds.mark(base + instruction.into, IS_UNKNOWN);
      return;
    }
    case "set-outer": {
      const outer = outerFrame(frame, instruction.hops);
      if (outer) graph.edge(base + instruction.from, outer.base + instruction.register);
      return;
    }
    case "bind": {
      const { code } = frame;
      const node = code.kind === "class" ? flow.field(values.class(code), instruction.name) : flow.variable(code.unit, instruction.name);
      graph.edge(base + instruction.from, node);
      if (code.kind === "class" && code.members.get(instruction.name)?.isAssigned && !isEmpty(instruction.from))
        nameDescriptor(flow, frame, instruction.name, base + instruction.from, line);
      return;
    }
    case "load":
      loadAttribute(flow, frame, base + instruction.object, instruction.attribute, base + instruction.into, line);
      return;
    case "store":
      storeAttribute(flow, frame, base + instruction.object, instruction.attribute, base + instruction.from, line);
      return;
    case "item":
      graph.kinds.mark(base + instruction.into, IS_UNKNOWN);
      item(flow, frame, instruction);
      return;
    case "set-item":
      setItem(flow, frame, instruction);
      return;
    case "iterate":
      iterate(flow, frame, base + instruction.from, base + instruction.into, line);
      return;
    case "result":
      graph.kinds.mark(base + instruction.into, IS_UNKNOWN);
      addResultOf(flow, frame, base + instruction.from, base + instruction.into, line);
      return;
    case "enter":
      graph.kinds.mark(base + instruction.into, IS_UNKNOWN);
      enter(flow, frame, base + instruction.from, base + instruction.into, line);
      return;
    case "call":
      call(flow, frame, instruction);
      return;
    case "super": {
      const code = enclosingClass(frame.code);
      if (!code) return;
      graph.listen(base + instruction.object, (receiver) => {
        const { kind } = flow.data(receiver);
        if (kind === "instance" || kind === "class")
          graph.add(base + instruction.into, values.super(code, receiver), base + instruction.object);
      });
      return;
    }
    case "make":
      make(flow, frame, instruction);
      return;
    case "operate":
      graph.kinds.mark(base + instruction.into, IS_UNKNOWN);
      operate(flow, frame, instruction);
      return;
    case "return":
      if (returnsOnce(frame.code)) graph.alias(base + instruction.from, frame.result);
      else graph.edge(base + instruction.from, frame.result);
      return;
    case "yield":
      graph.edge(base + instruction.from, frame.yields);
      return;
    case "function": {
      const outer = frame.code.kind === "function" ? frame : frame.code.kind === "class" ? frame.outer : null;
      const value = values.function(instruction.code, outer);
      instruction.defaults.forEach((from, index) => {
        if (from !== NOTHING) graph.edge(base + from, flow.field(value, instruction.code.parameters[index]!.name));
      });
      const isSignature = instruction.code.decorators.some(isOverload) && !instruction.code.unit.path.endsWith(".pyi");
      if (!isSignature) graph.add(base + instruction.into, value, madeAt(flow, frame, line));
      return;
    }
    case "class": {
      flow.classBody(instruction.code, frame.code.kind === "function" ? frame : frame.outer);
      graph.add(base + instruction.into, flow.classValue(instruction.code), madeAt(flow, frame, line));
      return;
    }
    case "import": {
      const { module, name } = instruction;
      const into = base + instruction.into;
      if (name === null) flow.define(flow.resolver.module(module), into);
      else flow.computedAttributes.loadFromModule(module, name, into);
      return;
    }
    case "annotate":
      if (isStubModule(frame.code))
        seedType(flow, frame.code, instruction.type, base + instruction.into, {
          what: instruction.what,
          isExact: true,
          constant: instruction.what,
        });
      else if (frame.code.kind === "function" && flow.isOfLibrary(frame.code))
        seedType(flow, frame.code, instruction.type, base + instruction.into, { what: instruction.what });
      return;
  }
}

function returnsOnce({ body }: Code): boolean {
  let count = 0;
  for (const { op } of body.instructions) if (op === "return") count++;
  return count === 1;
}

function madeAt({ graph }: Flow, { code }: Frame, line: number): number {
  return graph.origins.made(code.unit.path, line);
}

/** Signatures for type checkers, without a body. */
function isOverload(decorator: string): boolean {
  return decorator === "overload" || decorator.endsWith(".overload");
}

function outerFrame(frame: Frame, hops: number): Frame | null {
  let outer: Frame | null = frame;
  for (let hop = 0; hop < hops && outer; hop++) outer = outer.outer;
  return outer;
}

function enclosingClass(code: Code): Code | null {
  for (let parent = code.parent; parent; parent = parent.parent) if (parent.kind === "class") return parent;
  return null;
}

/** A stub says what compiled code has: there is nothing else to know it from. */
function isStubModule(code: Code): boolean {
  return code.kind === "module" && code.unit.path.endsWith(".pyi");
}
