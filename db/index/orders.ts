/** The orders of models other than that of their ranks: worked out with the index, as sorting a million takes seconds. */

/** Every rank, the model with most likes first, ties by id. */
export function ranksByLikes(likes: readonly number[], ids: readonly number[]): number[] {
  return ranks(ids.length).sort((a, b) => likes[b]! - likes[a]! || ids[a]! - ids[b]!);
}

/** Every rank by the bytes of the model's name, as databases order it, ties by id. */
export function ranksByName(names: readonly string[], ids: readonly number[]): number[] {
  const bytes = names.map((name) => Buffer.from(name));
  return ranks(ids.length).sort((a, b) => bytes[a]!.compare(bytes[b]!) || ids[a]! - ids[b]!);
}

function ranks(length: number): number[] {
  return Array.from({ length }, (_, rank) => rank);
}
