/**
 * Inclusion constraints: nodes that hold sets of values, edges along which values flow, and listeners that are told of
 * every value once. Boundary: it knows nothing of Python. Order of work is first in, first out, so that the same
 * constraints give the same answer in the same order, and the first way a value arrived is close to the shortest.
 */
import type { Value } from "./values.ts";

export type Node = number;
/** Where a value in a node came from: another node, or (negative) an origin. */
type Source = number;

/** Why a value is where it is, when it did not come from another node. */
export interface Origin {
  readonly kind: "argument" | "annotation" | "subclass" | "made" | "root" | "element" | "loader";
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

type Listener = (value: Value) => void;

/** Constant strings beyond this many in one node say only that it holds a string. */
const TEXTS_PER_NODE = 12;

export class Graph {
  private readonly sets: (Map<Value, Source> | undefined)[] = [];
  private readonly pending: (Value[] | undefined)[] = [];
  private readonly targets: (Node[] | undefined)[] = [];
  private readonly targetSets: (Set<Node> | undefined)[] = [];
  private readonly listeners: (Listener[] | undefined)[] = [];
  private readonly texts: (number | undefined)[] = [];
  private readonly origins: Origin[] = [];
  private queue: Node[] = [];
  private size = 0;

  private readonly withoutTexts = new Set<Node>();

  /** `isText` says which values are constant strings. */
  constructor(private readonly isText: (value: Value) => boolean) {}

  get nodes(): number {
    return this.size;
  }

  /** `count` nodes in a row; gives the first. */
  allocate(count: number): Node {
    const first = this.size;
    this.size += count;
    return first;
  }

  /** Constant strings do not enter this node: what an object holds is asked for its names, never for its strings. */
  refuseTexts(node: Node): void {
    this.withoutTexts.add(node);
  }

  origin(origin: Origin): Source {
    return -this.origins.push(origin);
  }

  originOf(source: Source): Origin {
    const origin = this.origins[-source - 1];
    if (!origin) throw new Error(`no origin ${source}`);
    return origin;
  }

  /** Puts a value into a node. `source` is a node, or what `origin` gave. */
  add(node: Node, value: Value, source: Source): void {
    const set = this.sets[node];
    if (set?.has(value)) return;
    if (this.isText(value)) {
      const count = this.texts[node] ?? 0;
      if (count >= TEXTS_PER_NODE || this.withoutTexts.has(node)) return;
      this.texts[node] = count + 1;
    }
    if (set) set.set(value, source);
    else this.sets[node] = new Map([[value, source]]);
    const waiting = this.pending[node];
    if (waiting) waiting.push(value);
    else {
      this.pending[node] = [value];
      this.queue.push(node);
    }
  }

  /** Lets everything in `from` flow to `to`. */
  edge(from: Node, to: Node): void {
    if (from === to) return;
    const targets = this.targets[from];
    if (!targets) this.targets[from] = [to];
    else if (targets.length < 8) {
      if (targets.includes(to)) return;
      targets.push(to);
    } else {
      const set = this.targetSets[from] ?? new Set(targets);
      this.targetSets[from] = set;
      if (set.has(to)) return;
      set.add(to);
      targets.push(to);
    }
    const set = this.sets[from];
    if (set) for (const value of set.keys()) this.add(to, value, from);
  }

  /** Calls `listener` with every value of the node, once each, now or when it arrives. */
  listen(node: Node, listener: Listener): void {
    const listeners = this.listeners[node];
    if (listeners) listeners.push(listener);
    else this.listeners[node] = [listener];
    const set = this.sets[node];
    if (!set) return;
    // What is still waiting in the queue is delivered from there.
    const waiting = this.pending[node];
    for (const value of [...set.keys()]) if (!waiting?.includes(value)) listener(value);
  }

  /** The values of a node, in the order in which they arrived. */
  valuesOf(node: Node): Value[] {
    return [...(this.sets[node]?.keys() ?? [])];
  }

  sourceOf(node: Node, value: Value): Source | undefined {
    return this.sets[node]?.get(value);
  }

  /** Works until nothing changes. */
  solve(): void {
    for (let index = 0; index < this.queue.length; index++) {
      const node = this.queue[index]!;
      const values = this.pending[node];
      this.pending[node] = undefined;
      if (!values) continue;
      // Listeners and targets may be added meanwhile; those see the node's whole set then.
      const listeners = this.listeners[node]?.slice();
      const targets = this.targets[node];
      const count = targets?.length ?? 0;
      for (const value of values) {
        for (let target = 0; target < count; target++) this.add(targets![target]!, value, node);
        if (listeners) for (const listener of listeners) listener(value);
      }
      if (index > 100_000) {
        this.queue = this.queue.slice(index + 1);
        index = -1;
      }
    }
    this.queue = [];
  }
}
