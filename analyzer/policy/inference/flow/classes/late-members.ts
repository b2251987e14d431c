/**
 * What code outside of a class puts on it, `Class.attribute = ...`: whoever read an attribute that the class does not define
 * is told of it. Boundary: who waits for which attribute; most of what is waited for never comes, so that it must cost little.
 */
import type { Base } from "../../../../python/classes.ts";
import type { Code } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";

/** A read that found nothing in the classes of an order. */
interface Waiting {
  readonly order: readonly Base[];
  readonly found: (member: Node) => void;
}

export class LateMembers {
  private readonly waiting = new Map<string, Waiting[]>();

  /** Calls `found` with the node of every field of that name that a class of the order is given from now on. */
  wait(attribute: string, order: readonly Base[], found: (member: Node) => void): void {
    const waiting = this.waiting.get(attribute);
    if (waiting) waiting.push({ order, found });
    else this.waiting.set(attribute, [{ order, found }]);
  }

  /** A class has a field of which nobody knew. */
  note(class_: Code, attribute: string, member: Node): void {
    for (const { order, found } of this.waiting.get(attribute)?.slice() ?? []) if (order.includes(class_)) found(member);
  }
}
