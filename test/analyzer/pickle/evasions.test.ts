/**
 * The known ways around pickle scanners (the project's reference on scanners, section 2) that are about the pickle
 * itself: one test a row, named after it. Rows about files, policies and verdicts: `test/analyzer/verdict/evasions.test.ts`.
 */
import { describe, expect, test } from "vitest";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { brief, program, run } from "./programs.ts";

const facts = (listing: string) => brief(run(listing).facts);

describe("evasions", () => {
  test("row 1, payload before failure: what ran before the break is told, and the break is no success (nullifAI, arXiv 2508.19774)", () => {
    for (const end of ["", "RAW ff", "REDUCE", "GET 99", "MARK\nSTOP", "RAW 58 ff ff ff 7f"]) {
      const { outcome, facts: found } = run(`GLOBAL "os system"\nBINUNICODE "id"\nTUPLE1\nREDUCE\nPOP\n${end}`);
      expect([outcome, ...brief(found)]).toEqual(["malformed", "import os.system", "call os.system('id')"]);
    }
  });

  test("row 4, magic number computed: a call that returns torch's magic is a call", () => {
    expect(facts('GLOBAL "builtins eval"\nBINUNICODE "0x1950a86a20f9469cfc6c"\nTUPLE1\nREDUCE\nSTOP')).toEqual([
      "import builtins.eval",
      "call builtins.eval('0x1950a86a20f9469cfc6c')",
    ]);
  });

  test("row 6, STACK_GLOBAL operands via memo: out of order, and put long before (picklescan #22)", () => {
    expect(
      facts(
        'PROTO 4\nBINUNICODE "system"\nBINPUT 5\nPOP\nBINUNICODE "os"\nMEMOIZE\nPOP\nBINUNICODE "decoy"\nPOP\nBINGET 1\nBINGET 5\nSTACK_GLOBAL\nPOP\nNONE\nSTOP',
      ),
    ).toEqual(["import os.system"]);
  });

  test("row 7, STACK_GLOBAL operands computed: its own kind of fact, never guessed (modelscan #331)", () => {
    expect(facts('PROTO 4\nGLOBAL "m join"\nEMPTY_TUPLE\nREDUCE\nBINUNICODE "system"\nSTACK_GLOBAL\nSTOP').at(-1)).toBe(
      "import ?.system (computed)",
    );
  });

  test("attributes written by BUILD and read by name, row 7 as well: the later lookup is of something changed (modelscan #85)", () => {
    expect(
      facts(
        'PROTO 4\nGLOBAL "numpy prod"\nNONE\nEMPTY_DICT\nBINUNICODE "a"\nBINUNICODE "os"\nSETITEM\nTUPLE2\nBUILD\nPOP\nGLOBAL "numpy prod.a"\nPOP\nNONE\nSTOP',
      ).at(-1),
    ).toBe("import numpy.prod.a (mutated)");
  });

  test("row 8, missing memo key: the load fails there, and what was found before is kept (picklescan PR 52)", () => {
    const { failure, facts: found } = run('GLOBAL "os system"\nGET 7\nREDUCE\nSTOP');
    expect([failure?.kind, ...brief(found)]).toEqual(["memo-key-missing", "import os.system"]);
    expect(run("RAW 67 61 62 0a\nSTOP").failure?.kind).toBe("bad-memo-key");
  });

  test("row 9, STRING operands name modules too (GHSA-9gvj-pp9x-gcfr)", () => {
    expect(facts("STRING 'o\\x73'\nSHORT_BINSTRING \"system\"\nSTACK_GLOBAL\nPOP\nNONE\nSTOP")).toEqual(["import os.system"]);
  });

  test("row 10, calls without REDUCE, and a call whose result is popped (fickling #108, GHSA-mxhj-88fx-4pcv)", () => {
    expect(facts("MARK\nGLOBAL \"os system\"\nSTRING 'id'\nOBJ\nPOP\nNONE\nSTOP")).toEqual(["import os.system", "call os.system('id')"]);
    expect(facts('MARK\nSTRING \'id\'\nINST "os" "system"\nPOP\nNONE\nSTOP')).toEqual(["import os.system", "call os.system('id')"]);
    expect(facts('GLOBAL "os system"\nEMPTY_TUPLE\nNEWOBJ\nSTOP')).toContain("call os.system()");
    expect(facts('GLOBAL "os system"\nEMPTY_TUPLE\nEMPTY_DICT\nNEWOBJ_EX\nSTOP')).toContain("call os.system({})");
  });

  test("row 11, dotted names are walked, and are told as walked (fickling GHSA-5j3x-jp52-966f)", () => {
    for (const lookup of ['GLOBAL "pathlib os.system"', 'BINUNICODE "pathlib"\nBINUNICODE "os.system"\nSTACK_GLOBAL']) {
      expect(facts(`PROTO 4\n${lookup}\nBINUNICODE "id"\nTUPLE1\nREDUCE\nSTOP`)).toEqual([
        "import pathlib.os.system (attribute)",
        "call pathlib.os.system('id') (attribute)",
      ]);
    }
    expect(facts('PROTO 4\nMARK\nINST "torch" "serialization.os.system"\nSTOP')).toEqual([
      "import torch.serialization.os.system (attribute)",
      "call torch.serialization.os.system() (attribute)",
    ]);
  });

  test("row 15, callables that call: what they are given is told as called", () => {
    expect(
      facts(
        'GLOBAL "torch._tensor _rebuild_from_type_v2"\nGLOBAL "os system"\nGLOBAL "m T"\nBINUNICODE "id"\nTUPLE1\nMARK\nPOP\nNONE\nPOP\nTUPLE3\nREDUCE\nSTOP',
      ),
    ).toContain("call os.system(…) via torch._tensor._rebuild_from_type_v2");
  });

  test("row 16, BUILD gadgets: on a class or function, and with keys that choose what is called", () => {
    expect(run('GLOBAL "os system"\nEMPTY_DICT\nBUILD\nPOP\nNONE\nSTOP').facts.at(-1)).toMatchObject({
      method: "__setstate__",
      onCallable: true,
    });
    const state = 'EMPTY_DICT\nBINUNICODE "__setstate__"\nGLOBAL "os system"\nSETITEM';
    expect(run(`GLOBAL "m C"\nEMPTY_TUPLE\nNEWOBJ\n${state}\nBUILD\nSTOP`).facts.at(-1)).toMatchObject({ overrides: ["__setstate__"] });
    // A dict under `__dict__` is one of attributes, as pydantic writes it; nothing looks up the names beside it.
    const overrides = (keys: string) => {
      const fact = run(`GLOBAL "m C"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\n${keys}\nBUILD\nSTOP`).facts.at(-1);
      return fact?.kind === "call" ? fact.overrides : null;
    };
    const inside = (key: string) => `BINUNICODE "__dict__"\nEMPTY_DICT\nBINUNICODE "${key}"\nNONE\nSETITEM\nSETITEM`;
    expect(overrides(inside("a"))).toBeUndefined();
    expect(overrides(`${inside("a")}\nBINUNICODE "__fields_set__"\nNONE\nSETITEM`)).toBeUndefined();
    expect(overrides(inside("__setstate__"))).toEqual(["__setstate__"]);
    expect(overrides(inside("__dict__"))).toEqual(["__dict__"]);
    expect(overrides('BINUNICODE "__dict__"\nGLOBAL "m d"\nSETITEM')).toEqual(["__dict__"]);
    expect(overrides('BINUNICODE "__array__"\nNONE\nSETITEM')).toEqual(["__array__"]);
    // The key is put into the state after the object was given it: a __setstate__ may have kept the very dict.
    const later = `GLOBAL "m C"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINPUT 0\nBUILD\nBINGET 0\nBINUNICODE "__setstate__"\nGLOBAL "os system"\nSETITEM\nPOP\nBINUNICODE "id"\nBUILD\nSTOP`;
    expect(facts(later).at(-1)).toBe("call m.C.__setstate__('id') (mutated)");
  });

  test("row 17, item writes on what is no list, dict or set are calls of methods (CVE-2026-24747)", () => {
    const object = 'GLOBAL "torch Tensor"\nEMPTY_TUPLE\nREDUCE\n';
    expect(facts(`${object}NONE\nNONE\nSETITEM\nSTOP`).at(-1)).toBe("call torch.Tensor.__setitem__(None, None)");
    expect(facts(`${object}NONE\nAPPEND\nSTOP`).at(-1)).toBe("call torch.Tensor.append(None)");
    expect(facts(`${object}MARK\nNONE\nAPPENDS\nSTOP`).at(-1)).toBe("call torch.Tensor.extend(None)");
    expect(facts(`${object}MARK\nNONE\nADDITEMS\nSTOP`).at(-1)).toBe("call torch.Tensor.add(None)");
    expect(run('GLOBAL "sys modules"\nBINUNICODE "os"\nNONE\nSETITEM\nPOP\nNONE\nSTOP').facts.at(-1)).toMatchObject({
      method: "__setitem__",
      onCallable: true,
    });
  });

  test("row 18, extension codes: facts, never a success, and EXT4's code is signed (gh-127045)", () => {
    expect(run("EXT1 1\nSTOP")).toMatchObject({ outcome: "unsupported", facts: [{ kind: "extension", code: 1 }] });
    expect(facts("EXT1 5\nEMPTY_TUPLE\nREDUCE\nSTOP").at(-1)).toBe("call copyreg.extension 5() (computed)");
    expect(run("EXT4 -2147483648\nSTOP").failure?.kind).toBe("bad-extension-code");
  });

  test("row 19, persistent ids are told with what they are made of", () => {
    expect(run('GLOBAL "os system"\nBINPERSID\nSTOP').facts.at(-1)).toMatchObject({
      kind: "persistent-id",
      id: { kind: "global", callable: "os.system" },
    });
    expect(facts('GLOBAL "os system"\nBINPERSID\nEMPTY_TUPLE\nREDUCE\nSTOP').at(-1)).toBe("call persistent_load() (computed)");
  });

  test("row 20, nested pickles are run", () => {
    const inner = 'GLOBAL "os system"\\nEMPTY_TUPLE\\nREDUCE\\nSTOP'.replaceAll("\\n", "\n");
    for (const loader of [
      "pickle loads",
      "_pickle loads",
      "torch.storage _load_from_bytes",
      "dill loads",
      "cloudpickle loads",
      "numpy loads",
    ]) {
      const found = facts(`GLOBAL "${loader}"\nBINBYTES {\n${inner}\n}\nTUPLE1\nREDUCE\nSTOP`);
      expect(found.at(-1)).toBe(`call os.system() via ${loader.replace(" ", ".")}`);
    }
  });

  test("row 21, code objects: what makes code of bytes is a call like any other", () => {
    expect(facts('GLOBAL "marshal loads"\nBINBYTES "\\xe3"\nTUPLE1\nREDUCE\nSTOP')).toEqual([
      "import marshal.loads",
      "call marshal.loads(<1 bytes>)",
    ]);
  });

  test("row 22, where pickletools gives up the unpickler goes on (arXiv 2605.15084)", () => {
    for (const odd of ["INT 0x10", 'INT "1\\0x"', "LONG 1_0", "NONE\nPUT 0\nNONE\nPUT 0", 'GLOBAL "caf\\u00e9 x"', "STRING '\\xe9'"]) {
      const { facts: found } = run(`${odd}\nPOP\nGLOBAL "os system"\nEMPTY_TUPLE\nREDUCE\nSTOP`);
      expect(brief(found)).toContain("call os.system()");
    }
  });

  test("row 23, FRAME straddle: both readings are taken, and it is no success (gh-154848)", () => {
    // In memory the bytes behind the frame are an argument; from a file the argument is read anew and they are opcodes.
    const hidden = program('GLOBAL "os system"\nEMPTY_TUPLE\nREDUCE\nSTOP');
    const straddling = Buffer.concat([
      program("PROTO 4\nFRAME 3"),
      Buffer.from([0x58, hidden.length, 0]),
      Buffer.from([0, 0, 0, 0]),
      hidden,
      program('GLOBAL "m decoy"\nSTOP'),
    ]);
    const { outcome, failure, facts: found } = runPickle(straddling);
    expect([outcome, failure?.kind]).toEqual(["malformed", "frame-straddled"]);
    expect(brief(found)).toContain("call os.system()");
    expect(run("PROTO 4\nFRAME 12\nFRAME 2\nNONE\nPOP\nNONE\nSTOP").outcome).toBe("malformed");
    expect(run("PROTO 4\nFRAME auto\nNONE\nSTOP").outcome).toBe("ok");
  });

  test("an argument from behind the frame, row 23 as well, where only the file's reading calls", () => {
    // The frame ends within BININT2's argument: in memory it is two bytes across the end, from a file two from behind it.
    const bytes = Buffer.concat([
      program("PROTO 4\nFRAME 2"),
      Buffer.from([0x4d, 0x01]),
      Buffer.from([0x63, 0x30]),
      Buffer.from("0cos\nsystem\n)R."),
    ]);
    expect(runPickle(bytes).outcome).toBe("malformed");
    expect(brief(runPickle(bytes).facts)).toContain("call os.system()");
  });

  test("row 24, denial of service: nothing is made, so nothing grows", () => {
    const laughs = run(`EMPTY_LIST\n${"DUP\nTUPLE2\n".repeat(100)}STOP`);
    expect([laughs.outcome, laughs.length]).toEqual(["ok", 202]);
    expect(run("NONE\nLONG_BINPUT 4294967295\nSTOP").outcome).toBe("ok");
    expect(run("RAW 8e ff ff ff ff ff ff ff 0f").failure?.kind).toBe("truncated");
  });

  test("row 27, scanner tampering: imports of scanners are imports", () => {
    expect(facts('GLOBAL "fickling.hook remove_hook"\nEMPTY_TUPLE\nREDUCE\nSTOP')).toEqual([
      "import fickling.hook.remove_hook",
      "call fickling.hook.remove_hook()",
    ]);
  });

  test("row 29, names of Python 2 by the protocol in force, which PROTO may change in mid-stream", () => {
    expect(
      facts('GLOBAL "__builtin__ eval"\nPROTO 4\nGLOBAL "commands getoutput"\nPROTO 0\nGLOBAL "commands getoutput"\nNONE\nSTOP'),
    ).toEqual(["import builtins.eval", "import commands.getoutput", "import subprocess.getoutput"]);
  });

  test("row 34, sys.modules override: a write to what was looked up taints all that follows", () => {
    expect(facts('GLOBAL "sys modules"\nBINUNICODE "os"\nGLOBAL "m evil"\nSETITEM\nPOP\nGLOBAL "os getcwd"\nNONE\nSTOP').slice(-2)).toEqual(
      ["call sys.modules.__setitem__('os', m.evil)", "import os.getcwd (mutated)"],
    );
  });
});
