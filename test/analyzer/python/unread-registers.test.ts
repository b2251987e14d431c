/** What instructions write and nothing reads: of such registers the flow keeps nothing. */
import { expect, test } from "vitest";
import type { Instruction } from "../../../analyzer/python/code.ts";
import { unreadRegisters } from "../../../analyzer/python/unread-registers.ts";

const line = 1;

test("a call's result that no instruction takes is unread, a variable never is", () => {
  const instructions: Instruction[] = [
    { op: "name", into: 2, name: "make", line },
    { op: "call", into: 3, callee: 2, arguments: [{ kind: "positional", from: 1 }], line },
    { op: "call", into: 4, callee: 2, arguments: [], line },
    { op: "move", into: 5, from: 4, line },
  ];
  expect(unreadRegisters(instructions, 7, [1, 5])).toEqual([3]);
});

test.each<[Instruction, number[]]>([
  [{ op: "store", object: 1, attribute: "x", from: 2, line }, [3]],
  [{ op: "set-item", object: 1, key: null, keyFrom: 2, from: 3, line }, []],
  [{ op: "item", into: 4, object: 1, key: null, keyFrom: 3, line }, [2, 4]],
  [{ op: "make", into: 4, container: "dict", items: [{ key: null, keyFrom: 1, from: 2, spread: false }], line }, [3, 4]],
  [{ op: "operate", into: 4, left: 1, right: 3, inPlace: false, line }, [2, 4]],
])("%o reads what it takes", (reader, unread) => {
  const written = [1, 2, 3].map((into): Instruction => ({ op: "text", into, value: "", line }));
  expect(unreadRegisters([...written, reader], 5, [])).toEqual(unread);
});
