import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../analyzer/limits.ts";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { brief, program, run } from "./programs.ts";

/** What a listing that is followed by STOP comes to: `ok`, or the kind of its failure and where. */
function ending(listing: string): string {
  const { outcome, failure } = run(`${listing}\nSTOP`);
  return failure === undefined ? outcome : `${failure.kind} at ${failure.offset}`;
}

describe("as CPython's C unpickler (scanners.md 2b)", () => {
  test.each([
    ["a text integer in hex (gh-126992)", "INT 0x10", "ok"],
    ["a text integer in octal", "INT 010", "ok"],
    ["a text integer that is one in base 10 alone (gh-126992)", "INT 08", "ok"],
    ["a text long that is one in base 10 alone", "LONG 010L", "ok"],
    ["a text integer that is neither", "INT 0x", "bad-integer at 0"],
    ["underscores and spaces", 'INT " 1_0 "', "ok"],
    ["a NUL cuts the number (gh-126996)", 'INT "1\\0junk"', "ok"],
    ["a long with and without L", "LONG 5L\nPOP\nLONG 5", "ok"],
    ["more digits than newer versions convert", `LONG ${"7".repeat(5000)}`, "ok"],
    ["an empty number", 'INT ""', "empty-line at 0"],
    ["a float in decimal", "FLOAT 1e5", "ok"],
    ["a GLOBAL in UTF-8", 'GLOBAL "caf\\u00e9 x"', "ok"],
    ["a GLOBAL not in UTF-8", 'GLOBAL "caf\\xe9" "x"', "bad-utf8 at 0"],
    ["an INST not in ASCII", 'MARK\nINST "caf\\u00e9" "x"', "bad-ascii at 1"],
    ["STOP leaves the rest of the stack, and open marks", "NONE\nMARK\nNONE", "ok"],
    ["STOP on a mark", "NONE\nMARK", "stack-underflow at 2"],
    ["STRING wants matching quotes", "STRING 'a\"", "bad-string at 0"],
    ["STRING with a broken escape", "STRING '\\x4'", "bad-string at 0"],
    ["UNICODE with a broken escape", "UNICODE \\u12", "bad-escape at 0"],
    ["a surrogate passes in BINUNICODE", 'BINUNICODE "\\ud800"', "ok"],
    ["other broken UTF-8 does not", 'BINUNICODE "\\xc0\\x80"', "bad-utf8 at 0"],
    ["LONG4 of negative length", "RAW 8b ff ff ff ff", "bad-length at 0"],
    ["PUT stores the top, MEMOIZE under the number of entries", "NONE\nPUT 7\nEMPTY_LIST\nMEMOIZE\nBINGET 1\nNONE\nAPPEND", "ok"],
    ["a memo key that was never stored", "NONE\nBINPUT 0\nGET 1", "memo-key-missing at 3"],
    ["a negative PUT", "NONE\nPUT -1", "bad-memo-key at 1"],
    ["a PUT that is no number", "NONE\nPUT x", "bad-memo-key at 1"],
    ["a PUT on a mark", "NONE\nMARK\nPUT 0", "stack-underflow at 2"],
    ["POP takes a mark", "NONE\nMARK\nPOP", "ok"],
    ["POP of nothing", "POP", "stack-underflow at 0"],
    ["POP_MARK without a mark", "NONE\nPOP_MARK", "no-mark at 1"],
    ["DUP below a mark", "NONE\nMARK\nDUP", "stack-underflow at 2"],
    ["REDUCE with a list", 'GLOBAL "a b"\nEMPTY_LIST\nREDUCE', "python-only at 6"],
    ["REDUCE with an int", 'GLOBAL "a b"\nBININT1 1\nREDUCE', "bad-arguments at 7"],
    ["REDUCE of a str", 'BINUNICODE "a"\nEMPTY_TUPLE\nREDUCE', "not-callable at 7"],
    ["NEWOBJ of a list", "EMPTY_LIST\nEMPTY_TUPLE\nNEWOBJ", "not-a-type at 2"],
    ["NEWOBJ_EX with keywords that are no dict", 'GLOBAL "a b"\nEMPTY_TUPLE\nEMPTY_LIST\nNEWOBJ_EX', "bad-arguments at 7"],
    ["OBJ on nothing", "NONE\nMARK\nOBJ", "stack-underflow at 2"],
    ["a protocol beyond 5", "PROTO 6\nNONE", "unsupported-protocol at 0"],
    ["PROTO in mid-stream", "NONE\nPROTO 2\nPROTO 0", "ok"],
    ["an opcode that is none", "NONE\nRAW ff", "unknown-opcode at 1"],
    ["APPENDS of nothing checks nothing but that there is something", "NONE\nMARK\nAPPENDS", "ok"],
    ["APPENDS with nothing below", "MARK\nNONE\nAPPENDS", "stack-underflow at 2"],
    ["APPEND to a tuple", "EMPTY_TUPLE\nNONE\nAPPEND", "bad-items at 2"],
    ["APPEND of a byte to a bytearray", 'BYTEARRAY8 ""\nBININT1 5\nAPPEND', "ok"],
    ["APPEND of no byte to a bytearray", 'BYTEARRAY8 ""\nBININT2 256\nAPPEND', "bad-items at 12"],
    ["SETITEM of a list within its length", "EMPTY_LIST\nNONE\nAPPEND\nBININT1 0\nNONE\nSETITEM", "ok"],
    ["SETITEM of a list beyond its length", "EMPTY_LIST\nNONE\nAPPEND\nBININT1 1\nNONE\nSETITEM", "bad-items at 6"],
    ["SETITEMS without a value", "EMPTY_DICT\nMARK\nNONE\nSETITEMS", "odd-items at 3"],
    ["DICT without a value", "MARK\nNONE\nDICT", "odd-items at 2"],
    ["a list as a key", "EMPTY_DICT\nEMPTY_LIST\nNONE\nSETITEM", "unhashable at 3"],
    ["a list within tuples as a key", "EMPTY_DICT\nEMPTY_LIST\nTUPLE1\nTUPLE1\nNONE\nSETITEM", "unhashable at 5"],
    ["a dict in a frozenset", "MARK\nEMPTY_DICT\nFROZENSET", "unhashable at 2"],
    ["BUILD of a builtin with None", "EMPTY_LIST\nNONE\nBUILD", "ok"],
    ["BUILD of a builtin with no attributes and no slots", "EMPTY_LIST\nNONE\nEMPTY_DICT\nTUPLE2\nBUILD", "ok"],
    ["BUILD of a builtin with a dict", "EMPTY_LIST\nEMPTY_DICT\nBUILD", "python-only at 2"],
    ["STACK_GLOBAL of a list", 'EMPTY_LIST\nBINUNICODE "a"\nSTACK_GLOBAL', "bad-name at 7"],
    ["EXT of code 0", "EXT1 0", "bad-extension-code at 0"],
    ["EXT4's code is signed (gh-127045)", "EXT4 -1", "bad-extension-code at 0"],
    ["an extension nobody registered", "EXT1 5", "extension-code at 0"],
    ["a buffer nobody gave", "NEXT_BUFFER", "out-of-band-buffer at 0"],
    ["READONLY_BUFFER of a bytearray makes it no key", 'EMPTY_DICT\nBYTEARRAY8 ""\nREADONLY_BUFFER\nNONE\nSETITEM', "unhashable at 12"],
    ["READONLY_BUFFER of a str", 'BINUNICODE ""\nREADONLY_BUFFER', "not-a-buffer at 5"],
    ["a FRAME longer than what follows", "FRAME 100\nNONE", "python-only at 0"],
    ["an id that is not ASCII", 'PERSID "\\xe9"', "bad-ascii at 0"],
  ])("%s", (_, listing, expected) => {
    expect(ending(listing)).toBe(expected);
  });

  test("BINSTRING's length is unsigned (gh-135321): a negative one is too long, not an error of its own", () => {
    expect(run("RAW 54 ff ff ff ff 61").failure).toMatchObject({ kind: "truncated", offset: 0 });
  });

  test("what follows STOP is not looked at, and the next program starts there", () => {
    const bytes = program("NONE\nSTOP\nRAW ff ff");
    expect(runPickle(bytes)).toMatchObject({ outcome: "ok", length: 2 });
    expect(runPickle(bytes, { start: 2 })).toMatchObject({ outcome: "malformed", offset: 2, length: 0 });
  });

  test("a memo does not outlive its program", () => {
    const bytes = program("NONE\nBINPUT 0\nSTOP\nBINGET 0\nSTOP");
    expect(runPickle(bytes).outcome).toBe("ok");
    expect(runPickle(bytes, { start: 4 }).failure?.kind).toBe("memo-key-missing");
  });
});

