/**
 * Values alike that crowd in one node, and become one value: of forty lists that reach the same variable nobody tells what is in which, and
 * where they flow on together each costs what one would. Boundary: which values became which; what they hold is united by
 * whoever keeps it.
 */
import { Integers } from "./integer-tables.ts";
import type { Value } from "./node-table.ts";

/**
 * So many values alike in one node are one. At 16 lists that have nothing to do with each other meet in some function of
 * Debian's libraries, and a policy grows by it (gensim.corpora.Dictionary); at 32 none does, and networkx.DiGraph takes 30 % less time.
 */
export const CROWD = 32;

/** Values that became another. */
export interface United {
  readonly values: readonly Value[];
  readonly into: Value;
}

export class Crowds {
  /** By value: what it became, and 1. */
  private readonly became = new Integers();
  /** By group, how many of it were counted last: all 0 in between. */
  private readonly sizes = new Integers();
  /** By value, its group, and 1; 0 where that was not asked yet. */
  private readonly groups = new Integers();

  /** `tellGroup` tells which values are alike, from 1 up; those of 0 stay apart. */
  constructor(private readonly tellGroup: (value: Value) => number) {}

  private groupOf(value: Value): number {
    this.groups.extend(value + 1);
    const known = this.groups.items[value]!;
    if (known !== 0) return known - 1;
    const group = this.tellGroup(value);
    this.groups.items[value] = group + 1;
    return group;
  }

  /** What a value became: itself, or the one of its crowd. */
  valueOf(value: Value): Value {
    let current = value;
    while (current < this.became.length && this.became.items[current] !== 0) current = this.became.items[current]! - 1;
    return current;
  }

  /** Makes one value of each crowd among those that a node holds: the one that was there first. */
  unite(held: readonly Value[]): United[] {
    if (!this.hasCrowd(held)) return [];
    const groups = new Map<number, Value[]>();
    for (const value of held) {
      const group = this.groupOf(value);
      const known = groups.get(group);
      if (known) known.push(value);
      else if (group !== 0) groups.set(group, [value]);
    }
    return [...groups.values()].filter((values) => values.length >= CROWD).map((values) => this.uniteAll(values));
  }

  /** Most of what holds much holds no crowd, and is asked again and again. */
  private hasCrowd(held: readonly Value[]): boolean {
    let most = 0;
    for (const value of held) {
      const group = this.groupOf(value);
      this.sizes.extend(group + 1);
      if (group !== 0) most = Math.max(most, ++this.sizes.items[group]!);
    }
    for (const value of held) this.sizes.items[this.groupOf(value)] = 0;
    return most >= CROWD;
  }

  private uniteAll(crowd: readonly Value[]): United {
    const into = Math.min(...crowd);
    const values = crowd.filter((value) => value !== into);
    for (const value of values) {
      this.became.extend(value + 1);
      this.became.items[value] = into + 1;
    }
    return { values, into };
  }
}
