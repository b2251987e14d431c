/**
 * Whose turn it is. All that a page or a table waits for is done in this process and at once, so that what was asked for
 * meanwhile would be served in the same breath: of twenty pages asked for together none would be sent before the last was made.
 */
let last: Promise<unknown> = Promise.resolve();

/** Makes a page once those that were asked for before are made, and lets go of what waits to be sent before the next. */
export function inTurn<T>(make: () => Promise<T>): Promise<T> {
  const made = last.then(make);
  last = made.then(sent, sent);
  return made;
}

/** Two turns of the event loop: in the first what was made is handed to its connection, in the second it is written. */
async function sent(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await nextTurn();
}

/** Rows that are taken between those of a table before it is others' turn: some milliseconds' worth. */
const ROWS = 250;

/** The rows of a table, with others' turns between them: a million rows take a minute. */
export async function* unhurried<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  let taken = 0;
  for await (const row of rows) {
    yield row;
    if (++taken % ROWS === 0) await nextTurn();
  }
}

/** The next turn of the event loop, when whatever came meanwhile was seen to. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
