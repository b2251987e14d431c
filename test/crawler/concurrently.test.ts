import { expect, test } from "vitest";
import { forEachConcurrently } from "../../crawler/concurrently.ts";

const never = new AbortController().signal;

async function* count(upTo: number, taken: number[] = []) {
  for (let item = 0; item < upTo; item++) {
    taken.push(item);
    yield item;
  }
}

test("does each item once, never more at once than were asked for, and takes none before it is its turn", async () => {
  const taken: number[] = [];
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently(count(50, taken), 4, never, async (item) => {
    most = Math.max(most, ++running);
    expect(taken.length - done.length).toBeLessThanOrEqual(4 + 1);
    await new Promise((resolve) => setTimeout(resolve, item % 3));
    running--;
    done.push(item);
  });
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  expect(most).toBe(4);
});

test("begins nothing more once it is interrupted, and finishes what is in hand", async () => {
  const controller = new AbortController();
  const begun: number[] = [];
  const done: number[] = [];
  await forEachConcurrently(count(50), 3, controller.signal, async (item) => {
    begun.push(item);
    if (item === 5) controller.abort();
    await new Promise(setImmediate);
    done.push(item);
  });
  expect(done.toSorted()).toEqual(begun.toSorted());
  expect(begun.length).toBeLessThan(10);
});

test("rejects with the first failure, after what is in hand is done", async () => {
  let running = 0;
  const work = async (item: number) => {
    running++;
    await new Promise(setImmediate);
    running--;
    if (item === 4) throw new Error("a bug");
  };
  await expect(forEachConcurrently(count(50), 3, never, work)).rejects.toThrow("a bug");
  expect(running).toBe(0);
});
