/**
 * Members of enumerations: which one a value is, and under which names it is pickled. `Colour.RED` is that member, and
 * `Colour(value)` those whose value is a constant that reaches the call; where anything else may reach it, it is any member.
 * Boundary: what reaches a call is `constants.ts`, how a member pickles `reduction.ts`.
 */
import { alwaysRaises } from "../../../../python/classes.ts";
import type { Code, Member } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { iterateValue } from "../containers.ts";
import { type Flow, KEYS } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, listenTexts, type NativeCall } from "../models/container-methods.ts";
import { Constants } from "../names/constants.ts";
import type { Value } from "../values.ts";

export function isEnumeration(flow: Flow, code: Code): boolean {
  return flow.classes.externalBases(code).some((base) => base.startsWith("enum."));
}

/** The names of an enumeration's members, in order. */
export function enumMembers(flow: Flow, code: Code): string[] {
  return isEnumeration(flow, code) ? [...code.members].flatMap(([name, member]) => (isMember(name, member) ? [name] : [])) : [];
}

function isMember(name: string, { hasValue, isAssigned }: Member): boolean {
  return hasValue && isAssigned && !name.startsWith("_");
}

/** The value of `Enumeration.NAME`; null where that is no member. */
export function memberOf(flow: Flow, code: Code, name: string): Value | null {
  const member = code.members.get(name);
  if (!member || !isMember(name, member) || !isEnumeration(flow, code)) return null;
  return isPlain(flow, code) ? flow.values.member(code, name) : flow.values.instance(code, null);
}

/** Bases that leave to `enum` which member is found. Members of flags are joined to others. */
const PLAIN_BASES = new Set(["enum.Enum", "enum.IntEnum", "enum.StrEnum", "builtins.str", "builtins.int", "builtins.object"]);
const FINDING = ["__new__", "__reduce__", "__reduce_ex__", "__getattribute__", "_generate_next_value_"];

/** Whether `Enumeration.NAME` is that member, whatever else the class defines. */
function isPlain(flow: Flow, code: Code): boolean {
  return flow.classes
    .orderOf(code)
    .every((base) =>
      typeof base === "string"
        ? PLAIN_BASES.has(base)
        : base.metaclass === null &&
          base.decorators.every((decorator) => /(^|\.)unique$/.test(decorator)) &&
          !FINDING.some((name) => base.members.has(name)),
    );
}

/**
 * The names under which a member may be pickled: its own, or that of an earlier one with the same value, of which it is
 * another name then (Python's `enum`, "Duplicating enum members and values").
 */
export function pickledNames(flow: Flow, code: Code, name: string): string[] {
  const found: string[] = [];
  const areConverted = flow.classes.externalBases(code).some((base) => CONVERTING.has(base));
  for (const earlier of enumMembers(flow, code)) {
    const same = earlier === name || haveSameValue(code.members.get(earlier)!, code.members.get(name)!, areConverted);
    if (same !== false) found.push(earlier);
    if (same === true) break;
  }
  return found;
}

/** Bases that make what a member is assigned into a value of their own kind. */
const CONVERTING = new Set(["enum.IntEnum", "enum.StrEnum", "builtins.str", "builtins.int"]);

/** Null where it cannot be told. */
function haveSameValue({ literal: one }: Member, { literal: other }: Member, areConverted: boolean): boolean | null {
  if (!one || !other) return null;
  if (one.kind === "string" && other.kind === "string") return one.text === other.text;
  if (one.kind === "number" && other.kind === "number") return one.number === other.number;
  const countsAuto = one.kind === "auto" && other.kind === "auto";
  return countsAuto || (one.kind !== "auto" && other.kind !== "auto" && !areConverted) ? false : null;
}

/** Under which the names of the members of an enumeration that a call makes are kept, on its class. */
const MEMBERS = "[members]";

/** `Enum("Name", "A B")`: names in one text, in a list, in pairs with values, or as keys. */
export function noteMembers(flow: Flow, frame: Frame, class_: Value, call: NativeCall): void {
  const names = argument(call, 1, "names");
  if (names === null) return;
  const { graph, values } = flow;
  const into = flow.field(class_, MEMBERS);
  const note = (text: string, source: Node) => {
    for (const name of text.split(/[\s,]+/).filter(Boolean)) graph.add(into, values.text(name), source);
  };
  listenTexts(flow, names, (text) => note(text, names));
  const each = graph.allocate(1);
  graph.listen(names, (value) => {
    const data = flow.data(value);
    if (data.kind !== "container") return;
    iterateValue(flow, frame, value, each, call.line, names);
    if (data.type === "builtins.dict") {
      flow.listenFields(value, (field) => {
        if (field !== KEYS) note(/^\[(\w+)\]$/.exec(field)?.[1] ?? "", names);
      });
    }
  });
  listenTexts(flow, each, (text) => note(text, each));
  graph.listen(each, (value) => {
    if (flow.data(value).kind === "container") listenTexts(flow, flow.field(value, "[0]"), (text) => note(text, each));
  });
}

/** Calls `listener` with the names of the members of an enumeration that a call made. */
export function listenMembers(flow: Flow, class_: Value, listener: (name: string) => void): void {
  listenTexts(flow, flow.field(class_, MEMBERS), listener);
}

/** `Enumeration(argument)`: what it gives is known when all is known that reaches the argument. */
interface Call {
  readonly code: Code;
  readonly argument: Node;
  readonly into: Node;
  readonly source: number;
  /** Lets it give any member. */
  readonly giveAny: () => void;
}

export class EnumerationCalls {
  private calls: Call[] = [];

  constructor(private readonly flow: Flow) {}

  /** Whether what the call gives will be decided here. */
  note(call: Call): boolean {
    const { flow } = this;
    const { code, argument, into } = call;
    if (!isPlain(flow, code) || enumMembers(flow, code).length === 0) return false;
    this.calls.push(call);
    flow.graph.listen(argument, (value) => {
      const data = flow.data(value);
      if (data.kind === "instance" && data.code === code) flow.graph.add(into, value, argument);
    });
    return true;
  }

  /** Lets every call give what is known to reach it so far. Whether that was anything new. */
  settle(): boolean {
    if (this.calls.length === 0) return false;
    const constants = new Constants(this.flow);
    let isChanged = false;
    this.calls = this.calls.filter((call) => {
      const members = this.membersFor(call, constants);
      if (members === null) call.giveAny();
      const added = (members ?? []).filter((value) => !this.flow.graph.holds(call.into, value));
      for (const value of added) this.flow.graph.add(call.into, value, call.source);
      isChanged ||= members === null || added.length > 0;
      return members !== null;
    });
    return isChanged;
  }

  /** The members with the values that reach a call; null where others may be meant. */
  private membersFor({ code, argument }: Call, constants: Constants): Value[] | null {
    const { flow } = this;
    const members = enumMembers(flow, code).map((name) => [name, code.members.get(name)!.literal] as const);
    const areStrings = members.every(([, literal]) => literal?.kind === "string");
    const missing = flow.classes.definerOf(code, "_missing_");
    if (!areStrings || (missing && !alwaysRaises(missing, "_missing_"))) return null;
    const texts = constants.reaching(argument, code);
    if (texts === null) return null;
    // What no member has for its value raises an exception.
    return members
      .filter(([, literal]) => literal?.kind === "string" && texts.has(literal.text))
      .map(([name]) => flow.values.member(code, name));
  }
}
