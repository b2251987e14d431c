import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    // Not the cache of whoever runs them.
    env: { CENSUS_PARSE_CACHE: "off" },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
