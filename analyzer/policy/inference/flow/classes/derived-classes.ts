/**
 * Classes that calls make: `type("Name", (Base,), {...})`, `types.new_class`, `dataclasses.make_dataclass`. Each is like one that is written at
 * the top of the module that its `__module__` names. Boundary: named tuples and enumerations made by calls are values of their own
 * (`functions.ts`), as nothing is called of their objects.
 */
import type { Base } from "../../../../python/classes.ts";
import { type Code, type Member, NOTHING, RESERVED, type Unit } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { invoke } from "../calls.ts";
import { addMade, newContainer } from "../containers.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, listenTexts, type NativeCall } from "../models/container-methods.ts";
import type { Value } from "../values.ts";

/** A call that makes a class: what its name, its bases and its namespace are. */
interface Made {
  readonly name: Node;
  /** A tuple; null where there are none. */
  readonly bases: Node | null;
  readonly namespace: Node | null;
  /** Of a dataclass: names, and tuples that begin with one. */
  readonly fields: Node | null;
}

/** More combinations of bases than this are not told apart: none is made. */
const MOST_BASES = 4;

export class DerivedClasses {
  private readonly made = new Map<string, Code>();
  private readonly fields = new Map<Code, Set<Node>>();

  constructor(private readonly flow: Flow) {}

  /** Whether a class is one of these. */
  has(code: Code): boolean {
    return this.made.get(keyOf(code.fullName, this.flow.classes.basesOf(code))) === code;
  }

  /** Gives the class that a call makes, wherever it may be found by its name. */
  make(frame: Frame, made: Made, call: NativeCall): void {
    const { flow } = this;
    const { into, line } = call;
    if (into === null) return;
    listenTexts(flow, made.name, (name) => {
      const listenBases = (namespace: Value | null) =>
        this.listenBases(made.bases, (bases) => {
          const add = (unit: Unit) => {
            const code = this.classOf(unit, name, bases, namespace, line);
            if (made.fields !== null) this.fields.set(code, (this.fields.get(code) ?? new Set()).add(made.fields));
            addMade(flow, frame, into, flow.classValue(code), line);
            return code;
          };
          const code = add(frame.code.unit);
          listenTexts(flow, flow.field(flow.classValue(code), "__module__"), (module) => {
            const unit = flow.resolver.modules.unit(module);
            if (unit && unit !== code.unit) add(unit);
          });
        });
      if (made.namespace === null) listenBases(null);
      else
        flow.graph.listen(made.namespace, (namespace) => {
          const { kind } = flow.data(namespace);
          listenBases(kind === "container" || kind === "namespace" ? namespace : null);
        });
    });
  }

  private listenBases(tuple: Node | null, listener: (bases: readonly Base[]) => void): void {
    const { flow } = this;
    if (tuple === null) {
      listener([]);
      return;
    }
    flow.graph.listen(tuple, (value) => {
      if (flow.data(value).kind !== "container") return;
      const fields = flow.elementFields(value);
      const places = fields.filter(([name]) => /^\[\d+\]$/.test(name));
      // Of `*bases` each is taken alone.
      const nodes = (places.length > 0 ? places : fields.filter(([name]) => name === ANY)).map(([, node]) => node);
      if (nodes.length <= MOST_BASES) this.choose(nodes, [], listener);
    });
  }

  /** Every way to take one class of each node. */
  private choose(nodes: readonly Node[], chosen: readonly Base[], listener: (bases: readonly Base[]) => void): void {
    const [first, ...rest] = nodes;
    if (first === undefined) {
      listener(chosen);
      return;
    }
    this.flow.graph.listen(first, (value) => {
      const data = this.flow.data(value);
      if (data.kind === "class") this.choose(rest, [...chosen, data.code], listener);
      else if (data.kind === "external") this.choose(rest, [...chosen, data.name], listener);
      else if (data.kind === "derived-class") this.choose(rest, [...chosen, data.base], listener);
    });
  }

  private classOf(unit: Unit, name: string, bases: readonly Base[], namespace: Value | null, line: number): Code {
    const { flow } = this;
    // What no module has under its name cannot be pickled, as classes inside functions cannot.
    const qualifiedName = flow.resolver.modules.mayHold(unit.module, name) ? name : `<made>.${name}`;
    const key = keyOf(`${unit.module}.${qualifiedName}`, bases);
    const known = this.made.get(key);
    const members = new Map<string, Member>(known?.members);
    const names = namespace === null ? [] : flow.fieldNames(namespace);
    const elements = namespace === null ? [] : flow.elementFields(namespace).map(([field]) => field.slice(1, -1));
    for (const each of [...names, ...elements]) if (/^\w+$/.test(each)) members.set(each, { ...MEMBER, line });
    const code = known ?? codeOf(unit, qualifiedName, members, line);
    this.made.set(key, code);
    if (!known) flow.classes.define(code, bases);
    const value = flow.classValue(code);
    if (namespace !== null)
      flow.listenFields(namespace, (field, node) => {
        const member = field.startsWith("[") ? field.slice(1, -1) : field;
        if (/^\w+$/.test(member)) flow.graph.edge(node, flow.field(value, member));
      });
    return code;
  }

