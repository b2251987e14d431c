/**
 * Functions that have others run, in threads or processes, and give what those give. How the work gets there and back is
 * not followed: the calls are made here. Boundary: which functions, and what they call with what.
 */
import type { Passed } from "../arguments.ts";
import { invoke } from "../calls.ts";
import { addMade, elementInto, elementsFrom, iterate, newContainer } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, type NativeCall } from "./container-methods.ts";

/** Whether the function of that dotted name calls what it is handed as `(function, arguments, keywords)` (joblib's documentation). */
export function runsDelayed(name: string): boolean {
  return name === "joblib.parallel.Parallel.__call__";
}

/** `Parallel()(delayed(function)(...) for ...)`: a list of what calling each function with its arguments gives. */
export function callDelayed(flow: Flow, frame: Frame, call: NativeCall): void {
  const delayed = argument(call, 0);
  if (delayed === null || call.into === null) return;
  const { graph } = flow;
  const { into, line } = call;
  const list = newContainer(flow, frame, "builtins.list", line, ":parallel");
  addMade(flow, frame, into, list, line);
  const triple = graph.allocate(1);
  iterate(flow, frame, delayed, triple, line);
  graph.listen(triple, (value) => {
    if (flow.data(value).kind !== "container") return;
    const [function_, positional, keywords] = ["0", "1", "2"].map((index) => {
      const node = graph.allocate(1);
      for (const from of elementsFrom(flow, value, index)) graph.edge(from, node);
      return node;
    }) as [number, number, number];
    const args: Passed[] = [
      { kind: "star", from: positional },
      { kind: "double-star", from: keywords },
    ];
    graph.listen(function_, (callee) => {
      invoke(flow, frame, callee, args, elementInto(flow, list, null), line);
    });
  });
}
