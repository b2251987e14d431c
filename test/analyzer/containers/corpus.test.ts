/**
 * The 504 files of the corpus (tests of picklescan, modelaudit, joblib, numpy and others, real models): what becomes of
 * each, by format. Writes `docs/containers.md`, which is up to date or this fails; `vitest -u` brings it up to date.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { CONTAINERS } from "../../../analyzer/containers/containers.ts";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";

const CORPUS = fileURLToPath(new URL("../../../../shared/data/corpus/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../../docs/containers.md", import.meta.url));
const present = existsSync(join(CORPUS, "manifest.tsv"));
if (!present) console.warn("the corpus is not tested: ../shared/data/corpus is absent");

interface CorpusFile {
  readonly path: string;
  readonly expected: string;
  readonly format: string;
  /** Callables that the manifest's own scan (CPython's genops) saw looked up: the first of them, where there are many. */
  readonly globals: readonly string[];
}

function manifest(): CorpusFile[] {
  if (!present) return [];
  return readFileSync(join(CORPUS, "manifest.tsv"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [path, , , , expected, note] = line.split("\t") as [string, string, string, string, string, string];
      const format = /fmt=([^;]*)/.exec(note)?.[1] ?? "";
      const globals = (/globals=\d+\[([^\]]*)\]/.exec(note)?.[1] ?? "").split(",").filter((name) => /^[^+].*\./.test(name));
      return { path, expected, format, globals };
    });
}

/**
 * Malicious files without any fact, each with the reason why that is right. All of them are files whose danger is not
 * in a pickle that a loader runs.
 */
const WITHOUT_FACTS: Readonly<Record<string, string>> = {
  "modelaudit/tests/assets/samples/keras/malicious_lambda.h5": "a Keras Lambda layer: code, no pickle",
  "modelaudit/tests/assets/samples/tensorflow/malicious_pyfunc/saved_model.pb": "a TensorFlow graph that calls Python: no pickle",
  "modelaudit/tests/assets/samples/pickles/nested_pickle_base64.pkl": "a pickle in a str that nothing decodes",
  "modelaudit/tests/assets/samples/pickles/nested_pickle_hex.pkl": "a pickle in a str that nothing decodes",
  "modelaudit/tests/assets/samples/pickles/nested_pickle_raw.pkl": "a pickle in bytes that nothing loads",
  "modelaudit/tests/assets/samples/pickles/simple_nested.pkl": "a pickle in bytes that nothing loads",
};

/** Benign files that do not end as `ok` for another reason than a Python 2 str, which loads only with an encoding. */
const NOT_OK: Readonly<Record<string, string>> = {
  "picklescan/tests/data/benign_password_protected.zip": "encrypted",
  "cpython/3.10.13/test/pstats.pck": "marshal data, no pickle",
};

/** Lookups that the manifest's scan guessed behind the opcode at which these two fail: the memo has no such name. */
const GUESSED = new Set(["picklescan/tests/data2/keyerror-exploit.pkl: os.os", "picklescan/tests/data2/type-confusion-exploit.pkl: os.os"]);

const files = manifest();
const traces = new Map<string, Trace>();

describe.skipIf(!present)("the corpus", () => {
  test("every file is traced: no exception, no hang, no more than 1 GB", async () => {
    let most = 0;
    for (const { path } of files) {
      const { trace } = await traceFile(memorySource(readFileSync(join(CORPUS, path))));
      traces.set(path, trace);
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(traces.size).toBe(504);
    expect(most).toBeLessThan(2 ** 30);
  });

  test("every benign pickle is found, and run to its STOP", () => {
    const odd: Record<string, string> = {};
    for (const { path, expected } of files) {
      const trace = traces.get(path)!;
      if (expected !== "benign" || trace.outcome === "ok") continue;
      // Python 2's str: whether it loads depends on the encoding that the loader names. It was run to its STOP all the same.
      const onlyEncoding =
        trace.outcome === "unsupported" &&
        trace.pickles.length > 0 &&
        trace.pickles.every(
          ({ outcome, divergences = [] }) => outcome === "ok" || divergences.every(({ kind }) => kind === "string-encoding"),
        );
      if (!onlyEncoding) odd[path] = trace.failure?.kind ?? trace.pickles.find((pickle) => pickle.outcome !== "ok")?.failure?.kind ?? "";
    }
    expect(Object.keys(odd).sort()).toEqual(Object.keys(NOT_OK).sort());
  });

  test("every malicious file gives facts, or there is a reason why it has none", () => {
    const silent = files.filter(
      ({ path, expected }) => expected === "malicious" && traces.get(path)!.pickles.every(({ facts }) => facts.length === 0),
    );
    expect(silent.map(({ path }) => path).sort()).toEqual(Object.keys(WITHOUT_FACTS).sort());
  });

  test("what CPython's genops saw looked up in a malicious file is among its imports", () => {
    const missing: string[] = [];
    for (const { path, expected, globals } of files) {
      if (expected !== "malicious") continue;
      const facts = traces.get(path)!.pickles.flatMap((pickle) => pickle.facts);
      const spelt = new Set(facts.flatMap((fact) => (fact.kind === "import" ? [fact.spelt, fact.callable] : [])));
      for (const name of globals) if (!spelt.has(name) && !GUESSED.has(`${path}: ${name}`)) missing.push(`${path}: ${name}`);
    }
    expect(missing).toEqual([]);
  });

  test("nothing that holds a pickle is unsupported for its container", () => {
    const unsupported = files.filter(({ path }) => {
      const trace = traces.get(path)!;
      return trace.outcome === "unsupported" && trace.pickles.length === 0 && trace.container !== "git-lfs-pointer";
    });
    expect(unsupported.map(({ path }) => path).sort()).toEqual([...Object.keys(NOT_OK), "picklescan/tests/data/not_a_pickle.bin"].sort());
  });

  afterAll(() => traces.clear());

  test("docs/containers.md says what became of them", async () => {
    await expect(page()).toMatchFileSnapshot(PAGE);
  });
});

test("docs/containers.md lists every kind of container", () => {
  expect(readFileSync(PAGE, "utf8")).toContain(kindsTable());
});

function page(): string {
  return `# Containers

Which files the analyzer reads, how it tells them apart, and which of their bytes it looks at. A file is what its bytes
are, whatever it is called. This page is written by \`test/analyzer/containers/corpus.test.ts\`.

## Kinds

${kindsTable()}

## What becomes of the corpus

504 files of scanners' and libraries' own tests and of public repositories. \`format\` and \`label\` are those of the
corpus; \`container\` and \`outcome\` are ours. \`unsupported\` pickles are Python 2's, with text that loads only where the
loader names an encoding; they were run to their STOP.

${outcomesTable()}
`;
}

function kindsTable(): string {
  const rows = Object.entries(CONTAINERS).map(
    ([name, { title, holds, detected, read }]) => `| \`${name}\` | ${title} | ${holds} | ${detected} | ${read} |`,
  );
  return ["| container | format | holds | told by | read |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function outcomesTable(): string {
  const counts = new Map<string, { files: number; pickles: number }>();
  for (const { path, format, expected } of files) {
    const trace = traces.get(path)!;
    const key = `| ${format} | ${expected} | \`${trace.container}\` | ${trace.outcome} |`;
    const row = counts.get(key) ?? { files: 0, pickles: 0 };
    row.files++;
    row.pickles += trace.pickles.length;
    counts.set(key, row);
  }
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { files, pickles }]) => `${key} ${files} | ${pickles} |`);
  return [
    "| format | label | container | outcome | files | pickles | facts |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
