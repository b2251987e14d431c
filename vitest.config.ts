import { defineConfig } from "vitest/config";

/** Files that measure the process they run in. */
const ALONE = ["test/analyzer/containers/corpus.test.ts"];

const every = {
  // Not the cache of whoever runs them.
  env: { CENSUS_PARSE_CACHE: "off" },
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    projects: [
      {
        // A worker takes its modules along to the next file, and their code as it was compiled: made anew for each, that took half the time.
        test: { ...every, name: "tests", include: ["test/**/*.test.ts"], exclude: ["test/browser/**", ...ALONE], isolate: false },
      },
      { test: { ...every, name: "alone", include: ALONE } },
    ],
  },
});
