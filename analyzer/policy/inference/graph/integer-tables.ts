/**
 * Tables of small integers that grow: lists, and sets of pairs. A solve keeps half a million of them, which as objects
 * of their own would cost five times the memory and most of the time. Boundary: numbers only.
 */

/** A list of integers of 32 bits; places that nothing was put into hold 0. */
export class Integers {
  items = new Int32Array(1024);
  length = 0;

  push(item: number): number {
    if (this.length === this.items.length) this.reserve(this.length + 1);
    this.items[this.length] = item;
    return this.length++;
  }

  /** Makes the list at least so long. */
  extend(length: number): void {
    if (length > this.items.length) this.reserve(length);
    if (length > this.length) this.length = length;
  }

  /** Memory is not touched before it is used, so that there may be plenty; copying is what costs. */
  private reserve(length: number): void {
    const items = new Int32Array(Math.max(length, this.items.length * 4));
    items.set(this.items);
    this.items = items;
  }
}

/** Pairs of integers from 0 up, numbered in the order in which they were added. Open addressing, linear probing. */
export class Pairs {
  /** The two of each pair, one after the other. */
  private readonly members = new Integers();
  /** The number of a pair, and 1. */
  private slots = new Int32Array(4096);
  /** How many pairs there may be before there are more places: memory that is touched for the first time costs as much as a search. */
  private limit = 2560;
  /** Where the pair that was looked for last is, or would be. */
  private last = 0;

  get size(): number {
    return this.members.length >> 1;
  }

  firstOf(index: number): number {
    return this.members.items[index * 2]!;
  }

  secondOf(index: number): number {
    return this.members.items[index * 2 + 1]!;
  }

  /** The number of a pair; -1 if it was never added. */
  find(first: number, second: number): number {
    this.last = this.slotOf(first, second);
    return this.slots[this.last]! - 1;
  }

  /** The number of a pair, which is added if it is new: then the number is the size there was before. */
  add(first: number, second: number): number {
    const known = this.find(first, second);
    return known !== -1 ? known : this.insert(first, second);
  }

  /** Adds a pair that `find` was asked for last and did not find. */
  insert(first: number, second: number): number {
    const slot = this.last;
    const index = this.members.push(first) >> 1;
    this.members.push(second);
    this.slots[slot] = index + 1;
    if (index >= this.limit) this.grow();
    return index;
  }

  /** Where the pair is, or would be. */
  private slotOf(first: number, second: number): number {
    const { slots } = this;
    const { items } = this.members;
    const mask = slots.length - 1;
    let hash = Math.imul(first, 0x9e3779b1) + Math.imul(second, 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = slots[slot]!;
      if (known === 0 || (items[known * 2 - 2] === first && items[known * 2 - 1] === second)) return slot;
    }
  }

  private grow(): void {
    const factor = this.slots.length < 1 << 19 ? 4 : 2;
    this.slots = new Int32Array(this.slots.length * factor);
    this.limit *= factor;
    for (let index = 0; index < this.size; index++) {
      this.slots[this.slotOf(this.firstOf(index), this.secondOf(index))] = index + 1;
    }
  }
}

/** Tells what is asked for the first time from what was asked before, by two integers from 0 up, or three. */
export class Once {
  private readonly pairs = new Pairs();
  private readonly triples = new Pairs();

  isNew(first: number, second: number, third = 0): boolean {
    const pair = this.pairs.add(first, second);
    const known = this.triples.size;
    return this.triples.add(pair, third) === known;
  }
}
