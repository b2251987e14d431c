/** `census export confusion`: each judge against labelled files, counted by hand. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { census, censusJson, ROOT, temporaryFolder } from "../run-census.ts";

const MODELS = path.join(ROOT, "test/fixtures/models");
const WHEEL = path.join(ROOT, "test/fixtures/wheels/brine-0.2.0-py3-none-any.whl");
const folder = temporaryFolder();
const samples = path.join(folder, "samples");
const policy = path.join(folder, "tagger.json");

interface Row {
  readonly judge: string;
  readonly true_positives: number;
  readonly false_negatives: number;
  readonly undecided_malicious: number;
  readonly true_negatives: number;
  readonly false_positives: number;
  readonly undecided_benign: number;
  readonly false_negative_rate: number | null;
}

beforeAll(async () => {
  mkdirSync(samples);
  const attack = (name: string) => maliciousFiles().find((file) => file.name === name)!.bytes;
  writeFileSync(path.join(samples, "inst.pkl"), attack("inst"));
  writeFileSync(
    path.join(samples, "noise.bin"),
    Uint8Array.from({ length: 64 }, (_, index) => (index * 89 + 7) % 251),
  );
  // Looks up a name that is on no list of forbidden ones.
  writeFileSync(path.join(samples, "unlisted.pkl"), "cnobody.knows\nwhat\n)R.");
  copyFileSync(path.join(MODELS, "saltmarsh/ner-english-small/tagger.pkl"), path.join(samples, "tagger.pkl"));
  copyFileSync(path.join(MODELS, "larkspur/encoder-small-sentiment/pytorch_model.bin"), path.join(samples, "weights.bin"));
  const labels = [
    "path\tnote\texpected",
    "inst.pkl\t\tmalicious",
    "unlisted.pkl\t\tmalicious",
    "noise.bin\t\tmalicious",
    "tagger.pkl\t\tbenign",
    "weights.bin\t\tbenign",
    "nowhere.pkl\t\tsuspicious",
  ];
  writeFileSync(path.join(samples, "manifest.tsv"), `${labels.join("\n")}\n`);
  await census(["infer", "--source", WHEEL, "--class", "brine.models.SequenceTagger", "-o", policy]);
});

describe("confusion", () => {
  it("counts what each judge stops, lets pass, and cannot tell", async () => {
    const { ending, value } = await censusJson<Row[]>(["export", "confusion", samples, "--policy", policy]);
    expect(ending).toBe("done");
    const name = JSON.parse(readFileSync(policy, "utf8")).name;
    expect(value.map(({ judge }) => judge)).toEqual([
      ...WEIGHTS_ONLY.map((each) => each.name),
      name,
      `${name}, lazy`,
      `${name}, PickleBall's rules`,
      "deny-list",
    ]);
    const counts = (judge: string) => {
      const row = value.find((each) => each.judge === judge)!;
      return [row.true_positives, row.false_negatives, row.undecided_malicious, row.true_negatives, row.false_positives];
    };
    expect(counts("weights-only@torch-2.6")).toEqual([2, 0, 1, 1, 1]);
    expect(counts(name)).toEqual([2, 0, 1, 2, 0]);
    // It forbids neither what it does not know nor what it cannot read.
    expect(counts("deny-list")).toEqual([1, 2, 0, 2, 0]);
    expect(value.at(-1)!.false_negative_rate).toBe(0.6667);
  });

  it("is written as CSV, and to a file by its ending", async () => {
    const { printed } = await census(["export", "confusion", samples]);
    expect(printed.split("\n")[0]).toMatch(/^judge,true_positives,false_negatives,/);
    const file = path.join(folder, "confusion.tex");
    await census(["export", "confusion", samples, "-o", file]);
    expect(readFileSync(file, "utf8")).toContain("\\toprule");
  });

  it("stops between two files when it is interrupted, and writes nothing", async () => {
    const interruption = new AbortController();
    const reported: string[] = [];
    const terminal = { colour: false, progress: false, verbose: true };
    const { ending, printed } = await census(["export", "confusion", samples, "--verbose"], {
      terminal,
      signal: interruption.signal,
      report: (text) => {
        reported.push(text);
        if (text.startsWith("2 of 5 files")) interruption.abort();
      },
    });
    expect({ ending, printed, files: reported.length }).toEqual({ ending: "interrupted", printed: "", files: 2 });
  });

  it("needs labels", async () => {
    expect(await census(["export", "confusion", folder])).toMatchObject({ ending: "usage" });
    const table = path.join(folder, "other.tsv");
    writeFileSync(table, "file\tlabel\n");
    const { reported } = await census(["export", "confusion", samples, "--labels", table]);
    expect(reported).toContain("has no columns 'path' and 'expected'");
  });
});
