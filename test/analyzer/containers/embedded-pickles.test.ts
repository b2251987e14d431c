/** Pickles in the constants of a pickle that hands them to nobody: found where they begin, and believed where they run to their end. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { embeddedPickles } from "../../../analyzer/containers/embedded-pickles.ts";
import { KEPT_BYTES, LONGEST_CONSTANT } from "../../../analyzer/containers/program-view.ts";
import { fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD, PAYLOAD4 } from "./pickles.ts";
import { findingsOf, traceBytes } from "./trace.ts";

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const program = (...constant: Uint8Array[]) => join(latin1("\x80\x04"), ...constant, latin1("."));
const hexadecimal = latin1(Buffer.from(PAYLOAD4).toString("hex"));
const base64 = latin1(Buffer.from(PAYLOAD4).toString("base64"));
const utf8 = new Uint8Array(Buffer.from(Buffer.from(PAYLOAD4).toString("latin1"), "utf8"));

/** Every way to write a constant, by the opcode. */
const SPELLINGS: Readonly<Record<string, Uint8Array>> = {
  SHORT_BINBYTES: join(latin1("C"), fields([PAYLOAD4.length, 1]), PAYLOAD4),
  BINBYTES: join(latin1("B"), fields([PAYLOAD4.length, 4]), PAYLOAD4),
  BINBYTES8: join(latin1("\x8e"), fields([PAYLOAD4.length, 8]), PAYLOAD4),
  SHORT_BINSTRING: join(latin1("U"), fields([PAYLOAD4.length, 1]), PAYLOAD4),
  "BINUNICODE, as protocol 2 spells bytes": join(latin1("X"), fields([utf8.length, 4]), utf8),
  "SHORT_BINUNICODE in hexadecimal": join(latin1("\x8c"), fields([hexadecimal.length, 1]), hexadecimal),
  "BINUNICODE in base64": join(latin1("X"), fields([base64.length, 4]), base64),
  "STRING in base64": join(latin1("S'"), base64, latin1("'\n")),
  "UNICODE in hexadecimal": join(latin1("V"), hexadecimal, latin1("\n")),
};

describe("a pickle in a constant", () => {
  test.each(Object.entries(SPELLINGS))("of %s is found, with what it does", (_, constant) => {
    const [found, ...others] = embeddedPickles(program(constant));
    expect(others).toEqual([]);
    expect(Buffer.compare(found!.bytes, PAYLOAD4)).toBe(0);
    expect(found!.facts.facts.map(({ kind }) => kind)).toEqual(["import", "call"]);
  });

  test("is said of its file, with its place and its names", async () => {
    const trace = await traceBytes(program(SPELLINGS.BINBYTES!));
    expect(trace).toMatchObject({ outcome: "ok", pickles: [{ facts: [] }] });
    expect(trace.findings).toEqual([
      {
        kind: "embedded-pickle",
        message: expect.stringContaining("naming os.system"),
        entry: null,
        offset: 2,
        opcode: "BINBYTES",
        names: [{ callable: "os.system", module: "os" }],
      },
    ]);
  });

  test("is one where it goes on behind its STOP, which nobody who unpickles it minds, if it looks something up", () => {
    const found = (content: Uint8Array) => embeddedPickles(program(latin1("C"), fields([content.length, 1]), content));
    expect(found(join(PAYLOAD4, latin1("x.")))).toHaveLength(1);
    expect(found(latin1("\x80\x04N.x."))).toEqual([]);
  });

  test("is none where it breaks", () => {
    for (const content of [PAYLOAD4.subarray(0, -2), join(PAYLOAD4.subarray(0, -1), latin1("\xff."))])
      expect(embeddedPickles(program(latin1("C"), fields([content.length, 1]), content))).toEqual([]);
  });

  test("is none where it is handed to a loader, which runs it", async () => {
    const handed = join(latin1("\x80\x04c_pickle\nloads\n"), SPELLINGS.SHORT_BINBYTES!, latin1("\x85R."));
    const trace = await traceBytes(handed);
    expect(trace.pickles[0]!.facts.map((fact) => "callable" in fact && fact.callable)).toContain("os.system");
    expect(findingsOf(trace)).toEqual([]);
  });

  test("of megabytes is found by its beginning", async () => {
    const long = join(latin1("\x80\x04]("), latin1("K\x01".repeat(LONGEST_CONSTANT)), latin1("e."));
    const trace = await traceBytes(program(latin1("B"), fields([long.length, 4]), long, latin1("0"), HARMLESS.subarray(2, -1)));
    expect(trace.findings).toMatchObject([
      { kind: "embedded-pickle", message: expect.stringContaining(`${KEPT_BYTES} bytes`), names: null },
    ]);
  });

  test("is none where its protocol is 0 or 1, which begin anyhow", async () => {
    const trace = await traceBytes(program(latin1("B"), fields([PAYLOAD.length, 4]), PAYLOAD));
    expect(trace.findings).toEqual([]);
  });

  test("is none within another constant, where no opcode pushes it", () => {
    const text = join(latin1("xC"), fields([PAYLOAD4.length, 1]), PAYLOAD4);
    expect(embeddedPickles(program(latin1("B"), fields([text.length, 4]), text))).toEqual([]);
  });

  test("is found in a pickle that a loader is handed, where it lies", async () => {
    const inner = program(SPELLINGS.BINBYTES!);
    const before = latin1("\x80\x04c_pickle\nloads\nC");
    const trace = await traceBytes(join(before, fields([inner.length, 1]), inner, latin1("\x85R.")));
    expect(trace.findings).toMatchObject([{ kind: "embedded-pickle", offset: before.length + 1 + 2, names: [{ callable: "os.system" }] }]);
  });

  test("is told to do more where it has a persistent id, or changes what it looked up", async () => {
    for (const does of ["U\x01kQ", "cos\nsystem\n}b"]) {
      const content = latin1(`\x80\x02${does}.`);
      const trace = await traceBytes(program(latin1("C"), fields([content.length, 1]), content));
      expect(trace.findings).toMatchObject([{ kind: "embedded-pickle", doesMore: true }]);
    }
  });

  test("is seen in no data that is none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), (data) => {
        expect(embeddedPickles(program(latin1("B"), fields([data.length, 4]), data))).toEqual([]);
      }),
    );
  });
});
