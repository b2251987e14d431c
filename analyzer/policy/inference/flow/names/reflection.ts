/**
 * Code that looks things up by computed names: `eval(name)`, `globals()[name]`. Boundary: each look-up that could mean
 * anything is recorded as a notice, because it widens the policy to every class that is visible there.
 */
import { type Code, isEmpty, type Unit } from "../../../../python/code.ts";
import type { Modules } from "../../../../python/modules.ts";
import { isExported } from "../../../../python/resolve.ts";
import type { Node } from "../../graph/graph.ts";
import { loadFrom, storeInto } from "../attributes.ts";
import { addMade, elementInto, newContainer } from "../containers.ts";
import { ANY, type Flow, KEYS, SOME } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { argument, listenTexts, type NativeCall } from "../models/container-methods.ts";
import { nativeType } from "../models/natives.ts";
import { OPEN_SUBCLASSES } from "../types.ts";
import type { Value } from "../values.ts";
import { listenNames } from "./computed-names.ts";

/**
 * `eval(expression)`: any class that the module can see under a plain name, and those of other modules that it writes
 * itself (`nn.Upsample`).
 */
export function evaluated(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const { unit } = frame.code;
  addClasses(flow, visibleClasses(flow, unit), call.into);
  for (const [alias, name] of writtenAttributes(unit))
    for (const definition of flow.resolver.name(unit, alias))
      if (definition.kind === "module" && visibleNames(flow, definition.unit, new Set()).includes(name))
        addClasses(flow, new Set(classesNamed(flow, definition.unit, name)), call.into);
  flow.notice("eval of a computed expression: every class visible in the module may be meant", frame.code, call.line, "widened");
}

/** `globals()`: a dict of what the module has under each name. */
export function globalNames(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into !== null) addMade(flow, frame, call.into, globalsOf(flow, frame, frame.code.unit, call.line), call.line);
}

/**
 * The dict of a module's names. Of what no constant names it has every class of the module; where that passes on a whole library, none.
 */
export function globalsOf(flow: Flow, { code }: Frame, unit: Unit, line: number): Value {
  const dict = flow.values.container("builtins.dict", `${GLOBALS}${unit.module}`);
  if (!flow.copied.isNew(dict, dict)) return dict;
  flow.listenFields(dict, (field, node) => {
    const name = /^\[(\w+)\]$/.exec(field)?.[1];
    if (name !== undefined && field !== KEYS) {
      const variable = flow.variable(unit, name);
      flow.graph.edge(variable, node);
      if (!flow.binds(unit, name)) flow.graph.edge(node, variable);
    } else if (field === ANY) {
      const visible = visibleClasses(flow, unit);
      if (visible.size <= OPEN_SUBCLASSES) addClasses(flow, visible, node);
      else flow.notice(`globals(): any of ${visible.size} classes, left to names that are written`, code, line, "left");
    }
  });
  return dict;
}

const GLOBALS = "globals of ";

/** Whether a value is the dict of a module's names. */
export function isGlobals(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  return data.kind === "container" && data.site.startsWith(GLOBALS);
}

function unitOf(flow: Flow, dict: Value): Unit | null {
  const data = flow.data(dict);
  return data.kind === "container" ? flow.resolver.modules.unit(data.site.slice(GLOBALS.length)) : null;
}

/** `globals()[name]`: what is there under the names that reach it, and any class where others may. */
export function readGlobals(flow: Flow, dict: Value, name: Node, into: Node): void {
  const unit = unitOf(flow, dict);
  if (!unit) return;
  listenNames(flow, name, (isMeant, text) => {
    const names = text === null ? visibleNames(flow, unit, new Set()).filter(isMeant) : [text];
    for (const each of names) flow.graph.edge(flow.field(dict, `[${each}]`), into);
  });
  flow.computedNames.note({ name, giveAny: () => flow.graph.edge(flow.field(dict, ANY), into) });
}

/** `globals()[name] = value`: a variable of the module. */
export function writeGlobals(flow: Flow, dict: Value, key: string | null, name: Node | null, from: Node): void {
  const unit = unitOf(flow, dict);
  if (!unit) return;
  const write = (text: string) => flow.graph.edge(from, flow.variable(unit, text));
  if (key !== null) write(key);
  else listenTexts(flow, name, write);
}

/**
 * `getattr(module, name)` in the library with a name of which nothing is known: any class of that module which the library
 * itself writes (`nn.Upsample`) somewhere. What else is there could be meant as well, but then by somebody else.
 */
