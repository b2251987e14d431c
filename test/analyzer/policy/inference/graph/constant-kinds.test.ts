/** Kinds of constants reach every node that there is a way to, in whatever order ways and constants come, also when nodes become one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Graph } from "../../../../../analyzer/policy/inference/graph/graph.ts";
import { ALL_KINDS, IS_NONE, IS_OBJECT, IS_ONE, IS_UNKNOWN, IS_ZERO } from "../../../../../analyzer/python/constant-kinds.ts";

const NODES = 10;
const node = fc.nat(NODES - 1);
const kind = fc.constantFrom(IS_NONE, IS_ZERO, IS_ONE, IS_UNKNOWN);

type Step =
  | { readonly step: "edge" | "alias"; readonly from: number; readonly to: number }
  | { readonly step: "mark"; readonly at: number; readonly kinds: number }
  | { readonly step: "share"; readonly from: number; readonly to: number; readonly kinds: number }
  | { readonly step: "collapse" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ step: fc.constantFrom("edge" as const, "alias" as const), from: node, to: node }),
  fc.record({ step: fc.constant("mark" as const), at: node, kinds: kind }),
  fc.record({ step: fc.constant("share" as const), from: node, to: node, kinds: fc.nat(ALL_KINDS) }),
  fc.constant({ step: "collapse" as const }),
);

function graphOf(): Graph {
  const graph = new Graph({ kindOf: () => "instance", constantsOf: () => IS_OBJECT, groupOf: () => 0, unite() {} });
  graph.allocate(NODES);
  return graph;
}

/** What is in each node in the end, by walking; what was aliased is there both ways. */
function walked(steps: readonly Step[], isAliased: (step: Step) => boolean): number[] {
  const kinds = Array<number>(NODES).fill(0);
  const saturated = (each: number) => (each & IS_UNKNOWN ? ALL_KINDS : each);
  for (let round = 0; round < NODES; round++)
    for (const each of steps) {
      if (each.step === "mark") kinds[each.at] = saturated(kinds[each.at]! | each.kinds);
      else if (each.step === "share") kinds[each.to] = saturated(kinds[each.to]! | (kinds[each.from]! & each.kinds));
      else if (each.step !== "collapse") {
        kinds[each.to] = saturated(kinds[each.to]! | kinds[each.from]!);
        if (isAliased(each)) kinds[each.from] = saturated(kinds[each.from]! | kinds[each.to]!);
      }
    }
  return kinds;
}

describe("kinds of constants", () => {
  test("reach what there is a way to", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const graph = graphOf();
        const aliased = new Set<Step>();
        for (const each of steps) {
          if (each.step === "mark") graph.kinds.mark(each.at, each.kinds);
          else if (each.step === "share") graph.kinds.share(each.from, each.to, each.kinds);
          else if (each.step === "edge") graph.edge(each.from, each.to);
          else if (each.step === "collapse") graph.collapseCycles();
          else {
            const wasOne = graph.find(each.from) === graph.find(each.to);
            graph.alias(each.from, each.to);
            if (!wasOne && graph.find(each.from) === graph.find(each.to)) aliased.add(each);
          }
        }
        graph.solve();
        const expected = walked(steps, (each) => aliased.has(each));
        expect(Array.from({ length: NODES }, (_, at) => graph.kinds.of(at))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("come with values, also along edges that are made later", () => {
    const graph = graphOf();
    graph.add(0, 7, graph.origins.made("", 0));
    graph.edge(0, 1);
    expect([graph.kinds.of(0), graph.kinds.of(1)]).toEqual([IS_OBJECT, IS_OBJECT]);
  });

  test("none reaches a node of which nobody will ask", () => {
    const graph = graphOf();
    graph.ignore(1);
    graph.kinds.mark(0, IS_ONE);
    graph.edge(0, 1);
    graph.kinds.share(0, 1, IS_ONE);
    expect(graph.kinds.of(1)).toBe(0);
  });

  test("who watches a node is told of what comes, before values are followed, and by nodes that became one with it", () => {
    const graph = graphOf();
    const told: string[] = [];
    graph.edge(1, 2);
    graph.edge(2, 1);
    graph.kinds.watch(1, () => told.push(`watch ${graph.kinds.of(1)}`));
    graph.kinds.when(2, IS_ZERO, () => told.push("when"));
    graph.collapseCycles();
    graph.kinds.mark(2, IS_NONE);
    expect(told).toEqual([]);
    graph.solve();
    graph.kinds.mark(1, IS_ZERO);
    graph.solve();
    graph.kinds.mark(1, IS_ZERO);
    graph.solve();
    expect(told.filter((each) => each === "when")).toHaveLength(1);
    expect(new Set(told)).toEqual(new Set([`watch ${IS_NONE}`, `watch ${IS_NONE | IS_ZERO}`, "when"]));
  });
});
