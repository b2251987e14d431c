/**
 * Objects that keep pickles inside their pickle: `__getstate__` saves a part to bytes, `__setstate__` loads it again.
 * Loading the object loads the part, so what is saved is held too. Boundary: which objects; that a call saves is
 * `saves.ts`, that one loads `loaders.ts`.
 */
import type { Code } from "../../../python/code.ts";
import type { Flow } from "../flow/flow.ts";
import { callsUnpickler } from "../flow/models/loaders.ts";
import type { Save } from "../flow/models/saves.ts";
import type { Value } from "../flow/values.ts";
import type { Holding } from "./holding.ts";

export class NestedPickles {
  private readonly saves = new Map<Value, Save[]>();
  private readonly loading = new Map<Value, string>();

  constructor(private readonly holding: Holding) {
    holding.flow.saves.listen((save) => {
      const { context } = save;
      if (context === null) return;
      this.saves.set(context, [...(this.saves.get(context) ?? []), save]);
      const loader = this.loading.get(context);
      if (loader !== undefined) this.hold(context, save, loader);
    });
  }

  /** `object` is loaded by a call of `loader`, or its state is set by it. */
  noteLoader(object: Value, loader: Code): void {
    const { flow } = this.holding;
    if (this.loading.has(object) || !unpickles(flow, loader)) return;
    this.loading.set(object, loader.qualifiedName);
    for (const save of this.saves.get(object) ?? []) this.hold(object, save, loader.qualifiedName);
  }

  private hold(object: Value, { node, by, code, line }: Save, loader: string): void {
    const text = `${loader} loads what ${code.qualifiedName} saves by ${by}`;
    this.holding.holdNode(node, object, { kind: "setstate", text, file: code.unit.path, line });
  }
}

/** Whether a function unpickles, itself or in a function of its own module or class that it names. */
function unpickles(flow: Flow, code: Code): boolean {
  if (callsUnpickler(flow, code)) return true;
  const named = new Set(code.body.instructions.map((instruction) => (instruction.op === "load" ? instruction.attribute : "")));
  const siblings = code.parent?.kind === "class" ? code.parent.body.instructions : [];
  return siblings.some(
    (sibling) => sibling.op === "function" && sibling.code !== code && named.has(sibling.code.name) && callsUnpickler(flow, sibling.code),
  );
}