describe("a Python 2 str that is not ASCII", () => {
  const listing = "SHORT_BINSTRING \"caf\\xe9\"\nPOP\nSTRING '\\xe9'\nSTOP";

  test.each([
    ["any", "unsupported", "string-encoding"],
    ["ASCII", "malformed", "bad-encoding"],
    ["utf-8", "malformed", "bad-encoding"],
    ["latin1", "ok", undefined],
    ["bytes", "ok", undefined],
  ] as const)("under %s", (encoding, outcome, kind) => {
    const facts = run(listing, { encoding });
    expect([facts.outcome, facts.failure?.kind]).toEqual([outcome, kind]);
  });

  test("names what it says in the loader's encoding", () => {
    // Found by the fuzzer: a Python 2 str was read as Latin-1 whatever the loader was known to decode it as.
    const names = "STRING '\\xc3\\xa9'\nSHORT_BINSTRING \"\\xf0\\x9f\\x98\\x80\"\nSTACK_GLOBAL\nPOP\nNONE\nSTOP";
    expect(brief(run(names, { encoding: "utf-8" }).facts)).toEqual(["import \u00e9.\u{1f600}"]);
    expect(brief(run(names, { encoding: "latin1" }).facts)).toEqual(["import \u00c3\u00a9.\u00f0\u009f\u0098\u0080"]);
  });

  test("as bytes it names no module, as str it does (GHSA-9gvj-pp9x-gcfr)", () => {
    const names = "STRING 'os'\nSTRING 'system'\nSTACK_GLOBAL\nSTOP";
    expect(brief(run(names).facts)).toEqual(["import os.system", "STOP keeps os.system"]);
    expect(run(names, { encoding: "bytes" }).failure?.kind).toBe("bad-name");
  });
});

