/**
 * Attributes that are set of what a user passes: a function of the library that is handed an object of the class, by a parameter without an
 * annotation, and leaves something in it (`def train(model): model.history = History()`). Boundary: which stores there were, and whether an
 * object may be what was passed; that the class leaves the attribute empty for others is `foreign-writers.ts`'s to know.
 */
import type { Code } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import type { OpenValue } from "../callers/open-values.ts";
import type { Flow } from "../flow.ts";
import type { Value } from "../values.ts";

interface OpenStore {
  readonly open: OpenValue;
  readonly from: Node;
  readonly code: Code;
  readonly line: number;
}

export class OpenStores {
  private readonly stores = new Map<string, OpenStore[]>();

  note(attribute: string, store: OpenStore): void {
    const known = this.stores.get(attribute);
    if (known) known.push(store);
    else this.stores.set(attribute, [store]);
  }

  /** Lets the object have what was stored into these attributes of anything that it may be, having all that is asked of that. */
  give(flow: Flow, object: Value, attributes: Iterable<string>): void {
    const names = flow.attributeNames(object);
    for (const attribute of attributes)
      for (const { open, from, code, line } of this.stores.get(attribute) ?? [])
        if ([...flow.asked.of(open).attributes].every((name) => names.has(name)))
          flow.store(from, flow.field(object, attribute), code, line);
  }
}
