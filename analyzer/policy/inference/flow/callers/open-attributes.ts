/**
 * Values of which any attribute may be set, to anything, by what nobody sees: a base class without source, `__setattr__`, a metaclass, a
 * computed name, whoever made the object. Boundary: what is asked is only whether constants decide a test of such an attribute;
 * which objects flow there is not said by this.
 */
import type { Code } from "../../../../python/code.ts";
import { IS_LOST_TEXT, IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import type { Node } from "../../graph/graph.ts";
import { Integers } from "../../graph/integer-tables.ts";
import { hasFields } from "../classes/fields.ts";
import type { Flow } from "../flow.ts";
import type { Value } from "../values.ts";

const IS_OPEN = 1;
const IS_CLOSED = 2;

/** Bases without source that set no attributes. */
/** Bases that give their objects no attributes and no way to set one. */
export const PLAIN_BASES = new Set(["builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC"]);

/** Methods through which a class may see to what its attributes hold. */
const WATCHING = ["__setattr__", "__getattribute__"];

/** Whether a class has one of those methods. */
export function watchesAttributes({ members }: Code): boolean {
  return WATCHING.some((name) => members.has(name));
}

export class OpenAttributes {
  /** By value; 0 is not asked yet. */
  private readonly known = new Integers();

  constructor(private readonly flow: Flow) {
    // The fields of a class whose constructor is made for it are whatever its user passes.
    flow.objects.listenOpen((value) => {
      const data = flow.data(value);
      if (data.kind === "instance" && hasFields(flow, data.code)) this.open(value);
    });
  }

  isOpen(value: Value): boolean {
    this.known.extend(value + 1);
    if (this.known.items[value] === 0) this.known.items[value] = this.isOpenByKind(value) ? IS_OPEN : IS_CLOSED;
    return this.known.items[value] === IS_OPEN;
  }

  private isOpenByKind(value: Value): boolean {
    const { flow } = this;
    const data = flow.data(value);
    if (data.kind === "container" || data.kind === "function") return false;
    if (data.kind !== "instance" && data.kind !== "class") return true;
    return !flow.classes.orderOf(data.code).every((base) => {
      if (typeof base === "string") return PLAIN_BASES.has(base);
      return data.kind === "class" ? base.metaclass === null : !watchesAttributes(base);
    });
  }

  /** From here on, anything may be in any attribute of a value. */
  open(value: Value): void {
    if (this.isOpen(value)) return;
    this.known.items[value] = IS_OPEN;
    for (const [, node] of this.flow.fieldsOf(value)) this.flow.graph.kinds.mark(node, IS_UNKNOWN);
  }

  /** Something is stored into a value under a name that a node holds; null where nothing does. */
  noteStore(value: Value, name: Node | null): void {
    if (this.flow.data(value).kind === "container") return;
    if (name === null) this.open(value);
    else this.flow.graph.kinds.when(name, IS_UNKNOWN | IS_LOST_TEXT, () => this.open(value));
  }
}
