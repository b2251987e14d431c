/** The orders of models other than that of their ranks: worked out with the index, as sorting a million takes seconds. */

/** Every rank, the model with most likes first, ties by id. */
export function ranksByLikes(likes: readonly number[], ids: readonly number[]): number[] {
  return ranks(ids.length).sort((a, b) => likes[b]! - likes[a]! || ids[a]! - ids[b]!);
}

/** Every rank by the bytes of the model's name, as databases order it, ties by id. */
export function ranksByName(names: readonly string[], ids: readonly number[]): number[] {
  return ranks(ids.length).sort((a, b) => compareBytes(names[a]!, names[b]!) || ids[a]! - ids[b]!);
}

/** Of strings without what takes two units of UTF-16 the order is that of their bytes: a million buffers take 200 MB. */
const PAIRED = /[\ud800-\udfff]/;

function compareBytes(a: string, b: string): number {
  if (PAIRED.test(a) || PAIRED.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function ranks(length: number): number[] {
  return Array.from({ length }, (_, rank) => rank);
}