  /** Fills the fields of a dataclass that a call made: in which order they are is not told. */
  initialise(frame: Frame, value: Value, code: Code, args: readonly Passed[]): void {
    const { flow } = this;
    for (const specification of this.fields.get(code) ?? []) {
      flow.openAttributes.open(value);
      this.listenFieldNames(specification, (name, fallback) => {
        const field = flow.field(value, name);
        if (fallback !== null) flow.graph.edge(fallback, field);
        for (const passed of args)
          if (passed.kind === "positional" || (passed.kind === "keyword" && passed.name === name))
            flow.store(passed.from, field, frame.code, code.line);
      });
    }
  }

  private listenFieldNames(specification: Node, listener: (name: string, fallback: Node | null) => void): void {
    const { flow } = this;
    flow.graph.listen(specification, (list) => {
      if (flow.data(list).kind !== "container") return;
      const each = flow.graph.allocate(1);
      for (const [, node] of flow.elementFields(list)) flow.graph.edge(node, each);
      listenTexts(flow, each, (name) => listener(name, null));
      flow.graph.listen(each, (tuple) => {
        if (flow.data(tuple).kind === "container")
          listenTexts(flow, flow.field(tuple, "[0]"), (name) => listener(name, flow.field(tuple, "[2]")));
      });
    });
  }
}

const MEMBER: Omit<Member, "line"> = { annotation: null, hasValue: true, isAssigned: true, isEmpty: false, literal: null };

function keyOf(name: string, bases: readonly Base[]): string {
  return [name, ...bases.map((base) => (typeof base === "string" ? base : base.fullName))].join(" ");
}

function codeOf(unit: Unit, qualifiedName: string, members: ReadonlyMap<string, Member>, line: number): Code {
  return {
    kind: "class",
    name: qualifiedName.slice(qualifiedName.lastIndexOf(".") + 1),
    qualifiedName,
    fullName: `${unit.module}.${qualifiedName}`,
    line,
    parent: unit.code,
    unit,
    decorators: [],
    parameters: [],
    returns: null,
    bases: [],
    metaclass: null,
    nested: [],
    members,
    body: EMPTY,
    text: "",
    start: -1,
  };
}

const EMPTY: Code["body"] = {
  registers: RESERVED,
  instructions: [],
  names: new Map(),
  parameters: [],
  statements: [],
  constants: [],
  mayGiveNone: false,
  isGenerator: false,
  received: NOTHING,
  alwaysRaises: false,
  writesReceiver: false,
  unreadCall: 0,
  raisesLoudly: 0,
  clearedAttributes: new Set(),
  removedKeys: new Set(),
};

/** `type(name, bases, namespace)`. */
export function makeType(flow: Flow, frame: Frame, call: NativeCall): void {
  const [name, bases, namespace] = [0, 1, 2].map((index) => argument(call, index)) as [Node | null, Node | null, Node | null];
  if (name !== null) flow.derivedClasses.make(frame, { name, bases, namespace, fields: null }, call);
}

/** `types.new_class(name, bases, keywords, body)`: the body is called with the namespace. */
export function newClass(flow: Flow, frame: Frame, call: NativeCall): void {
  const name = argument(call, 0, "name");
  const body = argument(call, 3, "exec_body");
  if (name === null) return;
  const namespace = flow.graph.allocate(1);
  addMade(flow, frame, namespace, newContainer(flow, frame, "builtins.dict", call.line, ":namespace"), call.line);
  const args = [{ kind: "positional" as const, from: namespace }];
  if (body !== null) flow.graph.listen(body, (callee) => invoke(flow, frame, callee, args, null, call.line));
  flow.derivedClasses.make(frame, { name, bases: argument(call, 1, "bases"), namespace, fields: null }, call);
}

/** `dataclasses.make_dataclass(name, fields, bases=, namespace=)`. */
export function makeDataclass(flow: Flow, frame: Frame, call: NativeCall): void {
  const name = argument(call, 0, "cls_name");
  const bases = argument(call, -1, "bases");
  const namespace = argument(call, -1, "namespace");
  if (name !== null) flow.derivedClasses.make(frame, { name, bases, namespace, fields: argument(call, 1, "fields") }, call);
}
