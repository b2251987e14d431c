/**
 * `__init_subclass__`: Python calls it with every class that derives from the one that has it, wherever that is written.
 * Boundary: subclasses in the library; what the method does with them is followed like any call.
 */
import type { Code } from "../../python/code.ts";
import { openCall } from "./calls.ts";
import type { Flow } from "./flow.ts";

/** Calls the method of a class with the library's subclasses of it. */
export function runInitSubclass(flow: Flow, code: Code): void {
  if (!code.members.has("__init_subclass__") || !flow.isOfLibrary(code)) return;
  flow.graph.listen(flow.field(flow.values.class(code), "__init_subclass__"), (method) => {
    for (const subclass of flow.classes.librarySubclasses(code)) openCall(flow, method, flow.classValue(subclass));
  });
}
