import { defineConfig } from "vitest/config";

/** The tests that drive Chromium over a running dashboard: one at a time, and a browser's start is slow. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    // Not the cache of whoever runs them.
    env: { CENSUS_PARSE_CACHE: "off" },
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
