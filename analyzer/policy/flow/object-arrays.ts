/**
 * Arrays of objects: `np.array([Item()], dtype=object)`. What one holds is held where the array is. Boundary: which functions
 * make one, and of what; what is put into one later is `containers.ts`.
 */
import type { Code } from "../../python/code.ts";
import { argument, type NativeCall } from "./container-methods.ts";
import { ANY, type Flow } from "./flow.ts";
import type { Node } from "./graph.ts";

const MAKES_ARRAY = /^numpy\.(\w+\.)*(array|asarray|asanyarray)$/;

/** So many lists may be in each other. */
const DEPTH = 4;

/** Methods of what numpy makes numbers, or another dimension, of. */
const READ_BY_NUMPY = ["__array__", "__array_interface__", "__len__", "__getitem__", "__float__", "__int__", "__index__"];

/** Lets what a call makes an array of be where the array is, as far as it stays an object there. */
export function keepObjects(flow: Flow, name: string, call: NativeCall): void {
  if (call.into === null || !MAKES_ARRAY.test(name)) return;
  const { into } = call;
  const from = argument(call, 0, name.endsWith(".array") ? "object" : "a");
  const type = argument(call, 1, "dtype");
  if (from === null) return;
  const keep = (isKept: (code: Code) => boolean) => addObjects(flow, from, into, isKept, 0);
  if (type === null) keep((code) => isOpaque(flow, code));
  else
    flow.graph.listen(type, (value) => {
      const data = flow.data(value);
      const isObject = data.kind === "external" ? data.name === "builtins.object" : data.kind === "text" && /^(O|object)$/.test(data.text);
      if (isObject) keep(() => true);
    });
}

function addObjects(flow: Flow, from: Node, into: Node, isKept: (code: Code) => boolean, depth: number): void {
  flow.graph.listen(from, (value) => {
    const data = flow.data(value);
    if (data.kind === "container" && /^builtins\.(list|tuple)$/.test(data.type)) {
      if (depth < DEPTH) addObjects(flow, flow.field(value, ANY), into, isKept, depth + 1);
    } else if (data.kind === "instance" && depth > 0 && isKept(data.code)) flow.graph.add(into, value, from);
  });
}

/** Whether numpy, which is not told a type, has to keep objects of a class as they are. */
function isOpaque(flow: Flow, code: Code): boolean {
  const isPlain = flow.classes.externalBases(code).every((base) => base === "builtins.object");
  return isPlain && READ_BY_NUMPY.every((name) => flow.classes.definerOf(code, name) === null);
}
