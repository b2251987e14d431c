/**
 * Which entries of a table are about which value. Sorted numbers of 8 bytes an entry: a map of lists took a hundred, and
 * a hostile pickle has millions.
 */

/** More than any table has entries; values lie below 2^28, so that both fit the 53 bits of a number. */
const SPAN = 2 ** 25;

export class ByValue {
  private readonly keys: Float64Array;

  /** @param aboutOf the value that an entry is about, -1 where it is of no interest */
  constructor(count: number, aboutOf: (entry: number) => number) {
    const keys = new Float64Array(count);
    let length = 0;
    for (let entry = 0; entry < count; entry++) {
      const value = aboutOf(entry);
      if (value >= 0) keys[length++] = value * SPAN + entry;
    }
    this.keys = keys.subarray(0, length).sort();
  }

  /** How many entries are about lesser values, or about this one and before an entry: the position of the next. */
  position(value: number, entry: number): number {
    const wanted = value * SPAN + entry;
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The entry at a position. */
  entry(position: number): number {
    return this.keys[position]! % SPAN;
  }
}
