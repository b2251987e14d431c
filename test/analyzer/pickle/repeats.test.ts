import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../analyzer/limits.ts";
import { run } from "./programs.ts";

const instance = (state: string) => `BINGET 0\nEMPTY_TUPLE\nNEWOBJ\n${state}\nBUILD\nPOP\n`;
const PLAIN = 'EMPTY_DICT\nMARK\nBINUNICODE "k"\nNONE\nBINUNICODE "list"\nEMPTY_LIST\nNONE\nAPPEND\nSETITEMS';
const MANY = `PROTO 4\nGLOBAL "m C"\nMEMOIZE\nPOP\n${instance(PLAIN).repeat(LIMITS.listedFacts.limit / 2 + 500)}`;
const LISTS = "EMPTY_LIST\nNONE\nAPPEND\n".repeat(40);

describe("among instances that are only counted, one is told whose state", () => {
  test.each([
    ["has such a key first", 'EMPTY_DICT\nMARK\nBINUNICODE "__class__"\nNONE\nBINUNICODE "k"\nNONE\nSETITEMS'],
    ["has such a key behind a list", 'EMPTY_DICT\nMARK\nBINUNICODE "k"\nEMPTY_LIST\nNONE\nAPPEND\nBINUNICODE "__class__"\nNONE\nSETITEMS'],
    ["was filled by several opcodes", 'EMPTY_DICT\nBINUNICODE "__class__"\nNONE\nSETITEM\nBINUNICODE "k"\nNONE\nSETITEM'],
    [
      "was filled long before the rest of it",
      `EMPTY_DICT\nBINUNICODE "__class__"\nNONE\nSETITEM\nMARK\nBINUNICODE "k"\nMARK\n${LISTS}LIST\nSETITEMS`,
    ],
    ["was made with such a key", 'MARK\nBINUNICODE "__class__"\nNONE\nDICT'],
    ["was not the last to change", `EMPTY_DICT\nBINUNICODE "__class__"\nNONE\nSETITEM\n${LISTS}${"POP\n".repeat(40)}`],
    ["is a tuple with such a dict", 'NONE\nEMPTY_DICT\nBINUNICODE "__class__"\nNONE\nSETITEM\nTUPLE2'],
  ])("%s", (_, state) => {
    const { facts, outcome } = run(`${MANY}${instance(state)}${instance(PLAIN).repeat(3)}NONE\nSTOP`);
    expect(outcome).toBe("ok");
    expect(facts.filter((fact) => fact.kind === "call" && fact.overrides?.includes("__class__"))).toHaveLength(1);
    const counted = facts.filter((fact) => fact.kind === "call" && fact.repeats !== undefined && fact.overrides === undefined);
    expect(counted).toMatchObject([{ method: "__setstate__", repeats: 503 }, { repeats: 503 }]);
  });
});
