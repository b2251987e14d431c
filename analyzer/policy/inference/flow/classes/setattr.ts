/**
 * Containers into which the `__setattr__` of a class puts what is assigned to any other attribute: the modules, parameters and buffers
 * of a torch module. The flow has what was assigned under the name that it was assigned to, and lets the container hold it where the library
 * reads that, itself or by a method that gives what is there (`children`). Boundary: what a method puts there itself (`add_module`) is an element like
 * any other.
 */
import { type Code, functionsNamed, type TypeExpression } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { Once } from "../../graph/integer-tables.ts";
import { elementInto } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { nativeType } from "../models/natives.ts";
import type { Value } from "../values.ts";

/** Attributes that `__setattr__` of a class may put elements into: what it names, where it puts any. */
export function keepersOf(flow: Flow, code: Code): ReadonlySet<string> {
  const definer = flow.classes.definerOf(code, "__setattr__");
  if (definer === null) return NONE;
  const known = KEEPERS.get(definer);
  if (known) return known;
  const instructions = functionsNamed(definer, "__setattr__").flatMap(({ body }) => body.instructions);
  const named = instructions.flatMap((each) =>
    each.op === "text" ? [each.value] : each.op === "load" ? [each.attribute] : each.op === "item" ? (each.key ?? []) : [],
  );
  const keepers = instructions.some(({ op }) => op === "set-item") ? new Set(named) : NONE;
  KEEPERS.set(definer, keepers);
  return keepers;
}

const NONE: ReadonlySet<string> = new Set();
const KEEPERS = new WeakMap<Code, ReadonlySet<string>>();

/**
 * Of so many objects whose elements one generator is asked for each has them: where any object goes (a trainer's models) it would bring every other.
 */
const OBJECTS_PER_GENERATOR = 8;

export class AssignedElements {
  /** Activations of methods by which the library reads, and what others read, until the library asks them, too. */
  private readonly asked = new Set<Frame>();
  private readonly counts = new Map<Code, number>();
  private readonly waiting = new Map<Frame, (() => void)[]>();
  private readonly done = new Once();

  constructor(private readonly flow: Flow) {}

  /** Notes a call of a dependency's generator: for the library reads one that it calls itself, and what such a one calls of the same object. */
  noteCall(from: Frame, to: Frame): void {
    const { flow } = this;
    if (!to.code.body.isGenerator || to.receiver === null || this.asked.has(to) || flow.isOfLibrary(to.code)) return;
    if (!flow.isOfLibrary(from.code) && !(from.receiver === to.receiver && this.asked.has(from))) return;
    const count = (this.counts.get(to.code) ?? 0) + 1;
    this.counts.set(to.code, count);
    if (count > OBJECTS_PER_GENERATOR) return;
    this.asked.add(to);
    for (const read of this.waiting.get(to) ?? []) read();
    this.waiting.delete(to);
  }

  /** An attribute of an object is read. */
  noteRead(frame: Frame, object: Value, code: Code, attribute: string): void {
    if (!keepersOf(this.flow, code).has(attribute)) return;
    // `self._named_members(lambda module: module._parameters.items())`
    const reader = frame.receiver === null ? (frame.outer ?? frame) : frame;
    if (this.flow.isOfLibrary(reader.code) || this.asked.has(reader)) this.keep(object, code, attribute);
    else if (reader.code.body.isGenerator) {
      const waiting = this.waiting.get(reader) ?? [];
      waiting.push(() => this.keep(object, code, attribute));
      this.waiting.set(reader, waiting);
    }
  }

  private keep(object: Value, code: Code, attribute: string): void {
    const { flow } = this;
    const keepers = keepersOf(flow, code);
    const field = flow.field(object, attribute);
    if (!this.done.isNew(object, field)) return;
    const types = this.elementTypes(code, attribute);
    flow.graph.listen(field, (container) => {
      if (flow.data(container).kind !== "container") return;
      flow.listenFields(object, (name, node) => {
        if (!name.startsWith("[") && !keepers.has(name)) this.share(node, elementInto(flow, container, name), types);
      });
    });
  }

  private share(from: Node, to: Node, types: readonly Code[] | null): void {
    const { graph } = this.flow;
    if (types === null) graph.edge(from, to);
    else
      graph.listen(from, (value) => {
        if (this.isOf(value, types)) graph.add(to, value, from);
      });
  }

  /** Whether a value may be an object of one of these types. */
  private isOf(value: Value, types: readonly Code[]): boolean {
    const data = this.flow.data(value);
    switch (data.kind) {
      case "instance":
        return types.some((type) => this.flow.classes.isSubclass(data.code, type));
      case "native":
        return types.some(({ fullName }) => nativeType(fullName)?.type === data.type);
      case "open":
      case "unanalysed":
        return true;
      default:
        return false;
    }
  }

  /** The types that the elements of a container are annotated with (`Dict[str, Optional[Module]]`); null where nothing is said. */
  private elementTypes(code: Code, attribute: string): Code[] | null {
    for (const base of this.flow.classes.orderOf(code)) {
      const annotation = typeof base === "string" ? undefined : base.members.get(attribute)?.annotation;
      if (typeof base === "string" || annotation?.kind !== "subscript") continue;
      const found = namesIn(annotation.items.at(-1)!).flatMap((path) => this.flow.resolver.pathIn(base, path));
      return found.flatMap((each) => (each.kind === "class" ? [each.code] : []));
    }
    return null;
  }
}

function namesIn(type: TypeExpression): (readonly string[])[] {
  return type.kind === "name" ? [type.path] : type.items.flatMap(namesIn);
}
