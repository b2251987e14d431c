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
  /** How many there were: the note names the first twelve at most. */
  readonly globalCount: number;
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
      const globalCount = Number(/globals=(\d+)/.exec(note)?.[1] ?? 0);
      return { path, expected, format, globals, globalCount };
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

/** Why it is right that a file is not `ok`, other than for a Python 2 str. */
const NOT_OK: Readonly<Record<string, string>> = {
  "picklescan/tests/data/benign_password_protected.zip": "encrypted: nobody without the password can say what is in it",
  "picklescan/tests/data/broken_model.pkl": "cut off behind its call, which is a fact",
  "picklescan/tests/data/malicious19.pkl": "calls a partial of torch.load on a path: what lies there is not here",
  "picklescan/tests/data/not_a_pickle.bin": "noise",
  "picklescan/tests/data2/keyerror-exploit.pkl": "reads a memo entry that is not there, which ends every unpickler",
  "picklescan/tests/data2/malicious1_crc.zip": "Python's zipfile ends at the wrong checksum; its pickle was run all the same",
  "picklescan/tests/data2/type-confusion-exploit.pkl": "looks up a name that is no str, which ends every unpickler",
  "cpython/3.10.13/test/pstats.pck": "marshal data, no pickle",
  "real/molecularsets+moses/data/test_scaffolds_stats.npz": "a Git LFS pointer: its content is elsewhere, and the verdict is `unavailable`",
  "real/molecularsets+moses/data/test_stats.npz": "a Git LFS pointer: its content is elsewhere, and the verdict is `unavailable`",
};
/** The same for files with Python 2 strs that are not ASCII. */
const PYTHON_2 = "Python 2's text: it loads only where the loader names an encoding; run to its STOP";

/** What the notes say in words of malicious files in which the manifest's own scan saw no lookup: a call, and the trick. */
const NOTED: Readonly<Record<string, readonly [call: string, finding: string | null]>> = {
  "picklescan/tests/data/malicious1.7z": ["builtins.eval", null],
  "picklescan/tests/data/malicious1_0x1.zip": ["builtins.eval", "zip-flags"],
  "picklescan/tests/data/malicious1_0x20.zip": ["builtins.eval", "zip-flags"],
  "picklescan/tests/data/malicious1_0x40.zip": ["builtins.eval", "zip-flags"],
  "picklescan/tests/data/malicious1_central_directory.zip": ["builtins.eval", "zip-name-differs"],
  "picklescan/tests/data/malicious1_wrong_ext.zip": ["builtins.eval", null],
  "picklescan/tests/data2/malicious1_crc.zip": ["builtins.eval", "zip-checksum"],
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
    for (const { path, expected, format } of files) {
      if (expected !== "benign") continue;
      const { pickles } = traces.get(path)!;
      // Python 2's strs are unsupported, and were run to the end all the same.
      for (const { outcome, failure } of pickles) if (outcome !== "ok") expect(failure?.kind, path).toBe("string-encoding");
      if (/^pickle|^(gzip|bz2|lzma|xz|zlib)\(pickle|\(object\)|^torch-(zip|legacy)|^torchscript/.test(format)) {
        expect(pickles.length, path).toBeGreaterThan(0);
      }
    }
  });

  test("every file that is not ok is not for a reason that is written down", () => {
    const odd = files.filter(({ path }) => traces.get(path)!.outcome !== "ok" && !isPython2(traces.get(path)!));
    expect(odd.map(({ path }) => path).sort()).toEqual(Object.keys(NOT_OK).sort());
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

  test("what the notes say of malicious files without lookups of their own is found", () => {
    const unseen = files.filter(
      ({ path, expected, globalCount }) => expected === "malicious" && globalCount === 0 && !(path in WITHOUT_FACTS),
    );
    expect(unseen.map(({ path }) => path).sort()).toEqual(Object.keys(NOTED).sort());
    for (const [path, [call, finding]] of Object.entries(NOTED)) {
      const trace = traces.get(path)!;
      expect(trace.pickles.flatMap(({ facts }) => facts.flatMap((fact) => (fact.kind === "call" ? [fact.callable] : [])))).toContain(call);
      if (finding !== null) expect(trace.findings.map(({ kind }) => kind)).toContain(finding);
    }
  });

  test("nothing is unsupported that has a pickle a real loader would reach", () => {
    const unsupported = files.filter(({ path }) => traces.get(path)!.outcome === "unsupported" && !isPython2(traces.get(path)!));
    // The reasons are in NOT_OK: none of these has a pickle that could be read.
    for (const { path } of unsupported) {
      const { pickles } = traces.get(path)!;
      expect(
        pickles.every(({ failure }) => failure?.kind === "nested-unknown"),
        path,
      ).toBe(true);
    }
  });

  afterAll(() => traces.clear());

  test("docs/containers.md says what became of them", async () => {
    await expect(page()).toMatchFileSnapshot(PAGE);
  });
});

