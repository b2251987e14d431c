/**
 * Functions and methods of the library that make objects of a class for its users: what they hand to the constructor, objects of the class hold
 * (`def vgg16(): return _vgg("D")`). Boundary: finding the functions; running them is `foreign-writers.ts`.
 */
import type { Code, Register } from "../../../../python/code.ts";
import type { Resolver } from "../../../../python/resolve.ts";
import { definitionsOf, originsOf } from "../register-origins.ts";
import { functionsOf } from "./foreign-stores.ts";

/** So many functions may stand between the class and its users: `vgg16` calls `_vgg`, which makes the object. */
const DEPTH = 3;

/** The functions and methods of the library that return an object of one of these classes that they made, or had made by another such function. */
export function makersOf(resolver: Resolver, classes: Iterable<Code>): readonly Code[] {
  const makers = new Set<Code>();
  let makes: readonly Code[] = [...classes];
  for (let depth = 0; depth < DEPTH && makes.length > 0; depth++) {
    makes = returning(resolver, new Set(makes)).filter((code) => !makers.has(code));
    for (const code of makes) makers.add(code);
  }
  return [...makers];
}

/** The library's functions and methods that return what calling one of these gives. */
function returning(resolver: Resolver, called: ReadonlySet<Code>): Code[] {
  const { modules } = resolver;
  const names = [...new Set([...called].map(({ name }) => name))];
  const named = new RegExp(`\\b(?:${names.join("|")})\\b`);
  return modules.libraryModulesWith(named, names).flatMap((module) => {
    const unit = modules.unit(module);
    return (unit ? functionsOf(unit.code) : []).filter(
      (code) => named.test(code.text.slice(code.text.indexOf("("))) && returnsCall(resolver, code, called),
    );
  });
}

function returnsCall(resolver: Resolver, code: Code, called: ReadonlySet<Code>): boolean {
  return code.body.instructions.some((each) => each.op === "return" && isMade(resolver, code, each.from, called));
}

/**
 * Whether a register may hold what a call of one of these gave, or what a method of that gave (`Net(...).eval()`), or what a function of the
 * library gave that was handed one of these classes (`build(Net, ...)`), or such an object and gives it back (`convert(Net())`).
 */
function isMade(resolver: Resolver, code: Code, register: Register, called: ReadonlySet<Code>, seen = new Set<Register>()): boolean {
  return originsOf(code, register, seen).some((origin) => {
    if (origin.op !== "call") return false;
    return originsOf(code, origin.callee).some((callee) => {
      const definitions = definitionsOf(resolver, code, callee);
      if (definitions.some((each) => (each.kind === "class" || each.kind === "function") && called.has(each.code))) return true;
      const isFunction = definitions.some((each) => each.kind === "function" && resolver.modules.isOfLibrary(each.code.unit));
      if (isFunction && origin.arguments.some(({ from }) => isClass(resolver, code, from, called))) return true;
      const isGiven = definitions.some(
        (each) => each.kind === "function" && resolver.modules.isOfLibrary(each.code.unit) && givesArgument(each.code),
      );
      if (isGiven && origin.arguments.some(({ from }) => isMade(resolver, code, from, called, seen))) return true;
      return callee.op === "load" && isMade(resolver, code, callee.object, called, seen);
    });
  });
}

/** Whether a function may give back what it is handed: `def convert(model): ...; return model`. */
function givesArgument(code: Code): boolean {
  return code.body.instructions.some((each) => each.op === "return" && originsOf(code, each.from).some(({ op }) => op === "parameter"));
}

function isClass(resolver: Resolver, code: Code, register: Register, classes: ReadonlySet<Code>): boolean {
  return originsOf(code, register).some((origin) =>
    definitionsOf(resolver, code, origin).some((each) => each.kind === "class" && classes.has(each.code)),
  );
}
