import { deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PickleTrace, Trace } from "../../analyzer/containers/trace.ts";
import type { Fact } from "../../analyzer/pickle/facts.ts";
import { findBlob, hasPickles, readTrace, writeTrace } from "../../db/stored-trace.ts";
import { temporaryStore } from "./temporary-store.ts";

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("os", "a\0b", "\ud800", "a.b.c", ""),
);
const place = { offset: fc.nat(), opcode: fc.constantFrom("GLOBAL", "REDUCE", "STACK_GLOBAL") } as const;
const callable = fc
  .record({ module: anyText, name: anyText })
  .map(({ module, name }) => ({ module, name, callable: `${module}.${name}`, origin: "named" as const }));
const facts: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant("import" as const), ...place, spelt: anyText }).chain((fact) => callable.map((of) => ({ ...fact, ...of }))),
  fc
    .record({ kind: fc.constant("call" as const), ...place, arguments: anyText })
    .chain((fact) => callable.map((of) => ({ ...fact, ...of }))),
  fc.record({ kind: fc.constant("extension" as const), ...place, code: fc.nat() }),
  fc.record({
    kind: fc.constant("persistent-id" as const),
    ...place,
    id: fc.record({ kind: fc.constant("str" as const), value: anyText }),
  }),
) as fc.Arbitrary<Fact>;
const failure = fc.record({ kind: fc.constant("truncated"), message: fc.string(), offset: fc.nat() });
const pickles: fc.Arbitrary<PickleTrace> = fc.record(
  {
    entry: fc.option(fc.string()),
    loader: fc.constantFrom("pickle" as const, "torch" as const),
    offset: fc.nat(),
    length: fc.nat(),
    protocol: fc.nat({ max: 5 }),
    outcome: fc.constantFrom("ok" as const, "malformed" as const, "unsupported" as const, "unfinished" as const),
    failure,
    facts: fc.array(facts, { maxLength: 8 }),
    opcodes: fc.array(fc.record({ ...place, count: fc.nat() }), { maxLength: 3 }) as fc.Arbitrary<PickleTrace["opcodes"]>,
    root: fc.option(fc.string()),
  },
  { requiredKeys: ["entry", "offset", "length", "protocol", "outcome", "facts", "opcodes", "root"] },
);
const traces: fc.Arbitrary<Trace> = fc.record(
  {
    size: fc.nat(),
    container: fc.constantFrom("pickle", "torch-zip"),
    outcome: fc.constantFrom("ok" as const, "malformed" as const),
    failure,
    findings: fc.array(fc.record({ kind: fc.string(), message: fc.string(), entry: fc.option(fc.string()) }), { maxLength: 2 }),
    pickles: fc.array(pickles, { maxLength: 4 }),
  },
  { requiredKeys: ["size", "container", "outcome", "findings", "pickles"] },
);

const program = (text: string) => ({ deflated: new Uint8Array(deflateRawSync(text)), segments: [{ at: 0, offset: 0 }] });
const blobOf = (sha256: string, trace: Trace) => ({
  sha256,
  trace,
  programs: trace.pickles.map((_, index) => program(`program ${index}`)),
  requests: 2,
  bytesRead: 7,
});
const capabilityOf = () => "unknown" as const;

describe("a trace", () => {
  test("is read back as it was written, whatever is in it", async () => {
    const { store } = await temporaryStore();
    let written = 0;
    await fc.assert(
      fc.asyncProperty(traces, async (trace) => {
        const blobId = await store
          .transaction()
          .execute((transaction) => writeTrace(transaction, blobOf(`sha ${written++}`, trace), capabilityOf));
        const stored = await readTrace(store, blobId);
        expect(stored.trace).toEqual(trace);
        expect(stored.pickleIds.length).toBe(trace.pickles.length);
        expect(await hasPickles(store, blobId)).toBe(trace.pickles.length > 0);
      }),
      { numRuns: 200 },
    );
  });

  test("of many facts goes in whole", async () => {
    const { store } = await temporaryStore();
    const many: Fact[] = Array.from({ length: 20_000 }, (_, offset) => ({
      kind: "import",
      offset,
      opcode: "GLOBAL",
      callable: `m${offset % 3_000}.f`,
      module: `m${offset % 3_000}`,
      name: "f",
      origin: "named",
      spelt: "x",
    }));
    const pickle: PickleTrace = { entry: null, offset: 0, length: 1, protocol: 2, outcome: "ok", facts: many, opcodes: [], root: null };
    const trace: Trace = { size: 1, container: "pickle", outcome: "ok", findings: [], pickles: [pickle] };
    const blobId = await store.transaction().execute((transaction) => writeTrace(transaction, blobOf("many", trace), capabilityOf));
    expect((await readTrace(store, blobId)).trace.pickles[0]?.facts).toEqual(many);
  });

  test("that is stored is not written again, and keeps what reading it cost", async () => {
    const { store } = await temporaryStore();
    const trace: Trace = { size: 1, container: "pickle", outcome: "ok", findings: [], pickles: [] };
    const first = await writeTrace(store, blobOf("same", trace), capabilityOf);
    expect(await writeTrace(store, { ...blobOf("same", { ...trace, container: "torch-zip" }), requests: 99 }, capabilityOf)).toBe(first);
    expect(await store.selectFrom("blob").select(["container", "requests"]).execute()).toEqual([{ container: "pickle", requests: 2 }]);
    expect(await findBlob(store, "same")).toBe(first);
    expect(await findBlob(store, "other")).toBeNull();
  });

  test("keeps its programs, deflated", async () => {
    const { store } = await temporaryStore();
    const pickle: PickleTrace = { entry: null, offset: 0, length: 1, protocol: 2, outcome: "ok", facts: [], opcodes: [], root: null };
    await writeTrace(
      store,
      blobOf("x", { size: 1, container: "pickle", outcome: "ok", findings: [], pickles: [pickle, pickle] }),
      capabilityOf,
    );
    const rows = await store
      .selectFrom("pickle")
      .innerJoin("program", "program.program_id", "pickle.program_id")
      .select(["bytes", "segments"])
      .orderBy("ordinal")
      .execute();
    expect(rows.map((row) => inflateRawSync(row.bytes).toString())).toEqual(["program 0", "program 1"]);
    expect(rows[0]?.segments).toBe('[{"at":0,"offset":0}]');
  });
});

test("a callable has one row, however it is cut into module and name", async () => {
  const { store } = await temporaryStore();
  const importing = (module: string, name: string): Fact => ({
    kind: "import",
    offset: 0,
    opcode: "GLOBAL",
    module,
    name,
    callable: `${module}.${name}`,
    origin: "named",
    spelt: "",
  });
  const pickle: PickleTrace = {
    entry: null,
    offset: 0,
    length: 1,
    protocol: 4,
    outcome: "ok",
    facts: [importing("os", "path.join"), importing("os.path", "join")],
    opcodes: [],
    root: null,
  };
  await writeTrace(store, blobOf("x", { size: 1, container: "pickle", outcome: "ok", findings: [], pickles: [pickle] }), () => "runs-code");
  expect(await store.selectFrom("callable").select(["module", "name", "capability"]).execute()).toEqual([
    { module: "os.path", name: "join", capability: "runs-code" },
  ]);
  expect(new Set((await store.selectFrom("fact").select("callable_id").execute()).map((row) => row.callable_id)).size).toBe(1);
});
