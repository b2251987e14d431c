/**
 * Code that looks things up by computed names: `eval(name)`, `globals()[name]`. Boundary: each look-up that could mean
 * anything is recorded as a notice, because it widens the policy to every class that is visible there.
 */
import type { Code, Unit } from "../../python/code.ts";
import type { Modules } from "../../python/modules.ts";
import { isExported } from "../../python/resolve.ts";
import { argument, type NativeCall } from "./container-methods.ts";
import { addMade, elementInto, newContainer } from "./containers.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import type { Node } from "./graph.ts";
import { nativeType } from "./natives.ts";
import { OPEN_SUBCLASSES } from "./types.ts";

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
  flow.notice("eval of a computed expression: every class visible in the module may be meant", frame.code, call.line);
}

/**
 * `globals()`: a dict with every class of the module. Of a module that passes on a whole library it is one with those
 * that are asked for by a constant name.
 */
export function globalNames(flow: Flow, frame: Frame, call: NativeCall): void {
  if (call.into === null) return;
  const dict = newContainer(flow, frame, "builtins.dict", call.line);
  addMade(flow, frame, call.into, dict, call.line);
  const { unit } = frame.code;
  const visible = visibleClasses(flow, unit);
  if (visible.size <= OPEN_SUBCLASSES) {
    addClasses(flow, visible, elementInto(flow, dict, null));
    return;
  }
  flow.listenFields(dict, (field, node) => {
    const name = /^\[(\w+)\]$/.exec(field)?.[1];
    if (name !== undefined) addClasses(flow, new Set(classesNamed(flow, unit, name)), node);
  });
  flow.notice(`globals(): any of ${visible.size} classes, left to names that are written`, frame.code, call.line);
}

/**
 * `getattr(module, name)` in the library with a name of which nothing is known: any class of that module which the library
 * itself writes (`nn.Upsample`) somewhere. What else is there could be meant as well, but then by somebody else.
 */
export function computedAttribute(flow: Flow, frame: Frame, unit: Unit, call: NativeCall): void {
  const name = argument(call, 1);
  if (call.into === null || name === null || !flow.isOfLibrary(frame.code)) return;
  if (flow.graph.valuesOf(name).some((value) => flow.data(value).kind === "text")) return;
  const visible = writtenClasses(flow, unit);
  if (visible.size === 0 || visible.size > OPEN_SUBCLASSES) return;
  addClasses(flow, visible, call.into);
  flow.notice(`an attribute of ${unit.module} by a computed name: any class there that is written in the library`, frame.code, call.line);
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
