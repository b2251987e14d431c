/**
 * One class in a process of its own, so that its memory and its first run are its own: a request as JSON on standard
 * input, what it took on standard output. Boundary: it measures; `infer.ts` and `infer-compare.ts` ask and print.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { writePolicy } from "../../analyzer/policy/format.ts";
import { infer, type SourceTree } from "../../analyzer/policy/inference/infer.ts";
import { inferReleases } from "../../analyzer/policy/inference/releases.ts";
import { keepUnits } from "../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../analyzer/python/parser.ts";
import { openParseCache, type ParseCache } from "../../crawler/parse-cache.ts";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { sourceTree } from "../analyzer/policy/source.ts";

export interface OnceRequest {
  readonly class: string;
  /** Folders of source; a dependency may also be one file, a module. */
  readonly releases: readonly { readonly source: string; readonly version: string | null; readonly dependencies: readonly string[] }[];
  /** How often it is inferred again, everything forgotten in between: the bytes must be the same. */
  readonly again: number;
  /** The file of a parse cache to read from and, when all is measured, to write to; none where it is left out. */
  readonly cache?: string;
  /** Rewrites the library to twice its size: the package beside a copy of it, and a class that holds an object of each. */
  readonly twice?: boolean;
}

export interface OnceAnswer {
  /** Seconds from the first byte read to the policy, and those the processor spent on it. */
  readonly cold: number;
  readonly coldProcessor: number;
  /** The same once more, with what was parsed kept. */
  readonly warm: number;
  readonly megabytes: number;
  readonly files: number;
  readonly isSame: boolean;
  readonly policy: string;
}

/** Measures the request of this process. */
async function answer(request: OnceRequest): Promise<OnceAnswer> {
  const start = performance.now();
  const startProcessor = process.cpuUsage();
  const cache = request.cache === undefined ? null : openParseCache(request.cache);
  const loading = loadPythonParser(cache);
  const releases = request.releases.map(({ source, version, dependencies }) => ({
    library: { ...readTree(source, cache), version },
    dependencies: dependencies.map((dependency) => readTree(dependency, cache)),
  }));
  const doubled = request.twice ? doubledRequest(request.class, releases[0]!.library) : null;
  const asked = doubled
    ? { class: doubled.class, releases: [{ ...releases[0]!, library: doubled.library }] }
    : { class: request.class, releases };
  const parser = await loading;
  const policy = inferred(parser, asked);
  const cold = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(startProcessor);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  const startWarm = performance.now();
  const texts = [policy.text, inferred(parser, asked).text];
  const warm = (performance.now() - startWarm) / 1000;
  for (let run = 0; run < request.again; run++) {
    parser.forget();
    texts.push(inferred(parser, asked).text);
  }
  keepUnits(parser);
  cache?.close();
  return {
    cold,
    coldProcessor: (user + system) / 1e6,
    warm,
    megabytes,
    files: policy.files,
    isSame: new Set(texts).size === 1,
    policy: policy.text,
  };
}

type Asked = Pick<Parameters<typeof inferReleases>[0], "class" | "releases">;

function inferred(parser: PythonParser, asked: Asked): { text: string; files: number } {
  if (asked.releases.length > 1) {
    const result = inferReleases({ parser, ...asked });
    if (!result.ok) throw new Error(result.error.message);
    return { text: writePolicy(result.value.policy), files: [...parser.units.values()].flat().length };
  }
  const result = infer({ parser, ...asked.releases[0]!, class: asked.class });
  if (!result.ok) throw new Error(result.error.message);
  return { text: writePolicy(result.value.policy), files: result.value.size.files };
}

function readTree(place: string, cache: ParseCache | null): SourceTree {
  if (!existsSync(place)) throw new Error(`no such folder: ${place}`);
  if (statSync(place).isDirectory()) return sourceTree(place, path.basename(place), null, cache?.answersBelow(place));
  const file = path.basename(place);
  return { name: path.basename(place, ".py"), version: null, files: [{ path: file, text: readFileSync(place, "utf8") }] };
}

/** The inside of a package as two packages of the same content, and a third with a class that holds an object of each. */
function doubledRequest(class_: string, library: SourceTree): { class: string; library: SourceTree } {
  const [package_ = "", ...rest] = class_.split(".");
  const word = new RegExp(`\\b${package_}\\b`, "g");
  const copies = [package_, `${package_}_copy`].flatMap((name) =>
    library.files.map((file) => ({ path: `${name}/${file.path}`, text: name === package_ ? file.text : file.text.replace(word, name) })),
  );
  const module = (name: string) => [name, ...rest.slice(0, -1)].join(".");
  const [name] = rest.slice(-1);
  const text = [
    `from ${module(package_)} import ${name} as First`,
    `from ${module(`${package_}_copy`)} import ${name} as Second`,
    "class Both:",
    "    def __init__(self, first: First, second: Second):",
    "        self.first = first",
    "        self.second = second",
  ].join("\n");
  return { class: "both.Both", library: { ...library, files: [...copies, { path: "both.py", text }] } };
}

process.stdout.write(JSON.stringify(await answer(JSON.parse(readFileSync(0, "utf8")))));
