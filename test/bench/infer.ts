/**
 * How long inference takes on the Python libraries that Debian has: cold, with its parse cache, and again in the same process
 * with what was parsed still there; and on twice the source. `npm run bench -- infer [LIBRARY...]` takes some libraries only. Measures without judging, but for the bytes, which
 * must not differ: the numbers of a machine at rest go to `docs/inference-measured.md`.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { inferOnce, inferTwice } from "./infer-process.ts";

const PACKAGES = "/usr/lib/python3/dist-packages";

const CLASSES = [
  ["sklearn.ensemble.RandomForestClassifier", "scipy", "joblib"],
  ["sklearn.pipeline.Pipeline", "scipy", "joblib"],
  ["torch.nn.TransformerEncoder"],
  ["torch.optim.AdamW"],
  ["gensim.models.Word2Vec", "numpy", "scipy"],
  ["pandas.DataFrame"],
  ["networkx.DiGraph"],
  ["networkx.MultiGraph"],
  ["statsmodels.regression.linear_model.OLS", "pandas", "numpy", "patsy"],
] as const;

/** Twice the source: packages whose inside names the package absolutely, or relatively throughout. */
const DOUBLED = ["gensim.models.Word2Vec", "networkx.DiGraph", "sklearn.ensemble.RandomForestClassifier"];

export async function run(): Promise<void> {
  const asked = process.argv.slice(3);
  const isAsked = (class_: string) => asked.length === 0 || asked.includes(class_.split(".")[0]!);
  const header = ["class", "files", "cold s", "processor s", "cached s", "processor s", "parsed s", "MB", "names", "10 runs"];
  console.log(header.map((name, column) => (column === 0 ? name.padEnd(42) : name.padStart(12))).join(""));
  for (const [class_, ...dependencies] of CLASSES.filter(([class_]) => isAsked(class_))) {
    const package_ = path.join(PACKAGES, class_.split(".")[0]!);
    if (!existsSync(package_)) {
      console.log(`${class_.padEnd(42)} not installed`);
      continue;
    }
    const present = dependencies.map((name) => path.join(PACKAGES, name)).filter((place) => existsSync(place));
    const releases = [{ source: package_, version: null, dependencies: present }];
    const { cold, cached } = inferTwice({ class: class_, releases, again: 8 });
    const { files, warm, megabytes, policy, isSame } = cold;
    const names = JSON.parse(policy).imports.filter(({ sameAs }: { sameAs?: string }) => sameAs === undefined).length;
    const cells = [
      files,
      cold.cold.toFixed(2),
      cold.coldProcessor.toFixed(2),
      cached.cold.toFixed(2),
      cached.coldProcessor.toFixed(2),
      warm.toFixed(2),
      megabytes.toFixed(0),
      names,
      isSame ? "same" : "DIFFER",
    ];
    console.log(class_.padEnd(42) + cells.map((cell) => String(cell).padStart(12)).join(""));
    if (!isSame) throw new Error(`${class_}: ten runs gave different bytes`);
  }
  console.log(`\n${"twice the source".padEnd(42)}${["once s", "twice s", "ratio"].map((name) => name.padStart(12)).join("")}`);
  for (const class_ of DOUBLED.filter(isAsked)) {
    const source = path.join(PACKAGES, class_.split(".")[0]!);
    if (!existsSync(source)) continue;
    const releases = [{ source, version: null, dependencies: [] }];
    const least = (twice: boolean) =>
      Math.min(...Array.from({ length: 3 }, () => inferOnce({ class: class_, releases, again: 0, twice }).coldProcessor));
    const [once, twice] = [least(false), least(true)];
    console.log(
      class_.padEnd(42) + [once.toFixed(2), twice.toFixed(2), (twice / once).toFixed(2)].map((cell) => cell.padStart(12)).join(""),
    );
  }
}
