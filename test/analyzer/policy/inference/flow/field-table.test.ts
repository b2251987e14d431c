import { expect, test } from "vitest";
import { FieldTable } from "../../../../../analyzer/policy/inference/flow/field-table.ts";

test("who listens to a value that became another is told of what that has more, once each", () => {
  const fields = new FieldTable();
  const told: string[] = [];
  fields.add(1, "first", 10);
  fields.add(2, "first", 20);
  fields.add(2, "second", 21);
  fields.listen(1, (name) => told.push(name));
  fields.moveListeners(1, 2);
  expect(told).toEqual(["first", "second"]);
  fields.add(2, "third", 22);
  fields.add(1, "fourth", 11);
  expect(told).toEqual(["first", "second", "third"]);
});
