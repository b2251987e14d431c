import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeLoader } from "../../../analyzer/policy/loader.ts";
import type { Policy, PolicyEntry } from "../../../analyzer/policy/policy.ts";
import { DEFAULT_WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { generate } from "../../../scripts/generate-safe-load.ts";
import { DEBIAN_PYTHON, pythons } from "../../oracle/loader.ts";

function policyOf(imports: readonly PolicyEntry[], calls: readonly PolicyEntry[] = [], name = "class:test"): Policy {
  return { name, class: null, library: null, imports, calls };
}

function textOf(policy: Policy, mode: "strict" | "lazy" = "strict", model: string | null = null): string {
  const text = writeLoader(policy, mode, model);
  if (!text.ok) throw new Error(text.error.message);
  return text.value;
}

/** Runs Python code with the module of `text` as `safe_load`; what it prints, as JSON. */
function run(text: string, code: string, python = DEBIAN_PYTHON): unknown {
  const program = `import json, sys, types
safe_load = types.ModuleType("safe_load")
exec(sys.stdin.read(), vars(safe_load))
${code}`;
  const { stdout, stderr, status } = spawnSync(python, ["-W", "error", "-c", program], { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const CONSTANTS = "print(json.dumps([safe_load.POLICY, safe_load.MODE, sorted(safe_load.IMPORTS), sorted(safe_load.CALLS)]))";

describe("the text", () => {
  it("is generated from the Python and the machine's table as they are now", () => {
    const file = new URL("../../../analyzer/policy/loader/safe-load.generated.ts", import.meta.url);
    expect(readFileSync(file, "utf8"), "run node --import tsx scripts/generate-safe-load.ts").toBe(generate());
  });

  it("holds the policy, and its last reason for each name", () => {
    const reasons: PolicyEntry["reasons"] = [
      { kind: "class", text: "the class", file: "brine/models.py", line: 7 },
      { kind: "reduce", text: "returns (restore, ...)", file: "brine/data.py", line: 54 },
    ];
    const text = textOf(
      policyOf([
        { callable: "brine.data.restore", reasons },
        { callable: "a.B.C", module: "a", reasons: [] },
      ]),
    );
    expect(text).toContain('    ("brine.data", "restore"),  # brine/data.py:54: returns (restore, ...)\n');
    expect(run(text, CONSTANTS)).toEqual([
      "class:test",
      "strict",
      [
        ["a", "B.C"],
        ["brine.data", "restore"],
      ],
      [],
    ]);
  });

  it("says which mode it enforces", () => {
    expect(run(textOf(policyOf([]), "lazy"), CONSTANTS)).toEqual(["class:test", "lazy", [], []]);
  });

  it.each([...pythons()])("is a module of Python %s, and a drop-in for pickle", (_, python) => {
    const code = `import io
data = {"a": [1, 2.5, (None, True)], "b": {3, 4}, "c": b"bytes"}
loaded = [safe_load.loads(safe_load.dumps(data, protocol)) == data for protocol in range(2, safe_load.HIGHEST_PROTOCOL + 1)]
loaded.append(safe_load.load(io.BytesIO(safe_load.dumps(data))) == data)
print(json.dumps([all(loaded), issubclass(safe_load.Blocked, safe_load.UnpicklingError)]))`;
    // Protocol 2 writes sets and bytes by callables.
    const entries = ["builtins.set", "_codecs.encode"].map((callable) => ({ callable, reasons: [] }));
    expect(run(textOf(policyOf(entries, entries)), code, python)).toEqual([true, true]);
  });

  it("keeps whatever a policy says where it belongs", () => {
    const text = fc.string({ unit: "binary" }).map((value) => value.replace(/[\ud800-\udfff]/g, ""));
    const entry = fc.record({ module: fc.constantFrom("a", "a.b"), name: text, reason: text, file: text });
    fc.assert(
      fc.property(text, fc.array(entry, { maxLength: 4 }), (name, entries) => {
        const imports = entries.map(({ module, name: of, reason, file }) => ({
          callable: `${module}.${of}`,
          module,
          reasons: [{ kind: "class" as const, text: reason, file }],
        }));
        const hostile = policyOf(imports, [], `${name}"""\nraise SystemExit(1)\n`);
        const [policy, , found] = run(textOf(hostile), CONSTANTS) as [string, string, unknown[]];
        expect(policy).toBe(hostile.name);
        expect(new Set(found.map(String))).toEqual(new Set(entries.map(({ module, name: of }) => `${module},${of}`)));
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["a name without a module", { callable: "osx" }],
    ["a name in the module of another", { callable: "aa.osx", module: "os" }],
  ])("lists nothing for %s", (_, entry) => {
    expect(run(textOf(policyOf([{ ...entry, reasons: [] }], [{ ...entry, reasons: [] }])), CONSTANTS)).toEqual([
      "class:test",
      "strict",
      [],
      [],
    ]);
  });

  it("is not taken apart by what ends a line in another language", () => {
    const lines = ["\u2028", "\u2029"].map((end) => `${end}CALLS = ${end}OWN_SHARED = ${end}BOUND = ${end}MODE = "lazy"`);
    const entries = lines.map(
      (line): PolicyEntry => ({ callable: `a.${line}`, returns: "shared", reasons: [{ kind: "class", text: line }] }),
    );
    const found = run(textOf(policyOf(entries, entries, lines[0])), CONSTANTS);
    const listed = lines.map((line) => ["a", line]);
    expect(found).toEqual([lines[0], "strict", listed, listed]);
  });

  it("is not written for torch's own policies", () => {
    expect(writeLoader(DEFAULT_WEIGHTS_ONLY)).toMatchObject({ ok: false, error: { kind: "weights-only" } });
  });
});

describe("the loader of one model", () => {
  const names = [...["collections.OrderedDict", "_pickle.loads"].map((callable): PolicyEntry => ({ callable, reasons: [] }))];
  // pickle.loads of a pickle: what a model unpickles in turn is of it.
  const model = Buffer.from("\x80\x04c_pickle\nloads\nC\x1e\x80\x04ccollections\nOrderedDict\n)R.\x85R.", "latin1");
  const sha256 = createHash("sha256").update(model).digest("hex");
  const text = textOf(policyOf(names, names), "strict", sha256);
  const loads = (how: string, bytes: Buffer) =>
    run(
      text,
      `import io, os, tempfile
data = bytes.fromhex("${bytes.toString("hex")}")
try: print(json.dumps(type(${how}).__name__))
except safe_load.Blocked as blocked: print(json.dumps(blocked.reason))`,
    );

  it("loads that model, from memory and from a file", () => {
    expect(loads("safe_load.loads(data)", model)).toBe("OrderedDict");
    expect(loads("safe_load.load(io.BytesIO(data))", model)).toBe("OrderedDict");
  });

  it("refuses every other file, and an unpickler that has not seen the whole of it", () => {
    const another = "another file than the one this loader was written for";
    expect(loads("safe_load.loads(data)", Buffer.concat([model, Buffer.from("N.")]))).toBe(another);
    expect(loads("safe_load.loads(data)", Buffer.from("ccollections\nOrderedDict\n)R."))).toBe(another);
    expect(loads("safe_load.Unpickler(io.BytesIO(data)).load()", model)).toBe(
      "this loader is of one model, and has not seen that this is it",
    );
  });
});
