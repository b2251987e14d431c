/**
 * Names within classes: before protocol 4 a pickle has no dotted names, and looks a class inside a class, or a method, up by
 * `getattr(Outer, "Inner")` (Lib/pickle.py, save_global). What that may be asked for a verdict sees from its arguments. Boundary: which
 * names take it, when all names are known.
 */
import type { Holding } from "./holding.ts";

/** The dotted names among those that are imported, by the module that they are in. */
export function modulesOfDotted(holding: Holding): ReadonlyMap<string, string> {
  const dotted = [...holding.named].filter((code) => code.qualifiedName.includes("."));
  return new Map(dotted.map((code) => [holding.flow.nameOf(code), code.unit.module]));
}

/** Lets what is around each dotted name be looked up, and the name in it. */
export function needDotted(holding: Holding): void {
  const modules = modulesOfDotted(holding);
  for (const { callable, module = modules.get(callable), value } of [...holding.imports.values()]) {
    if (module === undefined) continue;
    const path = callable.slice(module.length + 1).split(".");
    const around = path.slice(0, -1);
    if (around.length === 0) continue;
    const reason = { kind: "protocol" as const, text: `getattr looks up ${callable} below protocol 4` };
    holding.needCall("builtins.getattr", value, { ...reason, name: "builtins.getattr" });
    around.forEach((_, index) => {
      const name = [module, ...around.slice(0, index + 1)].join(".");
      holding.need("imports", name, value, { ...reason, name }, index === 0 ? undefined : module);
    });
  }
}
