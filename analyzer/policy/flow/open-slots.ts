/**
 * The slots that held objects leave to their caller: attributes in which what was passed as a parameter ends up, alone
 * or inside containers. Boundary: it reads the graph as it was solved; what may fill a slot is `../fill.ts`.
 */
import type { Code } from "../../python/code.ts";
import { byText } from "../format-entry.ts";
import type { OpenSlot, SlotSource } from "../policy.ts";
import { ANY, type Flow, KEYS } from "./flow.ts";
import type { Node } from "./graph.ts";
import type { Holding } from "./holding.ts";
import { type OpenValue, takesFunction } from "./open-values.ts";
import type { Value } from "./values.ts";

/** The open slots of everything that is held, by class and attribute. What is stored under a computed name is in none. */
export function slotsOf(holding: Holding): OpenSlot[] {
  const { flow } = holding;
  const slots = new Map<string, { readonly class: string; readonly attribute: string; readonly found: Set<OpenValue> }>();
  for (const value of holding.links.keys()) {
    const data = flow.data(value);
    if (data.kind !== "instance" || data.code.qualifiedName.includes("<")) continue;
    const class_ = flow.nameOf(data.code);
    for (const [field, node] of stateOf(flow, value)) {
      const found = openValuesIn(flow, node);
      if (found.size === 0) continue;
      const key = `${class_} ${field}`;
      const slot = slots.get(key) ?? { class: class_, attribute: field, found: new Set() };
      slots.set(key, slot);
      for (const open of found) slot.found.add(open);
    }
  }
  return [...slots.values()]
    .map(({ class: class_, attribute, found }) => slotOf(flow, class_, attribute, [...found]))
    .sort((a, b) => byText(a.class, b.class) || byText(a.attribute, b.attribute));
}

/** What is saved of an object by its attributes' names; its elements, if it is a container, are under `[]`. */
function stateOf(flow: Flow, value: Value): [string, Node][] {
  return [...flow.fieldNames(value), ANY].flatMap((name): [string, Node][] => {
    const node = flow.knownField(value, name);
    return node === null ? [] : [[name, node]];
  });
}

/** Open values in a node, and in the containers there. */
function openValuesIn(flow: Flow, start: Node): Set<OpenValue> {
  const found = new Set<OpenValue>();
  const seen = new Set<Node>([start]);
  const queue = [start];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const value of flow.graph.valuesOf(node)) {
      const data = flow.data(value);
      if (data.kind === "open" && !data.isClass) found.add(data);
      if (data.kind !== "container") continue;
      for (const name of [ANY, KEYS]) {
        const inside = flow.knownField(value, name);
        if (inside === null || seen.has(inside)) continue;
        seen.add(inside);
        queue.push(inside);
      }
    }
  }
  return found;
}

function slotOf(flow: Flow, class_: string, attribute: string, found: readonly OpenValue[]): OpenSlot {
  const asked = found.map((open) => flow.asked.of(open));
  const attributes = new Set(asked.flatMap((each) => [...each.attributes]));
  const isFunction = attributes.delete("__call__") || found.some((open) => takesFunction(parameterOf(open)?.annotation ?? null));
  return {
    class: class_,
    attribute,
    from: found.map(sourceOf).sort((a, b) => byText(a.function, b.function) || byText(a.parameter, b.parameter)),
    asks: {
      attributes: [...attributes].sort(byText),
      classes: [...new Set(asked.flatMap((each) => [...each.classes]))].sort(byText),
      functions: isFunction,
    },
  };
}

function parameterOf({ code, parameter }: OpenValue) {
  return code.parameters.find(({ name }) => name === parameter);
}

function sourceOf(open: OpenValue): SlotSource {
  const { code, parameter } = open;
  const documentation = documentationOf(code, parameter);
  return {
    function: `${code.unit.module}.${code.qualifiedName}`,
    parameter,
    file: code.unit.path,
    line: parameterOf(open)?.line ?? code.line,
    ...(documentation !== null && { documentation }),
  };
}

/** Longest line of documentation that is told. */
const LONGEST_DOCUMENTATION = 200;

/** What the docstring of the function, or of its class, says that a parameter is: `name : type` (numpy), `name (type): text` (Google). */
function documentationOf(code: Code, parameter: string): string | null {
  const pattern = new RegExp(`^\\s*\\*{0,2}${parameter}\\s*(?::\\s*(\\S.*)|(\\([^)]*\\)\\s*:.*))$`, "m");
  for (const text of [code.text, code.parent?.kind === "class" ? code.parent.text : ""]) {
    for (const docstring of text.match(/"""[\s\S]*?"""/g) ?? []) {
      const found = pattern.exec(docstring);
      if (found) return (found[1] ?? found[2] ?? "").trim().slice(0, LONGEST_DOCUMENTATION);
    }
  }
  return null;
}
