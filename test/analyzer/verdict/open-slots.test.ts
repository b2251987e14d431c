/** Open slots: what may sit in one, that it may sit nowhere else, and a red team that puts everything else there. */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { openPolicy } from "../../../analyzer/policy/inference/fill.ts";
import { openLibrary } from "../../../analyzer/policy/inference/infer.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { judgeTrace, judgeTracedFile } from "../../../analyzer/verdict/judge.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import {
  ATTACKS,
  attack,
  fill,
  fillInside,
  fillTwice,
  fillWithClass,
  fillWithFunction,
  fillWithNumbers,
  fillWithSlots,
  INTRUDERS,
  MAY_LOAD,
  NAMES,
} from "../../oracle/intruders.ts";

const HOST = `
class Host:
    """A host.

    part : object with fit and transform
    function : callable
    """

    def __init__(self, part, parts, function, kept, number: int = 0):
        self.part = part
        self.parts = [(name, part) for name, part in parts]
        self.function = function
        self.kept = kept
        self.number = number
        self.own = Own()

    def run(self, X):
        self.part.fit(X)
        for name, part in self.parts:
            part.transform(X)
        if not isinstance(self.part, Own):
            return self.function(X)


class Own:
    pass
`;

const parser = await loadPythonParser();
const host = { name: "host", version: "1", files: [{ path: "host.py", text: HOST }] };
const library = openLibrary({ parser, library: host, dependencies: [INTRUDERS], class: "host.Host" });
const inferred = library.infer("host.Host");
if (!inferred.ok) throw new Error(inferred.error.message);
const alone = inferred.value.policy;
const open = openPolicy(alone, NAMES, library.candidate);
const slot = (policy: Policy, attribute: string) => policy.openSlots?.find((each) => each.attribute === attribute);
const at = (attribute: string) => ({ module: "host", name: "Host", attribute });

const KEPT = "kept as a value: what it would be called with is not known";

describe("a policy says of a slot", () => {
  it("nothing where there is none, and then nobody asks what a name stands for", () => {
    const find = () => {
      throw new Error("asked");
    };
    expect(openPolicy({ ...alone, openSlots: [] }, NAMES, find)).toMatchObject({ openSlots: [], fillers: [] });
  });

  it("from which parameter it comes, what is asked of it, and what is written of it", () => {
    expect(slot(alone, "part")).toEqual({
      class: "host.Host",
      attribute: "part",
      from: [
        { function: "host.Host.__init__", parameter: "part", file: "host.py", line: 9, documentation: "object with fit and transform" },
      ],
      asks: { attributes: ["fit"], classes: ["host.Own"], functions: false },
    });
    expect(slot(alone, "parts")?.asks).toEqual({ attributes: ["transform"], classes: [], functions: false });
    expect(slot(alone, "function")?.asks).toEqual({ attributes: [], classes: [], functions: true });
  });

  it("nothing where an annotation or the code itself says what is there", () => {
    expect(alone.openSlots?.map(({ attribute }) => attribute)).toEqual(["function", "kept", "part", "parts"]);
  });

  it("what it takes: what is inert and answers, and functions only where one is called", () => {
    const recorded = ["collections.OrderedDict", "collections.defaultdict"];
    const inert = [...MAY_LOAD].sort().map((name) => `intruders.${name}`);
    expect(slot(open, "part")?.takes).toEqual([...recorded, ...inert]);
    expect(slot(open, "function")?.takes).toEqual([...recorded, ...inert, "intruders.harmless"]);
    expect(slot(open, "kept")?.takes).toEqual(recorded);
  });
});

