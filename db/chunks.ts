/** Rows some hundred at a time: one awaited statement a row costs twenty times as much as one for many (docs/data.md). */

/** SQLite binds at most 32,766 variables in a statement; no table of ours has more than 32 columns. */
const ROWS = 500;

export function* chunksOf<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += ROWS) yield rows.slice(start, start + ROWS);
}
