/**
 * The known ways around pickle scanners (the project's reference on scanners, section 2) that are about files, policies
 * and verdicts: one test a row, named after it. Rows about the pickle itself are in `test/analyzer/pickle/evasions.test.ts`;
 * the last test here counts them all.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { lintPolicy } from "../../../analyzer/policy/lint.ts";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import type { Verdict } from "../../../analyzer/verdict/verdict.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { policy, trace } from "./traces.ts";

const TAGGER = policy(["brine:Tagger", "numpy:ndarray", "asyncio:Event"], ["brine:Tagger"]);
const PAYLOAD = bytesOf('PROTO 2\nGLOBAL "os" "system"\nBINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP');

function bytesOf(listing: string): Uint8Array {
  const program = assemble(`${listing}\n`);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}

async function judge(bytes: Uint8Array, by = TAGGER): Promise<Verdict> {
  const { trace: file } = await traceFile(memorySource(bytes));
  return judgeTrace(file, by, "strict");
}

/** Blocked under a class policy, lazily too, and by every release of torch's weights-only unpickler. */
async function expectBlocked(bytes: Uint8Array, what: string): Promise<void> {
  const { trace: file } = await traceFile(memorySource(bytes));
  const verdicts = [
    judgeTrace(file, TAGGER, "strict"),
    judgeTrace(file, TAGGER, "lazy"),
    ...WEIGHTS_ONLY.map((by) => judgeTrace(file, by, "strict")),
  ];
  for (const { policy: by, verdict } of verdicts) expect(`${what}, ${by}: ${verdict}`).toBe(`${what}, ${by}: blocked`);
}

/** A call of a callable, `module:qualified.name`, of nothing. */
function calling(name: string): Uint8Array {
  const [module, qualified] = name.split(":") as [string, string];
  return bytesOf(`PROTO 4\nGLOBAL "${module}" "${qualified}"\nEMPTY_TUPLE\nREDUCE\nSTOP`);
}

