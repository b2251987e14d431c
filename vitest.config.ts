import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const every = {
  // Not the cache of whoever runs them. What opens SQLite before `db/connection.ts` is loaded would leave its addresses unread.
  env: { CENSUS_PARSE_CACHE: "off", SQLITE_USE_URI: "1" },
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

/** Files that measure the process they run in. */
const ALONE = ["test/analyzer/containers/corpus.test.ts"];

/** What drives Chromium over running dashboards: a file of two minutes, which waits more than it works. */
const BROWSER = ["test/browser/**/*.test.ts"];

/**
 * Begins with the browser, beside which at the end one worker would have nothing left to do, and then with what is alone: the
 * worker before it would end with all that it has.
 */
class ProjectByProject extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project }: TestSpecification) => ["browser", "alone", "tests"].indexOf(project.name);
    return (await super.sort(files)).toSorted((left, right) => place(left) - place(right));
  }
}

export default defineConfig({
  test: {
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: ProjectByProject },
    projects: [
      {
        // A worker takes its modules along to the next file, and their code as it was compiled: made anew for each, that took half the time.
        test: { ...every, name: "tests", include: ["test/**/*.test.ts"], exclude: [...BROWSER, ...ALONE], isolate: false },
      },
      { test: { ...every, name: "alone", include: ALONE } },
      { test: { ...every, name: "browser", include: BROWSER, testTimeout: 120_000, hookTimeout: 300_000 } },
    ],
  },
});
