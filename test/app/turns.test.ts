/** Others' turns while pages and tables are made. */
import { expect, test } from "vitest";
import { inTurn, unhurried } from "../../app/turns.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a page is made after those asked for before, and what was made is sent before the next", async () => {
  const order: string[] = [];
  const page = (name: string) =>
    inTurn(async () => {
      order.push(`make ${name}`);
      await null;
      return name;
    }).then(async (made) => {
      // As a connection does: written in a turn of the event loop of its own.
      await turn();
      order.push(`send ${made}`);
    });
  await Promise.all([page("a"), page("b"), page("c")]);
  expect(order).toEqual(["make a", "send a", "make b", "send b", "make c", "send c"]);
});

test("a page that could not be made keeps nobody waiting", async () => {
  await expect(inTurn(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await inTurn(async () => "next")).toBe("next");
});

test("a long table lets others in between its rows, and has them all", async () => {
  async function* rows() {
    for (let row = 0; row < 2_000; row++) yield row;
  }
  let others = 0;
  let done = false;
  const other = (async () => {
    for (; !done; others++) await turn();
  })();
  let sum = 0;
  for await (const row of unhurried(rows())) sum += row;
  done = true;
  await other;
  expect(sum).toBe((1_999 * 2_000) / 2);
  expect(others).toBeGreaterThan(5);
});