describe("evasions", () => {
  it("row 2, container not recognised: files are what their bytes are, and what nobody knows is not clean (nullifAI)", async () => {
    for (const [name, wrapped] of [
      ["gzip", gzipSync(PAYLOAD)],
      ["zlib", deflateSync(PAYLOAD)],
      ["both", gzipSync(deflateSync(PAYLOAD))],
    ] as const)
      await expectBlocked(wrapped, name);
    for (const { name, container, bytes } of maliciousFiles()) if (container !== "pickle") await expectBlocked(bytes, name);
    const unknown = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff);
    expect((await judge(unknown)).verdict).not.toBe("loads");
  });

  it("row 3, an extension that routes to the wrong parser: no name is asked for (CVE-2025-10155)", async () => {
    // torch.load and a scanner of torch's formats look for a magic number; pickle.load runs what is there.
    await expectBlocked(PAYLOAD, "a bare pickle");
    expect(traceFile).toHaveLength(1);
  });

  it("row 5, zip header tricks: names, flags and checksums that disagree hide nothing (CVE-2025-1944, -1945, -10156)", async () => {
    const archives = maliciousFiles().filter(({ container }) => container.startsWith("torch-zip"));
    expect(archives.length).toBeGreaterThan(1);
    for (const { name, bytes } of archives) {
      await expectBlocked(bytes, name);
      for (const flags of [0x1, 0x20, 0x40]) await expectBlocked(patched(bytes, 6, 8, flags), `${name}, flag ${flags}`);
      await expectBlocked(patched(bytes, 14, 16, 0xff), `${name}, checksum`);
    }
  });

  it("row 12, a submodule of a module that is denied, or of one that is allowed: whole names alone (CVE-2025-10157)", async () => {
    for (const name of ["asyncio.unix_events:_UnixSubprocessTransport._start", "asyncio.events:Event", "asyncio:Event.wait"])
      await expectBlocked(calling(name), name);
    expect((await judge(bytesOf('PROTO 2\nGLOBAL "asyncio" "Event"\nSTOP'))).verdict).toBe("loads");
  });

  it("row 13, re-exports and aliases: another name for the same is another name, and `__builtins__` is never one", async () => {
    for (const name of [
      "numpy:os.system",
      "numpy:__builtins__",
      "numpy:ndarray.__class__",
      "brine:Tagger.__init__.__globals__",
      "brine:os",
    ])
      await expectBlocked(calling(name), name);
  });

  it("row 14, gadgets of the standard library that no list has: what is not allowed is blocked (picklescan's advisories)", async () => {
    for (const name of GADGETS) await expectBlocked(calling(name), name);
  });

  it("row 25, data that looks like something else: what is said of a call does not depend on what it is given", async () => {
    for (const text of ["aW1wb3J0IG9z", "import os; os.system('true')", "\\x69\\x6d\\x70", ""]) {
      const given = (name: string) => bytesOf(`PROTO 4\nGLOBAL "${name}"\nSHORT_BINUNICODE ${JSON.stringify(text)}\nTUPLE1\nREDUCE\nSTOP`);
      expect((await judge(given("brine Tagger"))).verdict).toBe("loads");
      await expectBlocked(given("builtins exec"), `exec of ${text}`);
    }
  });

  it("row 26, gaming of confidence: a thousand names of torch's make the payload no better", async () => {
    const decoys = Array.from({ length: 1000 }, (_, index) => `GLOBAL "torch.nn.modules.m${index}" "Linear"\nPOP`).join("\n");
    const program = bytesOf(`PROTO 2\n${decoys}\nGLOBAL "os" "system"\nBINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP`);
    await expectBlocked(program, "decoys");
    expect((await judge(program)).blocked).toContainEqual(
      expect.objectContaining({ callable: "os.system", opcode: "REDUCE", capability: "runs-code" }),
    );
  });

  it("row 30, a loader that falls back to another: every loader is judged for itself (CVE-2025-32434, CVE-2025-54886)", async () => {
    // torch up to 2.5 loads a tar past its weights-only unpickler, whatever is in it.
    const older = WEIGHTS_ONLY.filter(({ unpickler }) => Number(unpickler.torch.split(".")[1]) <= 5);
    expect(older.length).toBeGreaterThan(0);
    for (const by of older) {
      const [first] = judgeTrace(trace([], { container: "torch-tar", opcodes: ["PROTO"] }), by, "strict").blocked;
      expect(first?.reason).toMatch(/CVE-2025-32434|tar/);
    }
    // skops hands to joblib what is no zip: it is judged as the pickle that it then is.
    await expectBlocked(PAYLOAD, "a pickle where skops expects a zip");
  });

  it("row 31, an allow-list that was extended with what loads or runs anything: lint says so (pytorch #189445)", () => {
    for (const name of ["builtins:eval", "pickle:loads", "builtins:getattr", "os:system"]) {
      const found = lintPolicy(policy([name], [name]));
      expect(JSON.stringify(found), name).toContain(name.replace(":", "."));
    }
  });

  it("row 32, exfiltration without execution: blocked, and said what it could do (CVE-2025-46417)", async () => {
    for (const [name, capability] of Object.entries(EXFILTRATION)) {
      await expectBlocked(calling(name), name);
      const { blocked } = await judge(calling(name));
      expect(blocked.map((each) => `${each.callable} ${each.capability}`)).toContain(`${name.replace(":", ".")} ${capability}`);
    }
  });

  it("row 33, installers: pip, venv and ensurepip are as good as execution (CVE-2025-1716)", async () => {
    for (const name of ["pip:main", "pip._internal:main", "venv:create", "ensurepip:_run_pip"]) {
      await expectBlocked(calling(name), name);
      expect((await judge(calling(name))).blocked.map(({ capability }) => capability)).toContain("runs-code");
    }
  });

  it("row 35, import side effects: a package nobody knows is blocked for being imported, although nothing is called", async () => {
    const { verdict, blocked } = await judge(bytesOf('PROTO 2\nGLOBAL "torhc.nn" "Module"\nPOP\nNONE\nSTOP'));
    expect([verdict, ...blocked.map(({ callable, reason }) => `${callable}: ${reason}`)]).toEqual([
      "blocked",
      "torhc.nn.Module: import outside the policy",
    ]);
  });

  it("row 36, sinks that are no pickles: a file that brings other code is never said to load", async () => {
    const hdf5 = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(64));
    for (const by of [TAGGER, ...WEIGHTS_ONLY]) expect((await judge(hdf5, by)).verdict).toBe("unsupported");
  });

  it("each of the 36 rows has one test that is named after it", () => {
    const tests = path.resolve(import.meta.dirname, "../..");
    const named = readdirSync(tests, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .flatMap((file) =>
        [...readFileSync(path.join(tests, file), "utf8").matchAll(/^\s*(?:it|test)\("row (\d+), /gm)].map(([, row]) => Number(row)),
      );
    expect(named.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 36 }, (_, index) => index + 1));
  });
});

