/**
 * Code that looks things up by computed names: `eval(name)`, `globals()[name]`. Boundary: each look-up that could mean
 * anything is recorded as a notice, because it widens the policy to every class that is visible there.
 */
import type { Unit } from "../../python/code.ts";
import type { NativeCall } from "./container-methods.ts";
import { addMade, elementInto, newContainer } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import type { Node } from "./graph.ts";

/** `eval(expression)`: any class that the module can see under a plain name. */
export function evaluated(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  addVisibleClasses(flow, frame.code.unit, call.into);
  flow.notice("eval of a computed expression: every class visible in the module may be meant", frame.code, call.line);
}

/** `globals()`: a dict with every class of the module. */
export function globalNames(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const dict = newContainer(flow, frame, "builtins.dict", call.line);
  addMade(flow, frame, call.into, dict, call.line);
  addVisibleClasses(flow, frame.code.unit, elementInto(flow, dict, null));
}

function addVisibleClasses(flow: Flow, unit: Unit, into: Node): void {
  const definitions = visibleNames(flow, unit, new Set()).flatMap((name) => [...flow.resolver.name(unit, name)]);
  const visible = new Set(definitions.flatMap((definition) => (definition.kind === "class" ? [definition.code] : [])));
  if (!flow.objects.isWorldClosed) {
    for (const code of visible) flow.define({ kind: "class", code }, into);
    return;
  }
  flow.objects.listenMade((_, code) => {
    if (visible.has(code)) flow.define({ kind: "class", code }, into);
  });
}

function visibleNames(flow: Flow, unit: Unit, seen: Set<Unit>): string[] {
  if (seen.has(unit)) return [];
  seen.add(unit);
  const names = [...unit.bindings.keys()];
  for (const module of unit.starImports) {
    const other = flow.resolver.modules.unit(module);
    if (!other) continue;
    const visible = visibleNames(flow, other, seen);
    names.push(...visible.filter((name) => (other.exports ? other.exports.includes(name) : !name.startsWith("_"))));
  }
  return [...new Set(names)];
}
