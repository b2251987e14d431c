/**
 * What a state of slots may set without running anything: the names in a class's `__slots__`, each of which `setattr` then only stores
 * (`load_build` in CPython's `Lib/pickle.py`). Boundary: one class and its bases, as they are written.
 */
import type { Classes } from "../../../python/classes.ts";
import type { Code, Member } from "../../../python/code.ts";
import { PLAIN_BASES } from "../flow/callers/open-attributes.ts";
import { originsOf } from "../flow/register-origins.ts";

/** The slots of a class, sorted; none where a state of slots does more than store, or where not all of its bases are read. */
export function storedSlots(classes: Classes, class_: Code): readonly string[] {
  const order = classes.orderOf(class_);
  const bases = order.filter((base) => typeof base !== "string");
  const isPlain = order.every((base) => typeof base !== "string" || PLAIN_BASES.has(base));
  const actsOtherwise = ({ members, decorators }: Code) =>
    members.has("__setattr__") || members.has("__setstate__") || decorators.length > 0;
  if (!isPlain || bases.some(actsOtherwise)) return [];
  const isInTheWay = (name: string) => name.startsWith("__") || bases.some(({ members }) => isBound(members.get(name)));
  return [...new Set(bases.flatMap(declaredSlots))].filter((name) => !isInTheWay(name)).sort();
}

/** Whether a class body gives a name a value: more than an annotation. */
function isBound(member: Member | undefined): boolean {
  return member !== undefined && (member.annotation === null || member.hasValue);
}

/** The texts in a class's own `__slots__`. */
function declaredSlots(class_: Code): string[] {
  const { instructions } = class_.body;
  return instructions.flatMap((each) => {
    if (each.op !== "bind" || each.name !== "__slots__") return [];
    return originsOf(class_, each.from).flatMap((origin) => {
      if (origin.op === "text") return [origin.value];
      if (origin.op !== "make") return [];
      return origin.items.flatMap(({ from }) => originsOf(class_, from).flatMap((item) => (item.op === "text" ? [item.value] : [])));
    });
  });
}
