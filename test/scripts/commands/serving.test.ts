/** The commands that serve pages. That pages are served is tested with the dashboard, in `test/browser/`. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { census, censusJson, temporaryFolder } from "../run-census.ts";

const folder = temporaryFolder();

describe("dashboard", () => {
  it("needs a store, and a port that is one", async () => {
    expect(await census(["dashboard", "--database", path.join(folder, "none.sqlite")])).toMatchObject({
      ending: "usage",
      reported: expect.stringContaining("no store at"),
    });
    expect(await census(["dashboard", "--port", "eighty"])).toMatchObject({ ending: "usage", printed: "" });
    expect(await census(["dashboard", "--port", "70000"])).toMatchObject({ ending: "usage", printed: "" });
  });
});

describe("demo", () => {
  it("surveys the sample models once, and finds them surveyed the next time", async () => {
    const words = ["demo", "--no-serve", "--database", path.join(folder, "demo.sqlite")];
    const first = await censusJson<{ models: number; requests: number; verdicts: Record<string, object> }>(words);
    expect(first.ending).toBe("done");
    expect(first.value).toMatchObject({ outcome: "finished", verdicts: { "weights-only@torch-2.6": { loads: expect.any(Number) } } });
    const again = await censusJson(words, { environment: { HF_TOKEN: "hf_of-another-hub" } });
    expect(again).toEqual(first);
    // The public repositories are surveyed too, where this machine has them.
  }, 300_000);
});
