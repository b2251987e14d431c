/**
 * Every malicious file yields the callables that its listing names. Those that are bare pickles are also held against
 * CPython, which runs them over inert stand-ins: nothing in them is resolved.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import type { CallFact, ImportFact } from "../../analyzer/pickle/facts.ts";
import { maliciousFiles } from "../fixtures/malicious.ts";
import { asRecorded, hasPython, type Recording, record } from "./cpython.ts";

const files = maliciousFiles();

async function tracePickles(bytes: Uint8Array) {
  return (await traceFile(memorySource(bytes))).trace.pickles;
}

describe("the malicious files", () => {
  it.each(files)("$name: $technique", async ({ bytes, imports, calls, origins }) => {
    const facts = (await tracePickles(bytes)).flatMap((pickle) => pickle.facts);
    const ofCallables = facts.filter((fact): fact is ImportFact | CallFact => fact.kind === "import" || fact.kind === "call");
    const named = (kind: string) => ofCallables.filter((fact) => fact.kind === kind).map((fact) => fact.callable);
    expect(named("import")).toEqual(expect.arrayContaining([...imports]));
    expect(named("call")).toEqual(expect.arrayContaining([...calls]));
    expect(ofCallables.map((fact) => fact.origin)).toEqual(expect.arrayContaining([...origins]));
  });

  it("are of at least twelve structures, and every one names its payload", () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
    for (const { name, imports, calls } of files) expect(imports.length * calls.length, name).toBeGreaterThan(0);
  });
});

describe.skipIf(!hasPython())("the malicious files that are bare pickles, as CPython runs them", () => {
  const bare = files.filter(({ container }) => container === "pickle");
  let recordings: Map<string, Recording>;
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "malicious-"));
    const paths = bare.map(({ name, bytes }) => {
      writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    });
    recordings = new Map(record(paths).map((text, index) => [bare[index]!.name, JSON.parse(text)]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(bare)("$name", async ({ name, bytes }) => {
    const pickles = await tracePickles(bytes);
    for (const recorded of recordings.get(name)!.pickles) {
      const told = pickles.find(({ entry, offset }) => entry === recorded.entry && offset === recorded.offset);
      const facts = asRecorded(told?.facts ?? [], recorded.facts);
      // Over stand-ins CPython stops where it needs the value of a call; what it did until then, ours does too.
      expect(recorded.loads ? facts : facts.slice(0, recorded.facts.length)).toEqual(recorded.facts);
    }
  });
});
