/**
 * What is loaded inside a pickle is not always what lies there: bytes that a call decodes, that the pickle changes, or that stand in the
 * place of a file; arrays of joblib whose length the pickle says in two ways. Each was a way to have opcodes run that no verdict had seen.
 */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { arrayListing, dtypeListing } from "../containers/joblib-array.ts";
import { policy } from "./traces.ts";

const CALLS = [
  ...["torch.storage:_load_from_bytes", "_codecs:encode", "io:BytesIO", "pickle:load", "joblib:load", "torch:load"],
  ...["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"],
];
const GENEROUS = policy([...CALLS, "numpy:ndarray"], CALLS);

async function verdictOf(listing: string): Promise<string> {
  const program = assemble(`PROTO 4\n${listing}\nSTOP\n`);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  const { trace } = await traceFile(memorySource(program.value));
  const verdicts = (["strict", "lazy"] as const).map((mode) => judgeTrace(trace, GENEROUS, mode).verdict);
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0]!;
}

const INNER = "{\nEMPTY_LIST\nSTOP\n}";
const encoded = (text: string, ...more: string[]) =>
  `GLOBAL "_codecs encode"\nMARK\nBINUNICODE "${text}"\n${more.map((each) => `SHORT_BINUNICODE "${each}"`).join("\n")}\nTUPLE\nREDUCE`;

describe("bytes that a loader is handed", () => {
  const handed = (bytes: string, loader = "torch.storage _load_from_bytes") => verdictOf(`GLOBAL "${loader}"\n${bytes}\nTUPLE1\nREDUCE`);

  it.each([
    ["constants", `SHORT_BINBYTES ${INNER}`],
    ["a text, in the encoding in which protocol 2 spells bytes", encoded("].", "latin1")],
    ["the same, by its other name", encoded("].", "latin-1")],
  ])("are known where they are %s", async (_, bytes) => expect(await handed(bytes)).toBe("loads"));

  it.each([
    ["a text in another encoding, in which it has other bytes", encoded("].", "utf-8")],
    ["a text in the encoding that is not said", encoded("].")],
    ["a text that is none of latin-1", encoded("].\\u0100", "latin1")],
    ["a text with a third argument, which says what to do with errors", encoded("].", "latin1", "ignore")],
    ["a bytearray, whose items change", "BYTEARRAY8 {\nEMPTY_LIST\nSTOP\n}\nBININT1 0\nBININT1 78\nSETITEM"],
    ["a file, for a loader of bytes", `GLOBAL "io BytesIO"\nSHORT_BINBYTES ${INNER}\nTUPLE1\nREDUCE`],
  ])("are not where they are %s", async (_, bytes) => expect(await handed(bytes)).toBe("unsupported"));

  it.each(["pickle load", "joblib load", "torch load"])(
    "%s: where in a file it begins is not, nor what a name of a file has",
    async (loader) => {
      expect(await handed(`GLOBAL "io BytesIO"\nSHORT_BINBYTES ${INNER}\nTUPLE1\nREDUCE`, loader)).toBe("unsupported");
      expect(await handed(`SHORT_BINBYTES ${INNER}`, loader)).toBe("unsupported");
    },
  );
});

describe("an array of joblib's", () => {
  const stateOf = (size: string, flags: string, inside = "NONE\nNONE\nNONE") =>
    `MARK\nBININT1 3\nSHORT_BINUNICODE "|"\n${inside}\nBININT ${size}\nBININT -1\nBININT1 ${flags}\nTUPLE`;
  const wrapper = (type: string, more?: string) => `${arrayListing(type, more)}\nRAW 07`;
  const field = (type: string) => `NONE
    SHORT_BINUNICODE "a"
    TUPLE1
    EMPTY_DICT
    SHORT_BINUNICODE "a"
    ${type}
    BININT1 0
    TUPLE2
    SETITEM`;

  it.each([
    ["numbers", dtypeListing("u1", stateOf("-1", "0"))],
    ["texts of a byte, whose length the state says again", dtypeListing("S1", stateOf("1", "0"))],
    ["a field", dtypeListing("V1", stateOf("1", "0", field(dtypeListing("u1", stateOf("-1", "0")))))],
  ])("of %s loads", async (_, type) => expect(await verdictOf(wrapper(type))).toBe("loads"));

  it.each([
    ["texts that the state makes longer", dtypeListing("S1", stateOf("40", "0"))],
    ["items without kind that the state makes longer", dtypeListing("V1", stateOf("40", "0"))],
    ["numbers that the state makes objects of", dtypeListing("u1", stateOf("-1", "63"))],
    ["numbers to which the state gives fields", dtypeListing("u1", stateOf("-1", "0", field(dtypeListing("u1"))))],
    [
      "a field of objects which the state says to be none",
      dtypeListing("V1", stateOf("1", "0", field(dtypeListing("O8", stateOf("-1", "63"))))),
    ],
    ["a name with a byte order, which numpy does not write", dtypeListing("|V1", stateOf("1", "63"))],
    ["a word that has no size, and one of its own", dtypeListing("int0")],
  ])("of %s does not", async (_, type) => expect(await verdictOf(wrapper(type))).toBe("unsupported"));

  it("with two states, of which numpy may keep parts of each, is blocked", async () => {
    expect(await verdictOf(wrapper(`${dtypeListing("S1", stateOf("40", "0"))}\n${stateOf("1", "0")}\nBUILD`))).toBe("blocked");
  });

  it("of which it is not known whether padding comes before it does not", async () => {
    const computed = 'SHORT_BINUNICODE "numpy_array_alignment_bytes"\nGLOBAL "numpy dtype"\nSHORT_BINUNICODE "u1"\nTUPLE1\nREDUCE';
    expect(await verdictOf(wrapper(dtypeListing("u1"), computed))).toBe("unsupported");
  });
});