/** An archive with a byte of every local header and every directory entry set. */
function patched(archive: Uint8Array, local: number, central: number, value: number): Uint8Array {
  const bytes = Uint8Array.from(archive);
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b) continue;
    if (bytes[at + 2] === 3 && bytes[at + 3] === 4) bytes[at + local] = value;
    if (bytes[at + 2] === 1 && bytes[at + 3] === 2) bytes[at + central] = value;
  }
  return bytes;
}

/** Each with an advisory of its own. */
const GADGETS = [
  ...["torch.utils.bottleneck.__main__:run_cprofile", "torch._dynamo.guards:GuardBuilder.get", "torch.utils.collect_env:run"],
  ...["torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression", "torch.jit.unsupported_tensor_ops:execWrapper"],
  ...["torch.utils._config_module:ConfigModule.load_config", "torch.utils.data.datapipes.utils.decoder:basichandlers"],
  ...["trace:Trace.run", "trace:Trace.runctx", "profile:Profile.run", "profile:run", "cProfile:run", "cProfile:runctx", "timeit:timeit"],
  ...[
    "lib2to3.pgen2.grammar:Grammar.loads",
    "lib2to3.pgen2.pgen:ParserGenerator.make_label",
    "idlelib.autocomplete:AutoComplete.fetch_completions",
  ],
  ...[
    "idlelib.debugobj:ObjectTreeItem.SetText",
    "idlelib.calltip:get_entity",
    "idlelib.run:Executive.runcode",
    "idlelib.pyshell:ModifiedInterpreter.runcode",
  ],
  ...["code:InteractiveInterpreter.runcode", "doctest:debug_script", "ctypes:CDLL", "pydoc:locate", "pty:spawn", "runpy:run_path"],
  ...[
    "numpy.f2py.crackfortran:getlincoef",
    "operator:methodcaller",
    "operator:attrgetter",
    "pkgutil:resolve_name",
    "uuid:_get_command_stdout",
  ],
  ...["_osx_support:_read_output", "_aix_support:_read_cmd_output", "imaplib:IMAP4_stream", "importlib:import_module", "marshal:loads"],
  ...["builtins:__import__", "types:FunctionType", "multiprocessing.util:spawnv_passfds", "distutils.file_util:write_file", "sys:settrace"],
];

const EXFILTRATION: Readonly<Record<string, string>> = {
  "ssl:get_server_certificate": "network",
  "urllib.request:urlopen": "network",
  "smtplib:SMTP": "network",
  "ftplib:FTP": "network",
  "pandas:read_csv": "reads",
  "io:FileIO": "reads",
  "logging:FileHandler": "writes",
  "distutils.file_util:write_file": "writes",
  "pathlib:Path.write_text": "writes",
};
