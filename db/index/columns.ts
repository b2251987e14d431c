/**
 * The columns of a derived index: what is known of each model as arrays in the order of ranks, so that counting over a
 * million models is one pass over bytes. A rank is a model's place by downloads, then by id.
 */
import type { SurveyColumnTable } from "../schema.ts";

type Type = SurveyColumnTable["type"];
export type Numbers = Uint8Array | Uint16Array | Uint32Array;

/** What lists are filtered and counts broken down by, where a model has one value of it. */
export const DIMENSIONS = ["library", "task", "class", "format", "year", "gated", "state", "class_state"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The columns of codes: the dimensions, and what has too many values for counts to be broken down by. */
export const CODED = [...DIMENSIONS, "author"] as const;

/** A column of codes while it is being filled. Code 0 is for none stated. */
export class Codes {
  readonly #codes: number[] = [];
  readonly #codeOf = new Map<string, number>();
  readonly labels: string[] = [""];

  push(value: string | null): void {
    this.#codes.push(value === null ? 0 : this.codeOf(value));
  }

  set(rank: number, value: string): void {
    this.#codes[rank] = this.codeOf(value);
  }

  /** Fills up with 0. */
  ofLength(length: number): this {
    while (this.#codes.length < length) this.#codes.push(0);
    return this;
  }

  at(rank: number): number {
    return this.#codes[rank]!;
  }

  /** The value at a rank; null for none stated. */
  valueAt(rank: number): string | null {
    const code = this.at(rank);
    return code === 0 ? null : this.labels[code]!;
  }

  encode(): { type: Type; labels: string; data: Buffer } {
    const type = this.labels.length <= 2 ** 8 ? "uint8" : this.labels.length <= 2 ** 16 ? "uint16" : "uint32";
    return { type, labels: JSON.stringify(this.labels), data: encodeNumbers(type, this.#codes) };
  }

  private codeOf(value: string): number {
    const known = this.#codeOf.get(value);
    if (known !== undefined) return known;
    this.#codeOf.set(value, this.labels.length);
    return this.labels.push(value) - 1;
  }
}

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };
const LARGEST = 2 ** 32 - 1;

/** Numbers as bytes, the least byte first; what is too large is the largest that there is. */
export function encodeNumbers(type: Exclude<Type, "text">, numbers: readonly number[]): Buffer {
  const array = new ARRAYS[type](numbers.length);
  for (let index = 0; index < numbers.length; index++) array[index] = Math.min(numbers[index]!, LARGEST);
  return Buffer.from(array.buffer);
}

/** The numbers of a column, copied, as a column's bytes need not lie at a multiple of their size. */
export function decodeNumbers({ type, data }: Pick<SurveyColumnTable, "type" | "data">): Numbers {
  if (type === "text") throw new TypeError("a column of text has no numbers");
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(data);
  return new ARRAYS[type](bytes.buffer);
}
