/**
 * Reductions that no method in the source returns: `object`'s own, as far as code asks for it, and functions registered
 * with copyreg. Boundary: they are made here; what becomes of a reduction is `reduction.ts`.
 */
import type { Code } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import { elementInto } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Value } from "../values.ts";

/** What may be registered, and for what. */
interface Registration {
  readonly class_: Node;
  readonly function_: Node;
}

/** A class, and where the functions go that are registered for it. */
interface Asked {
  readonly class_: Value;
  readonly node: Node;
}

export class Reductions {
  private readonly defaultReductions = new Map<Value, Node>();
  private readonly registrations: Registration[] = [];
  private readonly asked: Asked[] = [];

  constructor(private readonly flow: Flow) {}

  /** What `object.__reduce_ex__` gives for an object: its class is called without arguments, and its namespace is its state. */
  defaultReduction(receiver: Value): Node {
    const known = this.defaultReductions.get(receiver);
    if (known !== undefined) return known;
    const { graph, values } = this.flow;
    const node = graph.allocate(1);
    this.defaultReductions.set(receiver, node);
    const source = graph.origins.made("", 0);
    const tuple = values.container("builtins.tuple", `reduction:${receiver}`);
    const data = this.flow.data(receiver);
    graph.add(node, tuple, source);
    const put = (index: number, part: Value) => graph.add(elementInto(this.flow, tuple, String(index)), part, source);
    put(0, values.external("copyreg.__newobj__"));
    if (data.kind === "instance") put(1, this.flow.classValue(data.code));
    put(2, values.namespace(receiver));
    return node;
  }

  /** `copyreg.pickle(class, function)`, `copyreg.dispatch_table[class] = function`. */
  registerReduction(class_: Node, function_: Node): void {
    const registration = { class_, function_ };
    this.registrations.push(registration);
    for (const asked of this.asked) this.listen(registration, asked);
  }

  /** Functions registered with copyreg for a class are put into a node. */
  registeredReductions(code: Code): Node {
    const node = this.flow.graph.allocate(1);
    const asked = { class_: this.flow.classValue(code), node };
    this.asked.push(asked);
    for (const registration of this.registrations) this.listen(registration, asked);
    return node;
  }

  private listen({ class_, function_ }: Registration, asked: Asked): void {
    this.flow.graph.listen(class_, (value) => {
      if (value === asked.class_) this.flow.graph.edge(function_, asked.node);
    });
  }

  registeredClasses(): Set<Code> {
    const values = this.registrations.flatMap(({ class_ }) => this.flow.graph.valuesOf(class_));
    return new Set(values.flatMap((value) => ((data) => (data.kind === "class" ? [data.code] : []))(this.flow.data(value))));
  }
}
