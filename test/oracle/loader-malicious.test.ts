/**
 * The loader on every malicious file: none of them gets to its payload, whatever the policy, and what is refused first is
 * what the verdict says. The payloads do nothing even where something would run them.
 */
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import { type MaliciousFile, maliciousFiles } from "../fixtures/malicious.ts";
import { DEBIAN_PYTHON, hasLibraries, isSameRefusal, pythons, SafeLoader } from "./loader.ts";

const BRINE = fileURLToPath(new URL("../fixtures/brine/0.2.0", import.meta.url));
const files = maliciousFiles();
const bare = files.filter(({ container }) => container === "pickle");

/** What nothing may call. */
const PAYLOADS = /^(os\.system|subprocess\.(getoutput|Popen)|sys\.(modules|get|system)|copyreg\.add_extension|.*\.SourcelessFileLoader)$/;
const names = files.flatMap(({ imports, calls }) => [...imports, ...calls]);
const harmless = names.filter((name) => !PAYLOADS.test(name));

const POLICIES: readonly Policy[] = [
  policy("nothing", [], []),
  policy("all but the payloads", harmless, harmless),
  policy("all, the payloads to be looked up only", names, harmless),
];

function policy(name: string, imports: readonly string[], calls: readonly string[]): Policy {
  const entries = (of: readonly string[]): PolicyEntry[] => [...new Set(of)].sort().map((callable) => ({ callable, reasons: [] }));
  return { name, class: null, library: null, imports: entries(imports), calls: entries(calls) };
}

const libraries = hasLibraries();

describe.each(POLICIES)("under a policy of $name", (by) => {
  describe.skipIf(!libraries)("with the libraries", () => {
    let loader: SafeLoader;
    let safeLoad: string;
    beforeAll(() => {
      loader = new SafeLoader(DEBIAN_PYTHON, [BRINE]);
      safeLoad = loader.writeLoader(by);
    });
    afterAll(() => loader.close());

    it.each(files)("$name is refused", async (file) => {
      const how = file.container === "zlib" ? "joblib" : file.container === "npy" ? "npy" : "pickle";
      const loaded = await Promise.all(
        programs(file).map((program) => loader.load({ loader: safeLoad, how, file: loader.write(file.path, program) })),
      );
      expect(loaded.at(-1)).toMatchObject({ outcome: "blocked" });
    });

    it.each(bare)("$name is refused for what the verdict names first", async ({ path: name, bytes }) => {
      const { trace } = await traceFile(memorySource(bytes));
      const [first] = judgeTrace(trace, by, "strict").blocked;
      const loaded = await loader.load({ loader: safeLoad, how: "pickle", file: loader.write(name, bytes) });
      expect(loaded.outcome === "blocked" && isSameRefusal(first!, loaded.blocked), JSON.stringify([first, loaded])).toBe(true);
    });
  });

  describe.each([...pythons()])("in Python %s, which may have no libraries", (_, python) => {
    let loader: SafeLoader;
    let safeLoad: string;
    beforeAll(() => {
      loader = new SafeLoader(python);
      safeLoad = loader.writeLoader(by);
    });
    afterAll(() => loader.close());

    it.each(bare)("$name does not load", async ({ path: name, bytes }) => {
      const loaded = await loader.load({ loader: safeLoad, how: "pickle", file: loader.write(name, bytes) });
      expect(loaded.outcome === "blocked" || (loaded.outcome === "fails" && loaded.error.startsWith("ModuleNotFoundError"))).toBe(true);
    });
  });
});

/** What of a file some loader would run; of a zip every entry, also those that torch does not read, the payload's last. */
function programs({ container, bytes }: MaliciousFile): readonly Uint8Array[] {
  if (!container.startsWith("torch-zip")) return [bytes];
  return Object.values(unzipSync(bytes)).filter((entry) => entry[0] === 0x80);
}
