/** Inclusion constraints: what the graph answers is the least solution, whatever cycles there are and whenever edges come. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CROWD } from "../../../../../analyzer/policy/inference/graph/crowds.ts";
import { Graph, type ValueKinds } from "../../../../../analyzer/policy/inference/graph/graph.ts";
import { stronglyConnected } from "../../../../../analyzer/policy/inference/graph/strongly-connected.ts";

const NODES = 12;
const node = fc.nat(NODES - 1);
const edges = fc.array(fc.tuple(node, node), { maxLength: 40 });

/** Values that all stay apart. */
function kinds(kindOf: ValueKinds["kindOf"] = () => "instance"): ValueKinds {
  return { kindOf, constantsOf: () => 0, groupOf: () => 0, unite() {} };
}

/** What reaches each node, by walking. */
function reached(pairs: readonly (readonly [number, number])[], starts: readonly (readonly [number, number])[]): Set<number>[] {
  const sets = Array.from({ length: NODES }, () => new Set<number>());
  for (const [at, value] of starts) sets[at]!.add(value);
  for (let round = 0; round < NODES; round++) for (const [from, to] of pairs) for (const value of sets[from]!) sets[to]!.add(value);
  return sets;
}

describe("the graph", () => {
  test("every node holds what reaches it, and every listener is told of each value once", () => {
    fc.assert(
      fc.property(edges, edges, fc.array(fc.tuple(node, fc.nat(20)), { maxLength: 12 }), (before, after, starts) => {
        const graph = new Graph(kinds());
        graph.allocate(NODES);
        const told = Array.from({ length: NODES }, () => [] as number[]);
        for (const [from, to] of before) graph.edge(from, to);
        const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
        starts.forEach(([at, value], index) => {
          graph.add(at, value, origin);
          if (index === 2) graph.solve();
        });
        for (let each = 0; each < NODES; each++) graph.listen(each, (value) => told[each]!.push(value));
        graph.solve();
        graph.collapseCycles();
        for (const [from, to] of after) graph.edge(from, to);
        graph.solve();
        graph.collapseCycles();
        graph.solve();
        const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
        const expected = reached([...before, ...after], starts).map(sorted);
        expect(Array.from({ length: NODES }, (_, each) => sorted(graph.valuesOf(each)))).toEqual(expected);
        expect(told.map(sorted)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  test("an alias holds what its source holds, whenever it is made and whatever is asked of it", () => {
    fc.assert(
      fc.property(
        edges,
        fc.array(fc.tuple(node, fc.nat(20)), { maxLength: 12 }),
        fc.array(node, { maxLength: 6 }),
        fc.boolean(),
        (pairs, starts, sources, isTouched) => {
          const graph = new Graph(kinds());
          graph.allocate(NODES);
          const aliases = sources.map((source) => ({ source, alias: graph.allocate(1), told: [] as number[] }));
          const late = aliases.filter((_, index) => index % 2 === 1);
          if (isTouched) for (const { alias, told } of late) graph.listen(alias, (value) => told.push(value));
          for (const { source, alias } of aliases.filter((each) => !late.includes(each))) graph.alias(source, alias);
          const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
          for (const [at, value] of starts) graph.add(at, value, origin);
          graph.solve();
          for (const { source, alias } of late) graph.alias(source, alias);
          for (const [from, to] of pairs) graph.edge(aliases.find(({ source }) => source === from)?.alias ?? from, to);
          for (const { alias, told } of aliases) if (!isTouched || told.length === 0) graph.listen(alias, (value) => told.push(value));
          graph.solve();
          graph.collapseCycles();
          const expected = reached(pairs, starts);
          for (const { source, alias, told } of aliases) {
            expect(new Set(graph.valuesOf(alias))).toEqual(expected[source]);
            expect(new Set(told)).toEqual(expected[source]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a value's way back leads out of a cycle to where it came from", () => {
    const graph = new Graph(kinds());
    graph.allocate(4);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 1],
      [2, 3],
    ] as const)
      graph.edge(from, to);
    graph.add(0, 7, graph.origins.add({ kind: "made", text: "here", file: "a.py", line: 3 }));
    graph.solve();
    graph.collapseCycles();
    const way: number[] = [3];
    for (let arrival = graph.arrivalOf(3, 7); arrival && arrival.source >= 0; arrival = graph.arrivalOf(arrival.source, 7))
      way.push(arrival.source);
    expect(way.at(-1)).toBe(0);
    expect(way.length).toBeLessThan(5);
  });

  test("values alike that crowd in a node become one, wherever they are and flow to; what else there is stays apart", () => {
    const values = fc.uniqueArray(fc.nat(99), { minLength: 40, maxLength: 90 });
    fc.assert(
      fc.property(
        edges,
        edges,
        node,
        values,
        fc.array(fc.tuple(node, fc.nat(99)), { maxLength: 12 }),
        (before, after, crowded, crowd, others) => {
          const united = new Map<number, number>();
          const graph: Graph = new Graph({
            kindOf: () => "instance",
            constantsOf: () => 0,
            groupOf: (value) => (value < 80 ? 1 : 0),
            unite(values, into) {
              for (const value of values) united.set(value, into);
            },
          });
          graph.allocate(NODES);
          const told = Array.from({ length: NODES }, () => new Set<number>());
          for (let each = 0; each < NODES; each++) graph.listen(each, (value) => told[each]!.add(value));
          for (const [from, to] of before) graph.edge(from, to);
          const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
          const starts = [...others, ...crowd.map((value) => [crowded, value] as const)];
          starts.forEach(([at, value], index) => {
            graph.add(at, value, origin);
            if (index % 30 === 29) graph.solve();
          });
          graph.solve();
          for (const [from, to] of after) graph.edge(from, to);
          graph.solve();
          graph.collapseCycles();
          const isCrowd = crowd.filter((value) => value < 80).length >= CROWD;
          if (isCrowd) expect(united.size).toBeGreaterThanOrEqual(CROWD - 1);
          for (const [value, into] of united) {
            expect(graph.valueOf(value)).toBe(graph.valueOf(into));
            expect(Math.max(value, into)).toBeLessThan(80);
          }
          reached([...before, ...after], starts).forEach((expected, at) => {
            const ones = new Set([...expected].map((value) => graph.valueOf(value)));
            expect(new Set(graph.valuesOf(at))).toEqual(ones);
            expect(new Set([...told[at]!].map((value) => graph.valueOf(value)))).toEqual(ones);
            for (const value of ones) expect(graph.arrivalOf(at, value)).toBeDefined();
            expect([...ones].filter((value) => value < 80).length).toBeLessThan(2 * CROWD);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test("constant strings stay few, and stay out of what refuses them", () => {
    const graph = new Graph(kinds((value) => (value < 50 ? "text" : "instance")));
    graph.allocate(2);
    graph.refuseTexts(1);
    const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
    for (let value = 0; value < 60; value++) for (const each of [0, 1]) graph.add(each, value, origin);
    expect(graph.valuesOf(0).filter((value) => value < 50)).toHaveLength(12);
    expect(graph.valuesOf(1).every((value) => value >= 50)).toBe(true);
  });

  test("a node that everything flows through ends at a number of values; so many classes may be in one, until it refused something", () => {
    const graph = new Graph(kinds((value) => (value % 2 === 0 ? "class" : "instance")));
    graph.allocate(2);
    const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
    for (let value = 0; value < 2000; value += 2) graph.add(0, value, origin);
    expect(graph.valuesOf(0)).toHaveLength(1000);
    for (let value = 0; value < 2000; value++) graph.add(1, value, origin);
    expect(graph.valuesOf(1).filter((value) => value % 2 === 1)).toHaveLength(80);
    expect(graph.valuesOf(1).filter((value) => value % 2 === 0)).toHaveLength(81);
  });

  test("that something was left out of a node is known of what it becomes, and of what it flows to", () => {
    const graph = new Graph(kinds());
    graph.allocate(5);
    const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
    for (let value = 0; value < 200; value++) graph.add(1, value, origin);
    graph.edge(1, 2);
    expect(graph.partlyKnown()).toEqual(new Set([1, 2]));
    graph.edge(0, 1);
    graph.edge(1, 0);
    graph.edge(2, 3);
    graph.collapseCycles();
    expect(graph.partlyKnown()).toEqual(new Set([0, 2, 3]));
  });

  test("nodes that become one hold no more than one may, and tell of no more", () => {
    const graph = new Graph(kinds());
    graph.allocate(4);
    const origin = graph.origins.add({ kind: "made", text: "", file: "", line: 0 });
    for (let value = 0; value < 400; value++) graph.add(value % 4, value, origin);
    const told: number[][] = [[], [], [], []];
    for (const [at, values] of told.entries()) graph.listen(at, (value) => values.push(value));
    graph.solve();
    for (const at of [0, 1, 2, 3]) graph.edge(at, (at + 1) % 4);
    graph.collapseCycles();
    graph.solve();
    const held = graph.valuesOf(0);
    expect(held).toHaveLength(160);
    expect(graph.partlyKnown()).toEqual(new Set([0]));
    for (const [at, values] of told.entries()) {
      expect(new Set(values).size).toBe(values.length);
      expect(values.filter((value) => !held.includes(value)).every((value) => value % 4 === at)).toBe(true);
      expect(held.every((value) => values.includes(value))).toBe(true);
    }
  });
});

describe("strongly connected components", () => {
  test("two nodes are in one component exactly if each reaches the other", () => {
    fc.assert(
      fc.property(edges, (pairs) => {
        const edgeAfter = (edge: number, node: number) => pairs.findIndex(([from], index) => index >= edge && from === node) + 1;
        const edges = { firstOf: (node: number) => edgeAfter(0, node), after: edgeAfter, targetOf: (edge: number) => pairs[edge - 1]![1] };
        const components = stronglyConnected(NODES, edges);
        const sets = reached(
          pairs,
          Array.from({ length: NODES }, (_, each) => [each, each] as const),
        );
        const isTogether = (a: number, b: number) => components.some((component) => component.includes(a) && component.includes(b));
        for (let a = 0; a < NODES; a++)
          for (let b = 0; b < NODES; b++) if (a !== b) expect(isTogether(a, b)).toBe(sets[a]!.has(b) && sets[b]!.has(a));
      }),
      { numRuns: 200 },
    );
  });
});
