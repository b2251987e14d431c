/**
 * Inclusion constraints: nodes that hold sets of values, edges along which values flow, and listeners that are told of
 * every value once. Boundary: it knows nothing of Python. Order of work is first in, first out, so that the same
 * constraints give the same answer in the same order, and the first way a value arrived is close to the shortest.
 * Nodes on a cycle of edges hold the same values, and become one when the cycle is found (in sweeps, as Pearce, Kelly
 * and Hankin do, "Online Cycle Detection and Difference Propagation", 2003): containers that hold each other would
 * otherwise cost their square.
 */
import { Integers, Pairs } from "./integer-tables.ts";
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

const REFUSES_TEXTS = 1;
const IS_WAITING = 2;

const TEXT = 1;
const CLASS = 2;
const OTHER = 3;

/** The end of a list, and where no node has been merged. */
const NONE = -1;

export class Graph {
  /** Every value of every node, and every edge: the lists of a node are chains through them, in order of arrival. */
  private readonly held = new Pairs();
  private readonly sources = new Integers();
  /** The node under which a value came in: of merged nodes one of them. */
  private readonly arrivals = new Integers();
  private readonly nextHeld = new Integers(NONE);
  private readonly edges = new Pairs();
  private readonly nextEdge = new Integers(NONE);
  private readonly listeners: Listener[] = [];
  private readonly nextListener = new Integers(NONE);

  // Of each node.
  private readonly firstHeld = new Integers(NONE);
  private readonly lastHeld = new Integers(NONE);
  /** The last value that listeners and targets were told of; those after it wait in the queue. */
  private readonly lastTold = new Integers(NONE);
  private readonly heldCount = new Integers();
  private readonly textCount = new Integers();
  private readonly firstEdge = new Integers(NONE);
  private readonly lastEdge = new Integers(NONE);
  private readonly firstListener = new Integers(NONE);
  private readonly lastListener = new Integers(NONE);
  /** The node that each merged node became, directly or by way of others. */
  private readonly merged = new Integers(NONE);
  /** `REFUSES_TEXTS`, `IS_WAITING`. */
  private readonly flags = new Integers();

  private readonly columns = [
    this.firstHeld,
    this.lastHeld,
    this.lastTold,
    this.heldCount,
    this.textCount,
    this.firstEdge,
    this.lastEdge,
    this.firstListener,
    this.lastListener,
    this.merged,
    this.flags,
  ];

  private readonly origins: Origin[] = [];
  private queue: Node[] = [];
  private size = 0;
  /** Values offered to nodes since the last sweep for cycles. */
  private offered = 0;
  /** What each value counts as: 0 not asked yet, `TEXT`, `CLASS`, `OTHER`. */
  private readonly kinds = new Integers();

  constructor(private readonly kindOf: (value: Value) => string) {}

  private kind(value: Value): number {
    this.kinds.extend(value + 1);
    const known = this.kinds.items[value]!;
    if (known !== 0) return known;
    const name = this.kindOf(value);
    const kind = name === "text" ? TEXT : name === "class" ? CLASS : OTHER;
    this.kinds.items[value] = kind;
    return kind;
  }

  get nodes(): number {
    return this.size;
  }

  /** `count` nodes in a row; gives the first. */
  allocate(count: number): Node {
    const first = this.size;
    this.size += count;
    for (const column of this.columns) column.extend(this.size);
    return first;
  }

  /** Constant strings do not enter this node: what an object holds is asked for its names, never for its strings. */
  refuseTexts(node: Node): void {
    this.flags.items[node]! |= REFUSES_TEXTS;
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
    const merged = this.merged.items;
    let next = merged[node]!;
    if (next === NONE) return node;
    let root = next;
    for (let above = merged[root]!; above !== NONE; above = merged[root]!) root = above;
    for (let current = node; next !== NONE && next !== root; current = next, next = merged[current]!) merged[current] = root;
    return root;
  }

