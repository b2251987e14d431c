/**
 * Callables that act for the pickle, under policies that allow them: what they are handed, to any depth, by keyword, in a
 * state, in an item. Each is a program that CPython runs to the payload; the adversary (`test/oracle/adversary.test.ts`)
 * looks for more of the kind.
 */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import type { Blocked, Verdict } from "../../../analyzer/verdict/verdict.ts";
import { policy } from "./traces.ts";

const ACTING = [
  ...["builtins:getattr", "builtins:map", "builtins:filter", "builtins:sorted", "builtins:list", "builtins:type", "builtins:max"],
  ...["functools:partial", "functools:reduce", "functools:partialmethod", "itertools:starmap", "itertools:accumulate", "operator:call"],
  ...["operator:methodcaller", "operator:attrgetter", "collections:defaultdict", "collections:OrderedDict", "copyreg:_reconstructor"],
  ...[
    "copyreg:__newobj__",
    "copyreg:__newobj_ex__",
    "pandas.core.indexes.base:_new_Index",
    "torch._tensor:_rebuild_from_type_v2",
    "torch._utils:_rebuild_parameter_with_state",
  ],
  ...["types:FunctionType", "importlib:import_module", "copy:copy", "weakref:ref", "builtins:setattr", "pickle:loads"],
  ...["numpy.random._pickle:__generator_ctor", "numpy.random._pickle:__randomstate_ctor"],
];
const CLASSES = ["brine:Tagger", "brine:Table", "brine:restore", "builtins:object"];
/** Everything may be looked up, the payload too; all but the payload may be called. */
const GENEROUS = policy([...ACTING, ...CLASSES, "brine:payload", "brine:Tagger.text"], [...ACTING, ...CLASSES]);

const NOTHING = "EMPTY_TUPLE";
const global = (name: string) => `GLOBAL "${name.replace(":", '" "')}"`;
const tuple = (...items: string[]) => ["MARK", ...items, "TUPLE"].join("\n");
const call = (name: string, ...items: string[]) => `${global(name)}\n${tuple(...items)}\nREDUCE`;
const list = (...items: string[]) => ["EMPTY_LIST", "MARK", ...items, "APPENDS"].join("\n");
const text = (value: string) => `SHORT_BINUNICODE "${value}"`;
const dict = (...pairs: readonly (readonly [string, string])[]) =>
  ["EMPTY_DICT", "MARK", ...pairs.flatMap(([key, value]) => [text(key), value]), "SETITEMS"].join("\n");
const PAYLOAD = global("brine:payload");
const OBJECT = call("brine:Tagger");

