/**
 * Classes that functions make and name (`Local.__qualname__ = name`): a pickle names them as the module does that has them from such a call
 * (`Named = make("Named")`). Boundary: the names; what objects of such a class hold is read as of any other.
 */
import type { Code } from "../../../../python/code.ts";
import type { Flow } from "../flow.ts";

/** Calls `listener` with each name under which the module of a function has a class that it makes, where it gives that a name. */
export function listenLocalNames(flow: Flow, class_: Code, listener: (name: string) => void): void {
  const { unit } = class_;
  const maker = outermost(class_);
  if (maker === null || !RENAMES.test(maker.text)) return;
  const made = unit.code.body.statements.filter(({ calls }) => calls.some((path) => path.at(-1) === maker.name));
  for (const name of new Set(made.flatMap(({ names }) => names))) {
    flow.graph.listen(flow.variable(unit, name), (value) => {
      const data = flow.data(value);
      if (data.kind === "class" && data.code === class_) listener(`${unit.module}.${name}`);
    });
  }
}

const RENAMES = /\.__qualname__\s*=(?!=)/;

/** The function at the top of a module, or in a class there, in which a class is made. */
function outermost(class_: Code): Code | null {
  let found: Code | null = null;
  for (let around = class_.parent; around !== null; around = around.parent) if (around.kind === "function") found = around;
  return found;
}