  /** Puts a value into a node. `source` is a node, or what `origin` gave. */
  add(into: Node, value: Value, source: Source): void {
    const node = this.find(into);
    if (this.held.find(node, value) !== NONE) return;
    const kind = this.kind(value);
    if (kind === TEXT) {
      const texts = this.textCount.items;
      if (texts[node]! >= TEXTS_PER_NODE || this.flags.items[node]! & REFUSES_TEXTS) return;
      texts[node]!++;
    } else if (kind !== CLASS && this.heldCount.items[node]! >= VALUES_PER_NODE) return;
    this.append(node, value, source, into);
    if (this.flags.items[node]! & IS_WAITING) return;
    this.flags.items[node]! |= IS_WAITING;
    this.queue.push(node);
  }

  /** At the end of what a node holds. */
  private append(node: Node, value: Value, source: Source, into: Node): void {
    const index = this.held.add(node, value);
    for (const column of [this.sources, this.arrivals, this.nextHeld]) column.extend(this.held.size);
    this.sources.items[index] = source;
    this.arrivals.items[index] = into;
    this.nextHeld.items[index] = NONE;
    const last = this.lastHeld.items[node]!;
    if (last === NONE) this.firstHeld.items[node] = index;
    else this.nextHeld.items[last] = index;
    this.lastHeld.items[node] = index;
    this.heldCount.items[node]!++;
  }

  /** Lets everything in `source` flow to `target`. */
  edge(source: Node, target: Node): void {
    const from = this.find(source);
    const to = this.find(target);
    if (from === to || this.edges.find(from, to) !== NONE) return;
    this.connect(from, to);
    for (let held = this.firstHeld.items[from]!; held !== NONE; held = this.nextHeld.items[held]!)
      this.add(target, this.held.second.items[held]!, source);
  }

  /** Puts an edge at the end of those of a node. */
  private connect(from: Node, to: Node): void {
    const edge = this.edges.add(from, to);
    this.nextEdge.extend(this.edges.size);
    this.nextEdge.items[edge] = NONE;
    const last = this.lastEdge.items[from]!;
    if (last === NONE) this.firstEdge.items[from] = edge;
    else this.nextEdge.items[last] = edge;
    this.lastEdge.items[from] = edge;
  }

  /** Calls `listener` with every value of the node, once each, now or when it arrives. */
  listen(at: Node, listener: Listener): void {
    const node = this.find(at);
    this.enlist(node, listener);
    // What is still waiting in the queue is delivered from there.
    this.tell(node, this.lastTold.items[node]!, listener);
  }

  private enlist(node: Node, listener: Listener): void {
    const index = this.listeners.push(listener) - 1;
    this.nextListener.push(NONE);
    const last = this.lastListener.items[node]!;
    if (last === NONE) this.firstListener.items[node] = index;
    else this.nextListener.items[last] = index;
    this.lastListener.items[node] = index;
  }

  /** Tells of what a node holds, up to the entry `last`. */
  private tell(node: Node, last: number, listener: Listener): void {
    if (last === NONE) return;
    for (let held = this.firstHeld.items[node]!; ; held = this.nextHeld.items[held]!) {
      listener(this.held.second.items[held]!);
      if (held === last) return;
    }
  }

  /** The values of a node, in the order in which they arrived. */
  valuesOf(node: Node): Value[] {
    return this.entriesOf(this.find(node)).map((held) => this.held.second.items[held]!);
  }

  private entriesOf(node: Node): number[] {
    return chain(this.firstHeld.items[node]!, this.nextHeld);
  }

  /** Where a value came from, and into which node: another than was asked for where that is on a cycle with it. */
  arrivalOf(node: Node, value: Value): { readonly source: Source; readonly into: Node } | undefined {
    const held = this.held.find(this.find(node), value);
    return held === NONE ? undefined : { source: this.sources.items[held]!, into: this.arrivals.items[held]! };
  }

  /** Works until nothing changes. */
  solve(): void {
    for (let index = 0; index < this.queue.length; index++) {
      const node = this.find(this.queue[index]!);
      if (!(this.flags.items[node]! & IS_WAITING)) continue;
      this.flags.items[node]! &= ~IS_WAITING;
      this.deliver(node);
      if (this.offered > SWEEP_AFTER) this.collapseCycles();
      if (index > 100_000) {
        this.queue = this.queue.slice(index + 1);
        index = -1;
      }
    }
    this.queue = [];
  }

