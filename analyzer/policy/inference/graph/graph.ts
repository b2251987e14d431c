/**
 * Inclusion constraints: nodes that hold sets of values, edges along which values flow, and listeners that are told of
 * every value once. Boundary: it knows nothing of Python. Order of work is first in, first out, so that the same
 * constraints give the same answer in the same order, and the first way a value arrived is close to the shortest.
 * Nodes on a cycle of edges hold the same values, and become one when the cycle is found (in sweeps, as Pearce, Kelly
 * and Hankin do, "Online Cycle Detection and Difference Propagation", 2003): containers that hold each other would
 * otherwise cost their square.
 */
import { IS_LOST_TEXT, IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import { CROWD, Crowds } from "./crowds.ts";
import { Integers } from "./integer-tables.ts";
import type { Value } from "./node-table.ts";
import {
  FLAGS,
  HELD_COUNT,
  LAST_EDGE,
  LAST_HELD,
  LAST_LISTENER,
  LAST_TOLD,
  type Listener,
  MERGED,
  type Node,
  NodeTable,
  RECORD,
  TEXT_COUNT,
} from "./node-table.ts";
import type { Source } from "./origins.ts";
import { stronglyConnected } from "./strongly-connected.ts";

export type { Node } from "./node-table.ts";

/** What the graph asks about the values that it moves. */
export interface ValueKinds {
  kindOf(value: Value): string;
  /** The kinds of constants that it may be (`constant-kinds.ts`). */
  constantsOf(value: Value): number;
  /** Which values are alike, from 1 up: where many crowd in one node they become one. 0 for those that stay apart. */
  groupOf(value: Value): number;
  /** Values became another. What is asked of one is asked of all. */
  unite(values: readonly Value[], into: Value): void;
}

/** Constant strings beyond this many in one node say only that it holds a string. */
export const TEXTS_PER_NODE = 12;
/**
 * A node that holds more values than this, not counting classes, is one that everything flows through (a dict that is
 * filled from another's items, and fills it in turn): what else comes is left out. Of 200,000 nodes of a large library
 * none that mattered held 130, before containers that crowd were one. At 96 a policy lost names that may be true. Once something
 * was left out classes are as well: hundreds of them in such nodes lead everywhere. Nodes that become one end there, too: 9,400 variables
 * of pandas' BlockManager held 900 values together, which 9,500 listeners were told of one by one.
 */
const VALUES_PER_NODE = 160;

const REFUSES_TEXTS = 1;
const IS_WAITING = 2;
const IS_IGNORED = 4;
/** It refused a value. */
const IS_FULL = 8;
/** One of the nodes that became this one had refused a value. */
const WAS_FULL = 16;

/** What a value counts as takes so many bits; the kinds of constants that it may be are above them. */
const KINDS_SHIFT = 2;

const TEXT = 1;
const CLASS = 2;
const OTHER = 3;

export class Graph extends NodeTable {
  private queue: Node[] = [];
  /** Values offered to nodes since the last sweep for cycles. */
  private offered = 0;
  /** What each value counts as: 0 not asked yet, `TEXT`, `CLASS`, `OTHER`; above that its kinds of constants. */
  private readonly counts = new Integers();
  /** Nodes that took as many values more as may be a crowd. */
  private crowded: Node[] = [];

  constructor(private readonly about: ValueKinds) {
    super(new Crowds((value) => about.groupOf(value)));
  }

  private countOf(value: Value): number {
    this.counts.extend(value + 1);
    const known = this.counts.items[value]!;
    if (known !== 0) return known;
    const name = this.about.kindOf(value);
    const count = (name === "text" ? TEXT : name === "class" ? CLASS : OTHER) | (this.about.constantsOf(value) << KINDS_SHIFT);
    this.counts.items[value] = count;
    return count;
  }

  /** Constant strings do not enter this node: what an object holds is asked for its names, never for its strings. */
  refuseTexts(node: Node): void {
    this.set(node, FLAGS, this.of(node, FLAGS) | REFUSES_TEXTS);
  }

  /**
   * Lets everything in `source` flow to `target`. Where nothing was asked of that yet, they become one: then what flows into either
   * is in both.
   */
  alias(source: Node, target: Node): void {
    const root = this.find(source);
    if (root === target || !this.isUntouched(target)) this.edge(source, target);
    else this.set(target, MERGED, root + 1);
  }

  /** The nodes, of those that have become no other, that something was left out of, as they hold so much; and what they flow to. */
  partlyKnown(): ReadonlySet<Node> {
    const found = new Set<Node>();
    for (let node = 0; node < this.size; node++) if (this.wasFull(node)) found.add(node);
    for (const node of found) for (const target of this.targetsOf(node)) found.add(this.find(target));
    return found;
  }

  private wasFull(root: Node): boolean {
    return (this.of(root, FLAGS) & (IS_FULL | WAS_FULL)) !== 0;
  }

  /** Nothing enters this node: nobody will ask what it holds. */
  ignore(node: Node): void {
    this.kinds.ignore(node);
    this.set(node, FLAGS, this.of(node, FLAGS) | IS_IGNORED);
  }

  /** Puts a value into a node. `source` is a node, or an origin. */
  add(into: Node, offered: Value, source: Source): void {
    const node = this.find(into);
    const value = this.valueOf(offered);
    if (this.of(node, FLAGS) & IS_IGNORED || this.held.find(node, value) !== -1) return;
    const count = this.countOf(value);
    const kind = count & OTHER;
    if (this.kinds.lacks(node, count >> KINDS_SHIFT)) this.kinds.add(node, count >> KINDS_SHIFT);
    if (kind === TEXT) {
      const texts = this.of(node, TEXT_COUNT);
      if (texts >= TEXTS_PER_NODE || this.of(node, FLAGS) & REFUSES_TEXTS) {
        this.kinds.add(node, IS_LOST_TEXT);
        return;
      }
      this.set(node, TEXT_COUNT, texts + 1);
    } else if (this.refuses(node, kind)) {
      this.kinds.add(node, IS_UNKNOWN);
      return;
    }
    this.hold(node, this.held.insert(node, value), source, into);
    const flags = this.of(node, FLAGS);
    if (flags & IS_WAITING) return;
    this.set(node, FLAGS, flags | IS_WAITING);
    this.queue.push(node);
  }

  private hold(node: Node, index: number, source: Source, into: Node): void {
    if (this.append(node, index, source, into) % CROWD === 0) this.crowded.push(node);
  }

  /** Whether a node holds so much that a value which counts as `kind` is left out. */
  private refuses(node: Node, kind: number): boolean {
    if (this.of(node, HELD_COUNT) < VALUES_PER_NODE) return false;
    const flags = this.of(node, FLAGS);
    if (kind === CLASS) return (flags & IS_FULL) !== 0;
    this.set(node, FLAGS, flags | IS_FULL);
    return true;
  }

  /** Lets everything in `source` flow to `target`. */
  edge(source: Node, target: Node): void {
    const from = this.find(source);
    const to = this.find(target);
    if (from === to || this.of(to, FLAGS) & IS_IGNORED || this.edges.find(from, to) !== -1) return;
    this.connect(from, to);
    this.kinds.flow(from, to);
    const last = this.of(from, LAST_HELD);
    for (let held = 0; held !== last; ) {
      held = this.heldRings.next(held === 0 ? last : held);
      this.add(target, this.heldAt(held), source);
    }
  }

  /** Calls `listener` with every value of the node, once each, now or when it arrives. */
  listen(at: Node, listener: Listener): void {
    const node = this.find(at);
    this.enlist(node, listener);
    // What is still waiting in the queue is delivered from there.
    const told = this.of(node, LAST_TOLD);
    if (told === 0) return;
    for (let held = this.heldRings.next(this.of(node, LAST_HELD)); ; held = this.heldRings.next(held)) {
      listener(this.heldAt(held));
      if (held === told) return;
    }
  }

  /** By node, 1 where it holds such a value. */
  nodesWith(isMeant: (value: Value) => boolean): Uint8Array {
    const nodes = new Uint8Array(this.size);
    const answers = new Uint8Array(this.counts.length);
    const { held } = this;
    for (let index = 0; index < held.size; index++) {
      const value = held.secondOf(index);
      if (answers[value] === 0) answers[value] = isMeant(this.valueOf(value)) ? MEANT : 1;
      if (answers[value] === MEANT) nodes[this.find(held.firstOf(index))] = 1;
    }
    return nodes;
  }

  /** Works until nothing changes; stops, and gives false, where there are more than `most` edges. */
  solve(most = Number.POSITIVE_INFINITY): boolean {
    this.kinds.tell();
    for (let index = 0; index < this.queue.length; index++) {
      if (this.edges.size > most) return false;
      if (this.crowded.length > 0) this.uniteCrowds();
      const node = this.find(this.queue[index]!);
      const flags = this.of(node, FLAGS);
      if (!(flags & IS_WAITING)) continue;
      this.set(node, FLAGS, flags & ~IS_WAITING);
      this.deliver(node);
      this.kinds.tell();
      if (this.offered > SWEEP_AFTER) this.collapseCycles();
      if (index > 100_000) {
        this.queue = this.queue.slice(index + 1);
        index = -1;
      }
    }
    this.queue = [];
    return true;
  }

  /** Tells targets and listeners of the values that wait. Those that are added meanwhile see the node's whole set then. */
  private deliver(node: Node): void {
    const last = this.of(node, LAST_HELD);
    const lastEdge = this.of(node, LAST_EDGE);
    const lastListener = this.of(node, LAST_LISTENER);
    const firstEdge = this.firstEdge(node);
    const firstListener = lastListener === 0 ? 0 : this.listenerRings.next(lastListener);
    let held = this.of(node, LAST_TOLD);
    this.set(node, LAST_TOLD, last);
    do {
      held = this.heldRings.next(held === 0 ? last : held);
      const value = this.heldAt(held);
      for (let edge = firstEdge; edge !== 0; edge = edge === lastEdge ? 0 : this.edgeRings.next(edge)) {
        this.add(this.edges.secondOf(edge - 1), value, node);
        this.offered++;
      }
      for (let index = firstListener; index !== 0; index = index === lastListener ? 0 : this.listenerRings.next(index))
        this.listeners[index - 1]!(value);
    } while (held !== last);
  }

  /** Makes one node of the nodes of each cycle. It changes no answer. */
  collapseCycles(): void {
    this.offered = 0;
    for (const cycle of stronglyConnected(this.size, this.edgeList)) this.collapse(cycle);
  }

  /** Makes one value of those that crowd in a node. Not while values are told: a node may be emptied by it. */
  private uniteCrowds(): void {
    const { crowded } = this;
    this.crowded = [];
    for (const node of crowded) {
      for (const { values, into } of this.crowds.unite(this.valuesOf(node))) this.about.unite(values, into);
      this.dropUnited(this.find(node));
    }
  }

  /** Takes out of a node what it holds another for. */
  private dropUnited(node: Node): void {
    const entries = this.heldRings.of(this.of(node, LAST_HELD));
    const isLeft = (held: number) => {
      const value = this.heldAt(held);
      return value === this.held.secondOf(held - 1) || this.held.find(node, value) === -1;
    };
    const left = entries.filter(isLeft);
    if (left.length === entries.length) return;
    const told = entries.slice(0, entries.indexOf(this.of(node, LAST_TOLD)) + 1).findLast(isLeft);
    let last = 0;
    for (const held of left) last = this.heldRings.append(last, held);
    this.set(node, LAST_HELD, last);
    this.set(node, LAST_TOLD, told ?? 0);
    this.set(node, HELD_COUNT, left.length);
  }

  /** Makes nodes one. Not while values are told. */
  unite(nodes: readonly Node[]): void {
    const roots = new Set(nodes.map((node) => this.find(node)));
    if (roots.size > 1) this.collapse([...roots]);
  }

  /** Makes one node of several that hold, or will hold, the same. */
  private collapse(nodes: readonly Node[]): void {
    const members = nodes.map((node) => this.memberOf(node));
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
    const isRefusing = nodes.every((node) => this.of(node, FLAGS) & REFUSES_TEXTS);
    const wasFull = nodes.some((node) => this.wasFull(node));
    for (const node of nodes) {
      this.records.items.fill(0, node * RECORD, (node + 1) * RECORD);
      if (node !== root) this.set(node, MERGED, root + 1);
    }
    if (isRefusing) this.refuseTexts(root);
    if (wasFull) this.set(root, FLAGS, this.of(root, FLAGS) | WAS_FULL);
    for (const [value, { source, into }] of union) {
      const kind = this.countOf(value) & OTHER;
      if (kind !== TEXT && this.refuses(root, kind)) {
        union.delete(value);
        continue;
      }
      this.hold(root, this.held.add(root, value), source, into);
      if (kind === TEXT) this.set(root, TEXT_COUNT, this.of(root, TEXT_COUNT) + 1);
    }
    this.set(root, LAST_TOLD, this.of(root, LAST_HELD));
    for (const { listeners } of members) for (const listener of listeners) this.enlist(root, listener);
    const targets = new Set(members.flatMap(({ targets }) => targets.map((target) => this.find(target))));
    for (const target of targets) if (target !== root) this.connect(root, target);
    this.kinds.merge(nodes, root);
    if (this.of(root, FLAGS) & IS_FULL) this.kinds.add(root, IS_UNKNOWN);
    // What one of them has and another has not been told of yet.
    for (const { told, listeners, targets } of members) {
      const outside = targets.filter((target) => this.find(target) !== root);
      if (outside.length === 0 && listeners.length === 0) continue;
      for (const value of union.keys()) {
        if (told.has(value)) continue;
        for (const target of outside) this.add(target, value, root);
        for (const listener of listeners) listener(value);
      }
    }
  }

  private isInside(source: Source, nodes: ReadonlySet<Node>): boolean {
    return source >= 0 && nodes.has(this.find(source));
  }
}

const MEANT = 2;

/** A sweep looks at every edge; so many offers are worth one. */
const SWEEP_AFTER = 1_000_000;
