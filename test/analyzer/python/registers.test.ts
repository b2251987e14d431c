/** One register for what is the same, and none for what nothing reads. */
import { expect, test } from "vitest";
import { COMPUTED, type Instruction, NOTHING, RESERVED, UNREAD } from "../../../analyzer/python/code.ts";
import { allocateRegisters } from "../../../analyzer/python/registers.ts";

const line = 1;

/** Instructions over registers from RESERVED on, of which the first are parameters and variables; what is left of them. */
function allocated(instructions: Instruction[], { parameters = 0, variables = 0, keepsPlaces = false } = {}) {
  const named = Array.from({ length: parameters + variables }, (_, index) => RESERVED + index);
  return allocateRegisters(instructions, 20, named.slice(0, parameters), named, keepsPlaces);
}

test("a variable that is assigned once is the register that it is assigned from", () => {
  const { instructions, registerOf } = allocated(
    [
      { op: "call", into: 9, callee: 7, arguments: [], line },
      { op: "move", into: 8, from: 9, line },
      { op: "return", from: 8, line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions).toEqual([
    { op: "call", into: 8, callee: 7, arguments: [], line },
    { op: "return", from: 8, line },
  ]);
  expect([registerOf(8), registerOf(9)]).toEqual([8, 8]);
});

test.each<[string, Instruction[]]>([
  [
    "is assigned twice",
    [
      { op: "move", into: 9, from: 7, line },
      { op: "move", into: 9, from: 8, line },
    ],
  ],
  ["is a parameter", [{ op: "move", into: 7, from: 8, line }]],
  ["is assigned what is computed, or nothing", [{ op: "move", into: 9, from: COMPUTED, line }]],
  ["is assigned itself", [{ op: "move", into: 9, from: 9, line }]],
])("a variable that %s stays what it is", (_, instructions) => {
  expect(allocated(instructions, { parameters: 2, variables: 1 }).instructions).toEqual(instructions);
});

test("two variables that are assigned each other keep one assignment", () => {
  const { instructions, registerOf } = allocated(
    [
      { op: "move", into: 7, from: 8, line },
      { op: "move", into: 8, from: 7, line },
    ],
    { variables: 2 },
  );
  expect(instructions).toHaveLength(1);
  expect(registerOf(7)).toBe(registerOf(8));
});

test.each<[string, (into: number) => Instruction]>([
  ["an attribute", (into) => ({ op: "load", into, object: 7, attribute: "x", line })],
  ["an element", (into) => ({ op: "item", into, object: 7, key: "k", keyFrom: NOTHING, line })],
  ["what iterating gives", (into) => ({ op: "iterate", into, from: 7, line })],
  ["a super object", (into) => ({ op: "super", into, object: 7, line })],
  ["a string", (into) => ({ op: "text", into, value: "x", line })],
])("%s that is asked for twice is asked for once", (_, ask) => {
  const { instructions, registerOf } = allocated([ask(8), ask(9), { op: "store", object: 8, attribute: "y", from: 9, line }], {
    parameters: 1,
  });
  expect(instructions).toEqual([ask(8), { op: "store", object: 8, attribute: "y", from: 8, line }]);
  expect(registerOf(9)).toBe(8);
});

test.each<[string, Instruction, Instruction]>([
  ["calls", { op: "call", into: 8, callee: 7, arguments: [], line }, { op: "call", into: 9, callee: 7, arguments: [], line }],
  ["displays", { op: "make", into: 8, container: "list", items: [], line }, { op: "make", into: 9, container: "list", items: [], line }],
  ["keys", { op: "item", into: 8, object: 7, key: "0", keyFrom: 0, line }, { op: "item", into: 9, object: 7, key: null, keyFrom: 0, line }],
  ["attributes", { op: "load", into: 8, object: 7, attribute: "x", line }, { op: "load", into: 9, object: 7, attribute: "y", line }],
])("two %s are two", (_, one, other) => {
  const instructions: Instruction[] = [one, other, { op: "store", object: 8, attribute: "y", from: 9, line }];
  expect(allocated(instructions, { parameters: 1 }).instructions).toEqual(instructions);
});

test("what a variable was before it is assigned later in the text, as in a loop, is the same", () => {
  const { instructions } = allocated(
    [
      { op: "return", from: 8, line },
      { op: "load", into: 9, object: 7, attribute: "x", line },
      { op: "load", into: 10, object: 7, attribute: "x", line },
      { op: "move", into: 8, from: 10, line },
      { op: "return", from: 9, line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions).toEqual([
    { op: "return", from: 8, line },
    { op: "load", into: 8, object: 7, attribute: "x", line },
    { op: "return", from: 8, line },
  ]);
});

test("a call's result that no instruction takes goes where nothing is read; a variable's stays, for functions inside may read it", () => {
  const { instructions, registers } = allocated(
    [
      { op: "call", into: 13, callee: 7, arguments: [{ kind: "positional", from: COMPUTED }], line },
      { op: "call", into: 8, callee: 7, arguments: [], line },
    ],
    { parameters: 1, variables: 1 },
  );
  expect(instructions.map((instruction) => "into" in instruction && instruction.into)).toEqual([UNREAD, 8]);
  expect(registers).toBe(9);
});

test.each<[Instruction, number]>([
  [{ op: "store", object: 7, attribute: "x", from: 8, line }, 2],
  [{ op: "set-item", object: 7, key: null, keyFrom: 8, from: 9, line }, 3],
  [{ op: "item", into: 10, object: 7, key: null, keyFrom: 9, line }, 2],
  [{ op: "make", into: 10, container: "dict", items: [{ key: null, keyFrom: 7, from: 8, spread: false }], line }, 2],
  [{ op: "operate", operator: "+", into: 10, left: 7, right: 9, inPlace: false, line }, 2],
  [{ op: "call", into: 10, callee: 7, arguments: [{ kind: "star", from: 8 }], line }, 2],
])("%o reads what it takes, and strings that nothing reads are left out", (reader, strings) => {
  const written = [7, 8, 9].map((into): Instruction => ({ op: "text", into, value: `${into}`, line }));
  expect(allocated([...written, reader]).instructions.filter(({ op }) => op === "text")).toHaveLength(strings);
});

test("the statements of a module stay where they are", () => {
  const instructions: Instruction[] = [
    { op: "text", into: 7, value: "documentation", line },
    { op: "text", into: 8, value: "x", line },
    { op: "text", into: 9, value: "x", line },
    { op: "bind", name: "a", from: 8, line },
    { op: "bind", name: "b", from: 9, line },
  ];
  const left = allocated(instructions, { keepsPlaces: true }).instructions;
  expect(left.map(({ op }) => op)).toEqual(instructions.map(({ op }) => op));
  expect(left[0]).toMatchObject({ into: UNREAD });
});

test("what is asked in a branch stands for nothing after it, and what was asked before it for what is asked inside", () => {
  const guard = (length: number): Instruction => ({ op: "guard", condition: { register: 7, kinds: 1 }, length, line });
  const load = (into: number, attribute: string): Instruction => ({ op: "load", into, object: 7, attribute, line });
  const give = (from: number): Instruction => ({ op: "return", from, line });
  const before = [load(8, "x"), guard(4), load(9, "x"), load(10, "y"), give(9), give(10)];
  const after = [guard(2), load(11, "y"), give(11), load(12, "y"), give(12)];
  const { instructions } = allocated([...before, ...after], { parameters: 1 });
  expect(instructions).toEqual([
    load(8, "x"),
    guard(3),
    load(9, "y"),
    give(8),
    give(9),
    guard(2),
    load(10, "y"),
    give(10),
    load(11, "y"),
    give(11),
  ]);
});

test.each<[string, Instruction[]]>([
  ["over what only reads", [{ op: "load", into: 9, object: 7, attribute: "x", line }]],
  ["over nothing that is left", [{ op: "text", into: 9, value: "x", line }]],
])("a guard %s is left out", (_, inside) => {
  const guard: Instruction = { op: "guard", condition: { register: 7, kinds: 1 }, length: inside.length, line };
  const { instructions } = allocated([guard, ...inside, { op: "return", from: 9, line }], { parameters: 1, variables: 1 });
  expect(instructions.some(({ op }) => op === "guard")).toBe(false);
});

test("a guard asks only of registers that may hold a constant", () => {
  const store: Instruction = { op: "store", object: 7, attribute: "x", from: 7, line };
  const guarded = (...tested: number[]): Instruction[] => [
    { op: "name", into: 9, name: "settings", line },
    { op: "load", into: 10, object: 9, attribute: "debug", line },
    { op: "guard", condition: { all: tested.map((register) => ({ register, kinds: 1 })) }, length: 1, line },
    store,
  ];
  const guards = (...tested: number[]) => allocated(guarded(...tested), { parameters: 2 }).instructions.filter(({ op }) => op === "guard");
  expect(guards(9, 10)).toEqual([]);
  expect(guards(8, 10)).toMatchObject([{ condition: { register: 8, kinds: 1 }, length: 1 }]);
});

test("what a test reads is kept", () => {
  const instructions: Instruction[] = [
    { op: "outer", into: 9, hops: 1, register: 8, line },
    { op: "guard", condition: { any: [{ register: 9, kinds: 1 }] }, length: 1, line },
    { op: "store", object: 7, attribute: "x", from: 7, line },
  ];
  const left = allocated(instructions, { parameters: 1 }).instructions;
  expect(left[0]).toMatchObject({ op: "outer", into: 8 });
  expect(left[1]).toMatchObject({ condition: { any: [{ register: 8 }] } });
});