describe("a slot is filled", () => {
  it.each(["part", "parts"])("%s, with an object that is inert to load", async (attribute) => {
    const file = await fill(at(attribute));
    expect(judgeTracedFile(file, open, "strict")).toMatchObject({ policy: "class+open:host.Host@host-1", verdict: "loads" });
    expect(judgeTrace(file.trace, alone, "strict").verdict).toBe("blocked");
  });

  it("with a function, where one is called", async () => {
    expect(judgeTracedFile(await fillWithFunction(at("function")), open, "strict").verdict).toBe("loads");
    expect(judgeTracedFile(await fillWithFunction(at("part")), open, "strict").verdict).toBe("blocked");
  });

  it("with an object that holds another, but where loading calls a method of that, wherever it was put", async () => {
    expect(judgeTracedFile(await fillInside(at("part")), open, "strict").blocked).toEqual([]);
    expect(judgeTracedFile(await fillInside(at("part"), "CallsPartInAList"), open, "strict").verdict).toBe("blocked");
  });

  it("with an object that loading computes with numbers of", async () => {
    expect(judgeTracedFile(await fillWithNumbers(at("part"), "EMPTY_LIST\nBININT1 1\nAPPEND"), open, "strict").verdict).toBe("loads");
    expect(judgeTracedFile(await fillWithNumbers(at("part"), "NONE"), open, "strict").verdict).toBe("loads");
  });

  it("with an object that is no key, whatever it would be compared by", () => {
    const text = (more: string) =>
      `import numpy as np\n\nclass Part:\n    def fit(self, X):\n        return X\n\n    def __eq__(self, other):\n        return np.allclose(self.low, other.low)\n${more}`;
    const actsOf = (more: string) => {
      const parts = { name: "parts", version: "1", files: [{ path: "parts.py", text: text(more) }] };
      const candidate = openLibrary({ parser, library: parts, dependencies: [], class: "parts.Part" }).candidate("parts.Part");
      return candidate?.kind === "class" ? candidate.filling.loading.acts.length : null;
    };
    expect(actsOf("")).toBe(0);
    for (const more of [
      "\n    def __hash__(self):\n        return 1\n",
      "\n    __hash__ = object.__hash__\n",
      "\nPart.__hash__ = object.__hash__\n",
      '\nsetattr(Part, "__hash__", object.__hash__)\n',
      "\ndef key(class_):\n    class_.__hash__ = object.__hash__\n\nkey(Part)\n",
    ])
      expect(actsOf(more)).toBeGreaterThan(0);
  });

  it("with a class itself, where one is called that gets to nothing dangerous", async () => {
    expect(slot(open, "function")?.takesClasses).toContain("intruders.Inert");
    expect(slot(open, "function")?.takesClasses).not.toContain("intruders.ActsWhenItIsMade");
    expect(judgeTracedFile(await fillWithClass(at("function")), open, "strict").verdict).toBe("loads");
    const { verdict, blocked } = judgeTracedFile(await fillWithClass(at("part")), open, "strict");
    expect(verdict).toBe("blocked");
    expect(blocked[0]?.callable).toBe("intruders.Inert");
  });

  it("with an object whose state is that of its slots", async () => {
    expect(judgeTracedFile(await fillWithSlots(at("part")), open, "strict").verdict).toBe("loads");
  });

  it("with a compiled function, where one is called", async () => {
    const named = openPolicy(alone, ["_operator.add", "builtins.len", "builtins.eval", "operator.attrgetter"], library.candidate);
    expect(slot(named, "function")?.takes).toEqual(["_operator.add", "builtins.len"]);
    expect(slot(named, "part")?.takes).toEqual([]);
  });

  it.each(["own", "number", "kept", "other"])("not %s, which is no slot or asks for nothing", async (attribute) => {
    const { verdict, blocked } = judgeTracedFile(await fill(at(attribute)), open, "strict");
    expect(verdict).toBe("blocked");
    expect(blocked.map(({ callable }) => callable)).toContain("intruders.Inert");
  });

  it("and what is in it may for that be nowhere else", async () => {
    const { verdict, blocked } = judgeTracedFile(await fillTwice(at("part"), "own"), open, "strict");
    expect(verdict).toBe("blocked");
    expect(blocked[0]).toMatchObject({
      callable: "intruders.Inert",
      reason: "intruders.Inert sits in host.Host.own, which is not open to it",
    });
  });
});