  /** Tells targets and listeners of the values that wait. Those that are added meanwhile see the node's whole set then. */
  private deliver(node: Node): void {
    const told = this.lastTold.items[node]!;
    const last = this.lastHeld.items[node]!;
    const lastEdge = this.lastEdge.items[node]!;
    const lastListener = this.lastListener.items[node]!;
    this.lastTold.items[node] = last;
    for (let held = told; held !== last; ) {
      held = held === NONE ? this.firstHeld.items[node]! : this.nextHeld.items[held]!;
      const value = this.held.second.items[held]!;
      for (let edge = NONE; edge !== lastEdge; this.offered++) {
        edge = edge === NONE ? this.firstEdge.items[node]! : this.nextEdge.items[edge]!;
        this.add(this.edges.second.items[edge]!, value, node);
      }
      for (let index = NONE; index !== lastListener; ) {
        index = index === NONE ? this.firstListener.items[node]! : this.nextListener.items[index]!;
        this.listeners[index]!(value);
      }
    }
  }

  /** Makes one node of the nodes of each cycle. It changes no answer. */
  collapseCycles(): void {
    this.offered = 0;
    const targetsOf = (node: Node) => (this.find(node) === node ? this.targetsOf(node).map((to) => this.find(to)) : []);
    for (const cycle of stronglyConnected(this.size, targetsOf)) this.collapse(cycle);
  }

  private targetsOf(node: Node): Node[] {
    return chain(this.firstEdge.items[node]!, this.nextEdge).map((edge) => this.edges.second.items[edge]!);
  }

  /** Makes one node of several that hold, or will hold, the same. */
  private collapse(nodes: readonly Node[]): void {
    const members = nodes.map((node) => {
      const entries = this.entriesOf(node);
      const waiting = entries.indexOf(this.lastTold.items[node]!) + 1;
      const values = entries.map((held) => this.held.second.items[held]!);
      return {
        entries: entries.map((held, index) => ({
          value: values[index]!,
          source: this.sources.items[held]!,
          into: this.arrivals.items[held]!,
        })),
        told: new Set(values.slice(0, waiting)),
        listeners: chain(this.firstListener.items[node]!, this.nextListener).map((index) => this.listeners[index]!),
        targets: this.targetsOf(node),
      };
    });
    const inside = new Set(nodes);
    const root = Math.min(...nodes);
    const union = new Map<Value, { readonly source: Source; readonly into: Node }>();
    for (const { entries } of members) {
      for (const { value, source, into } of entries) {
        const known = union.get(value);
        // A value is told to come from where it came into the cycle.
        if (!known || (this.isInside(known.source, inside) && !this.isInside(source, inside))) union.set(value, { source, into });
      }
    }
    const isRefusing = nodes.every((node) => this.flags.items[node]! & REFUSES_TEXTS);
    for (const node of nodes) {
      for (const column of [this.heldCount, this.textCount, this.flags]) column.items[node] = 0;
      for (const column of [this.firstHeld, this.lastHeld, this.firstEdge, this.lastEdge, this.firstListener, this.lastListener])
        column.items[node] = NONE;
      if (node !== root) this.merged.items[node] = root;
    }
    if (isRefusing) this.refuseTexts(root);
    for (const [value, { source, into }] of union) {
      this.append(root, value, source, into);
      if (this.kind(value) === TEXT) this.textCount.items[root]!++;
    }
    this.lastTold.items[root] = this.lastHeld.items[root]!;
    for (const { listeners } of members) for (const listener of listeners) this.enlist(root, listener);
    const targets = new Set(members.flatMap(({ targets }) => targets.map((target) => this.find(target))));
    for (const target of targets) if (target !== root) this.connect(root, target);
    // What one of them has and another has not been told of yet.
    for (const { told, listeners, targets } of members) {
      for (const value of union.keys()) {
        if (told.has(value)) continue;
        for (const target of targets) this.add(target, value, root);
        for (const listener of listeners) listener(value);
      }
    }
  }

  private isInside(source: Source, nodes: ReadonlySet<Node>): boolean {
    return source >= 0 && nodes.has(this.find(source));
  }
}

/** The numbers of a list, from the first. */
function chain(first: number, next: Integers): number[] {
  const found: number[] = [];
  for (let index = first; index !== NONE; index = next.items[index]!) found.push(index);
  return found;
}

/** A sweep looks at every edge; so many offers are worth one. */
const SWEEP_AFTER = 1_000_000;
