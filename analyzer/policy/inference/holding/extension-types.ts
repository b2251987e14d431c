/**
 * How objects of Cython's extension types are pickled where the source says nothing of it: Cython writes a reduction that
 * calls `__pyx_unpickle_NAME` with the class (Cython/Compiler/ParseTreeTransforms.py, `_inject_pickle_methods`). Boundary:
 * which classes; what their attributes hold is `holding.ts`.
 */
import type { Code } from "../../../python/code.ts";
import { EXTENSION_TYPE } from "../../../python/cython.ts";
import type { Value } from "../flow/values.ts";
import type { Holding } from "./holding.ts";

/** Methods with which a class says itself how it is pickled. */
const PICKLING = ["__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"];

function isExtensionType(code: Code): boolean {
  return code.metaclass?.kind === "name" && code.metaclass.path.join(".") === EXTENSION_TYPE;
}

/**
 * The names of the reduction that Cython wrote, if the class or a base has one; false if not. A class with a `__cinit__`
 * has none, and its objects do not pickle.
 */
export function holdExtensionType(holding: Holding, value: Value, code: Code): boolean {
  const { flow } = holding;
  const bases = flow.classes.orderOf(code).filter((base): base is Code => typeof base !== "string");
  const definer = bases.find(isExtensionType);
  if (!definer || bases.some((base) => PICKLING.some((name) => base.members.has(name)))) return false;
  if (bases.some((base) => base.members.has("__cinit__"))) return true;
  const name = flow.nameOf(code);
  const restorer = `${definer.unit.module}.__pyx_unpickle_${definer.name}`;
  const at = { file: definer.unit.path, line: definer.line };
  holding.need("imports", name, value, {
    kind: "class",
    text: `an object of ${code.qualifiedName}`,
    name,
    file: code.unit.path,
    line: code.line,
  });
  holding.needCall(restorer, value, {
    kind: "reduce",
    text: `the reduction that Cython writes for ${definer.name}`,
    name: restorer,
    ...at,
  });
  return true;
}
