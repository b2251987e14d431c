/**
 * The cycles of a directed graph: its strongly connected components of more than one node (Tarjan, "Depth-First Search and
 * Linear Graph Algorithms", 1972), without recursion. Boundary: it knows numbers only.
 */

/** The edges of a graph, numbered from 1, so that 0 is none. */
export interface Edges {
  firstOf(node: number): number;
  after(edge: number, node: number): number;
  targetOf(edge: number): number;
}

/** Components of at least two of the nodes 0 to `count`, each in the order in which its nodes were come upon. */
export function stronglyConnected(count: number, edges: Edges): number[][] {
  const index = new Int32Array(count);
  const low = new Int32Array(count);
  /** By node: the edge that is looked at next, and the node that it was come upon from, and 1. */
  const edgeAt = new Int32Array(count);
  const from = new Int32Array(count);
  const isOpen = new Uint8Array(count);
  const open: number[] = [];
  const components: number[][] = [];
  let next = 1;
  const enter = (node: number) => {
    index[node] = low[node] = next++;
    edgeAt[node] = edges.firstOf(node);
    isOpen[node] = 1;
    open.push(node);
  };
  const leave = (node: number) => {
    if (low[node] !== index[node]) return;
    const component: number[] = [];
    let member: number;
    do {
      member = open.pop()!;
      isOpen[member] = 0;
      component.push(member);
    } while (member !== node);
    if (component.length > 1) components.push(component.reverse());
  };
  for (let root = 0; root < count; root++) {
    if (index[root] !== 0 || edges.firstOf(root) === 0) continue;
    enter(root);
    for (let node = root; ; ) {
      const edge = edgeAt[node]!;
      if (edge === 0) {
        leave(node);
        const above = from[node]! - 1;
        if (above === -1) break;
        low[above] = Math.min(low[above]!, low[node]!);
        node = above;
        continue;
      }
      edgeAt[node] = edges.after(edge, node);
      const target = edges.targetOf(edge);
      if (index[target] === 0) {
        // What leads nowhere is on no cycle; half of the nodes are such.
        if (edges.firstOf(target) === 0) continue;
        from[target] = node + 1;
        enter(target);
        node = target;
      } else if (isOpen[target] === 1) low[node] = Math.min(low[node]!, index[target]!);
    }
  }
  return components;
}