describe("names", () => {
  test("of Python 2 are mapped below protocol 3, by the protocol in force", () => {
    const { facts } = run('GLOBAL "__builtin__ xrange"\nPROTO 3\nGLOBAL "__builtin__ xrange"\nPROTO 2\nGLOBAL "cPickle loads"\nNONE\nSTOP');
    expect(brief(facts)).toEqual(["import builtins.range", "import __builtin__.xrange", "import pickle.loads"]);
    expect(facts.map((fact) => (fact.kind === "import" ? fact.spelt : ""))).toEqual([
      "__builtin__.xrange",
      "__builtin__.xrange",
      "cPickle.loads",
    ]);
  });

  test("with dots are walked from protocol 4 on", () => {
    const { facts, outcome } = run('PROTO 4\nGLOBAL "torch serialization.os.system"\nSTOP');
    expect(outcome).toBe("ok");
    expect(facts[0]).toMatchObject({
      callable: "torch.serialization.os.system",
      module: "torch",
      name: "serialization.os.system",
      origin: "attribute",
    });
  });

  test.each(['GLOBAL "os path.join"', 'BINUNICODE "os"\nUNICODE path\\u002ejoin\nSTACK_GLOBAL', 'MARK\nINST "os" "path.join"'])(
    "with dots fail below: %s",
    (listing) => {
      const facts = run(`PROTO 3\n${listing}\nSTOP`);
      expect(facts.failure?.kind).toBe("dotted-name");
      expect(brief(facts.facts)).toEqual(["import os.path.join"]);
    },
  );
});

