/**
 * Generators and what is waited for: what they yield, what is sent to them, and what they return in the end. A coroutine is what it
 * returns. Boundary: iterating over one is iterating over a container (`containers.ts`).
 */
import { isEmpty, NOTHING } from "../../../python/code.ts";
import type { Node } from "../graph/graph.ts";
import type { Passed } from "./arguments.ts";
import { addMade, callMethod, elementInto, newContainer } from "./containers.ts";
import { ANY, type Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { argument, type NativeCall } from "./models/container-methods.ts";
import type { Value } from "./values.ts";

/** Fields of a generator, beside what it yields. */
const RESULT = "result";
const SENT = "sent";

/** The generator that calling a generator function gives. */
export function makeGenerator(flow: Flow, activation: Frame): Value {
  const { graph } = flow;
  const { base, code } = activation;
  const { body } = code;
  const generator = newContainer(flow, activation, "builtins.generator", code.line);
  graph.edge(activation.yields, flow.field(generator, ANY));
  if (body.received !== NOTHING) graph.edge(flow.field(generator, SENT), base + body.received);
  if (body.instructions.some((instruction) => instruction.op === "return" && !isEmpty(instruction.from)))
    graph.edge(activation.result, flow.field(generator, RESULT));
  return generator;
}

/** `generator.send(value)`, and the methods that only go on. */
export function resume(flow: Flow, _frame: Frame, generator: Value, call: NativeCall, isSending: boolean): void {
  const from = argument(call, 0);
  if (isSending && from !== null) flow.graph.edge(from, flow.field(generator, SENT));
  if (call.into !== null) flow.graph.edge(flow.field(generator, ANY), call.into);
}

/** `yield from x` gives what the generator returns, `await x` what the coroutine does, which is that already. */
export function addResultOf(flow: Flow, frame: Frame, from: Node, into: Node, line: number): void {
  const { graph } = flow;
  graph.listen(from, (value) => {
    const data = flow.data(value);
    if (data.kind === "container" && data.type === "builtins.generator") graph.edge(flow.field(value, RESULT), into);
    else if (data.kind === "instance" && flow.classes.definerOf(data.code, "__await__")) {
      const waiting = graph.allocate(1);
      callMethod(flow, frame, value, "__await__", [], waiting, line);
      addResultOf(flow, frame, waiting, into, line);
    } else graph.add(into, value, from);
  });
}

/** `asyncio.gather(...)`: a list of what each gives. */
export function gather(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line);
  const put = ({ kind, from }: Passed) => {
    if (kind === "positional") flow.graph.edge(from, elementInto(flow, list, null));
  };
  call.args.forEach(put);
  addMade(flow, frame, call.into, list, call.line);
}
