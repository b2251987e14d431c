import { describe, expect, it } from "vitest";
import { CAPABILITIES } from "../../../analyzer/policy/capabilities.ts";
import { capabilityOf } from "../../../analyzer/verdict/capability.ts";

describe("what a callable could do", () => {
  it.each([
    ["posix.system", "runs-code"],
    ["nt.system", "runs-code"],
    ["builtins.eval", "runs-code"],
    ["__builtin__.eval", "runs-code"],
    ["subprocess.Popen", "runs-code"],
    ["subprocess.STARTUPINFO", "runs-code"],
    ["os.remove", "writes"],
    ["os.getenv", "reads"],
    ["os.getcwd", "runs-code"],
    ["socket.create_connection", "network"],
    ["urllib.request.urlopen", "network"],
    ["importlib.import_module", "imports"],
    ["types.CodeType", "embedded-code"],
    ["pickle.loads", "embedded-code"],
    ["builtins.getattr", "calls-callables"],
    ["functools.partial", "calls-callables"],
    ["collections.OrderedDict", "unknown"],
    ["sklearn.svm._classes.SVC", "unknown"],
  ])("%s: %s", (callable, capability) => {
    expect(capabilityOf(callable)).toBe(capability);
  });

  it("is seen through the module that an attribute was reached by", () => {
    expect(capabilityOf("torch.serialization.os.system")).toBe("runs-code");
    expect(capabilityOf("pathlib.os.system")).toBe("runs-code");
  });

  it("is not guessed from a part of a name", () => {
    expect(capabilityOf("brine.code.Encoder")).toBe("unknown");
    expect(capabilityOf("my.posix.system2")).toBe("unknown");
    expect(capabilityOf(null)).toBe("unknown");
    expect(capabilityOf("system")).toBe("unknown");
  });
});

describe("the table", () => {
  it("says where each row is from, and names each callable once a row", () => {
    for (const { source, callables } of CAPABILITIES) {
      expect(source).not.toBe("");
      const names = callables.trim().split(/\s+/);
      expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
      for (const name of names) expect(name).toMatch(/^[\w.]+\.(\w+|\*)$/);
    }
  });
});