function computedAttribute(flow: Flow, frame: Frame, unit: Unit, call: NativeCall): void {
  const name = argument(call, 1);
  const { into, line } = call;
  if (into === null || name === null || !flow.isOfLibrary(frame.code)) return;
  const giveAny = () => {
    leaveToUser(flow, frame, `${unit.module}.*`, into, line);
    if (flow.graph.valuesOf(name).some((value) => flow.data(value).kind === "text")) return;
    const visible = writtenClasses(flow, unit);
    if (visible.size === 0 || visible.size > OPEN_SUBCLASSES) return;
    addClasses(flow, visible, into);
    const text = `an attribute of ${unit.module} by a computed name: any class there that is written in the library`;
    flow.notice(text, frame.code, line, "widened");
  };
  flow.computedNames.note({ name, giveAny });
}

/** What a user chooses by a name that the code does not have: as open as what he passes. */
function leaveToUser(flow: Flow, { code }: Frame, text: string, into: Node, line: number): void {
  const origin = flow.graph.origins.add({ kind: "argument", text, file: code.unit.path, line });
  flow.graph.add(into, flow.values.open(code, text), origin);
}

/** The classes of a module that the library writes: asked for by many calls, and the same for every class that is inferred. */
function writtenClasses(flow: Flow, unit: Unit): ReadonlySet<Code> {
  const { modules } = flow.resolver;
  const known = written.get(modules) ?? new Map<Unit, ReadonlySet<Code>>();
  written.set(modules, known);
  const isWritten = (name: string) => modules.libraryModulesWith(new RegExp(`\\.${name}\\b`), [name]).length > 0;
  const found = known.get(unit) ?? visibleClasses(flow, unit, isWritten);
  known.set(unit, found);
  return found;
}

const written = new WeakMap<Modules, Map<Unit, ReadonlySet<Code>>>();

/** `getattr(object, name, default)`: the attributes whose names are those, or of that form. */
export function getAttribute(flow: Flow, frame: Frame, call: NativeCall): void {
  const object = argument(call, 0);
  if (object === null || call.into === null) return;
  const { into, line } = call;
  const fallback = argument(call, 2);
  if (fallback !== null) flow.graph.edge(fallback, into);
  listenNames(flow, argument(call, 1), (isMeant, text) => {
    flow.graph.listen(object, (value) => {
      if (text !== null) loadFrom(flow, frame, value, text, into, line, object);
      else loadEach(flow, frame, value, isMeant, into, line, object);
    });
  });
  flow.graph.listen(object, (value) => {
    const data = flow.data(value);
    if (data.kind === "module") computedAttribute(flow, frame, data.unit, call);
    else if (data.kind === "open" && data.parameter === ANY_MODULE) leaveToUser(flow, frame, `${ANY_MODULE}.*`, into, line);
  });
}

/** Loads every attribute of a value whose name is meant. */
function loadEach(
  flow: Flow,
  frame: Frame,
  value: Value,
  isMeant: (name: string) => boolean,
  into: Node,
  line: number,
  source: Node,
): void {
  const data = flow.data(value);
  if (data.kind === "module") {
    const { unit } = data;
    for (const name of visibleNames(flow, unit, new Set())) if (isMeant(name)) loadFrom(flow, frame, value, name, into, line, source);
    return;
  }
  if (data.kind !== "instance" && data.kind !== "class" && data.kind !== "container") return;
  const order = data.kind === "container" ? [] : flow.classes.orderOf(data.code);
  const members = new Set(order.flatMap((base) => (typeof base === "string" ? [] : [...base.members.keys()])));
  for (const name of members) if (isMeant(name)) loadFrom(flow, frame, value, name, into, line, source);
  flow.listenFields(value, (name, node) => {
    if (name === SOME || (!name.startsWith("[") && isMeant(name))) flow.graph.edge(node, into);
  });
}

/** `setattr(object, name, value)`. Of a name that is not written whole: the object holds it under some name. */
export function setAttribute(flow: Flow, frame: Frame, call: NativeCall): void {
  const object = argument(call, 0);
  const from = argument(call, 2);
  if (object === null || from === null) return;
  const name = argument(call, 1);
  flow.graph.listen(object, (value) => flow.namedStores.note(value, name, from));
  let isOpen = true;
  listenTexts(flow, name, (text) => {
    isOpen = false;
    flow.graph.listen(object, (value) => storeInto(flow, frame, value, text, from, call.line));
  });
  if (isOpen) flow.graph.listen(object, (value) => storeInto(flow, frame, value, SOME, from, call.line));
}

