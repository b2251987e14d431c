/**
 * Whether what a function of the analysed source returns may be something that others hold as well: a class, a function, a
 * module, an object it was given or found. A pickle that changes what such a call returned changes it for everybody.
 * Boundary: instructions and names only. What is not seen to be made by the call counts as shared.
 */
import type { Classes } from "../../python/classes.ts";
import { type Code, isEmpty, type Register } from "../../python/code.ts";
import type { Definition } from "../../python/resolve.ts";
import { nativeType } from "./flow/models/natives.ts";
import { definitionsOf, originsOf, type RegisterOrigin } from "./flow/register-origins.ts";

/** Whether a call of the function may return what it did not make, or a class that it made. */
export function returnsShared(classes: Classes, function_: Code): boolean {
  return !new Makers(classes).makes(function_);
}

class Makers {
  /** By function; one that is asked again while it is looked at returns what its other ways do. */
  private readonly known = new Map<Code, boolean>();

  constructor(private readonly classes: Classes) {}

  makes(code: Code): boolean {
    const known = this.known.get(code);
    if (known !== undefined) return known;
    this.known.set(code, true);
    const { isGenerator, instructions } = code.body;
    const returned = instructions.flatMap((instruction) => (instruction.op === "return" ? [instruction.from] : []));
    const makes =
      code.decorators.every((decorator) => PLAIN_DECORATORS.has(decorator)) &&
      (isGenerator || returned.every((register) => this.isMade(code, register)));
    this.known.set(code, makes);
    return makes;
  }

  private isMade(code: Code, register: Register): boolean {
    if (isEmpty(register)) return true;
    const origins = originsOf(code, register);
    return origins.length > 0 && origins.every((origin) => this.isMaking(code, origin));
  }

  private isMaking(code: Code, origin: RegisterOrigin): boolean {
    switch (origin.op) {
      case "text":
      case "constant":
      case "make":
      case "operate":
        return true;
      case "call":
        return this.callees(code, origin.callee).every((callee) => callee !== null && (callee === NEW || this.isMaker(callee)));
      default:
        return false;
    }
  }

  private isMaker(callee: Definition): boolean {
    if (callee.kind === "class") return this.makesInstances(callee.code);
    if (callee.kind === "function") return this.makes(callee.code);
    return callee.kind === "external" && nativeType(callee.name) !== null;
  }

  private makesInstances(class_: Code): boolean {
    if (this.classes.externalBases(class_).some((base) => METACLASSES.has(base))) return false;
    const metaclass = this.classes.metaclassOf(class_);
    if (metaclass !== null && this.classes.definerOf(metaclass, "__call__") !== null) return false;
    const definer = this.classes.definerOf(class_, "__new__");
    const new_ = definer?.body.instructions.find((instruction) => instruction.op === "function" && instruction.code.name === "__new__");
    return definer == null || (new_?.op === "function" && this.makes(new_.code));
  }

  /** What is called: `NEW` for any `__new__`, null where that is not known. */
  private callees(code: Code, register: Register): (Definition | typeof NEW | null)[] {
    const origins = originsOf(code, register);
    return origins.length === 0 ? [null] : origins.flatMap((origin) => this.calleesFrom(code, origin));
  }

  private calleesFrom(code: Code, origin: RegisterOrigin): readonly (Definition | typeof NEW | null)[] {
    if (origin.op === "load" && origin.attribute === "__new__") return [NEW];
    if (origin.op === "parameter") return this.classesFor(code, origin.register) ?? [null];
    const definitions = definitionsOf(this.classes.resolver, code, origin);
    return definitions.length === 0 ? [null] : definitions;
  }

  /** The classes that a classmethod of the library may be called on; null for any other parameter. */
  private classesFor({ body, decorators, parent, unit }: Code, register: Register): Definition[] | null {
    const isClass = decorators.includes("classmethod") && register === body.parameters[0];
    if (!isClass || parent?.kind !== "class" || !this.classes.resolver.modules.isOfLibrary(unit)) return null;
    return [parent, ...this.classes.librarySubclasses(parent)].map((code) => ({ kind: "class", code }));
  }
}

/** They leave what a function returns as it is. */
const PLAIN_DECORATORS: ReadonlySet<string> = new Set(["classmethod", "staticmethod"]);

/** `object.__new__` and whatever a class has in its place: it makes an instance. */
const NEW = "new";

/** What is made of them are classes. */
const METACLASSES: ReadonlySet<string> = new Set(["builtins.type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"]);