describe("costs nothing", () => {
  test.each([
    ["a billion laughs", `EMPTY_LIST\n${"DUP\nTUPLE2\n".repeat(60)}STOP`],
    ["lists in lists, a million deep", `${"EMPTY_LIST\n".repeat(300_000)}${"APPEND\n".repeat(299_999)}STOP`],
    ["a list in itself", "EMPTY_LIST\nBINPUT 0\nBINGET 0\nAPPEND\nSTOP"],
    ["keys of tuples of tuples", `EMPTY_DICT\nNONE\n${"DUP\nTUPLE2\n".repeat(60)}NONE\nSETITEM\nSTOP`],
    ["memo key 2^32-1", "NONE\nLONG_BINPUT 4294967295\nLONG_BINGET 4294967295\nSTOP"],
    ["memo key 2^40", "NONE\nPUT 1099511627776\nGET 1099511627776\nSTOP"],
    ["a long of megabytes in text", `LONG ${"9".repeat(4000)}\nSTOP`],
  ])("%s", (_, listing) => {
    expect(run(listing).outcome).toBe("ok");
  });

  test.each(["BINBYTES8", "BINUNICODE8", "BYTEARRAY8"])("%s of 2^60 bytes", (opcode) => {
    const code = { BINBYTES8: "8e", BINUNICODE8: "8d", BYTEARRAY8: "96" }[opcode];
    expect(run(`RAW ${code} 00 00 00 00 00 00 00 10 61`).failure).toMatchObject({ kind: "truncated", offset: 0 });
  });

  test("memo keys that are no small integers are kept apart", () => {
    const put = (key: string, name: string) => `GLOBAL "m ${name}"\n${key.replace("BIN", "BINPUT").replace("TEXT", "PUT")}\nPOP\n`;
    const keys = ["LONG_BIN 2147483647", "LONG_BIN 2147483648", "LONG_BIN 4294967295", "TEXT 4294967296", "TEXT 9007199254740992"];
    const puts = keys.map((key, index) => put(key, `f${index}`)).join("");
    const called = (key: string) => brief(run(`${puts}${key}\nEMPTY_TUPLE\nREDUCE\nSTOP`).facts).at(-1);
    expect(called("LONG_BINGET 2147483648")).toBe("call m.f1()");
    expect(called("GET 2147483647")).toBe("call m.f0()");
    expect(called("GET 4294967295")).toBe("call m.f2()");
    expect(called("GET 4294967296")).toBe("call m.f3()");
    expect(called("GET 9007199254740992")).toBe("call m.f4()");
    for (const key of ["LONG_BINGET 0", "LONG_BINGET 4294967294", "GET -1", "GET -2147483648", "GET 9007199254740991"])
      expect(run(`${puts}${key}\nSTOP`).failure).toMatchObject({ kind: "memo-key-missing" });
  });

  test("calls on the results of calls, a hundred thousand long", () => {
    const facts = run(`GLOBAL "a b"\n${"EMPTY_TUPLE\nREDUCE\n".repeat(100_000)}STOP`);
    expect(facts.outcome).toBe("ok");
    expect(facts.facts.length).toBeLessThan(LIMITS.listedFacts.limit + 10);
    const repeats = facts.facts.reduce((sum, fact) => sum + ("repeats" in fact ? (fact.repeats ?? 0) : 0), facts.facts.length);
    expect(repeats).toBe(100_001);
  });
});

describe("takes time in proportion to the program", () => {
  const call = 'GLOBAL "a b"\nEMPTY_TUPLE\nREDUCE\n';
  test.each([
    ["states of one object", `${call}${"NONE\nBUILD\n".repeat(200_000)}STOP`],
    ["items of one object", `${call}${"NONE\nAPPEND\n".repeat(200_000)}STOP`],
    [
      "one list given to many calls while it grows",
      `EMPTY_LIST\nBINPUT 0\n${"BINGET 0\nNONE\nAPPEND\nTUPLE1\nBINPERSID\n".repeat(50_000)}STOP`,
    ],
    ["many lists given to one call", `${call}${"EMPTY_LIST\nNONE\nAPPEND\n".repeat(100_000)}${"TUPLE2\n".repeat(50_000)}STOP`],
    ["items set by index on a list that grows", `EMPTY_LIST\n${"NONE\nAPPEND\nBININT1 0\nNONE\nSETITEM\n".repeat(100_000)}STOP`],
    [
      "one large state given over and over",
      `${call}EMPTY_DICT\nMARK\n${"BININT2 1\nNONE\n".repeat(5_000)}SETITEMS\nBINPUT 0\nPOP\n${"BINGET 0\nBUILD\n".repeat(50_000)}STOP`,
    ],
    ["states of lists that grow", `EMPTY_LIST\n${"NONE\nAPPEND\nNONE\nEMPTY_DICT\nTUPLE2\nBUILD\n".repeat(50_000)}STOP`],
  ])("%s", (_, listing) => {
    expect(run(listing).outcome).toBe("ok");
  });
});

