import { expect, it } from "vitest";
import { parseHubTarget } from "../../scripts/hub-target.ts";

it.each([
  ["hf://owner/name", { model: "owner/name", revision: null, path: null }],
  ["hf://gpt2", { model: "gpt2", revision: null, path: null }],
  ["hf://owner/name@v1.0", { model: "owner/name", revision: "v1.0", path: null }],
  ["hf://owner/name@refs%2Fpr%2F1/sub/model.bin", { model: "owner/name", revision: "refs/pr/1", path: "sub/model.bin" }],
  ["hf://owner/name/model.bin", { model: "owner/name", revision: null, path: "model.bin" }],
])("%s", (target, parsed) => {
  expect(parseHubTarget(target)).toEqual(parsed);
});

it.each(["hf://", "hf:///", "hf://../etc", "hf://owner/..", "hf://own er/name"])("%s names no model", (target) => {
  expect(parseHubTarget(target)).toBeNull();
});
