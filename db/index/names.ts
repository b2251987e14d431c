/** Many names in one text, to be searched for a part: a million of them in milliseconds, which a million comparisons are not. */

/** Names as the lines of one text. A line feed in a name, which would end it, becomes a carriage return. */
export function linesOf(names: readonly string[]): string {
  return names.map(asLine).join("\n");
}

const asLine = (name: string) => name.replaceAll("\n", "\r");

export class Names {
  readonly #lowered: string;
  /** Where each name begins; one more for the end. */
  readonly #starts: Uint32Array;

  /** The first `length` lines of a text. A name is known by its place among them. */
  constructor(
    lines: string,
    readonly length: number,
  ) {
    this.#lowered = lines.toLowerCase();
    this.#starts = new Uint32Array(length + 1);
    for (let place = 1; place < length; place++) this.#starts[place] = this.#lowered.indexOf("\n", this.#starts[place - 1]) + 1;
    this.#starts[length] = this.#lowered.length + 1;
  }

  /** The places of the names that hold `part`, in upper or lower case, in their order. */
  *holding(part: string): Generator<number, void> {
    const wanted = asLine(part.toLowerCase());
    for (let place = 0, at = this.#lowered.indexOf(wanted); at !== -1 && place < this.length; place++) {
      // Step by step: all steps together are fewer than a search for each name would take.
      while (this.#starts[place + 1]! <= at) place++;
      yield place;
      at = this.#lowered.indexOf(wanted, this.#starts[place + 1]!);
    }
  }
}
