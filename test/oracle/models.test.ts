/** Every sample model, and every recording dropped in beside one: our facts are what CPython does, in order, at the same offsets. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { asRecorded, type Recording } from "./cpython.ts";

const MODELS = fileURLToPath(new URL("../fixtures/models", import.meta.url));
const RECORDING = ".cpython.json";

const paths = readdirSync(MODELS, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(RECORDING))
  .map((path) => path.slice(0, -RECORDING.length))
  .sort();

describe("facts equal what CPython recorded", () => {
  it.each(paths)("%s", async (path) => {
    const recording: Recording = JSON.parse(readFileSync(`${MODELS}/${path}${RECORDING}`, "utf8"));
    const { trace } = await traceFile(memorySource(readFileSync(`${MODELS}/${path}`)));
    const told = trace.pickles.map(({ entry, offset, length, protocol, outcome, facts }, index) => ({
      entry,
      offset,
      length,
      protocol,
      loads: outcome === "ok",
      facts: asRecorded(facts, recording.pickles[index]?.facts ?? []),
    }));
    expect(told.map(withoutOpenEnd)).toEqual(recording.pickles.map(withoutOpenEnd));
  });
});

/** Where CPython raises, how far it had read by then depends on its buffering: the length says nothing. */
function withoutOpenEnd<Pickle extends { length: number; loads: boolean }>(pickle: Pickle) {
  return pickle.loads ? pickle : { ...pickle, length: null };
}
