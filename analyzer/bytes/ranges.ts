/** Byte ranges, as plain data: what a reader wants, before anything is fetched. */

/** The bytes `[start, end)`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The fewest ranges that cover `wanted`, in ascending order, where two that lie at most `gap` bytes apart become one:
 * a request costs as much time as some tens of kilobytes.
 */
export function coalesce(wanted: readonly Range[], gap: number): Range[] {
  const ascending = wanted.filter((range) => range.end > range.start).sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of ascending) {
    const last = merged.at(-1);
    if (last && start - last.end <= gap) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}
