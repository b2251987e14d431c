/** Takes items one by one as they come, a few at a time: what is not begun is not held in memory. */

/**
 * Calls `work` for each item, `concurrency` at once; begins no more once `signal` is aborted. Rejects with the first
 * rejection, after what is in hand is done.
 */
export async function forEachConcurrently<Item>(
  items: AsyncIterable<Item>,
  concurrency: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | null = null;
  const take = async (): Promise<void> => {
    while (!signal.aborted && failure === null) {
      const next = await iterator.next();
      if (next.done) return;
      await work(next.value);
    }
  };
  const worker = (): Promise<void> =>
    take().catch((error: unknown) => {
      failure ??= { error };
    });
  await Promise.all(Array.from({ length: concurrency }, worker));
  await iterator.return?.();
  const failed = failure as { readonly error: unknown } | null;
  if (failed !== null) throw failed.error;
}
