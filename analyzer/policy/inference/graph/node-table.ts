/**
 * What is kept of each node of the graph, side by side in tables of numbers: what it holds, where it flows to, who is told, and what it became.
 * Boundary: it keeps; what flows where, and which nodes become one, is `graph.ts`.
 */
import { ConstantKinds } from "./constant-kinds.ts";
import type { Crowds } from "./crowds.ts";
import { Integers, Pairs } from "./integer-tables.ts";
import { Origins, type Source } from "./origins.ts";
import { Rings } from "./rings.ts";
import type { Edges } from "./strongly-connected.ts";

export type Node = number;

/** What a node holds: a number to the graph, which asks `ValueKinds` of it. */
export type Value = number;

export type Listener = (value: Value) => void;

// What is kept of each node, side by side. Values, edges and listeners of a node are rings, of which the last is kept. All are
// numbered from 1, so that 0 is none.
export const MERGED = 0;
export const LAST_HELD = 1;
/** The last value that listeners and targets were told of; those after it wait in the queue. */
export const LAST_TOLD = 2;
export const HELD_COUNT = 3;
export const TEXT_COUNT = 4;
export const LAST_EDGE = 5;
export const LAST_LISTENER = 6;
export const FLAGS = 7;
export const RECORD = 8;

export class NodeTable {
  readonly origins = new Origins();
  protected readonly records = new Integers();
  /** Nodes with the values they hold. */
  protected readonly held = new Pairs();
  protected readonly sources = new Integers();
  protected readonly heldRings = new Rings();
  /** Of what merged nodes hold: the one of them that it came into, and 1. */
  protected readonly arrivals = new Integers();
  protected readonly edges = new Pairs();
  protected readonly edgeRings = new Rings();
  protected readonly listeners: Listener[] = [];
  protected readonly listenerRings = new Rings();
  protected size = 0;
  protected readonly edgeList: Edges = {
    firstOf: (node) => this.firstEdge(node),
    after: (edge, node) => (edge === this.of(node, LAST_EDGE) ? 0 : this.edgeRings.next(edge)),
    targetOf: (edge) => this.find(this.edges.secondOf(edge - 1)),
  };
  readonly kinds = new ConstantKinds(this.edgeList, (node) => this.find(node));

  constructor(protected readonly crowds: Crowds) {}

  get nodes(): number {
    return this.size;
  }

  /** `count` nodes in a row; gives the first. */
  allocate(count: number): Node {
    const first = this.size;
    this.size += count;
    this.records.extend(this.size * RECORD);
    this.kinds.extend(this.size);
    return first;
  }

  protected of(node: Node, part: number): number {
    return this.records.items[node * RECORD + part]!;
  }

  protected set(node: Node, part: number, to: number): void {
    this.records.items[node * RECORD + part] = to;
  }

  /** The node that a node became: itself, or the one of all on a cycle with it. */
  find(node: Node): Node {
    let next = this.of(node, MERGED);
    if (next === 0) return node;
    let root = next;
    for (let above = this.of(root - 1, MERGED); above !== 0; above = this.of(root - 1, MERGED)) root = above;
    for (let current = node; next !== 0 && next !== root; current = next - 1, next = this.of(current, MERGED))
      this.set(current, MERGED, root);
    return root - 1;
  }

  protected isUntouched(node: Node): boolean {
    for (let part = 0; part < RECORD; part++) if (this.of(node, part) !== 0) return false;
    return this.kinds.isUntouched(node);
  }

  /** Whether a node holds nothing, but for constants of which only the kind is kept. */
  isEmpty(node: Node): boolean {
    return this.of(this.find(node), LAST_HELD) === 0;
  }

  /** Every edge, between what its ends became. */
  eachEdge(visit: (from: Node, to: Node) => void): void {
    for (let edge = 0; edge < this.edges.size; edge++) visit(this.find(this.edges.firstOf(edge)), this.find(this.edges.secondOf(edge)));
  }

