/**
 * The cycles of a directed graph: its strongly connected components of more than one node (Tarjan, "Depth-First Search and
 * Linear Graph Algorithms", 1972), without recursion. Boundary: it knows numbers only.
 */

/** Components of at least two of the nodes 0 to `count`, each in the order in which Tarjan's algorithm leaves it. */
export function stronglyConnected(count: number, targetsOf: (node: number) => readonly number[]): number[][] {
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const isOpen = new Uint8Array(count);
  const open: number[] = [];
  const components: number[][] = [];
  const path: { node: number; targets: readonly number[]; position: number }[] = [];
  let next = 0;
  const enter = (node: number) => {
    index[node] = low[node] = next++;
    isOpen[node] = 1;
    open.push(node);
    path.push({ node, targets: targetsOf(node), position: 0 });
  };
  for (let root = 0; root < count; root++) {
    if (index[root] !== -1) continue;
    enter(root);
    for (let step = path.at(-1); step; step = path.at(-1)) {
      const { node, targets } = step;
      if (step.position < targets.length) {
        const target = targets[step.position++]!;
        if (index[target] === -1) enter(target);
        else if (isOpen[target]) low[node] = Math.min(low[node]!, index[target]!);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above) low[above.node] = Math.min(low[above.node]!, low[node]!);
      if (low[node] !== index[node]) continue;
      const component = open.splice(open.indexOf(node, Math.max(0, open.length - (next - index[node]!))));
      for (const member of component) isOpen[member] = 0;
      if (component.length > 1) components.push(component);
    }
  }
  return components;
}
