/** Where a pickle keeps a callable that acts for it, and where it only has it called. */
import { describe, expect, it } from "vitest";
import { brief, run } from "./programs.ts";

const kept = (listing: string) => brief(run(`PROTO 4\n${listing}\nSTOP`).facts).filter((fact) => fact.includes(" keeps "));

const GETATTR = 'GLOBAL "builtins getattr"';
const PARTIAL = 'GLOBAL "functools partial"';
const TAGGER = 'GLOBAL "brine Tagger"';
const OBJECT = `${TAGGER}\nEMPTY_TUPLE\nNEWOBJ`;

describe("an acting callable is kept", () => {
  it.each([
    ["as what is returned", GETATTR, "STOP"],
    ["in a list", `EMPTY_LIST\n${GETATTR}\nAPPEND`, "APPEND"],
    ["in a list of several", `EMPTY_LIST\nMARK\nNONE\n${GETATTR}\nAPPENDS`, "APPENDS"],
    ["in a list made whole", `MARK\n${GETATTR}\nLIST`, "LIST"],
    ["in a dict made whole", `MARK\nNONE\n${GETATTR}\nDICT`, "DICT"],
    ["as a value of a dict", `EMPTY_DICT\nNONE\n${GETATTR}\nSETITEM`, "SETITEM"],
    ["as a key of a dict", `EMPTY_DICT\nMARK\n${GETATTR}\nNONE\nSETITEMS`, "SETITEMS"],
    ["in a set", `EMPTY_SET\nMARK\n${GETATTR}\nADDITEMS`, "ADDITEMS"],
    ["in a frozenset", `MARK\n${GETATTR}\nFROZENSET`, "FROZENSET"],
    ["in a tuple in a tuple in a list", `EMPTY_LIST\n${GETATTR}\nTUPLE1\nTUPLE1\nAPPEND`, "APPEND"],
    ["in a tuple that is returned", `${GETATTR}\nTUPLE1`, "STOP"],
    ["in a list, by index", `EMPTY_LIST\nNONE\nAPPEND\nBININT1 0\n${GETATTR}\nSETITEM`, "SETITEM"],
    ["as an argument of REDUCE", `${TAGGER}\n${GETATTR}\nTUPLE1\nREDUCE`, "REDUCE"],
    ["as an argument of NEWOBJ", `${TAGGER}\n${GETATTR}\nTUPLE1\nNEWOBJ`, "NEWOBJ"],
    ["as an argument of NEWOBJ_EX", `${TAGGER}\n${GETATTR}\nTUPLE1\nEMPTY_DICT\nNEWOBJ_EX`, "NEWOBJ_EX"],
    ["as an argument of OBJ", `MARK\n${TAGGER}\n${GETATTR}\nOBJ`, "OBJ"],
    ["as an argument of INST", `MARK\n${GETATTR}\nINST "brine Tagger"`, "INST"],
    ["behind a hundred other arguments", `${TAGGER}\nMARK\n${"NONE\n".repeat(100)}${GETATTR}\nTUPLE\nREDUCE`, "REDUCE"],
    ["as an item of an object", `${OBJECT}\n${GETATTR}\nAPPEND`, "APPEND"],
    ["as a state", `${OBJECT}\n${GETATTR}\nBUILD`, "BUILD"],
    ["in a state", `${OBJECT}\nNONE\n${GETATTR}\nTUPLE2\nBUILD`, "BUILD"],
    ["in a persistent id", `${GETATTR}\nTUPLE1\nBINPERSID`, "BINPERSID"],
    ["by way of the memo", `${GETATTR}\nBINPUT 0\nPOP\nEMPTY_LIST\nBINGET 0\nAPPEND`, "APPEND"],
  ])("%s", (_, listing, opcode) => {
    expect(kept(listing)).toEqual([`${opcode} keeps builtins.getattr`]);
  });

  it("as what partial binds", () => {
    expect(kept(`${PARTIAL}\nGLOBAL "brine restore"\n${GETATTR}\nTUPLE2\nREDUCE`)).toEqual(["REDUCE keeps builtins.getattr"]);
  });

  it("in a pickle inside the pickle", () => {
    const listing = `GLOBAL "pickle loads"\nSHORT_BINBYTES {\n${GETATTR}\nSTOP\n}\nTUPLE1\nREDUCE`;
    expect(kept(listing)).toEqual(["STOP keeps builtins.getattr via pickle.loads"]);
  });

  it("told once for an opcode, with how often more", () => {
    const { facts } = run(`EMPTY_LIST\n${`${GETATTR}\nAPPEND\n`.repeat(3)}STOP`);
    expect(facts.filter(({ kind }) => kind === "kept")).toMatchObject([{ opcode: "APPEND", repeats: 2 }]);
  });

  it("between what happens before and after it", () => {
    expect(brief(run(`${TAGGER}\n${GETATTR}\nTUPLE1\nREDUCE\n${TAGGER}\nPOP\nSTOP`).facts)).toEqual([
      "import brine.Tagger",
      "import builtins.getattr",
      "call brine.Tagger(builtins.getattr)",
      "REDUCE keeps builtins.getattr",
      "import brine.Tagger",
    ]);
  });
});

describe("nothing is kept", () => {
  it.each([
    ["of a callee", `${GETATTR}\n${OBJECT}\nSHORT_BINUNICODE "text"\nTUPLE2\nREDUCE\nPOP\nNONE`],
    ["of what was taken off the stack", `${GETATTR}\nPOP\nNONE`],
    ["of what is handed over to be called", `${PARTIAL}\n${PARTIAL}\n${TAGGER}\nTUPLE2\nREDUCE`],
    ["of a class", `EMPTY_LIST\n${TAGGER}\nAPPEND`],
    ["of what only makes an instance of a class", 'EMPTY_LIST\nGLOBAL "copyreg _reconstructor"\nAPPEND'],
  ])("%s", (_, listing) => {
    expect(kept(listing)).toEqual([]);
  });

  it("but what is looked up to be returned, whatever it does", () => {
    expect(kept(TAGGER)).toEqual(["STOP keeps brine.Tagger"]);
    expect(kept(OBJECT)).toEqual([]);
  });

  it("of what is instantiated, and that is what the pickle returns, whatever it is given", () => {
    const { root, facts } = run(`GLOBAL "builtins max"\n${TAGGER}\nTUPLE1\nNEWOBJ\nSTOP`);
    expect([root, ...brief(facts).filter((fact) => fact.includes(" keeps "))]).toEqual(["builtins.max"]);
  });

  it("of the factory of factories: defaultdict(partial(defaultdict, list))", () => {
    const callee = 'GLOBAL "collections defaultdict"';
    const state = `MARK\n${callee}\nGLOBAL "builtins list"\nTUPLE1\nEMPTY_DICT\nNONE\nTUPLE\nBUILD`;
    expect(kept(`${callee}\n${PARTIAL}\n${callee}\nTUPLE1\nREDUCE\n${state}\nTUPLE1\nREDUCE`)).toEqual([]);
  });
});
