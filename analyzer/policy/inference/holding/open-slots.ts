/**
 * The slots that held objects leave to their caller: attributes in which what was passed as a parameter ends up, alone
 * or inside containers. Boundary: it reads the graph as it was solved; what may fill a slot is `../fill.ts`.
 */
import type { Code } from "../../../python/code.ts";
import { byText } from "../../format-entry.ts";
import type { OpenSlot, SlotSource } from "../../policy.ts";
import { type OpenValue, takesFunction } from "../flow/callers/open-values.ts";
import { notePassedOn } from "../flow/callers/passed-on.ts";
import { noteAnnotations } from "../flow/callers/unknown-arguments.ts";
import { keepersOf } from "../flow/classes/setattr.ts";
import { ANY, type Flow, KEYS } from "../flow/flow.ts";
import type { Value } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import type { Holding } from "./holding.ts";

/** The open slots of everything that is held, by class and attribute. What is stored under a computed name is in none. */
export function slotsOf(holding: Holding): OpenSlot[] {
  const { flow } = holding;
  noteAnnotations(flow);
  notePassedOn(flow);
  const contents = new OpenContents(flow);
  const slots = new Map<string, { readonly class: string; readonly attribute: string; readonly found: Set<OpenValue> }>();
  for (const value of holding.links.keys()) {
    const data = flow.data(value);
    if (data.kind !== "instance" || data.code.qualifiedName.includes("<")) continue;
    const class_ = flow.nameOf(data.code);
    let kept: readonly string[] | null = null;
    for (const [field, node] of stateOf(flow, value)) {
      const found = contents.reachedFrom(node);
      if (found.size === 0) continue;
      kept ??= keptBySetattr(flow, value, data.code);
      for (const attribute of new Set([field, ...kept])) {
        const key = `${class_} ${attribute}`;
        const slot = slots.get(key) ?? { class: class_, attribute, found: new Set() };
        slots.set(key, slot);
        for (const open of found) slot.found.add(open);
      }
    }
  }
  const sources = sourcesOf(new Set([...slots.values()].flatMap(({ found }) => [...found])));
  const known = new Map<string, Pick<OpenSlot, "from" | "asks">>();
  return [...slots.values()]
    .map(({ class: class_, attribute, found }): OpenSlot => {
      const told = [...found].map((open) => sources.get(open)!).sort((a, b) => a.place - b.place);
      const key = told.map(({ place }) => place).join();
      const content = known.get(key) ?? contentOf(flow, told);
      known.set(key, content);
      return { class: class_, attribute, ...content };
    })
    .sort(bySlot);
}

/** Where open values come from, in the order in which they are told: many slots take from the same. */
function sourcesOf(found: ReadonlySet<OpenValue>): ReadonlyMap<OpenValue, Told> {
  const documentation = new Documentation();
  const sources = [...found].map((open) => ({ open, source: sourceOf(open, documentation) }));
  sources.sort((a, b) => bySource(a.source, b.source));
  return new Map(sources.map(({ open, source }, place) => [open, { open, source, place }]));
}

interface Told {
  readonly open: OpenValue;
  readonly source: SlotSource;
  readonly place: number;
}

/** Slots by class and attribute: what several say of one is said together. */
export function joinSlots(slots: readonly OpenSlot[]): OpenSlot[] {
  const found = new Map<string, OpenSlot[]>();
  for (const slot of slots) {
    const key = `${slot.class} ${slot.attribute}`;
    found.set(key, [...(found.get(key) ?? []), slot]);
  }
  return [...found.values()].map(joined).sort(bySlot);
}

function joined(same: readonly OpenSlot[]): OpenSlot {
  const from = new Map(same.flatMap((slot) => slot.from.map((source) => [`${source.function} ${source.parameter}`, source])));
  const asked = (what: "attributes" | "classes") => [...new Set(same.flatMap(({ asks }) => asks[what]))].sort(byText);
  return {
    ...same[0]!,
    from: [...from.values()].sort(bySource),
    asks: { attributes: asked("attributes"), classes: asked("classes"), functions: same.some(({ asks }) => asks.functions) },
  };
}

function bySlot(a: OpenSlot, b: OpenSlot): number {
  return byText(a.class, b.class) || byText(a.attribute, b.attribute);
}

function bySource(a: SlotSource, b: SlotSource): number {
  return byText(a.function, b.function) || byText(a.parameter, b.parameter);
}

/** What is saved of an object by its attributes' names; its elements, if it is a container, are under `[]`. */
function stateOf(flow: Flow, value: Value): [string, Node][] {
  return [...flow.fieldNames(value), ANY].flatMap((name): [string, Node][] => {
    const node = flow.knownField(value, name);
    return node === null ? [] : [[name, node]];
  });
}

/** Attributes with containers into which the class's own `__setattr__` may put what is assigned: the flow has that under the name that it is assigned to. */
function keptBySetattr(flow: Flow, value: Value, code: Code): string[] {
  return [...keepersOf(flow, code)].filter((name) => {
    const node = flow.knownField(value, name);
    return node !== null && flow.graph.valuesOf(node).some((each) => flow.data(each).kind === "container");
  });
}

