/**
 * Whether calling a function or class of the analysed source can get to something dangerous: what it names, and what the
 * functions and classes that it names name in turn. Boundary: names only; a method of an unknown object is not followed.
 */
import type { Classes } from "../python/classes.ts";
import { type Code, functionsNamed, type Register } from "../python/code.ts";
import type { Definition, Resolver } from "../python/resolve.ts";
import { dangerOf } from "./danger.ts";

/** Functions that are looked through before one counts as dangerous for its size alone. */
const MOST_FUNCTIONS = 2_000;

/** What runs when a class is called. */
const CONSTRUCTORS = ["__new__", "__init__", "__post_init__", "__attrs_pre_init__", "__attrs_post_init__"];

/** A dangerous callable that a call of the function or class names, itself or by way of others; null where there is none. */
export function dangerIn(classes: Classes, called: Code): string | null {
  const seen = new Set<Code>();
  const queue: Code[] = [];
  const enter = (code: Code): string | null => {
    if (seen.has(code)) return null;
    if (seen.size >= MOST_FUNCTIONS) return `more than ${MOST_FUNCTIONS} functions`;
    seen.add(code);
    if (code.kind === "function") queue.push(code);
    return code.kind === "class" ? firstOf(constructorsOf(classes, code), (each) => (typeof each === "string" ? each : enter(each))) : null;
  };
  const danger = enter(called);
  if (danger !== null) return danger;
  for (let code = queue.pop(); code; code = queue.pop()) {
    for (const definition of namesIn(classes.resolver, code)) {
      if (definition.kind === "external" && isDangerous(definition.name)) return definition.name;
      const inside = definition.kind === "function" || definition.kind === "class" ? enter(definition.code) : null;
      if (inside !== null) return inside;
    }
  }
  return null;
}

/** The functions that run when a class is called, and the dangerous among the classes without source that it derives from. */
function constructorsOf(classes: Classes, class_: Code): (Code | string)[] {
  const metaclass = classes.metaclassOf(class_);
  const definer = metaclass && classes.definerOf(metaclass, "__call__");
  return [
    ...classes.orderOf(class_).flatMap((base): (Code | string)[] => {
      if (typeof base === "string") return isDangerous(base) ? [base] : [];
      return CONSTRUCTORS.flatMap((name) => functionsNamed(base, name));
    }),
    ...(definer ? functionsNamed(definer, "__call__") : []),
  ];
}

function firstOf<T>(values: readonly T[], find: (value: T) => string | null): string | null {
  for (const value of values) {
    const found = find(value);
    if (found !== null) return found;
  }
  return null;
}

function isDangerous(name: string): boolean {
  const danger = dangerOf(name);
  return danger !== null && danger !== "calls-callables";
}

/** What the dotted names in a function's body mean, those of the functions inside it among them. */
function namesIn(resolver: Resolver, code: Code): Definition[] {
  const paths = new Map<Register, readonly Definition[]>();
  const found: Definition[] = [];
  const note = (into: Register, definitions: readonly Definition[]) => {
    paths.set(into, definitions);
    found.push(...definitions);
  };
  for (const instruction of code.body.instructions) {
    if (instruction.op === "name") note(instruction.into, resolver.nameOrBuiltin(code.unit, instruction.name));
    else if (instruction.op === "import") note(instruction.into, resolver.imported(instruction.module, instruction.name));
    else if (instruction.op === "move") paths.set(instruction.into, paths.get(instruction.from) ?? []);
    else if (instruction.op === "load")
      note(
        instruction.into,
        (paths.get(instruction.object) ?? []).flatMap((definition) => resolver.attribute(definition, instruction.attribute)),
      );
    else if (instruction.op === "function") found.push(...namesIn(resolver, instruction.code));
  }
  return found;
}
