/**
 * Classes whose constructor is made for them: dataclasses, attrs, named tuples. Boundary: which fields they have and
 * what fills them.
 */
import type { Code } from "../../python/code.ts";
import type { Passed } from "./calls.ts";
import { callMethod } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import type { Value } from "./values.ts";

const FIELD_DECORATORS = /(^|\.)(dataclass|attrs|define|frozen|mutable)$|^attr\.(s|attrs|dataclass)$/;
const FIELD_BASES = new Set(["typing.NamedTuple", "pydantic.BaseModel", "typing.TypedDict"]);

/** What the constructor calls in the end, where the class has it (dataclasses; attrs). */
export const POST_INITS = ["__post_init__", "__attrs_post_init__"];

/** Whether the class gets a constructor from its annotated names. */
export function hasFields(flow: Flow, code: Code): boolean {
  return flow.classes
    .orderOf(code)
    .some((base) =>
      typeof base === "string" ? FIELD_BASES.has(base) : base.decorators.some((decorator) => FIELD_DECORATORS.test(decorator)),
    );
}

/** The fields, bases' first, as the constructor takes them. */
export function fieldsOf(flow: Flow, code: Code): string[] {
  const names = new Set<string>();
  for (const base of [...flow.classes.orderOf(code)].reverse()) {
    if (typeof base === "string") continue;
    for (const [name, member] of base.members) if (member.annotation !== null) names.add(name);
  }
  return [...names];
}

/** Fills the fields from the arguments of the constructor, and from their defaults, and runs what the constructor calls then. */
export function initialiseFields(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], line: number): void {
  const data = flow.data(value);
  if (data.kind !== "instance" || !hasFields(flow, data.code)) return;
  for (const name of POST_INITS) callMethod(flow, frame, value, name, [], null, line);
  const names = fieldsOf(flow, data.code);
  let next = 0;
  for (const passed of args) {
    if (passed.kind === "positional") {
      const name = names[next++];
      if (name !== undefined) flow.store(passed.from, flow.field(value, name), frame.code, data.code.line);
    } else if (passed.kind === "keyword" && passed.name !== undefined)
      flow.store(passed.from, flow.field(value, passed.name), frame.code, data.code.line);
    else flow.namedStores.note(value, null, passed.from);
  }
  for (const base of flow.classes.orderOf(data.code)) {
    if (typeof base === "string") continue;
    const holder = flow.classValue(base);
    for (const [name, member] of base.members)
      if (member.annotation !== null && member.hasValue) flow.graph.edge(flow.field(holder, name), flow.field(value, name));
  }
}
