/**
 * Inclusion constraints: nodes that hold sets of values, edges along which values flow, and listeners that are told of
 * every value once. Boundary: it knows nothing of Python. Order of work is first in, first out, so that the same
 * constraints give the same answer in the same order, and the first way a value arrived is close to the shortest.
 * Nodes on a cycle of edges hold the same values, and become one when the cycle is found (in sweeps, as Pearce, Kelly
 * and Hankin do, "Online Cycle Detection and Difference Propagation", 2003): containers that hold each other would
 * otherwise cost their square.
 */
import { stronglyConnected } from "./strongly-connected.ts";
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
/**
 * A node that holds more values than this, not counting classes, is one that everything flows through (a dict that is
 * filled from another's items, and fills it in turn): what else comes is left out. Of 200,000 nodes of a large library
 * none that mattered held 130.
 */
const VALUES_PER_NODE = 256;

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
  /** The node that each merged node became, directly or by way of others. */
  private readonly merged: (Node | undefined)[] = [];
  /** Of merged nodes: which of them a value came into first. */
  private readonly entries: (Map<Value, Node> | undefined)[] = [];
  /** Values offered to nodes since the last sweep for cycles. */
  private offered = 0;

  constructor(private readonly kindOf: (value: Value) => string) {}

  private isText(value: Value): boolean {
    return this.kindOf(value) === "text";
  }

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

  private find(node: Node): Node {
    let next = this.merged[node];
    if (next === undefined) return node;
    let root = next;
    for (let above = this.merged[root]; above !== undefined; above = this.merged[root]) root = above;
    for (let current = node; next !== undefined && next !== root; current = next, next = this.merged[current]) this.merged[current] = root;
    return root;
  }

  /** Puts a value into a node. `source` is a node, or what `origin` gave. */
  add(into: Node, value: Value, source: Source): void {
    const node = this.find(into);
    const set = this.sets[node];
    if (set?.has(value)) return;
    if (this.isText(value)) {
      const count = this.texts[node] ?? 0;
      if (count >= TEXTS_PER_NODE || this.withoutTexts.has(node)) return;
      this.texts[node] = count + 1;
    } else if (set && set.size >= VALUES_PER_NODE && this.kindOf(value) !== "class") return;
    if (set) set.set(value, source);
    else this.sets[node] = new Map([[value, source]]);
    if (node !== into || this.entries[node]) this.enter(node, value, into);
    const waiting = this.pending[node];
    if (waiting) waiting.push(value);
    else {
      this.pending[node] = [value];
      this.queue.push(node);
    }
  }

  private enter(node: Node, value: Value, into: Node): void {
    const entries = this.entries[node];
    if (entries) entries.set(value, into);
    else this.entries[node] = new Map([[value, into]]);
  }

  /** Lets everything in `source` flow to `target`. */
  edge(source: Node, target: Node): void {
    const from = this.find(source);
    const to = this.find(target);
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
    if (set) for (const value of set.keys()) this.add(target, value, source);
  }

  /** Calls `listener` with every value of the node, once each, now or when it arrives. */
  listen(at: Node, listener: Listener): void {
    const node = this.find(at);
    const listeners = this.listeners[node];
    if (listeners) listeners.push(listener);
    else this.listeners[node] = [listener];
    const set = this.sets[node];
    if (!set) return;
    // What is still waiting in the queue is delivered from there.
    const waiting = new Set(this.pending[node]);
    for (const value of [...set.keys()]) if (!waiting.has(value)) listener(value);
  }

  /** The values of a node, in the order in which they arrived. */
  valuesOf(node: Node): Value[] {
    return [...(this.sets[this.find(node)]?.keys() ?? [])];
  }

  /** Where a value came from, and into which node: another than was asked for where that is on a cycle with it. */
  arrivalOf(node: Node, value: Value): { readonly source: Source; readonly into: Node } | undefined {
    const at = this.find(node);
    const source = this.sets[at]?.get(value);
    return source === undefined ? undefined : { source, into: this.entries[at]?.get(value) ?? node };
  }

  /** Works until nothing changes. */
  solve(): void {
    for (let index = 0; index < this.queue.length; index++) {
      const node = this.find(this.queue[index]!);
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
      this.offered += count * values.length;
      if (this.offered > SWEEP_AFTER) this.collapseCycles();
      if (index > 100_000) {
        this.queue = this.queue.slice(index + 1);
        index = -1;
      }
    }
    this.queue = [];
  }

  /** Makes one node of the nodes of each cycle. It changes no answer. */
  collapseCycles(): void {
    this.offered = 0;
    for (const cycle of stronglyConnected(this.size, (node) =>
      this.find(node) === node ? (this.targets[node] ?? []).map((to) => this.find(to)) : [],
    ))
      this.collapse(cycle);
  }

  /** Makes one node of several that hold, or will hold, the same. */
  private collapse(nodes: readonly Node[]): void {
    const members = nodes.map((node) => ({
      node,
      set: this.sets[node] ?? new Map<Value, Source>(),
      pending: new Set(this.pending[node]),
      listeners: this.listeners[node] ?? [],
      targets: this.targets[node] ?? [],
      entries: this.entries[node],
    }));
    const inside = new Set(nodes);
    const root = Math.min(...nodes);
    const union = new Map<Value, Source>();
    const entries = new Map<Value, Node>();
    for (const { node, set, entries: known } of members) {
      for (const [value, source] of set) {
        // A value is told to come from where it came into the cycle.
        if (union.has(value) && source >= 0 && inside.has(this.find(source))) continue;
        if (union.has(value) && !this.isInside(union.get(value)!, inside)) continue;
        union.set(value, source);
        entries.set(value, known?.get(value) ?? node);
      }
    }
    for (const node of nodes) {
      for (const kept of [this.sets, this.pending, this.targets, this.targetSets, this.listeners, this.entries]) kept[node] = undefined;
      if (node !== root) this.merged[node] = root;
    }
    this.sets[root] = union;
    this.entries[root] = entries;
    this.listeners[root] = members.flatMap(({ listeners }) => listeners);
    const targets = new Set(members.flatMap(({ targets }) => targets.map((target) => this.find(target))));
    targets.delete(root);
    this.targets[root] = [...targets];
    if (targets.size >= 8) this.targetSets[root] = targets;
    this.texts[root] = [...union.keys()].filter((value) => this.isText(value)).length;
    if (!nodes.every((node) => this.withoutTexts.has(node))) this.withoutTexts.delete(root);
    // What one of them has and another has not been told of yet.
    for (const { set, pending, listeners, targets } of members) {
      for (const value of [...union.keys()]) {
        if (set.has(value) && !pending.has(value)) continue;
        for (const target of targets) this.add(target, value, root);
        for (const listener of listeners) listener(value);
      }
    }
  }

  private isInside(source: Source, nodes: ReadonlySet<Node>): boolean {
    return source >= 0 && nodes.has(this.find(source));
  }
}

/** A sweep looks at every edge; so many offers are worth one. */
const SWEEP_AFTER = 1_000_000;
