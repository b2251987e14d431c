/**
 * Whether a class, or a function, is what its text says: nothing that runs while its module is loaded makes another of it, or gives it methods.
 * Boundary: texts, and what the flow saw put into the class; what its methods do is `inertness.ts`'s.
 */
import { type Code, functionsNamed, isEmpty } from "../../../python/code.ts";
import type { Definition } from "../../../python/resolve.ts";
import type { Flow } from "../flow/flow.ts";
import { originsOf } from "../flow/register-origins.ts";

/** Decorators of classes that add nothing but what Python itself would run: comparisons, texts and constructors of fields, marks. */
const PLAIN_DECORATORS =
  /^(dataclasses\.dataclass|functools\.total_ordering|typing\.(final|runtime_checkable|dataclass_transform)|enum\.(unique|verify)|attrs?\.\w+|attr\._make\.\w+)$/;

/** What a decorator of the analysed source may not do to a class: give it attributes, make another, hand it to who may. */
const CHANGES = /\b(setattr|delattr|exec|eval|type|__dict__|vars)\b|\bclass\s+\w|\.(?!__doc__\b)\w+\s*=(?!=)/;

/** Names by which a body gets at its own namespace. */
const NAMESPACES: ReadonlySet<string> = new Set(["exec", "eval", "execfile", "locals", "vars", "globals", "__import__"]);

/** Functions that decorators may hand a class to are looked into so far. */
const DEEPEST_DECORATOR = 3;

/** Why a class may not be what its text says; empty where it is. */
export function changesOfClass(flow: Flow, class_: Code): string[] {
  const name = class_.qualifiedName;
  const reasons: string[] = [];
  for (const decorator of class_.decorators)
    if (!isPlainDecorator(flow, class_, decorator)) reasons.push(`${name} is decorated with ${decorator || "what is computed"}`);
  if (hasComputedBases(class_)) reasons.push(`${name} has bases, or a metaclass, that are computed`);
  if (flow.classes.metaclassOf(class_) !== null) reasons.push(`${name} has a metaclass`);
  if (class_.body.instructions.some((each) => each.op === "name" && NAMESPACES.has(each.name)))
    reasons.push(`${name} gets at the namespace of its own body`);
  if (isChangedByName(flow, class_)) reasons.push(`${name} is changed by its name`);
  if (changesSubclasses(class_)) reasons.push(`${name}.__init_subclass__ gives its subclasses methods`);
  if (isNamedByDescriptor(flow, class_)) reasons.push(`${name} is changed by what it has`);
  if (isBoundAgain(class_)) reasons.push(`the name ${name} is bound more than once`);
  return reasons;
}

/** Whether something else than its own functions was seen to be put into a class under a name. */
export function isGivenElsewhere(flow: Flow, class_: Code, name: string): boolean {
  const own = new Set(functionsNamed(class_, name));
  const field = flow.knownField(flow.classValue(class_), name);
  return (
    field !== null &&
    flow.graph.valuesOf(field).some((value) => {
      const data = flow.data(value);
      return data.kind !== "function" || !own.has(data.code);
    })
  );
}

/** Methods that loading may get to. */
const METHOD = "__(bases|class|class_getitem|del|dict|eq|getattr|getattribute|hash|init|new|reduce|reduce_ex|setattr|setstate)__";
/** Where they are given to something: `cls.__setstate__ = ...`, or by their name. */
const GIVES_METHOD = new RegExp(`(\\.|["'])${METHOD}(\\s*=(?!=)|["'])`);

/** Statements of modules that give the class a special method, hand it to `setattr`, or to a function of its module that may change it. */
function isChangedByName(flow: Flow, class_: Code): boolean {
  const { name, unit } = class_;
  if (class_.parent?.kind === "function") return false;
  const byName = `\\b(setattr|delattr)\\(\\s*([\\w.]+\\.)?${name}\\s*,\\s*`;
  const anywhere = new RegExp(`\\b${name}\\.${METHOD}\\s*=(?!=)|${byName}["']${METHOD}["']`);
  if (flow.resolver.modules.libraryModulesWith(anywhere, [name]).length > 0) return true;
  if (anywhere.test(unit.code.text) || new RegExp(`${byName}[^"'\\s]`).test(unit.code.text)) return true;
  return unit.code.body.statements.some(({ names, calls, instructions }) => {
    if (!names.includes(name) || calls.length === 0) return false;
    const isClass = (register: number) => instructions.some((each) => each.op === "name" && each.into === register && each.name === name);
    const isHanded = instructions.some((each) => each.op === "call" && each.arguments.some(({ from }) => isClass(from)));
    if (!isHanded || instructions.some((each) => each.op === "class")) return false;
    return calls.some((path) =>
      flow.resolver
        .path(unit, path)
        .some((definition) => definition.kind === "function" && !leavesClass(flow, definition.code, DEEPEST_DECORATOR, new Set())),
    );
  });
}

function changesSubclasses(class_: Code): boolean {
  return functionsNamed(class_, "__init_subclass__").some(({ text }) => GIVES_METHOD.test(text));
}