describe("partials", () => {
  const names = (...callables: string[]) => callables.map((callable) => ({ callable, reasons: [] }));
  const bound = (callable: string) => ({ callable, bound: true as const, reasons: [] });
  const part = {
    class: "host.Host",
    attribute: "part",
    from: [],
    asks: { attributes: ["fit"], classes: [], functions: false },
    takes: ["host.Part"],
  };
  const holder: Policy = {
    name: "class+open:host.Host@host-1",
    class: "host.Host",
    library: null,
    imports: [...names("host.Host", "functools.partial"), bound("host.weigh")],
    calls: names("host.Host", "functools.partial"),
    openSlots: [part],
    fillers: [
      {
        name: "host.Part",
        kind: "class",
        imports: [...names("host.Part", "functools.partial"), bound("host.measure")],
        calls: names("host.Part", "functools.partial"),
        openSlots: [],
        touches: [],
        isCalled: false,
      },
    ],
  };
  const object = (name: string, attribute: string, value: string) =>
    `GLOBAL "host" "${name}"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "${attribute}"\n${value}\nSETITEM\nBUILD`;
  const made = (name: string) => `GLOBAL "functools" "partial"\nGLOBAL "host" "${name}"\nTUPLE1\nREDUCE`;
  const verdictOf = async (value: string) => {
    const program = assemble(`PROTO 2\n${value}\nSTOP`);
    if (!program.ok) throw new Error(program.error.message);
    return judgeTracedFile(await traceFile(memorySource(program.value)), holder, "strict").verdict;
  };

  it("are made by what holds them, or by what fills a slot", async () => {
    expect(await verdictOf(object("Host", "weigh", made("weigh")))).toBe("loads");
    expect(await verdictOf(object("Host", "part", object("Part", "measure", made("measure"))))).toBe("loads");
    expect(await verdictOf(object("Host", "weigh", made("measure")))).toBe("blocked");
  });

  it("are not made where both do: what one may be handed, the other may not", async () => {
    const both = `BINUNICODE "weigh"\n${made("weigh")}\nSETITEM\nBINUNICODE "part"`;
    expect(await verdictOf(object("Host", "none", `NONE\nSETITEM\n${both}\n${object("Part", "measure", made("measure"))}`))).toBe(
      "blocked",
    );
  });
});

describe("the red team", () => {
  it("is large", () => {
    expect(ATTACKS.length).toBeGreaterThan(75);
  });

  it.each(ATTACKS.flatMap((name) => ["part", "parts", "function", "kept"].map((attribute) => [name, attribute] as const)))(
    "%s in %s is blocked",
    async (name, attribute) => {
      expect(judgeTracedFile(await attack(at(attribute), name), open, "strict").verdict).toBe("blocked");
    },
  );
});

/** A class whose own reductions call what acts for a pickle: an enumeration's members, a partial, bound methods. */
const ACTING_HOST = `
import functools, operator

class Host:
    def __init__(self, part, function):
        self.part = part
        self.function = function
        self.own = functools.partial(print, 1)
        self.method = Own().run
        self.walk = Walk()

    def run(self, X):
        self.part.fit(X)
        return self.function(X)


class Own:
    def run(self):
        pass


class Walk:
    def __reduce__(self):
        return operator.attrgetter, ("name",)
`;

describe("a callable that the class policy lists because reductions call it", () => {
  const acting = openLibrary({
    parser,
    library: { name: "host", version: "1", files: [{ path: "host.py", text: ACTING_HOST }] },
    dependencies: [INTRUDERS],
    class: "host.Host",
  });
  const result = acting.infer("host.Host");
  if (!result.ok) throw new Error(result.error.message);
  const { policy } = result.value;
  const opened = openPolicy(policy, NAMES, acting.candidate);
  const names = ["builtins.getattr", "functools.partial", "operator.attrgetter"];

  it("is listed", () => {
    expect(policy.calls.map(({ callable }) => callable)).toEqual(expect.arrayContaining(names));
    expect(policy.imports.map(({ callable }) => callable)).toEqual(expect.arrayContaining(names));
  });

  it.each(names.flatMap((name) => ["part", "function", "own", "other"].map((attribute) => [name, attribute] as const)))(
    "%s is not kept in %s, whether its slots are open or not",
    async (name, attribute) => {
      const file = await attack(at(attribute), name);
      for (const { verdict, blocked } of [judgeTracedFile(file, opened, "strict"), judgeTrace(file.trace, policy, "strict")]) {
        expect(verdict).toBe("blocked");
        expect(blocked[0]).toMatchObject({ callable: name, opcode: "SETITEM", reason: KEPT });
      }
    },
  );

  it.each(ATTACKS.flatMap((name) => ["part", "function"].map((attribute) => [name, attribute] as const)))(
    "lets no %s into %s",
    async (name, attribute) => {
      expect(judgeTracedFile(await attack(at(attribute), name), opened, "strict").verdict).toBe("blocked");
    },
  );
});
