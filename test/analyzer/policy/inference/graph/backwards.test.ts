/** A graph's edges the other way round: what is reached backwards from a node is what reaches it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Backwards } from "../../../../../analyzer/policy/inference/graph/backwards.ts";
import { Graph } from "../../../../../analyzer/policy/inference/graph/graph.ts";

const NODES = 10;
const node = fc.nat(NODES - 1);

/** The nodes from which a node is reached, itself among them. */
function reaching(pairs: readonly (readonly [number, number])[], to: number): number[] {
  const found = new Set([to]);
  for (const each of found) for (const [from, into] of pairs) if (into === each) found.add(from);
  return [...found].sort((a, b) => a - b);
}

test("it leads to every node with a way to one, also where cycles became one", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 30 }), fc.boolean(), (pairs, isCollapsed) => {
      const graph = new Graph({ kindOf: () => "instance", constantsOf: () => 0, groupOf: () => 0, unite() {} });
      graph.allocate(NODES);
      for (const [from, to] of pairs) graph.edge(from, to);
      if (isCollapsed) graph.collapseCycles();
      const backwards = new Backwards(graph);
      for (let to = 0; to < NODES; to++) {
        const roots = new Set([graph.find(to)]);
        for (const root of roots) for (const from of backwards.sourcesOf(root)) roots.add(from);
        const found = [...roots].flatMap((root) => backwards.membersOf(root));
        expect(found.sort((a, b) => a - b)).toEqual(reaching(pairs, to));
      }
    }),
    { numRuns: 300 },
  );
});
