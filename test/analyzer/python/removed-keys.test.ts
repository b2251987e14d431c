/** Which keys a function takes out of a copy of an object's attributes, and which it may leave there. */
import { expect, test } from "vitest";
import { lowerModule } from "../../../analyzer/python/lower-module.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";

const parser = await loadPythonParser();

function removedBy(...lines: string[]): string[] {
  const text = `def f(self, other, keys):\n${lines.map((line) => `    ${line}\n`).join("")}`;
  const [binding] = lowerModule(parser, { module: "m", path: "m.py", text, isPackage: false }).bindings.get("f") ?? [];
  return binding?.kind === "function" ? [...binding.code.body.removedKeys] : [];
}

const COPY = "state = self.__dict__.copy()";

test.each([
  [[COPY, 'del state["x"]'], ["x"]],
  [
    [COPY, 'del state["x"], state["y"]'],
    ["x", "y"],
  ],
  [[COPY, 'state.pop("x", None)'], ["x"]],
  [[COPY, 'y = state.pop("x")'], ["x"]],
  [[COPY, 'state["x"] = None'], ["x"]],
  [["state = dict(self.__dict__)", 'del state["x"]'], ["x"]],
  [["state = super().__getstate__()", 'del state["x"]'], ["x"]],
  [[COPY, "other = state", 'del other["x"]'], ["x"]],
  [['del self.__dict__["x"]'], ["x"]],
  [[COPY, 'if "x" in state:', '    del state["x"]'], ["x"]],
  [[COPY, "if self.x is not None:", '    del state["x"]'], ["x"]],
  [
    [COPY, "try:", '    del state["x"]', "except KeyError:", '    del state["y"]', "finally:", '    del state["z"]'],
    ["x", "z"],
  ],
  [
    [COPY, 'for key in ("x", "y"):', "    del state[key]"],
    ["x", "y"],
  ],
  [[COPY, 'for key in ["x"]:', "    if key in state:", "        state[key] = None"], ["x"]],
  [['return {k: v for k, v in self.__dict__.items() if k != "x"}'], ["x"]],
  [['return {k: v for k, v in vars(self).items() if k not in ("x", "y") and v}'], ["x", "y"]],
  [[COPY, 'state = {k: v for k, v in state.items() if k != "x"}', "return state"], ["x"]],
])("%j takes out %j", (lines, keys) => {
  expect(removedBy(...lines)).toEqual(keys);
});

test.each([
  [["only where it is asked to", COPY, "if self.small:", '    del state["x"]']],
  [["where the test is about something else that fails", COPY, "if not self.x:", '    del state["x"]']],
  [["where nothing is there", COPY, 'if state["x"] is None:', '    del state["x"]']],
  [["after it may have returned", COPY, "if self.whole:", "    return state", 'del state["x"]']],
  [["in the other branch", COPY, "if self.small:", "    pass", "else:", '    del state["x"]']],
  [["as often as a loop likes", COPY, "while self.more:", '    del state["x"]']],
  [["for keys that are not known", COPY, "for key in keys:", "    del state[key]"]],
  [["out of something else", COPY, 'other.pop("x")', 'del keys["x"]']],
  [["when something inside is called", COPY, "def later():", '    del state["x"]']],
  [["by a comprehension with another test", 'return {k: v for k, v in self.__dict__.items() if k != "x" or v}']],
  [["by a comprehension that makes other values", 'return {k: str(v) for k, v in self.__dict__.items() if k != "x"}']],
  [["by a comprehension that is not what is left", COPY, 'other = {k: v for k, v in state.items() if k != "x"}']],
])("%j may leave everything there", ([, ...lines]) => {
  expect(removedBy(...lines)).toEqual([]);
});
