/**
 * A number for each of some rows of facts. In pages, for whoever asks of a few rows, and not in a map: one of three
 * million entries was most of what a hostile pickle could take.
 */
import { ROW } from "./tables.ts";

/** Rows of a page: a kilobyte. */
const PAGE = 256;

export class RowNumbers {
  private readonly pages: (Int32Array | undefined)[] = [];

  /** The number of a row; 0 where it has none. */
  get(row: number): number {
    const index = row / ROW;
    const page = this.pages[Math.floor(index / PAGE)];
    return page === undefined ? 0 : page[index % PAGE]!;
  }

  set(row: number, number: number): void {
    const index = row / ROW;
    const page = Math.floor(index / PAGE);
    let numbers = this.pages[page];
    if (numbers === undefined) {
      numbers = new Int32Array(PAGE);
      this.pages[page] = numbers;
    }
    numbers[index % PAGE] = number;
  }
}
