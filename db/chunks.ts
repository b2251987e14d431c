/** Rows some hundred at a time: one awaited statement a row costs twenty times as much as one for many (docs/data.md). */

/** SQLite binds at most 32,766 variables in a statement; no table of ours has more than 32 columns. */
const ROWS = 500;

/** The rows in pieces, taken as they come. */
export function* chunksOf<Row>(rows: Iterable<Row>): Generator<readonly Row[]> {
  let chunk: Row[] = [];
  for (const row of rows) {
    if (chunk.push(row) < ROWS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
