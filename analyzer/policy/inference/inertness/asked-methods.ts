/**
 * Whether asking an object of a class for something runs code of the class: a special method, a method by its name, an attribute that is
 * computed. What nobody wrote counts as code: a decorator of the class may have made it, a base without source may have it. Boundary: one
 * class, by its text.
 */
import type { Classes } from "../../../python/classes.ts";
import { type Code, functionsNamed } from "../../../python/code.ts";
import { PLAIN_BASES } from "../flow/callers/open-attributes.ts";
import type { Flow } from "../flow/flow.ts";
import { isContainer, nativeType } from "../flow/models/natives.ts";
import { isGivenElsewhere } from "./as-written.ts";

/** What is read, not called, is written with this before its name; a name that is not known is `*`. */
export const READ = ".";

/** Methods by which a class that derives from arrays or tensors sees to whatever is done with them. */
export const HOOKS = [
  "__array_finalize__",
  "__array_function__",
  "__array_ufunc__",
  "__array_wrap__",
  "__torch_dispatch__",
  "__torch_function__",
];

/** Whether code may run that the class, or one of its bases, has for it, or as one of `hooks`. `asked` is a method, or READ and an attribute. */
export function runsWhenAsked(flow: Flow, class_: Code, asked: string, hooks: readonly string[] = []): boolean {
  const { classes } = flow;
  const whole = classes.orderOf(class_);
  // How data of a recorded type does what it is asked is the affair of who compiled it.
  const data = whole.findIndex((base) => typeof base !== "string" && isPlain(flow.nameOf(base)));
  const order = data === -1 ? whole : whole.slice(0, data);
  if (asked.startsWith(READ)) {
    const name = asked.slice(READ.length);
    return order.some((base) => typeof base !== "string" && isComputed(base, name));
  }
  const isSpecial = isSpecialName(asked);
  if (isSpecial && order.some(isUnread)) return true;
  const names = isSpecial ? [asked, ...hooks] : [asked, "__getattr__", "__getattribute__"];
  return order.some(
    (base) => typeof base !== "string" && names.some((name) => base.members.has(name) || isGivenElsewhere(flow, base, name)),
  );
}

/** Whether a class may have special methods that are not in its text. */
export function hasUnreadSpecials(classes: Classes, class_: Code): boolean {
  return classes.orderOf(class_).some(isUnread);
}

function isUnread(base: Code | string): boolean {
  return typeof base === "string" ? !isPlain(base) : base.decorators.length > 0;
}

/** Whether a base without source has special methods that call nothing of what the object holds: none, or those of data. */
function isPlain(base: string): boolean {
  return PLAIN_BASES.has(base) || (nativeType(base)?.subclass != null && !isContainer(base));
}

export function isSpecialName(name: string): boolean {
  return name.startsWith("__") && name.endsWith("__");
}

/** Whether reading an attribute that the body of a class gives, or setting it, may run code: a property, an object that may be a descriptor. */
function isComputed(class_: Code, name: string): boolean {
  const names = name === "*" ? [...class_.members.keys()] : class_.members.has(name) ? [name] : [];
  return names.some((each) => {
    const member = class_.members.get(each)!;
    if (member.isAssigned && member.literal === null && !member.isEmpty) return true;
    return functionsNamed(class_, each).some(({ decorators }) => decorators.some((decorator) => !PLAIN_DECORATOR.test(decorator)));
  });
}

/** What leaves a function what it is when it is read. */
export const PLAIN_DECORATOR = /(^|\.)(staticmethod|classmethod|abstractmethod|overload)$/;
