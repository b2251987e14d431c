/**
 * Values alike that crowd in one node, and become one value: of forty lists that reach the same variable nobody tells what is in which, and
 * where they flow on together each costs what one would. Boundary: which values became which; what they hold is united by
 * whoever keeps it.
 */
import { Integers } from "./integer-tables.ts";
import type { Value } from "./values.ts";

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

  /** `groupOf` tells which values are alike, from 1 up; those of 0 stay apart. */
  constructor(private readonly groupOf: (value: Value) => number) {}

  /** What a value became: itself, or the one of its crowd. */
  valueOf(value: Value): Value {
    let current = value;
    while (current < this.became.length && this.became.items[current] !== 0) current = this.became.items[current]! - 1;
    return current;
  }

  /** Makes one value of each crowd among those that a node holds: the one that was there first. */
  unite(held: readonly Value[]): United[] {
    const groups = new Map<number, Value[]>();
    for (const value of held) {
      const group = this.groupOf(value);
      const known = groups.get(group);
      if (known) known.push(value);
      else if (group !== 0) groups.set(group, [value]);
    }
    return [...groups.values()].filter((values) => values.length >= CROWD).map((values) => this.uniteAll(values));
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
