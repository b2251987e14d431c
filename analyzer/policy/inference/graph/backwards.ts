/**
 * A graph's edges the other way round: what flows into a node. Boundary: the graph as it is when this is made.
 */
import type { Graph, Node } from "./graph.ts";
import { Integers } from "./integer-tables.ts";

export class Backwards {
  /** By node: its last edge, and 1; by edge: the one before it of the same node, and 1. */
  private readonly lastEdge = new Integers();
  private readonly before = new Integers();
  private readonly froms = new Integers();
  /** Of merged nodes, those that became one with them. */
  private readonly merged = new Map<Node, Node[]>();

  constructor(graph: Graph) {
    this.lastEdge.extend(graph.nodes);
    graph.eachEdge((from, to) => {
      this.before.push(this.lastEdge.items[to]!);
      this.lastEdge.items[to] = this.froms.push(from) + 1;
    });
    for (let node = 0; node < graph.nodes; node++) {
      const root = graph.find(node);
      if (root === node) continue;
      const known = this.merged.get(root);
      if (known) known.push(node);
      else this.merged.set(root, [node]);
    }
  }

  /** The nodes with an edge to one, apart from itself. */
  sourcesOf(node: Node): Node[] {
    const found: Node[] = [];
    for (let edge = this.lastEdge.items[node]!; edge !== 0; edge = this.before.items[edge - 1]!) {
      const from = this.froms.items[edge - 1]!;
      if (from !== node) found.push(from);
    }
    return found;
  }

  /** A node, and those that became one with it. */
  membersOf(node: Node): readonly Node[] {
    return [node, ...(this.merged.get(node) ?? [])];
  }
}
