/**
 * What is made of each item, one after the other. Traced all at once, files would each run in tables of their own, which are
 * larger than most files; one after the other they run in the same.
 */
export async function oneByOne<T, R>(items: Iterable<T>, make: (item: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}