test("docs/containers.md lists every kind of container", () => {
  expect(readFileSync(PAGE, "utf8")).toContain(kindsTable());
});

/** Whether all that keeps a trace from `ok` are Python 2 strs. */
function isPython2({ outcome, failure, pickles }: Trace): boolean {
  return (
    outcome === "unsupported" &&
    !failure &&
    pickles.every((pickle) => pickle.outcome === "ok" || pickle.failure?.kind === "string-encoding")
  );
}

function page(): string {
  return `# Containers

Which files the analyzer reads, how it tells them apart, and which of their bytes it looks at. A file is what its bytes
are, whatever it is called. This page is written by \`test/analyzer/containers/corpus.test.ts\`.

## Kinds

${kindsTable()}

## Zip, as its readers see it

Python's \`zipfile\` and torch's \`PyTorchFileReader\` (miniz) take the last end record of a file, and then part ways: over which
zip64 record counts, where the directory begins, how many of its entries there are, which of several entries of a name is
meant (\`zipfile\`: the last; miniz: any, whatever its case), and how long a stored entry is. Every entry of either is read,
and so is what lies between entries; where the two hand out different bytes for a name, the finding \`zip-readers-differ\` says
which. \`test/analyzer/containers/zip-readers.test.ts\` holds both views against the two readers, on archives that lie.

## What is skipped

The bytes of arrays between joblib's opcodes, torch's storages, numpy's items: their lengths are known. Of a constant of more
than 1 MiB in a pickle (\`BINBYTES\`, \`BINBYTES8\`, \`BYTEARRAY8\`, outside of frames) the first 4 KiB are read: nothing but its length
decides whether it loads. Where the pickle hands it to a loader, all of it is read, and what lies in it is run: pickles by
the machine, archives, arrays and compressed streams as files of their own (\`torch.load#1\` in the entry's path). Text is read
whole, since not all bytes are text.

What reading costs is measured by \`npm run bench -- containers\` (\`docs/benchmarks.md\`). Limits are those of \`analyzer/limits.ts\`.

## What is not read

Each is \`unsupported\` with a finding that names it, or \`unknown\`; none is ever clean: encrypted entries; zip methods other than
stored, deflate, bzip2, LZMA, zstd and xz; 7z methods other than those above; zstd and zlib streams with dictionaries; xz
filters beyond ARM64; sparse members of a tar, and headers about a
member that readers may take in several ways; torch's old tar with links for members; streams of xz and LZMA behind one another;
Compress, RAR, lzip, lzop, Snappy and Brotli. Text may begin as GLOBAL does (\`c\`, a word, an empty line): an unpickler in Python would import that
word as a module, and fail; it is text all the same.

## What becomes of the corpus

504 files of scanners' and libraries' own tests and of public repositories. \`format\` and \`label\` are those of the
corpus; \`container\` and \`outcome\` are ours.

${outcomesTable()}

## Each file that is not ok

And why that is right.

${notOkTable()}
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
  return ["| format | label | container | outcome | files | pickles |", "| --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function notOkTable(): string {
  const rows = files
    .filter(({ path }) => traces.get(path)!.outcome !== "ok")
    .map(({ path }) => {
      const trace = traces.get(path)!;
      return `| ${path} | \`${trace.container}\` | ${trace.outcome} | ${isPython2(trace) ? PYTHON_2 : NOT_OK[path]} |`;
    });
  return ["| file | container | outcome | why |", "| --- | --- | --- | --- |", ...rows.sort()].join("\n");
}
