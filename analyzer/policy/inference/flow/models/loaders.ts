/**
 * Functions that unpickle. What they give cannot be seen in the source; but a class that loads its own objects
 * (`@classmethod def load(cls, path): return pickle.load(file)`) gets objects of itself. Boundary: which functions, and
 * what they give; whoever calls them is `calls.ts` and `functions.ts`.
 */
import type { Code } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { addMade, elementInto, newContainer } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";

const UNPICKLERS = new Set([
  "pickle.load",
  "pickle.loads",
  "_pickle.load",
  "_pickle.loads",
  "cPickle.load",
  "cPickle.loads",
  "six.moves.cPickle.load",
  "six.moves.cPickle.loads",
  "dill.load",
  "dill.loads",
  "cloudpickle.load",
  "cloudpickle.loads",
  "joblib.load",
  "joblib.numpy_pickle.load",
  "torch.load",
  "torch.serialization.load",
]);

/** Whether the function of that dotted name runs a pickle. */
export function isUnpickler(name: string): boolean {
  return UNPICKLERS.has(name);
}

/** Whether a function itself calls an unpickler: it is followed wherever it is, for what it gives is an object of some class. */
export function callsUnpickler(flow: Flow, code: Code): boolean {
  return flow.called.of(code).some(isUnpickler);
}

/** What was unpickled, of whatever type it is: it holds what is put into it, and so may what is inside it. */
export const LOADED = "pickle.load()";

/** Lets what an unpickler gives flow to `into`: an object of the class on whose behalf it runs, or something that holds what the library puts into it. */
export function addUnpickled(flow: Flow, frame: Frame, into: Node, line: number): void {
  const class_ = frame.context === null ? null : flow.data(frame.context);
  if (class_?.kind !== "class") {
    if (!flow.saves.isAsked || !flow.isOfLibrary(frame.code)) return;
    const loaded = newContainer(flow, frame, LOADED, line);
    addMade(flow, frame, elementInto(flow, loaded, null), loaded, line);
    addMade(flow, frame, into, loaded, line);
    return;
  }
  const value = flow.objects.openInstance(class_.code);
  // Its attributes are what some other program left in them.
  flow.openAttributes.open(value);
  addMade(flow, frame, into, value, line);
}
