/** Stable Baselines' JSON, whose attributes may be pickles in base64, as Python's `json` and `base64` read it. */
import { describe, expect, test } from "vitest";
import { buildZip } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, traceBytes } from "./trace.ts";

const base64 = Buffer.from(PAYLOAD).toString("base64");
const attribute = (encoded: string): string => `{":serialized:": "${encoded}"}`;

/** A model whose entry `data` is this text. */
function model(data: string): Uint8Array {
  return buildZip([
    { name: "data", bytes: latin1(data) },
    { name: "policy.pkl", bytes: HARMLESS },
    { name: "_stable_baselines3_version", bytes: latin1("2.3.0") },
  ]);
}

describe("evasions: pickles in JSON", () => {
  test.each([
    ["as it is written", `{"a": ${attribute(base64)}}`],
    ["beside numbers that are none", `{"b": [NaN, -Infinity, Infinity, "NaN \\" Infinity"], "a": ${attribute(base64)}}`],
    ["behind more space than is looked at", `${" \n".repeat(5000)}{"a": ${attribute(base64)}}`],
    ["in a file that has another format's magic number", `{ "xTFL3": 1, "a": ${attribute(base64)}}`],
    [
      "in a file that has another format's magic number",
      `{"a\\": 1, "ftyp": 1, "a": ${attribute(base64)}}`.replace('{"a\\": 1, "ftyp"', '{ "xftyp"'),
    ],
    ["in base64 with characters of another alphabet, which Python passes over", `{"a": ${attribute(`-${base64.replace("A", "_A-")}`)}}`],
    ["under a key that is written with escapes", `{"a": ${attribute(base64).replace(":", "\\u003a")}}`],
  ])("%s", async (_, data) => {
    expect(callsOf(await traceBytes(model(data)))).toEqual(["data!/a: os.system"]);
  });

  test("base64 with padding elsewhere than at its end is unsupported: decoders end there, or go on", async () => {
    for (const encoded of [`=${base64}`, `AA==${base64}`, base64.replace(/=+$/, "")]) {
      const trace = await traceBytes(model(`{"a": ${attribute(encoded)}}`));
      expect(trace.outcome, encoded).toBe(encoded.length % 4 === 0 && !/=./.test(encoded) ? "ok" : "unsupported");
    }
  });
});