  /** Puts a value, by its number among what is held, at the end of what a node holds; gives how many it holds then. */
  protected append(node: Node, index: number, source: Source, into: Node): number {
    this.sources.extend(this.held.size);
    this.sources.items[index] = source;
    this.arrivals.extend(this.held.size);
    this.arrivals.items[index] = into === node ? 0 : into + 1;
    this.set(node, LAST_HELD, this.heldRings.append(this.of(node, LAST_HELD), index + 1));
    const count = this.of(node, HELD_COUNT) + 1;
    this.set(node, HELD_COUNT, count);
    return count;
  }

  protected arrivalAt(held: number, node: Node): Node {
    const into = this.arrivals.items[held - 1]!;
    return into === 0 ? node : into - 1;
  }

  /** Puts an edge at the end of those of a node. */
  protected connect(from: Node, to: Node): void {
    const edge = this.edges.add(from, to);
    this.set(from, LAST_EDGE, this.edgeRings.append(this.of(from, LAST_EDGE), edge + 1));
  }

  protected enlist(node: Node, listener: Listener): void {
    const number = this.listeners.push(listener);
    this.set(node, LAST_LISTENER, this.listenerRings.append(this.of(node, LAST_LISTENER), number));
  }

  /** Calls `visit` with the number of each value that a node which has become no other holds. */
  protected eachEntry(root: Node, visit: (held: number) => void): void {
    const last = this.of(root, LAST_HELD);
    for (let held = last === 0 ? 0 : this.heldRings.next(last); held !== 0; held = held === last ? 0 : this.heldRings.next(held))
      visit(held);
  }

  /** Of a merged node none: its record was emptied. */
  protected firstEdge(node: Node): number {
    const last = this.of(node, LAST_EDGE);
    return last === 0 ? 0 : this.edgeRings.next(last);
  }

  protected targetsOf(node: Node): Node[] {
    const last = this.of(node, LAST_EDGE);
    return last === 0 ? [] : this.edgeRings.of(last).map((edge) => this.edges.secondOf(edge - 1));
  }

  /** What a value became: itself, or the one of a crowd. */
  valueOf(value: Value): Value {
    return this.crowds.valueOf(value);
  }

  protected heldAt(held: number): Value {
    return this.crowds.valueOf(this.held.secondOf(held - 1));
  }

  holds(node: Node, value: Value): boolean {
    return this.held.find(this.find(node), this.valueOf(value)) !== -1;
  }

  /** The values of a node, in the order in which they arrived. */
  valuesOf(node: Node): Value[] {
    const values: Value[] = [];
    let hasUnited = false;
    this.eachEntry(this.find(node), (held) => {
      const value = this.heldAt(held);
      if (value !== this.held.secondOf(held - 1)) hasUnited = true;
      values.push(value);
    });
    return hasUnited ? [...new Set(values)] : values;
  }

  /** Calls `visit` with each value of a node. */
  eachValue(node: Node, visit: (value: Value) => void): void {
    this.eachEntry(this.find(node), (held) => visit(this.heldAt(held)));
  }

  /** Where a value came from, and into which node: another than was asked for where that is on a cycle with it. */
  arrivalOf(node: Node, value: Value): { readonly source: Source; readonly into: Node } | undefined {
    const at = this.find(node);
    const index = this.held.find(at, value);
    // It may have come as another that it is now.
    const held = index !== -1 ? index + 1 : this.heldRings.of(this.of(at, LAST_HELD)).find((each) => this.heldAt(each) === value);
    return held === undefined ? undefined : { source: this.sources.items[held - 1]!, into: this.arrivalAt(held, at) };
  }

  /** What a node is, and what it has, apart from its being merged. */
  protected memberOf(node: Node) {
    const entries = this.heldRings.of(this.of(node, LAST_HELD));
    const told = entries.slice(0, entries.indexOf(this.of(node, LAST_TOLD)) + 1);
    return {
      entries: entries.map((held) => ({
        value: this.heldAt(held),
        source: this.sources.items[held - 1]!,
        into: this.arrivalAt(held, node),
      })),
      told: new Set(told.map((held) => this.heldAt(held))),
      listeners: this.listenerRings.of(this.of(node, LAST_LISTENER)).map((number) => this.listeners[number - 1]!),
      targets: this.targetsOf(node),
    };
  }
}
