/**
 * `__init_subclass__`: Python calls it with every class that derives from the one that has it, wherever that is written.
 * Boundary: subclasses in the library; what the method does with them is followed like any call.
 */
import type { Code } from "../../../../python/code.ts";
import { openCall } from "../calls.ts";
import type { Flow } from "../flow.ts";
import { OPEN_SUBCLASSES } from "../types.ts";

const METHOD = "__init_subclass__";

/**
 * Calls the method of its nearest base with a class whose body is run. A class that has the method brings the library's
 * subclasses with it, which may enter a registry; of an interface of the whole library, only those that something else needs.
 */
export function runInitSubclass(flow: Flow, code: Code): void {
  const { classes } = flow;
  if (code.members.has(METHOD) && flow.isOfLibrary(code)) {
    const subclasses = classes.librarySubclasses(code);
    if (subclasses.length <= OPEN_SUBCLASSES) for (const subclass of subclasses) flow.classValue(subclass);
  }
  const definer = classes.orderOf(code).find((base) => base !== code && typeof base !== "string" && base.members.has(METHOD));
  if (typeof definer !== "object" || !flow.isOfLibrary(definer)) return;
  flow.graph.listen(flow.field(flow.values.class(definer), METHOD), (method) => openCall(flow, method, flow.values.class(code)));
}
