/**
 * Which kinds of constants may be in each node of a graph (`analyzer/python/constant-kinds.ts`): sets in one number, which flow along all
 * edges at once, and along edges of their own. None, numbers and truth are no values of the graph: there are too many of them, and nothing is asked of
 * them but this. Boundary: it knows nothing of what a kind means, but that what is unknown may be any of them.
 */
import { ALL_KINDS, IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import type { Node } from "./graph.ts";
import { Integers } from "./integer-tables.ts";
import type { Edges } from "./strongly-connected.ts";

/** Beside the kinds of a node. */
const IS_WATCHED = 1 << 20;
const HAS_EDGES = 1 << 21;
const IS_IGNORED = 1 << 22;

export class ConstantKinds {
  private readonly kinds = new Integers();
  /** Nodes with more kinds than their targets were told of. */
  private readonly grown: Node[] = [];
  private isSpreading = false;
  /** Edges for some kinds only. By node: its last, and 1; by edge: the one before it of the same node, and 1. */
  private readonly lastEdge = new Integers();
  private readonly edgeBefore = new Integers();
  private readonly targets = new Integers();
  private readonly passed = new Integers();
  private readonly watchers = new Map<Node, (() => void)[]>();
  private due: (() => void)[] = [];

  /** `find` gives the node that a node became. */
  constructor(
    private readonly edges: Edges,
    private readonly find: (node: Node) => Node,
  ) {}

  /** Makes room for so many nodes. */
  extend(nodes: number): void {
    this.kinds.extend(nodes);
  }

  /** The kinds of constants that may be in a node. */
  of(node: Node): number {
    return this.kinds.items[this.find(node)]! & ALL_KINDS;
  }

  /** Constants of these kinds may be in a node. */
  mark(node: Node, kinds: number): void {
    this.add(this.find(node), kinds);
  }

  /** The same, of a node that has become no other. */
  add(root: Node, kinds: number): void {
    const { items } = this.kinds;
    const known = items[root]!;
    if ((kinds & ~known) === 0 || known & IS_IGNORED) return;
    items[root] = known | (kinds & IS_UNKNOWN ? ALL_KINDS : kinds);
    if (known & IS_WATCHED) this.due.push(...this.watchers.get(root)!);
    if ((known & HAS_EDGES) === 0 && this.edges.firstOf(root) === 0) return;
    this.grown.push(root);
    if (!this.isSpreading) this.spread();
  }

  /** The kinds of one node flow to another; both have become no other. */
  flow(from: Node, to: Node): void {
    const { items } = this.kinds;
    const more = items[from]! & ~items[to]! & ALL_KINDS;
    if (more !== 0) this.add(to, more);
  }

  /** Whether there are others among kinds than are known to be in a node that has become no other. */
  lacks(root: Node, kinds: number): boolean {
    return (kinds & ~this.kinds.items[root]!) !== 0;
  }

  /** New nodes in a row are of these kinds, each of its own. */
  start(first: Node, kinds: readonly number[]): void {
    const { items } = this.kinds;
    for (let index = 0; index < kinds.length; index++) items[first + index] = kinds[index]!;
  }

  private spread(): void {
    this.isSpreading = true;
    for (let node = this.grown.pop(); node !== undefined; node = this.grown.pop()) {
      const root = this.find(node);
      const flags = this.kinds.items[root]!;
      const kinds = flags & ALL_KINDS;
      for (let edge = this.edges.firstOf(root); edge !== 0; edge = this.edges.after(edge, root)) this.add(this.edges.targetOf(edge), kinds);
      if (flags & HAS_EDGES)
        this.eachEdge(root, (to, passed) => {
          if (kinds & passed) this.mark(to, kinds & passed);
        });
    }
    this.isSpreading = false;
  }

  /** Where something unknown may be in one node, something unknown may be in the other. */
  taint(from: Node, to: Node): void {
    this.share(from, to, IS_UNKNOWN);
  }

  /** Of the constants that may be in one node, those of some kinds may be in the other. */
  share(from: Node, to: Node, kinds: number): void {
    const { items } = this.kinds;
    const root = this.find(from);
    const target = this.find(to);
    this.add(target, items[root]! & kinds);
    const known = items[target]!;
    if (kinds & ~known && (known & IS_IGNORED) === 0) this.connect(root, to, kinds & ~known);
  }

  private connect(root: Node, to: Node, kinds: number): void {
    const { items } = this.kinds;
    this.lastEdge.extend(root + 1);
    this.edgeBefore.push(items[root]! & HAS_EDGES ? this.lastEdge.items[root]! : 0);
    this.targets.push(to);
    this.lastEdge.items[root] = this.passed.push(kinds) + 1;
    items[root] = items[root]! | HAS_EDGES;
  }

  private eachEdge(root: Node, visit: (to: Node, kinds: number) => void): void {
    for (let edge = this.lastEdge.items[root]!; edge !== 0; edge = this.edgeBefore.items[edge - 1]!)
      visit(this.targets.items[edge - 1]!, this.passed.items[edge - 1]!);
  }

  /** Nobody will ask of this node. */
  ignore(node: Node): void {
    this.kinds.items[node] = IS_IGNORED;
  }

  isUntouched(node: Node): boolean {
    return this.kinds.items[node] === 0;
  }

  /** Nodes became one of them. */
  merge(nodes: readonly Node[], root: Node): void {
    const { items } = this.kinds;
    const watchers = nodes.flatMap((node) => this.watchers.get(node) ?? []);
    const edges: [to: Node, kinds: number][] = [];
    for (const node of nodes) if (items[node]! & HAS_EDGES) this.eachEdge(node, (...edge) => edges.push(edge));
    items[root] = nodes.reduce((all, node) => all | items[node]!, 0) & ~HAS_EDGES;
    for (const [to, kinds] of edges) this.connect(root, to, kinds);
    if (watchers.length > 0) this.watchers.set(root, watchers);
    this.due.push(...watchers);
    this.grown.push(root);
    this.spread();
  }

  /** Calls `listener` whenever constants of other kinds may be in a node, before other values are followed. */
  watch(node: Node, listener: () => void): void {
    const root = this.find(node);
    this.kinds.items[root] = this.kinds.items[root]! | IS_WATCHED;
    const known = this.watchers.get(root);
    if (known) known.push(listener);
    else this.watchers.set(root, [listener]);
  }

  /** Calls `listener` once, now or when a constant of one of these kinds may be in a node. */
  when(node: Node, kinds: number, listener: () => void): void {
    let isTold = false;
    const tell = () => {
      if (isTold || (this.of(node) & kinds) === 0) return;
      isTold = true;
      listener();
    };
    tell();
    if (!isTold) this.watch(node, tell);
  }

  /** Calls `listener` before other values are followed. */
  soon(listener: () => void): void {
    this.due.push(listener);
  }

  /** Calls the listeners that are due. */
  tell(): void {
    while (this.due.length > 0) {
      const { due } = this;
      this.due = [];
      for (const listener of due) listener();
    }
  }
}
