/**
 * TypeScript as one JavaScript file that Node reads at once: run module by module through a loader, the command line alone took
 * four seconds to start, and each worker thread one. Plain JavaScript, because it is what runs before TypeScript can.
 */
import { readFileSync } from "node:fs";
import { access, constants, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { replace, runCompiled, stampOf } from "./kept-code.mjs";

const SELF = fileURLToPath(import.meta.url);
const ROOT = path.dirname(path.dirname(SELF));
const CACHE = path.join(ROOT, "node_modules", ".cache", "picklecensus");
/**
 * Packages that go into the file, as far as they are used: modules cost more to find and to compile than to run. `p-limit` must,
 * being an ES module with a default export, which CommonJS takes for something else.
 */
const BUNDLED = new Set([
  "@huggingface/hub",
  "cli-progress",
  "commander",
  "csv-stringify",
  "fflate",
  "fzstd",
  "hyparquet",
  "hyparquet-writer",
  "kysely",
  "p-limit",
  "tar-stream",
  "zod",
]);

/**
 * Imports a TypeScript module of this checkout, compiled where that can be kept. It may not await anything at its top.
 *
 * @param {string} module address of the module, `file:`
 * @param {string} [occasion] what it is run for, where that decides what it uses: a part of a file's name
 */
export async function importTypeScript(module, occasion = "run") {
  const file = await compiled(module);
  if (file !== null) return runCompiled(file, occasion);
  const { register } = await import("tsx/esm/api");
  register();
  return import(module);
}

/**
 * The file to run in place of a TypeScript module: the module and all that it imports of this checkout in one, made anew
 * whenever one of them has changed. Rejects where the module does not compile; null where there is nowhere to put it, as in an
 * installation that is read-only.
 */
async function compiled(module) {
  const entry = fileURLToPath(module);
  const name = path.join(CACHE, path.relative(ROOT, entry).replaceAll(/[^\w-]+/g, "-"));
  if (isCurrent(`${name}.json`)) return `${name}.cjs`;
  try {
    await mkdir(CACHE, { recursive: true });
    await access(CACHE, constants.W_OK);
  } catch {
    return null;
  }
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    // What V8 makes of it can be kept of CommonJS alone.
    format: "cjs",
    banner: { js: "(function (module, exports, require) {" },
    footer: { js: "})" },
    target: "node20",
    // In code that is kept it takes a loader that Node calls experimental, and says so.
    supported: { "dynamic-import": false },
    // Half of the time that reading takes; lines, so that a place in a stack trace can be found.
    minifyWhitespace: true,
    lineLimit: 120,
    legalComments: "none",
    absWorkingDir: ROOT,
    plugins: [OWN_ADDRESSES, PACKAGES],
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const files = Object.keys(metafile.inputs).map((input) => path.resolve(ROOT, input));
  // A package changes when its manifest does, and has too many files to ask each.
  const inputs = new Set([SELF, ...files.map((file) => (packageOf(file) === null ? file : path.join(packageOf(file), "package.json")))]);
  replace(`${name}.cjs`, () => outputFiles[0].contents);
  replace(`${name}.json`, () => JSON.stringify([...inputs].map((input) => [input, stampOf(input)])));
  return `${name}.cjs`;
}

/** A module finds the files beside it by its own address, which is not that of the file it ends up in. */
const OWN_ADDRESSES = {
  name: "own addresses",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const own = { url: pathToFileURL(file).href, dirname: path.dirname(file), filename: file };
      return { contents: text.replaceAll(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, key) => JSON.stringify(own[key])), loader: "ts" };
    });
  },
};

/** Of the packages only some go along, and what they import themselves. */
const PACKAGES = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path: name, importer, kind }) => {
      if (kind === "entry-point" || packageOf(importer) !== null) return undefined;
      return BUNDLED.has(/^(@[^/]+\/)?[^/]+/.exec(name)[0]) ? undefined : { external: true };
    });
  },
};

/** The folder of the package that a file is of; null where it is one of ours, which may be installed as a package too. */
function packageOf(file) {
  const folder = /^.*[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(file)?.[0] ?? null;
  return folder === null || SELF.startsWith(`${folder}${path.sep}`) ? null : folder;
}

/** Whether the files that something was made of are as they were. Asked one after the other, some hundreds take a millisecond or two. */
function isCurrent(record) {
  try {
    return JSON.parse(readFileSync(record, "utf8")).every(([input, stamp]) => stampOf(input) === stamp);
  } catch {
    return false;
  }
}
