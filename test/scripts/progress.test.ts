import { expect, it } from "vitest";
import { startProgress } from "../../scripts/progress.ts";

it("elsewhere than on a terminal says now and then how far it is, how quickly it goes, and how long it will take", () => {
  const lines: string[] = [];
  let now = 0;
  const report = (text: string) => void lines.push(text);
  const terminal = { colour: false, progress: false };
  const progress = startProgress({ report, terminal, network: { monotonic: () => now } as never }, "models");
  for (let done = 0; done <= 1_000; done++) {
    progress.update(done, 2_000, "crawl");
    now += 100;
  }
  expect(lines[0]).toBe("100 of 2,000 models, 10/s, 3 min left; crawl\n");
  expect(lines.at(-1)).toBe("1,000 of 2,000 models, 10/s, 2 min left; crawl\n");
  expect(lines).toHaveLength(10);
});

it("begins anew with another stage", () => {
  const lines: string[] = [];
  let now = 0;
  const terminal = { colour: false, progress: false };
  const effects = { report: (text: string) => void lines.push(text), terminal, network: { monotonic: () => now } as never };
  const progress = startProgress(effects, "models");
  progress.update(500, 0, "list");
  now += 1_000_000;
  progress.update(0, 500, "crawl");
  now += 10_000;
  progress.update(100, 500, "crawl");
  expect(lines).toEqual(["500 models; list\n", "100 of 500 models, 10/s, 40 s left; crawl\n"]);
});
