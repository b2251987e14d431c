import { describe, expect, it } from "vitest";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { DEFAULT_WEIGHTS_ONLY, WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { built, called, imported, persistent, STORAGE, trace } from "./traces.ts";

function release(version: string): WeightsOnlyPolicy {
  return WEIGHTS_ONLY.find(({ name }) => name === `weights-only@torch-${version}`)!;
}

function refused(file: Trace, by: WeightsOnlyPolicy = DEFAULT_WEIGHTS_ONLY): readonly string[] {
  return judgeTrace(file, by, "strict").blocked.map(({ reason }) => reason);
}

const OPCODES = ["PROTO", "GLOBAL", "BINPUT", "MARK", "EMPTY_DICT", "BINUNICODE", "SETITEMS", "STOP"] as const;

describe("a state dict", () => {
  const file = trace(
    [
      imported("collections:OrderedDict"),
      called("collections:OrderedDict"),
      imported("torch._utils:_rebuild_tensor_v2"),
      imported("torch:FloatStorage"),
      persistent(STORAGE),
      called("torch._utils:_rebuild_tensor_v2"),
      called("collections:OrderedDict", { opcode: "SETITEMS", method: "__setitem__" }),
      built("collections:OrderedDict"),
    ],
    { opcodes: OPCODES },
  );

  it.each(WEIGHTS_ONLY.map((by) => [by.name, by] as const))("loads under %s", (name, by) => {
    expect(judgeTrace(file, by, "strict")).toEqual({ policy: name, mode: "strict", verdict: "loads", blocked: [] });
  });
});

describe("names", () => {
  it("are refused in torch's words", () => {
    expect(refused(trace([imported("ultralytics.nn.tasks:DetectionModel")]))).toEqual([
      "Unsupported global: GLOBAL ultralytics.nn.tasks.DetectionModel was not an allowed global by default. Please use " +
        "`torch.serialization.add_safe_globals([DetectionModel])` or the `torch.serialization.safe_globals([DetectionModel])` " +
        "context manager to allowlist this global if you trust this class/function.",
    ]);
    expect(refused(trace([imported("builtins:eval")]), release("2.8"))[0]).toContain("GLOBAL eval was not an allowed global by default");
    expect(refused(trace([imported("posix:system")]))).toEqual([
      "Trying to load unsupported GLOBAL posix.system whose module posix is blocked.",
    ]);
    expect(refused(trace([imported("torch.distributed.tensor:DTensor")]))).toEqual([
      "``torch.distributed.tensor`` must be imported to load DTensors",
    ]);
    expect(refused(trace([imported("builtins:eval")]), release("1.13"))).toEqual(["Unsupported class builtins.eval"]);
  });

  it("of Python 2 are mapped, whatever the protocol, from 2.6 on", () => {
    // Below protocol 3 the machine has mapped the name; from 3 on it has not, and torch does.
    const below3 = trace([imported("builtins:set", { spelt: "__builtin__.set" }), called("builtins:set")]);
    const from3 = trace([imported("__builtin__:set"), called("__builtin__:set")]);
    expect(refused(below3)).toEqual([]);
    expect(refused(from3)).toEqual([]);
    expect(refused(below3, release("2.2"))).toEqual([
      "Unsupported class __builtin__.set",
      "Trying to call reduce for unrecognized function builtins.set",
    ]);
  });

  it("that are no constants are never in the table", () => {
    expect(refused(trace([called("torch:device", { origin: "computed" })]))).toHaveLength(1);
    expect(refused(trace([imported("torch:device", { origin: "mutated" })]))).toHaveLength(1);
  });
});

describe("opcodes", () => {
  it("that the unpickler lacks stop it at their first offset, before what they do", () => {
    const file = trace([imported("posix:system", { opcode: "STACK_GLOBAL" }), called("posix:system")], {
      opcodes: ["PROTO", "FRAME", "SHORT_BINUNICODE"],
    });
    const { blocked } = judgeTrace(file, DEFAULT_WEIGHTS_ONLY, "strict");
    expect(blocked.map(({ opcode, offset, reason, callable, capability }) => ({ opcode, offset, reason, callable, capability }))).toEqual([
      { opcode: "FRAME", offset: 1, reason: "Unsupported operand 149", callable: null, capability: "unknown" },
      { opcode: "SHORT_BINUNICODE", offset: 2, reason: "Unsupported operand 140", callable: null, capability: "unknown" },
      { opcode: "STACK_GLOBAL", offset: 10, reason: "Unsupported operand 147", callable: "posix.system", capability: "runs-code" },
      {
        opcode: "REDUCE",
        offset: 20,
        reason: "Trying to call reduce for unrecognized function posix.system",
        callable: "posix.system",
        capability: "runs-code",
      },
    ]);
  });

  it("include BINFLOAT from 2.0 on only", () => {
    expect(refused(trace([], { opcodes: ["BINFLOAT"] }), release("1.13"))).toEqual(["Unsupported operand 71"]);
    expect(refused(trace([], { opcodes: ["BINFLOAT"] }))).toEqual([]);
  });
});

describe("calls", () => {
  it("of what stands in the table and is no callable fail", () => {
    expect(refused(trace([imported("torch:float32"), called("torch:float32")]))).toEqual([
      "torch.float32 is a dtype, which cannot be called",
    ]);
  });

  it("by a function of torch on the pickle's behalf are judged by the same table", () => {
    const via = { via: "torch._tensor._rebuild_from_type_v2" };
    expect(refused(trace([called("torch._utils:_rebuild_tensor_v2", via)]))).toEqual([]);
    expect(refused(trace([called("posix:system", via)]))).toEqual(["Trying to call reduce for unrecognized function posix.system"]);
  });

  it("of NEWOBJ are for Parameter alone up to 2.5, and for classes of the table from 2.6 on", () => {
    const parameter = trace([called("torch.nn.parameter:Parameter", { opcode: "NEWOBJ" })]);
    const size = trace([called("torch:Size", { opcode: "NEWOBJ" })]);
    const rebuild = trace([called("torch._utils:_rebuild_tensor_v2", { opcode: "NEWOBJ" })]);
    expect(refused(parameter, release("1.13"))).toEqual([]);
    expect(refused(size, release("1.13"))).toEqual(["Trying to instantiate unsupported class <class 'torch.Size'>"]);
    expect(refused(size)).toEqual([]);
    expect(refused(rebuild)).toEqual(["torch._utils._rebuild_tensor_v2 is a function, which has no instances"]);
    expect(refused(trace([called("a:B", { opcode: "NEWOBJ" })]))).toEqual([
      "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got <class 'a.B'>",
    ]);
  });
});

describe("BUILD", () => {
  it.each([
    ["torch:Tensor", "1.13"],
    ["torch:FloatTensor", "1.13"],
    ["torch._utils:_rebuild_tensor_v2", "1.13"],
    ["torch._utils:_rebuild_parameter", "1.13"],
    ["collections:OrderedDict", "1.13"],
    ["collections:Counter", "2.6"],
    ["torch:Size", "2.6"],
    ["torch._tensor:_rebuild_from_type_v2", "2.6"],
  ])("takes what %s makes, in %s", (name, version) => {
    expect(refused(trace([built(name)]), release(version))).toEqual([]);
  });

  it.each([
    ["torch:Size", "1.13", {}],
    ["_codecs:encode", "2.6", {}],
    ["torch.serialization:_get_layout", "2.6", {}],
    ["torch:float32", "2.6", { onCallable: true }],
    ["collections:OrderedDict", "2.6", { onCallable: true }],
    ["a:B", "2.6", {}],
  ] as const)("refuses what %s makes or is, in %s", (name, version, more) => {
    const reasons = refused(trace([built(name, more)]), release(version));
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(/^Can only build /);
  });
});

describe("item writes", () => {
  it("go to dicts, and before 2.10 to anything, which is not let through here (CVE-2026-24747)", () => {
    const into = (name: string) => trace([called(name, { opcode: "SETITEM", method: "__setitem__" })]);
    expect(refused(into("collections:Counter"))).toEqual([]);
    // What a call of a Counter returned is no Counter.
    const computed = { opcode: "SETITEM", method: "__setitem__", origin: "computed" } as const;
    expect(refused(trace([called("collections:Counter", computed)]))).toHaveLength(1);
    expect(refused(into("torch:Tensor"))).toEqual([
      "SETITEM into torch.Tensor: torch 2.6.0 does not look at what it writes to (CVE-2026-24747)",
    ]);
    expect(refused(into("torch:Tensor"), release("2.13"))).toEqual([
      "Can only SETITEM for dict, collections.OrderedDict, collections.Counter, but got <class 'torch.Tensor'>",
    ]);
  });

  it("append to lists alone", () => {
    const file = trace([
      called("collections:OrderedDict", { opcode: "APPEND", method: "append" }),
      called("collections:OrderedDict", { opcode: "APPENDS", method: "extend" }),
    ]);
    expect(refused(file)).toEqual([
      "Can only append to lists, but got <class 'collections.OrderedDict'>",
      "Can only extend lists, but got <class 'collections.OrderedDict'>",
    ]);
    expect(refused(file, release("2.14"))).toEqual([
      "Can only append to lists, but got <class 'collections.OrderedDict'>",
      "Can only append to lists, but got <class 'collections.OrderedDict'>",
    ]);
  });
});

describe("persistent ids", () => {
  it("are storages, of a file that torch.load reads", () => {
    expect(refused(trace([persistent(STORAGE)]))).toEqual([]);
    expect(refused(trace([persistent(STORAGE)], { container: "pickle" }))).toEqual(["unsupported persistent id encountered"]);
    expect(refused(trace([persistent({ kind: "str", value: "storage" })]))).toEqual([
      "persistent_load id must be tuple or int, but got <class 'str'>",
    ]);
    const module = { kind: "tuple", items: [{ kind: "str", value: "module" }] } as const;
    expect(refused(trace([persistent(module)]))).toEqual(["Only persistent_load of storage is allowed, but got module"]);
  });
});

describe("containers", () => {
  it("that torch.load hands to something else are refused before their first opcode", () => {
    const file = (container: string) => trace([], { container, opcodes: ["PROTO"] });
    expect(refused(file("torchscript"))).toEqual(["Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``."]);
    expect(refused(file("torch-tar"))).toEqual(["Cannot use ``weights_only=True`` with files saved in the legacy .tar format."]);
    expect(refused(file("torch-tar"), release("2.2"))).toEqual([
      "torch 2.2.2 loads torch-tar files past the weights-only unpickler (CVE-2025-32434)",
    ]);
  });
});
