/** The collected files that tests run over, where they are at hand: public and hostile pickles. Never to be unpickled. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SAMPLES = fileURLToPath(new URL("fixtures/models/", import.meta.url));
const ROOT = fileURLToPath(new URL("../../shared/data/corpus/", import.meta.url));

/** Whether the corpus is here. */
export const hasCorpus = existsSync(ROOT);

/** Every file of the corpus: its path within it, and its content. */
export function* corpusFiles(): Generator<{ path: string; content: Buffer }> {
  if (hasCorpus) yield* filesOf(ROOT);
}

/** Every file of the sample models. */
export function* sampleFiles(): Generator<{ path: string; content: Buffer }> {
  yield* filesOf(SAMPLES);
}

function* filesOf(root: string): Generator<{ path: string; content: Buffer }> {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === "manifest.tsv") continue;
    const path = `${entry.parentPath}/${entry.name}`;
    yield { path: path.slice(root.length), content: readFileSync(path) };
  }
}