/** What is open in nodes, and in the containers there. What a node itself holds is looked at once: many attributes lead to the same. */
class OpenContents {
  private readonly contents = new Map<Node, Contents>();
  private readonly reached = new Map<Node, ReadonlySet<OpenValue>>();

  constructor(private readonly flow: Flow) {}

  reachedFrom(node: Node): ReadonlySet<OpenValue> {
    const start = this.flow.graph.find(node);
    const known = this.reached.get(start);
    if (known) return known;
    const found = new Set<OpenValue>();
    const seen = new Set([start]);
    for (const at of seen) {
      const all = this.reached.get(at);
      if (all) {
        for (const value of all) found.add(value);
        continue;
      }
      const { open, inside } = this.contentsOf(at);
      for (const value of open) found.add(value);
      for (const next of inside) seen.add(next);
    }
    this.reached.set(start, found);
    return found;
  }

  private contentsOf(node: Node): Contents {
    const known = this.contents.get(node);
    if (known) return known;
    const { flow } = this;
    const open: OpenValue[] = [];
    const inside = new Set<Node>();
    for (const value of flow.graph.valuesOf(node)) {
      const data = flow.data(value);
      if (data.kind === "open" && !data.isClass) open.push(data);
      if (data.kind !== "container") continue;
      for (const name of [ANY, KEYS]) {
        const field = flow.knownField(value, name);
        if (field !== null) inside.add(flow.graph.find(field));
      }
    }
    const contents = { open, inside };
    this.contents.set(node, contents);
    return contents;
  }
}

/** The open values of a node, and the nodes of what its containers hold. */
interface Contents {
  readonly open: readonly OpenValue[];
  readonly inside: ReadonlySet<Node>;
}

function contentOf(flow: Flow, told: readonly Told[]): Pick<OpenSlot, "from" | "asks"> {
  const asked = told.map(({ open }) => flow.asked.of(open));
  const attributes = new Set(asked.flatMap((each) => [...each.attributes]));
  const isFunction =
    attributes.delete("__call__") ||
    told.some(({ open }) => open.parameter === parameterOf(open)?.name && takesFunction(parameterOf(open)!.annotation));
  return {
    from: told.map(({ source }) => source),
    asks: {
      attributes: [...attributes].sort(byText),
      classes: [...new Set(asked.flatMap((each) => [...each.classes]))].sort(byText),
      functions: isFunction,
    },
  };
}

/** The parameter by which a value came, or what gave it. */
function parameterOf({ code, parameter }: OpenValue) {
  const called = parameter.replace(/\(\)$/, "");
  return code.parameters.find(({ name }) => name === called);
}

function sourceOf(open: OpenValue, documentation: Documentation): SlotSource {
  const { code, parameter } = open;
  const said = documentation.of(code, parameterOf(open)?.name ?? parameter);
  return {
    function: `${code.unit.module}.${code.qualifiedName}`,
    parameter,
    file: code.unit.path,
    line: parameterOf(open)?.line ?? code.line,
    ...(said !== null && { documentation: said }),
  };
}

/** Longest line of documentation that is told. */
const LONGEST_DOCUMENTATION = 200;

/** What docstrings say of parameters. Each is looked for once, though many slots take from the same. */
class Documentation {
  private readonly docstrings = new Map<Code, readonly string[]>();
  private readonly known = new Map<Code, Map<string, string | null>>();

  /** What the docstring of the function, or of its class, says that a parameter is: `name : type` (numpy), `name (type): text` (Google). */
  of(code: Code, parameter: string): string | null {
    const parameters = this.known.get(code) ?? new Map<string, string | null>();
    this.known.set(code, parameters);
    const known = parameters.get(parameter);
    if (known !== undefined) return known;
    const found = this.find(code, parameter);
    parameters.set(parameter, found);
    return found;
  }

  private find(code: Code, parameter: string): string | null {
    const scopes = code.parent?.kind === "class" ? [code, code.parent] : [code];
    const docstrings = scopes.flatMap((scope) => this.docstringsOf(scope)).filter((docstring) => docstring.includes(parameter));
    if (docstrings.length === 0) return null;
    const pattern = new RegExp(`^\\s*\\*{0,2}${parameter}\\s*(?::\\s*(\\S.*)|(\\([^)]*\\)\\s*:.*))$`, "m");
    for (const docstring of docstrings) {
      const found = pattern.exec(docstring);
      if (found) return (found[1] ?? found[2] ?? "").trim().slice(0, LONGEST_DOCUMENTATION);
    }
    return null;
  }

  private docstringsOf(code: Code): readonly string[] {
    const known = this.docstrings.get(code);
    if (known) return known;
    const found = code.text.match(/"""[\s\S]*?"""/g) ?? [];
    this.docstrings.set(code, found);
    return found;
  }
}