/**
 * `locals()`: the arguments of the function, without the object it was called on, and the variables that are bound above the call; one that is bound
 * below, as a loop may come back, under a name that is written.
 */
export function localNames(flow: Flow, frame: Frame, call: NativeCall): void {
  const { code } = frame;
  if (call.into === null || code.kind !== "function") return;
  const dict = newContainer(flow, frame, "builtins.dict", call.line);
  addMade(flow, frame, call.into, dict, call.line);
  const first = frame.receiver === null ? undefined : code.body.parameters[0];
  const bound = new Set(code.body.parameters);
  for (const instruction of code.body.instructions) if ("into" in instruction && instruction.line < call.line) bound.add(instruction.into);
  for (const [name, register] of code.body.names)
    if (register !== first && bound.has(register)) flow.store(frame.base + register, elementInto(flow, dict, name), code, call.line);
  flow.listenFields(dict, (field, node) => {
    const register = code.body.names.get(field.slice(1, -1));
    if (register !== undefined && !bound.has(register) && !isEmpty(register)) flow.graph.edge(frame.base + register, node);
  });
}

/** A module that a user names, as a source of what he passes. */
const ANY_MODULE = "import_module()";

/** `importlib.import_module(name, package)` in the library: through what a dependency looks up so, half of it would be made. */
export function importModule(flow: Flow, frame: Frame, call: NativeCall): void {
  const { into } = call;
  if (into === null || !flow.isOfLibrary(frame.code)) return;
  const package_ = argument(call, 1, "package");
  const named = argument(call, 0, "name");
  if (named !== null) flow.computedNames.note({ name: named, giveAny: () => leaveToUser(flow, frame, ANY_MODULE, into, call.line) });
  listenTexts(flow, argument(call, 0, "name"), (name) => {
    const [dots = ""] = /^\.*/.exec(name) ?? [];
    if (dots === "") flow.define(flow.resolver.module(name), into);
    else
      listenTexts(flow, package_, (from) => {
        const parts = from.split(".");
        const above = parts.slice(0, parts.length - dots.length + 1).join(".");
        flow.define(flow.resolver.module(`${above}.${name.slice(dots.length)}`.replace(/\.$/, "")), into);
      });
  });
}

/** `__import__(name)` gives the first module of a dotted name; where names are asked for from it, the last. */
export function importNamed(flow: Flow, frame: Frame, call: NativeCall): void {
  const { into } = call;
  const isLast = argument(call, 3, "fromlist") !== null;
  if (into === null || !flow.isOfLibrary(frame.code)) return;
  listenTexts(flow, argument(call, 0, "name"), (name) => {
    const [first = name] = name.split(".");
    flow.define(flow.resolver.module(isLast ? name : first), into);
  });
}

/** `sys.modules.get(name)`. */
export function moduleEntry(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into !== null) moduleNamed(flow, frame, argument(call, 0), call.into);
}

/** `sys.modules[name]`. */
export function moduleNamed(flow: Flow, frame: Frame, name: Node | null, into: Node): void {
  if (flow.isOfLibrary(frame.code)) listenTexts(flow, name, (module) => flow.define(flow.resolver.module(module), into));
}

/** What a module writes with a dot and a capital letter: `nn.Upsample`, as the name before the dot and that behind it. */
function writtenAttributes(unit: Unit): (readonly [string, string])[] {
  const found = new Set([...unit.code.text.matchAll(/(?<![\w.])\w+\.[A-Z]\w*/g)].map(([text]) => text));
  return [...found].map((text) => text.split(".") as [string, string]);
}

/** `isMeant` is asked of names of classes alone. */
function visibleClasses(flow: Flow, unit: Unit, isMeant: (name: string) => boolean = () => true): Set<Code> {
  const visible = visibleNames(flow, unit, new Set()).flatMap((name) => {
    const classes = classesNamed(flow, unit, name);
    return classes.length > 0 && isMeant(name) ? classes : [];
  });
  return new Set(visible);
}

/** The classes that a module has under a name. A type that pickles as recorded is data: nobody looks its class up to make a part of a model. */
function classesNamed(flow: Flow, unit: Unit, name: string): Code[] {
  const classes = flow.resolver.name(unit, name).flatMap((definition) => (definition.kind === "class" ? [definition.code] : []));
  return classes.filter((code) => !nativeType(flow.nameOf(code))?.own);
}

function addClasses(flow: Flow, visible: ReadonlySet<Code>, into: Node): void {
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
    names.push(...visible.filter((name) => isExported(other, name)));
  }
  return [...new Set(names)];
}
