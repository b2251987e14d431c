/**
 * Wheels of the Python libraries that this machine has from Debian, made when they are asked for: their source and their
 * metadata, for a package index on loopback.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { strToU8, type Zippable, zipSync } from "fflate";
import { heldContent } from "./content.ts";
import type { Distribution } from "./package-index.ts";

const INSTALLED = "/usr/lib/python3/dist-packages";

/** The libraries of the corpus's models, and what they require. Debian names the information's folder as it likes. */
const LIBRARIES = [
  { project: "scikit-learn", information: /^scikit_learn-/, packages: ["sklearn"] },
  { project: "joblib", information: /^joblib-/, packages: ["joblib"] },
  { project: "numpy", information: /^numpy-/, packages: ["numpy"] },
  { project: "scipy", information: /^scipy-/, packages: ["scipy"] },
  { project: "xgboost", information: /^xgboost-/, packages: ["xgboost"] },
  { project: "gensim", information: /^gensim-/, packages: ["gensim"] },
] as const;

/** The wheels; none where the libraries are not installed. */
export function debianWheels(): Distribution[] {
  const entries = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  return LIBRARIES.flatMap(({ project, information, packages }) => {
    const folder = entries.find((entry) => information.test(entry) && /\.(egg|dist)-info$/.test(entry));
    if (folder === undefined || !packages.every((name) => entries.includes(name))) return [];
    const metadata = metadataOf(path.join(INSTALLED, folder));
    const version = /^Version: (.*)$/m.exec(metadata)?.[1] ?? "0";
    const stem = `${project.replaceAll("-", "_")}-${version}`;
    const open = async () =>
      heldContent(zipSync({ ...sourceOf(packages), [`${stem}.dist-info/METADATA`]: strToU8(metadata) }, { level: 1 }));
    return [{ project, version, filename: `${stem}-py3-none-any.whl`, uploadTime: "2023-01-01T00:00:00Z", open }];
  });
}

/** METADATA; of an egg-info, with the requirements that it has in a file of their own. */
function metadataOf(folder: string): string {
  if (!statSync(folder).isDirectory()) return readFileSync(folder, "utf8");
  const metadata = ["METADATA", "PKG-INFO"].map((name) => path.join(folder, name)).find((file) => existsSync(file));
  const text = metadata === undefined ? "" : readFileSync(metadata, "utf8");
  const requires = path.join(folder, "requires.txt");
  if (!existsSync(requires)) return text;
  const [always = ""] = readFileSync(requires, "utf8").split(/^\[/m);
  const lines = always.split("\n").filter((line) => line.trim() !== "");
  return [...lines.map((line) => `Requires-Dist: ${line}`), text].join("\n");
}

function sourceOf(packages: readonly string[]): Zippable {
  const files: Zippable = {};
  for (const name of packages)
    for (const entry of readdirSync(path.join(INSTALLED, name), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.pyi?$/.test(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      files[path.relative(INSTALLED, file)] = readFileSync(file);
    }
  return files;
}
