/**
 * Methods that complete an object: they give it attributes which its constructors do not, and give it back (`fit`, of an estimator). An object of a
 * dependency's class is not what it is for before. Boundary: which methods, by their source; that they run is `holding.ts`'s and `calls.ts`'s.
 */
import type { Base, Classes } from "../../../../python/classes.ts";
import { type Code, functionsNamed } from "../../../../python/code.ts";
import { mayBeParameter } from "../register-origins.ts";

export class CompletingMethods {
  private readonly known = new Map<Code, Map<string, boolean>>();
  private readonly constructed = new Map<Code, ReadonlySet<string>>();

  constructor(private readonly classes: Classes) {}

  /** Whether a public method of a class completes its objects, itself or by what it calls on the same object. */
  has(code: Code, name: string): boolean {
    if (name.startsWith("_")) return false;
    const names = this.known.get(code) ?? new Map<string, boolean>();
    this.known.set(code, names);
    const known = names.get(name);
    if (known !== undefined) return known;
    const order = this.classes.orderOf(code);
    const definer = this.classes.definerOf(code, name);
    const isGivenBack = definer !== null && functionsNamed(definer, name).some(givesReceiver);
    const found = isGivenBack && assignsAnother(order, 0, name, this.constructedOf(code), new Set());
    names.set(name, found);
    return found;
  }

  /** The attributes that constructors of a class assign, and those that its bodies say. */
  private constructedOf(code: Code): ReadonlySet<string> {
    const known = this.constructed.get(code);
    if (known) return known;
    const found = new Set<string>();
    for (const base of this.classes.orderOf(code)) {
      if (typeof base === "string") continue;
      for (const name of base.members.keys()) found.add(name);
      for (const function_ of functionsNamed(base, "__init__")) for (const name of storedBy(function_)) found.add(name);
    }
    this.constructed.set(code, found);
    return found;
  }
}

/** Whether the method that a class has from `first` on in its order assigns an attribute that is not among these. */
function assignsAnother(order: readonly Base[], first: number, name: string, constructed: ReadonlySet<string>, seen: Set<Code>): boolean {
  const at = order.findIndex((base, index) => index >= first && typeof base !== "string" && base.members.has(name));
  const definer = order[at];
  if (definer === undefined || typeof definer === "string") return false;
  return functionsNamed(definer, name).some((function_) => {
    if (seen.has(function_)) return false;
    seen.add(function_);
    if (function_.decorators.some((decorator) => /(^|\.)(staticmethod|classmethod)$/.test(decorator))) return false;
    if (storedBy(function_).some((attribute) => !constructed.has(attribute))) return true;
    return calledOnReceiver(function_).some(({ attribute, isAbove }) =>
      assignsAnother(order, isAbove ? at + 1 : 0, attribute, constructed, seen),
    );
  });
}

/** `return self` */
function givesReceiver(code: Code): boolean {
  const [receiver] = code.body.parameters;
  return code.body.instructions.some((each) => each.op === "return" && mayBeParameter(code, each.from, receiver));
}

/** The attributes of its first parameter that a function assigns. */
function storedBy({ body: { instructions, parameters } }: Code): string[] {
  return instructions.flatMap((each) => (each.op === "store" && each.object === parameters[0] ? [each.attribute] : []));
}

/** The methods that a function calls of its first parameter, and by way of `super()`. */
function calledOnReceiver({ body: { instructions, parameters } }: Code): { readonly attribute: string; readonly isAbove: boolean }[] {
  const called = new Set(instructions.flatMap((each) => (each.op === "call" ? [each.callee] : [])));
  const above = new Set(instructions.flatMap((each) => (each.op === "super" ? [each.into] : [])));
  return instructions.flatMap((each) => {
    if (each.op !== "load" || !called.has(each.into)) return [];
    const isAbove = above.has(each.object);
    return isAbove || each.object === parameters[0] ? [{ attribute: each.attribute, isAbove }] : [];
  });
}
