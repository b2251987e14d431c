/**
 * Chains of numbers in order of arrival, closed to a ring: the last leads to the first, so that one number says where a chain is. Numbers
 * count from 1, and 0 is no chain. Boundary: numbers only; what they number is `graph.ts`'s.
 */
import { Integers } from "./integer-tables.ts";

export class Rings {
  /** By number, less 1: the next of its ring. */
  private readonly nexts = new Integers();

  next(number: number): number {
    return this.nexts.items[number - 1]!;
  }

  /** Puts a number at the end of a ring, of which `last` was the last, or 0; gives the new last. */
  append(last: number, number: number): number {
    this.nexts.extend(number);
    const { items } = this.nexts;
    items[number - 1] = last === 0 ? number : items[last - 1]!;
    if (last !== 0) items[last - 1] = number;
    return number;
  }

  /** The numbers of a ring, from the first. */
  of(last: number): number[] {
    const found: number[] = [];
    if (last === 0) return found;
    let number = last;
    do {
      number = this.next(number);
      found.push(number);
    } while (number !== last);
    return found;
  }
}