describe("limits end a run as unfinished, with the facts so far", () => {
  test("a large pickle handed to a loader over and over", () => {
    const inner = `${"NONE\nPOP\n".repeat(500_000)}NONE\nSTOP`;
    const listing = `GLOBAL "pickle loads"\nBINPUT 0\nBINBYTES {\n${inner}\n}\nTUPLE1\nBINPUT 1\nREDUCE\n${"BINGET 0\nBINGET 1\nREDUCE\n".repeat(500)}STOP`;
    expect(run(listing)).toMatchObject({ outcome: "unfinished", failure: { kind: "nested-unfinished" } });
  });

  test("scattered memo keys", () => {
    const puts = new Uint8Array(5 * (LIMITS.sparseMemoEntries.limit + 2));
    for (let index = 0; index * 5 < puts.length; index++) {
      puts[index * 5] = 0x72;
      new DataView(puts.buffer).setUint32(index * 5 + 1, 0xffffffff - index, true);
    }
    const facts = runPickle(Buffer.concat([program('GLOBAL "os system"'), puts]));
    expect(facts).toMatchObject({ outcome: "unfinished", failure: { kind: "limit", resource: "sparseMemoEntries" } });
    expect(brief(facts.facts)).toEqual(["import os.system"]);
  });

  test("values on the stack", () => {
    const facts = runPickle(Buffer.alloc(LIMITS.stackValues.limit + 10, 0x4e));
    expect(facts.failure).toMatchObject({ kind: "limit", resource: "stackValues", limit: LIMITS.stackValues.limit });
  });

  test("marks", () => {
    expect(runPickle(Buffer.alloc(LIMITS.stackValues.limit + 10, 0x28)).failure).toMatchObject({ resource: "stackValues" });
  });

  test("facts", () => {
    const facts = runPickle(Buffer.concat([Buffer.from("N"), Buffer.alloc(LIMITS.factRows.limit + 10, 0x51)]));
    expect(facts).toMatchObject({ outcome: "unfinished", failure: { resource: "renderedFacts" } });
    expect(facts.facts).toHaveLength(LIMITS.renderedFacts.limit);
  });

  test("values in persistent ids", () => {
    const id = `MARK\n${"NONE\n".repeat(60)}TUPLE\nBINPUT 0\n`;
    const nested = `MARK\n${"BINGET 0\n".repeat(16)}TUPLE\nBINPUT 1\n`;
    const facts = run(`${id}${nested}${"BINGET 1\nBINPERSID\nPOP\n".repeat(LIMITS.shownValues.limit / 64 + 10)}NONE\nSTOP`);
    expect(facts).toMatchObject({ outcome: "unfinished", failure: { kind: "limit", resource: "shownValues" } });
    expect(facts.facts.length).toBeGreaterThan(LIMITS.shownValues.limit / 64 - 10);
  });

  test("characters of names, put together of few long parts", () => {
    const parts = Array.from({ length: 200 }, (_, index) => `BINUNICODE "${"x".repeat(990)}${index}"\nBINPUT ${index}\nPOP\n`).join("");
    const lookUps = Array.from(
      { length: 20_000 },
      (_, index) => `BINGET ${index % 200}\nBINGET ${Math.floor(index / 200)}\nSTACK_GLOBAL\nPOP\n`,
    );
    const facts = run(`PROTO 4\n${parts}${lookUps.join("")}NONE\nSTOP`);
    expect(facts).toMatchObject({ outcome: "unfinished", failure: { kind: "limit", resource: "shownCharacters" } });
    expect(facts.facts.length).toBeGreaterThan(4_000);
  });

  test("lists whose items are set by index", () => {
    const lists = "EMPTY_LIST\nNONE\nAPPEND\nBININT1 0\nNONE\nSETITEM\nPOP\n".repeat(LIMITS.listsSetByIndex.limit + 1);
    expect(run(`${lists}NONE\nSTOP`).failure).toMatchObject({ kind: "limit", resource: "listsSetByIndex" });
  });

  test("items of containers: the run goes on, and what they hold is unknown", () => {
    const many = Buffer.alloc(LIMITS.containerItems.limit + 10, 0x85);
    const facts = runPickle(
      Buffer.concat([Buffer.from("N"), many, program('GLOBAL "a b"\nNONE\nTUPLE1\nREDUCE\nEMPTY_DICT\nBUILD\nSTOP')]),
    );
    expect(facts.outcome).toBe("ok");
    expect(brief(facts.facts)).toEqual(["import a.b", "call a.b(…)", "call a.b.__setstate__(…)"]);
    expect(facts.facts[2]).toMatchObject({ overrides: ["*"] });
  });
});