/** Whether something in its body is told the class that it is in, and may change it. */
function isNamedByDescriptor(flow: Flow, class_: Code): boolean {
  return [...class_.members].some(([name, { isAssigned, literal }]) => {
    const field = isAssigned && literal === null ? flow.knownField(flow.classValue(class_), name) : null;
    if (field === null) return false;
    return flow.graph.valuesOf(field).some((value) => {
      const data = flow.data(value);
      const definer = data.kind === "instance" ? flow.classes.definerOf(data.code, "__set_name__") : null;
      return definer !== null && (functionsNamed(definer, "__set_name__").length === 0 || GIVES_METHOD.test(definer.text));
    });
  });
}

/** Whether a function of a module may be another when it is called. */
export function isReplaced({ resolver }: Flow, { name, parent, unit }: Code): boolean {
  if (parent?.kind !== "module") return false;
  const { text } = unit.code;
  if (new RegExp(`\\bglobal\\b[^\\n]*\\b${name}\\b`).test(text)) return true;
  if (!SETS_GLOBALS.test(text)) return false;
  if (new RegExp(`(${SETS_GLOBALS.source})\\s*["']${name}["']`).test(text)) return true;
  const rest = text.replace(OVER_NAMES, (loop, key: string, other: string, body: string) => {
    const isAssigned = new RegExp(`\\b${key}\\s*(:=|=(?!=))|\\bfor\\b[^\\n]*\\b${key}\\b`).test(body);
    return isAssigned || mayHave(resolver.path(unit, other.split(".")), name) ? loop : body.replaceAll(`globals()[${key}]`, "");
  });
  return SETS_COMPUTED.test(rest);
}

const SETS_GLOBALS = /\bglobals\(\)\s*(\[|\.\s*update\()|\bsetattr\(\s*sys\.modules\[[^\]]*\]\s*,/;
const SETS_COMPUTED = new RegExp(`\\bglobals\\(\\)\\s*\\.\\s*update\\(|(${SETS_GLOBALS.source})\\s*[^"'\\s]`);
/** A loop at the top of a module over the names of another. */
const OVER_NAMES = /^for (\w+) in dir\(([\w.]+)\):[^\n]*\n((?:[ \t]+[^\n]*\n|[ \t]*\n)*)/gm;

/** Whether what a dotted name means may have an attribute of that name: not a module whose names are all written down. */
function mayHave(definitions: readonly Definition[], name: string): boolean {
  return !(
    definitions.length > 0 &&
    definitions.every((each) => each.kind === "module" && each.unit.starImports.length === 0 && !each.unit.bindings.has(name))
  );
}

function isPlainDecorator(flow: Flow, class_: Code, decorator: string): boolean {
  if (decorator === "") return false;
  const found = flow.resolver.path(class_.unit, decorator.split("."));
  return (
    found.length > 0 &&
    found.every((definition) => {
      if (definition.kind === "external") return PLAIN_DECORATORS.test(definition.name);
      return definition.kind === "function" && leavesClass(flow, definition.code, DEEPEST_DECORATOR, new Set());
    })
  );
}

/** Whether a function, and those that it names, changes nothing that it is handed. */
function leavesClass(flow: Flow, code: Code, depth: number, seen: Set<Code>): boolean {
  if (seen.has(code)) return true;
  seen.add(code);
  if (depth === 0 || CHANGES.test(code.text) || !givesBack(code)) return false;
  const names = new Set(Array.from(code.text.matchAll(/\b([A-Za-z_][\w.]*)\s*\(/g), ([, name]) => name!));
  return [...names].every((name) =>
    flow.resolver
      .path(code.unit, name.split("."))
      .every((definition) => definition.kind !== "function" || leavesClass(flow, definition.code, depth - 1, seen)),
  );
}

/** Whether a function gives nothing but what it is handed, or functions inside it that do the same. */
function givesBack(code: Code): boolean {
  return code.body.instructions.every((each) => {
    if (each.op === "function") return givesBack(each.code);
    if (each.op !== "return" || isEmpty(each.from)) return true;
    const origins = originsOf(code, each.from);
    return origins.length > 0 && origins.every(({ op }) => op === "parameter" || op === "function" || op === "outer");
  });
}

/** Whether the head of a class calls something, or takes bases out of a list. */
function hasComputedBases({ text, name }: Code): boolean {
  const start = text.search(new RegExp(`\\bclass\\s+${name}\\b`));
  const head = text.slice(start === -1 ? 0 : start);
  const open = head.indexOf("(");
  const colon = head.indexOf(":");
  if (open === -1 || (colon !== -1 && colon < open)) return false;
  let depth = 0;
  let close = open;
  for (; close < head.length; close++) {
    if (head[close] === "(") depth++;
    else if (head[close] === ")" && --depth === 0) break;
  }
  const inside = head.slice(open + 1, close).replace(/#.*$/gm, "");
  return /\w\s*\(|\*/.test(inside);
}

function isBoundAgain(class_: Code): boolean {
  if (class_.parent?.kind === "class") return class_.parent.members.get(class_.name)?.isAssigned ?? false;
  if (class_.parent?.kind !== "module") return false;
  const bindings = class_.unit.bindings.get(class_.name) ?? [];
  return bindings.filter(({ kind }) => kind !== "import").length > 1;
}