async function judge(listing: string, by = GENEROUS): Promise<Verdict> {
  const program = assemble(`PROTO 4\n${listing}\nSTOP\n`);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}\n${listing}`);
  const { trace } = await traceFile(memorySource(program.value));
  return judgeTrace(trace, by, "strict");
}

const shown = (blocked: readonly Blocked[]) => blocked.map(({ callable, reason }) => `${callable}: ${reason}`);

const UNKNOWN = "call whose effect is not known";
const OUTSIDE = "call outside the policy";

describe("a method of an object, by getattr", () => {
  const made = policy(["builtins:getattr", "brine:Tagger", "brine:Tagger.run"], ["builtins:getattr", "brine:Tagger", "brine:restore"]);
  const REBUILDER = "copyreg:_reconstructor";
  const byCopyreg = policy(
    [REBUILDER, "builtins:object", ...["builtins:getattr", "brine:Tagger", "brine:Tagger.run"]],
    [REBUILDER, "builtins:getattr", "brine:Tagger"],
  );
  const RESTORED = call("brine:restore");
  const run = (object: string) => call("builtins:getattr", object, text("run"));

  it("is kept where the policy names it, whatever made the object of the class", async () => {
    expect((await judge(list(run(OBJECT)), made)).verdict).toBe("loads");
    expect((await judge(list(run(`${global("brine:Tagger")}\n${NOTHING}\nNEWOBJ`)), made)).verdict).toBe("loads");
    const object = call(REBUILDER, global("brine:Tagger"), global("builtins:object"), "NONE");
    expect((await judge(list(run(object)), byCopyreg)).verdict).toBe("loads");
  });

  it("is not called, and not handed over: a state may have put anything in its place", async () => {
    expect(shown((await judge(`${run(OBJECT)}\n${NOTHING}\nREDUCE`, made)).blocked)[0]).toMatch(/call of a computed name/);
    const handed = policy(
      ["builtins:getattr", "brine:Tagger", "brine:Tagger.run", "collections:defaultdict"],
      [...["builtins:getattr", "brine:Tagger", "brine:Tagger.run", "collections:defaultdict"]],
    );
    expect(shown((await judge(call("collections:defaultdict", run(OBJECT)), handed)).blocked)[0]).toMatch(/call of a computed name/);
  });

  it("is that of no class where a function made the object", async () => {
    expect(
      (
        await judge(
          list(run(RESTORED)),
          policy(["brine:restore", "builtins:getattr", "brine:Tagger.run"], ["brine:restore", "builtins:getattr"]),
        )
      ).verdict,
    ).toBe("blocked");
  });
});

describe("an acting callable that is handed to another", () => {
  it.each([
    ["map(getattr, ...)", call("builtins:map", global("builtins:getattr"), list(OBJECT), list(text("text"))), "getattr", "builtins.map"],
    ["partial(getattr, ...)", call("functools:partial", global("builtins:getattr"), OBJECT), "getattr", "functools.partial"],
    ["map(methodcaller, ...)", call("builtins:map", global("operator:methodcaller"), list(text("text"))), "methodcaller", "builtins.map"],
    ["reduce(partial, ...)", call("functools:reduce", global("functools:partial"), list(PAYLOAD, PAYLOAD)), "partial", "functools.reduce"],
    ["filter(map, ...)", call("builtins:filter", global("builtins:map"), list(NOTHING)), "map", "builtins.filter"],
    ["starmap(map, ...)", call("itertools:starmap", global("builtins:map"), list(tuple(PAYLOAD))), "map", "itertools.starmap"],
    ["accumulate(..., map)", call("itertools:accumulate", list(PAYLOAD), global("builtins:map")), "map", "itertools.accumulate"],
    ["partial(pickle.loads)", call("functools:partial", global("pickle:loads")), "loads", "functools.partial"],
    ["operator.call(getattr, ...)", call("operator:call", global("builtins:getattr"), OBJECT, text("text")), "getattr", "operator.call"],
    ["defaultdict(import_module)", call("collections:defaultdict", global("importlib:import_module")), "import_module", "defaultdict"],
  ])("%s", async (_, listing, callee, by) => {
    const { verdict, blocked } = await judge(listing);
    expect(verdict).toBe("blocked");
    expect(shown(blocked)[0]).toMatch(new RegExp(`${callee}: ${UNKNOWN}, by .*${by}$`));
  });

  it.each([
    ["partial(partial, payload)", call("functools:partial", global("functools:partial"), PAYLOAD)],
    ["operator.call(map, payload, ...)", call("operator:call", global("builtins:map"), PAYLOAD, list("NONE"))],
    [
      "operator.call(operator.call, operator.call, partial, payload)",
      call("operator:call", global("operator:call"), global("operator:call"), global("functools:partial"), PAYLOAD),
    ],
    ["__newobj_ex__(partial, (payload,), {})", call("copyreg:__newobj_ex__", global("functools:partial"), tuple(PAYLOAD), "EMPTY_DICT")],
    ["_reconstructor(defaultdict, defaultdict, payload)", reconstruct("collections:defaultdict")],
    [
      "_new_Index(accumulate, {iterable, func})",
      call("pandas.core.indexes.base:_new_Index", global("itertools:accumulate"), dict(["iterable", list("NONE")], ["func", PAYLOAD])),
    ],
    [
      "_rebuild_from_type_v2(map, ..., (payload, ...))",
      call("torch._tensor:_rebuild_from_type_v2", global("builtins:map"), global("brine:Tagger"), tuple(PAYLOAD, list("NONE")), "NONE"),
    ],
  ])("is judged by what it is given in turn: %s", async (_, listing) => {
    expect(shown((await judge(listing)).blocked)).toContainEqual(expect.stringMatching(`brine.payload: ${OUTSIDE}, by `));
  });

  it("to any depth, and beyond a depth it is not said to load", async () => {
    const nested = (depth: number) =>
      call("operator:call", ...Array.from({ length: depth }, () => global("operator:call")), global("brine:restore"));
    const KEPT = "operator.call: kept as a value: what it would be called with is not known";
    expect((await judge(nested(1))).verdict).toBe("loads");
    expect(shown((await judge(nested(3))).blocked)).toEqual([KEPT]);
    expect(shown((await judge(nested(30))).blocked)).toEqual([`operator.call: ${UNKNOWN}, by operator.call`, KEPT]);
  });

  it("loads where all of it is seen and allowed", async () => {
    expect((await judge(call("collections:defaultdict", global("collections:defaultdict")))).verdict).toBe("loads");
    expect((await judge(call("functools:partial", global("functools:partial"), global("brine:restore")))).verdict).toBe("loads");
    const rebuilt = call(
      "torch._tensor:_rebuild_from_type_v2",
      global("copyreg:__newobj__"),
      global("brine:Tagger"),
      tuple(global("brine:Tagger")),
      "NONE",
    );
    expect((await judge(rebuilt)).verdict).toBe("loads");
  });
});

function reconstruct(name: string): string {
  return call("copyreg:_reconstructor", global(name), global(name), PAYLOAD);
}

describe("a callable by keyword, through NEWOBJ_EX", () => {
  it.each([
    ["itertools:accumulate", "func", list("NONE")],
    ["builtins:sorted", "key", list("NONE")],
    ["collections:defaultdict", "default_factory", ""],
    ["builtins:max", "key", list("NONE")],
  ])("%s(%s=)", async (name, keyword, given) => {
    const { blocked } = await judge(`${global(name)}\n${tuple(given)}\n${dict([keyword, PAYLOAD])}\nNEWOBJ_EX`);
    expect(shown(blocked)).toEqual([`brine.payload: ${OUTSIDE}, by ${name.replace(":", ".")}`]);
  });

  it("whose names are not known", async () => {
    const { blocked } = await judge(`${global("itertools:accumulate")}\n${tuple(list("NONE"))}\n${OBJECT}\nNEWOBJ_EX`);
    expect(shown(blocked)[0]).toBe("?: call of a computed name, by itertools.accumulate");
  });
});

/** UNICODE with its line as it is. */
const unicode = (line: string) => `RAW ${Buffer.from(`V${line}\n`).toString("hex").replace(/../g, "$& ")}`.trim();

describe("a state that hands something over", () => {
  const partial = call("functools:partial", global("brine:restore"));
  it.each([
    ["partial's function", `${partial}\n${tuple(PAYLOAD, NOTHING, "EMPTY_DICT", "NONE")}\nBUILD`, "functools.partial"],
    [
      "partial's arguments",
      `${partial}\n${tuple(global("functools:partial"), tuple(PAYLOAD), "EMPTY_DICT", "NONE")}\nBUILD`,
      "functools.partial",
    ],
    [
      "partial's keywords",
      `${partial}\n${tuple(global("itertools:accumulate"), tuple(list("NONE")), dict(["func", PAYLOAD]), "NONE")}\nBUILD`,
      "itertools.accumulate",
    ],
    ["that of a class derived from partial", `${OBJECT}\n${tuple(PAYLOAD, NOTHING, "EMPTY_DICT", "NONE")}\nBUILD`, "functools.partial"],
    [
      "defaultdict's factory",
      `${call("collections:defaultdict")}\nNONE\n${dict(["default_factory", PAYLOAD])}\nTUPLE2\nBUILD`,
      "collections.defaultdict",
    ],
    [
      "that of a class derived from defaultdict",
      `${call("brine:Table")}\nNONE\n${dict(["default_factory", PAYLOAD])}\nTUPLE2\nBUILD`,
      "collections.defaultdict",
    ],
    [
      "any other that keeps what it calls",
      `${call("functools:partialmethod", global("brine:restore"))}\n${dict(["func", PAYLOAD])}\nBUILD`,
      "functools.partialmethod",
    ],
  ])("%s", async (_, listing, by) => {
    expect(shown((await judge(listing)).blocked)).toContain(`brine.payload: ${OUTSIDE}, by ${by}`);
  });

  it("by way of the maker: torch's _rebuild_from_type_v2 sets attributes as BUILD does", async () => {
    const state = dict(["__setstate__", PAYLOAD]);
    const made = call("torch._tensor:_rebuild_from_type_v2", global("brine:restore"), global("brine:Tagger"), NOTHING, state);
    expect(shown((await judge(made)).blocked)[0]).toMatch(/BUILD would override __setstate__$/);
  });

  it.each([
    ["a text of surrogates is not the character that they stand for", unicode("\\ud83d\\ude00"), unicode("\\U0001f600")],
    ["texts may differ behind their first thousand characters", `BINUNICODE "${"a".repeat(1001)}"`, `BINUNICODE "${"a".repeat(1000)}b"`],
  ])("also under a key that reads like a later one: %s", async (_, first, second) => {
    const state = `EMPTY_DICT\n${first}\n${PAYLOAD}\nSETITEM\n${second}\nNONE\nSETITEM`;
    const listing = `${call("functools:partialmethod", global("brine:restore"))}\n${state}\nBUILD`;
    expect(shown((await judge(listing)).blocked)).toContain(`brine.payload: ${OUTSIDE}, by functools.partialmethod`);
  });

  it("by way of the maker: torch's _rebuild_parameter_with_state does, too", async () => {
    const made = (key: string) =>
      call("torch._utils:_rebuild_parameter_with_state", OBJECT, "NEWTRUE", NOTHING, dict([key, key === "note" ? "NONE" : PAYLOAD]));
    expect(shown((await judge(made("__setstate__"))).blocked)[0]).toMatch(/BUILD would override __setstate__$/);
    expect((await judge(made("note"))).verdict).toBe("loads");
  });

  it("is no business of attributes that nobody calls: a Bottleneck's `add`, a documentation of its own", async () => {
    expect((await judge(`${OBJECT}\n${dict(["add", "NEWTRUE"], ["__doc__", text("what it is for")])}\nBUILD`)).verdict).toBe("loads");
  });

  it("is no business of a class that keeps a class as an attribute", async () => {
    expect((await judge(`${OBJECT}\n${dict(["kind", PAYLOAD])}\nBUILD`)).verdict).toBe("loads");
  });
});

describe("a method that the pickle has planted", () => {
  const attribute = (name: string) => `${text(name)}\n${PAYLOAD}\nSETITEM`;
  it.each([
    ["BUILD, by an item", `${OBJECT}\n${attribute("__setstate__")}\nNONE\nBUILD`, "BUILD"],
    ["BUILD, by a key that is not known", `${OBJECT}\n${call("brine:restore")}\n${PAYLOAD}\nSETITEM\nNONE\nBUILD`, "BUILD"],
    ["APPEND, by an item", `${OBJECT}\n${attribute("append")}\nNONE\nAPPEND`, "APPEND"],
    ["APPEND, by a state", `${OBJECT}\n${dict(["append", PAYLOAD])}\nBUILD\nNONE\nAPPEND`, "APPEND"],
    ["ADDITEMS, by a state", `${OBJECT}\n${tuple(dict(["add", PAYLOAD]))}\nBUILD\nMARK\nNONE\nADDITEMS`, "ADDITEMS"],
    ["BUILD, by a state within a tuple", `${OBJECT}\n${tuple(dict(["__setstate__", PAYLOAD]))}\nBUILD\nNONE\nBUILD`, "BUILD"],
    [
      "BUILD, by a state that was changed later",
      `${OBJECT}\nEMPTY_DICT\nBINPUT 0\nBUILD\nBINGET 0\n${attribute("__setstate__")}\nPOP\nNONE\nBUILD`,
      "BUILD",
    ],
  ])("%s", async (_, listing, opcode) => {
    expect(shown((await judge(listing)).blocked)).toContain(`brine.Tagger: ${opcode} calls what the pickle may have put there`);
  });

  it("not where items and state come in the order in which picklers write them", async () => {
    const items = `MARK\nNONE\nAPPENDS\n${text("append")}\n${PAYLOAD}\nSETITEM\n${text("words")}\nNONE\nSETITEM`;
    expect((await judge(`${OBJECT}\n${items}\n${dict(["a", "NONE"])}\nBUILD`)).verdict).toBe("loads");
  });
});

describe("a change to what others hold as well", () => {
  const state = `NONE\n${dict(["text", PAYLOAD])}\nTUPLE2\nBUILD`;
  it.each([
    ["a class, by type(object)", call("builtins:type", OBJECT)],
    ["a class, by copy.copy, which copies none", call("copy:copy", global("brine:Tagger"))],
    ["the greater of two", call("builtins:max", list(global("brine:Tagger")))],
    ["a function made of code", call("types:FunctionType")],
    ["a module", call("importlib:import_module", text("brine"))],
    ["what operator.call got from one of these", call("operator:call", global("builtins:type"), OBJECT)],
    ["a class, out of a pickle inside the pickle", call("pickle:loads", `SHORT_BINBYTES {\nPROTO 4\n${global("brine:Tagger")}\nSTOP\n}`)],
    ["what reduce returned", call("functools:reduce", global("brine:restore"), list(global("brine:Tagger")))],
  ])("%s", async (_, listing) => {
    expect(shown((await judge(`${listing}\n${state}`)).blocked)).toContainEqual(
      expect.stringMatching(/: BUILD changes .* itself, not an object made by it$/),
    );
  });

  it("by setattr, whatever the policy says", async () => {
    const { blocked } = await judge(call("builtins:setattr", OBJECT, text("a"), "NONE"));
    expect(shown(blocked)).toEqual([`builtins.setattr: ${UNKNOWN}`]);
  });
});

describe("numpy's random generators call the constructor they are handed (numpy 1.24)", () => {
  it.each(["__generator_ctor", "__randomstate_ctor"])("%s", async (maker) => {
    const made = (inside: string) => call(`numpy.random._pickle:${maker}`, text("MT19937"), inside);
    expect(shown((await judge(made(PAYLOAD))).blocked)).toEqual([`brine.payload: ${OUTSIDE}, by numpy.random._pickle.${maker}`]);
    const inner = "numpy.random._pickle:__bit_generator_ctor";
    const names = [...ACTING, inner];
    expect((await judge(made(global(inner)), policy(names, names))).verdict).toBe("loads");
    expect((await judge(made(global(inner)), policy(names, ACTING))).verdict).toBe("blocked");
  });
});

describe("joblib's wrappers of arrays, whose methods joblib calls", () => {
  const WRAPPERS = [
    "joblib.numpy_pickle:NumpyArrayWrapper",
    "joblib.numpy_pickle:NDArrayWrapper",
    "joblib.numpy_pickle_compat:ZNDArrayWrapper",
  ];
  const by = policy([...WRAPPERS, "numpy:ndarray", "brine:payload", "brine:Matrix"], WRAPPERS);
  const wrapper = (name: string, ...state: readonly (readonly [string, string])[]) =>
    `${global(name)}\nEMPTY_TUPLE\nNEWOBJ\n${dict(...state)}\nBUILD`;

  it.each(WRAPPERS.flatMap((name) => ["read", "read_array", "anything"].map((key) => [name, key] as const)))(
    "%s with a state that has %s, which joblib does not write",
    async (name, key) => {
      const { blocked } = await judge(wrapper(name, [key, PAYLOAD]), by);
      expect(shown(blocked)[0]).toBe(`${name.replace(":", ".")}: BUILD would override ${key}`);
    },
  );

  it("make arrays of the class that the state names", async () => {
    const [array, , compressed] = WRAPPERS;
    const ofMatrix = await judge(wrapper(array!, ["subclass", global("brine:Matrix")]), by);
    expect(shown(ofMatrix.blocked)).toEqual([`brine.Matrix: ${OUTSIDE}, by joblib.numpy_pickle.NumpyArrayWrapper`]);
    const initial = await judge(wrapper(compressed!, ["init_args", tuple(PAYLOAD, NOTHING)]), by);
    expect(shown(initial.blocked)).toEqual([`brine.payload: ${OUTSIDE}, by joblib.numpy_pickle_compat.ZNDArrayWrapper`]);
    expect(shown((await judge(wrapper(array!, ["subclass", global("numpy:ndarray")]), by)).blocked)).toEqual([]);
  });
});
