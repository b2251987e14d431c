/** The collected files that tests run over, where they are at hand: public and hostile pickles. Never to be unpickled. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../shared/data/corpus/", import.meta.url));

/** Whether the corpus is here. */
export const hasCorpus = existsSync(ROOT);

/** Every file of the corpus: its path within it, and its content. */
export function* corpusFiles(): Generator<{ path: string; content: Buffer }> {
  if (!hasCorpus) return;
  for (const entry of readdirSync(ROOT, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === "manifest.tsv") continue;
    const path = `${entry.parentPath}/${entry.name}`;
    yield { path: path.slice(ROOT.length), content: readFileSync(path) };
  }
}
