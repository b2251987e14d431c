/**
 * `dataclasses.asdict` and `astuple`: containers in place of dataclasses, as deep as they are nested in each other and in containers. Boundary:
 * what is neither is kept as it is.
 */

import type { Node } from "../../graph/graph.ts";
import { hasFields } from "../classes/fields.ts";
import { addMade, elementInto, newContainer } from "../containers.ts";
import { ANY, type Flow, KEYS, SOME } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, type Model, type NativeCall } from "./container-methods.ts";

/** Gives a container of that type for a dataclass. */
export function asPlain(type: string): Model {
  return (flow, frame, call) => {
    const object = argument(call, 0, "obj");
    if (object !== null && call.into !== null) convert(flow, frame, call, type, object, call.into);
  };
}

const MARK = ":plain ";

function convert(flow: Flow, frame: Frame, call: NativeCall, type: string, from: Node, into: Node): void {
  if (!flow.converted.isNew(from, into)) return;
  flow.graph.listen(from, (value) => {
    const data = flow.data(value);
    const isDataclass = data.kind === "instance" && hasFields(flow, data.code);
    // What was made here may come round (`self.before = asdict(self)`).
    const isContainer = data.kind === "container" && !data.site.includes(MARK);
    if (!isDataclass && !isContainer) {
      flow.graph.add(into, value, from);
      return;
    }
    const made = newContainer(flow, frame, isContainer ? data.type : type, call.line, `${MARK}${value}`);
    addMade(flow, frame, into, made, call.line);
    // What one call makes of a value is one container, by however many ways the value comes.
    if (!flow.plain.isNew(value, made)) return;
    flow.listenFields(value, (name, node) => {
      if (name === KEYS) flow.graph.edge(node, flow.field(made, KEYS));
      else if (name === ANY) return;
      else if (!name.startsWith("[")) convert(flow, frame, call, type, node, elementInto(flow, made, name));
      else convert(flow, frame, call, type, node, elementInto(flow, made, name === SOME ? null : name.slice(1, -1)));
    });
  });
}
