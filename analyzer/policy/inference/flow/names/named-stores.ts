/**
 * Stores into objects under names that are no constants of the code that stores: `setattr(self, name, value)`,
 * `self.__dict__.update(other)`, arguments by `**`; and into lists, of what an iterable gives. Boundary: it keeps them for whoever
 * asks whether everything is known that an attribute holds; what they store flows elsewhere.
 */
import type { Node } from "../../graph/graph.ts";
import type { Value } from "../values.ts";

export interface NamedStore {
  /** What holds the name; null where nothing does. */
  readonly name: Node | null;
  readonly from: Node;
}

export class NamedStores {
  private readonly stores = new Map<Value, NamedStore[]>();

  /** `told` is told of every store. */
  constructor(private readonly told: (object: Value, name: Node | null) => void) {}

  note(object: Value, name: Node | null, from: Node): void {
    this.told(object, name);
    const known = this.stores.get(object);
    if (known) known.push({ name, from });
    else this.stores.set(object, [{ name, from }]);
  }

  of(object: Value): readonly NamedStore[] {
    return this.stores.get(object) ?? [];
  }
}
