/** One register for what is the same, and none for what nothing reads. */
import { expect, test } from "vitest";
import { COMPUTED, type Instruction, NOTHING, UNREAD } from "../../../analyzer/python/code.ts";
import { allocateRegisters } from "../../../analyzer/python/registers.ts";

const line = 1;

/** Instructions over registers from 3 on, of which the first are parameters and variables; what is left of them. */
function allocated(instructions: Instruction[], { parameters = 0, variables = 0, keepsPlaces = false } = {}) {
  const named = Array.from({ length: parameters + variables }, (_, index) => 3 + index);
  return allocateRegisters(instructions, 20, named.slice(0, parameters), named, keepsPlaces);
}

test("a variable that is assigned once is the register that it is assigned from", () => {
  const { instructions, registerOf } = allocated(
    [
      { op: "call", into: 5, callee: 3, arguments: [], line },
      { op: "move", into: 4, from: 5, line },
      { op: "return", from: 4, line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions).toEqual([
    { op: "call", into: 4, callee: 3, arguments: [], line },
    { op: "return", from: 4, line },
  ]);
  expect([registerOf(4), registerOf(5)]).toEqual([4, 4]);
});

test.each<[string, Instruction[]]>([
  [
    "is assigned twice",
    [
      { op: "move", into: 5, from: 3, line },
      { op: "move", into: 5, from: 4, line },
    ],
  ],
  ["is a parameter", [{ op: "move", into: 3, from: 4, line }]],
  ["is assigned what is computed, or nothing", [{ op: "move", into: 5, from: COMPUTED, line }]],
  ["is assigned itself", [{ op: "move", into: 5, from: 5, line }]],
])("a variable that %s stays what it is", (_, instructions) => {
  expect(allocated(instructions, { parameters: 2, variables: 1 }).instructions).toEqual(instructions);
});

test("two variables that are assigned each other keep one assignment", () => {
  const { instructions, registerOf } = allocated(
    [
      { op: "move", into: 3, from: 4, line },
      { op: "move", into: 4, from: 3, line },
    ],
    { variables: 2 },
  );
  expect(instructions).toHaveLength(1);
  expect(registerOf(3)).toBe(registerOf(4));
});

test.each<[string, (into: number) => Instruction]>([
  ["an attribute", (into) => ({ op: "load", into, object: 3, attribute: "x", line })],
  ["an element", (into) => ({ op: "item", into, object: 3, key: "k", keyFrom: NOTHING, line })],
  ["what iterating gives", (into) => ({ op: "iterate", into, from: 3, line })],
  ["a super object", (into) => ({ op: "super", into, object: 3, line })],
  ["a string", (into) => ({ op: "text", into, value: "x", line })],
])("%s that is asked for twice is asked for once", (_, ask) => {
  const { instructions, registerOf } = allocated([ask(4), ask(5), { op: "store", object: 4, attribute: "y", from: 5, line }], {
    parameters: 1,
  });
  expect(instructions).toEqual([ask(4), { op: "store", object: 4, attribute: "y", from: 4, line }]);
  expect(registerOf(5)).toBe(4);
});

test.each<[string, Instruction, Instruction]>([
  ["calls", { op: "call", into: 4, callee: 3, arguments: [], line }, { op: "call", into: 5, callee: 3, arguments: [], line }],
  ["displays", { op: "make", into: 4, container: "list", items: [], line }, { op: "make", into: 5, container: "list", items: [], line }],
  ["keys", { op: "item", into: 4, object: 3, key: "0", keyFrom: 0, line }, { op: "item", into: 5, object: 3, key: null, keyFrom: 0, line }],
  ["attributes", { op: "load", into: 4, object: 3, attribute: "x", line }, { op: "load", into: 5, object: 3, attribute: "y", line }],
])("two %s are two", (_, one, other) => {
  const instructions: Instruction[] = [one, other, { op: "store", object: 4, attribute: "y", from: 5, line }];
  expect(allocated(instructions, { parameters: 1 }).instructions).toEqual(instructions);
});

test("what a variable was before it is assigned later in the text, as in a loop, is the same", () => {
  const { instructions } = allocated(
    [
      { op: "return", from: 4, line },
      { op: "load", into: 5, object: 3, attribute: "x", line },
      { op: "load", into: 6, object: 3, attribute: "x", line },
      { op: "move", into: 4, from: 6, line },
      { op: "return", from: 5, line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions).toEqual([
    { op: "return", from: 4, line },
    { op: "load", into: 4, object: 3, attribute: "x", line },
    { op: "return", from: 4, line },
  ]);
});

test("a call's result that no instruction takes goes where nothing is read; a variable's stays, for functions inside may read it", () => {
  const { instructions, registers } = allocated(
    [
      { op: "call", into: 9, callee: 3, arguments: [{ kind: "positional", from: COMPUTED }], line },
      { op: "call", into: 4, callee: 3, arguments: [], line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions.map((instruction) => "into" in instruction && instruction.into)).toEqual([UNREAD, 4]);
  expect(registers).toBe(5);
});

test.each<[Instruction, number]>([
  [{ op: "store", object: 3, attribute: "x", from: 4, line }, 2],
  [{ op: "set-item", object: 3, key: null, keyFrom: 4, from: 5, line }, 3],
  [{ op: "item", into: 6, object: 3, key: null, keyFrom: 5, line }, 2],
  [{ op: "make", into: 6, container: "dict", items: [{ key: null, keyFrom: 3, from: 4, spread: false }], line }, 2],
  [{ op: "operate", into: 6, left: 3, right: 5, inPlace: false, line }, 2],
  [{ op: "call", into: 6, callee: 3, arguments: [{ kind: "star", from: 4 }], line }, 2],
])("%o reads what it takes, and strings that nothing reads are left out", (reader, strings) => {
  const written = [3, 4, 5].map((into): Instruction => ({ op: "text", into, value: `${into}`, line }));
  expect(allocated([...written, reader]).instructions.filter(({ op }) => op === "text")).toHaveLength(strings);
});

test("the statements of a module stay where they are", () => {
  const instructions: Instruction[] = [
    { op: "text", into: 3, value: "documentation", line },
    { op: "text", into: 4, value: "x", line },
    { op: "text", into: 5, value: "x", line },
    { op: "bind", name: "a", from: 4, line },
    { op: "bind", name: "b", from: 5, line },
  ];
  const left = allocated(instructions, { keepsPlaces: true }).instructions;
  expect(left.map(({ op }) => op)).toEqual(instructions.map(({ op }) => op));
  expect(left[0]).toMatchObject({ into: UNREAD });
});
