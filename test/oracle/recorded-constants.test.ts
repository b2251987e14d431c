/** What is recorded as a constant is asked of CPython: its pickle looks no name up, by any protocol. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { isConstant } from "../../analyzer/policy/inference/flow/models/natives.ts";
import recorded from "../../analyzer/policy/inference/recorded-constants.json" with { type: "json" };
import { hasPython } from "./cpython.ts";
import { DEBIAN_PYTHON } from "./loader.ts";

const PROGRAM = `
import importlib, json, pickle, pickletools, sys
NAMES = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "BUILD", "OBJ", "NEWOBJ"}
asked = 0
for module, names in json.load(sys.stdin).items():
    try:
        found = vars(importlib.import_module(module))
    except ImportError:
        continue
    for name in names.split():
        if name not in found:
            continue
        asked += 1
        for protocol in range(6):
            used = NAMES & {opcode.name for opcode, _, _ in pickletools.genops(pickle.dumps(found[name], protocol))}
            if used:
                print(module, name, protocol, sorted(used))
print(asked)
`;

test.skipIf(!hasPython())("no pickle of a recorded constant looks a name up", () => {
  const input = JSON.stringify(recorded.constants);
  const lines = execFileSync(DEBIAN_PYTHON, ["-W", "ignore", "-c", PROGRAM], { input, encoding: "utf8" }).trim().split("\n");
  expect(lines.slice(0, -1)).toEqual([]);
  // The standard library's alone are more.
  expect(Number(lines.at(-1))).toBeGreaterThan(400);
});

test("functions, classes, members of enumerations and what was not recorded are no constants", () => {
  expect(["math.pi", "numpy.inf", "logging.INFO", "string.ascii_letters"].filter((name) => !isConstant(name))).toEqual([]);
  const others = ["math.sin", "numpy.ndarray", "numpy.float32", "signal.SIGINT", "torch.float32", "numpy.no_such_name"];
  expect(others.filter(isConstant)).toEqual([]);
});
