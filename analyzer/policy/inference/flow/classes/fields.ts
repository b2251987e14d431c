/**
 * Classes whose constructor is made for them: dataclasses, attrs, named tuples. Boundary: which fields they have and
 * what fills them.
 */
import type { Code, TypeExpression } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { callMethod, elementsFrom, iterate } from "../containers.ts";
import { ANY, type Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { fillField, fillFromDefaults, isField } from "./made-fields.ts";

const FIELD_DECORATORS = /(^|\.)(dataclass|attrs|define|frozen|mutable)$|^attr\.(s|attrs|dataclass)$/;
const NAMED_TUPLES = new Set(["typing.NamedTuple", "collections.namedtuple"]);
const FIELD_BASES = new Set([...NAMED_TUPLES, "pydantic.BaseModel"]);

/** Whether a class derives from one that `typing.NamedTuple` or `namedtuple` makes, by the dotted name of the base. */
export function isNamedTuple(base: string): boolean {
  return NAMED_TUPLES.has(base);
}

/** What the constructor calls in the end, where the class has it (dataclasses; attrs). */
export const POST_INITS = ["__post_init__", "__attrs_post_init__"];

/** Whether calling a class gives a dict, as of what `typing.TypedDict` is a base of. */
export function isTypedDict(flow: Flow, code: Code): boolean {
  return flow.classes.externalBases(code).some((base) => base === "typing.TypedDict" || base === "typing_extensions.TypedDict");
}

/** Whether the class gets a constructor from its fields. */
export function hasFields(flow: Flow, code: Code): boolean {
  return flow.classes
    .orderOf(code)
    .some((base) =>
      typeof base === "string" ? FIELD_BASES.has(base) : base.decorators.some((decorator) => FIELD_DECORATORS.test(decorator)),
    );
}

/** The fields, bases' first, as the constructor takes them. */
export function fieldsOf(flow: Flow, code: Code): string[] {
  const names = new Set<string>();
  for (const base of [...flow.classes.orderOf(code)].reverse()) {
    if (typeof base === "string") continue;
    for (const name of base.members.keys()) if (isField(flow, base, name)) names.add(name);
  }
  return [...names];
}

/** With these a field is not what is passed for it, or is passed under another name; with these it has another place among the arguments. */
const CHANGING = new Set(["converter", "alias"]);
const MOVING = new Set(["init", "kw_only"]);

/** Whether what is passed to the constructor is in the fields where it seems to be. */
function areFieldsPlain(flow: Flow, code: Code, args: readonly Passed[]): boolean {
  const arePlaced = args.some(({ kind }) => kind === "positional");
  const bases = flow.classes.orderOf(code).filter((base) => typeof base !== "string");
  const makers = bases.flatMap((base) => base.body.instructions.flatMap((each) => (each.op === "call" ? each.arguments : [])));
  if (makers.some(({ name = "" }) => CHANGING.has(name) || (arePlaced && MOVING.has(name)))) return false;
  return !arePlaced || bases.every((base) => areFieldsInOrder(base));
}

function areFieldsInOrder({ decorators, members }: Code): boolean {
  const isMade = decorators.some((decorator) => FIELD_DECORATORS.test(decorator));
  return [...members.values()].every(({ annotation }) => annotation === null || (isMade && !isNoField(annotation)));
}

/** `ClassVar`, `InitVar`, and the sentinel after which fields are given by keyword. */
export function isNoField(annotation: TypeExpression): boolean {
  const type = annotation.kind === "subscript" ? annotation.base : annotation;
  return type.kind === "name" && /^(ClassVar|InitVar|KW_ONLY)$/.test(type.path.at(-1) ?? "");
}

/** `InitVar`: the constructor takes it, and hands it on. */
export function isOnlyHanded(annotation: TypeExpression): boolean {
  const type = annotation.kind === "subscript" ? annotation.base : annotation;
  return type.kind === "name" && type.path.at(-1) === "InitVar";
}

/** Fills fields from `*values` or `**named`. */
export function spreadIntoFields(flow: Flow, frame: Frame, value: Value, { kind, from }: Passed, names: readonly string[]): void {
  flow.namedStores.note(value, null, from);
  if (kind === "star") for (const name of names) iterate(flow, frame, from, flow.field(value, name), frame.code.line);
  else
    flow.graph.listen(from, (named) => {
      if (flow.data(named).kind !== "container") return;
      for (const name of names) for (const node of elementsFrom(flow, named, name)) flow.graph.edge(node, flow.field(value, name));
    });
}

/** Fills the fields from the arguments of the constructor, and from their defaults, and runs what the constructor calls then. */
export function initialiseFields(flow: Flow, frame: Frame, value: Value, args: readonly Passed[], line: number): void {
  const data = flow.data(value);
  if (data.kind !== "instance" || !hasFields(flow, data.code)) return;
  const names = fieldsOf(flow, data.code);
  const filled = new Set<string>();
  if (args.length > 0 && !areFieldsPlain(flow, data.code, args)) flow.openAttributes.open(value);
  const handed: Passed[] = [];
  const fill = (name: string, from: Node) => {
    filled.add(name);
    const definer = flow.classes.definerOf(data.code, name) ?? data.code;
    const annotation = definer.members.get(name)?.annotation;
    // An `InitVar` is handed to what the constructor calls in the end, and kept nowhere.
    if (annotation && isOnlyHanded(annotation)) {
      handed.push({ kind: "keyword", name, from });
      return;
    }
    fillField(flow, frame, value, definer, name, from, data.code.line);
  };
  let next = 0;
  for (const passed of args) {
    if (passed.kind === "positional") {
      const name = names[next++];
      if (name === undefined) {
        flow.openAttributes.open(value);
        // The fields of `namedtuple("Name", fields)` are not told apart.
        if (flow.classes.externalBases(data.code).some(isNamedTuple)) flow.graph.edge(passed.from, flow.field(value, ANY));
      } else {
        fill(name, passed.from);
      }
    } else if (passed.kind === "keyword" && passed.name !== undefined) {
      // attrs takes `_name` as `name`.
      const isPrivate = !names.includes(passed.name) && names.includes(`_${passed.name}`);
      fill(isPrivate ? `_${passed.name}` : passed.name, passed.from);
    } else spreadIntoFields(flow, frame, value, passed, names);
  }
  for (const base of flow.classes.orderOf(data.code)) {
    if (typeof base === "string") continue;
    flow.classValue(base);
    fillFromDefaults(flow, frame, value, base, filled, false);
  }
  for (const name of POST_INITS) callMethod(flow, frame, value, name, handed, null, line);
}
