import { describe, expect, test } from "vitest";
import { chooseFiles } from "../../crawler/candidates.ts";

const roleOf = (path: string) => chooseFiles([path])[0]?.role ?? null;

describe("by their names, files are", () => {
  test.each([
    ["pytorch_model.bin", "weights"],
    ["pytorch_model-00001-of-00002.bin", "weights"],
    ["1_Dense/pytorch_model.bin", "weights"],
    ["model.pt", "weights"],
    ["best.PTH", "weights"],
    ["epoch=2-step=1407.ckpt", "weights"],
    ["model.pkl", "weights"],
    ["model.pkl.gz", "weights"],
    ["vectors.kv", "weights"],
    ["model.joblib", "weights"],
    ["labels.npy", "weights"],
    ["asr.nemo", "weights"],
    ["archive.tar.gz", "weights"],
    ["training_args.bin", "side"],
    ["checkpoint-500/training_args.bin", "side"],
    ["optimizer.pt", "side"],
    ["optimizer.bin", "side"],
    ["optimizer_1.bin", "side"],
    ["scheduler.pt", "side"],
    ["rng_state.pth", "side"],
    ["rng_state_3.pth", "side"],
    ["random_states_0.pkl", "side"],
    ["zero_pp_rank_0_mp_rank_00_optim_states.pt", "side"],
    ["my_optimizer_model.pt", "weights"],
    ["training_args.bin.pkl", "weights"],
    ["config.json", null],
    ["model.safetensors", null],
    ["model.gguf", null],
    ["README.md", null],
    ["tokenizer.model", null],
    ["spiece.model", null],
    ["ggml-model-q4_0.bin", null],
    ["bin", null],
    ["pkl", null],
    ["../model.pkl", null],
    ["a\ud800.pkl", null],
  ] as const)("%s: %s", (path, role) => {
    expect(roleOf(path)).toBe(role);
  });
});

test("candidates are in the order of their paths, whatever order they were listed in", () => {
  expect(chooseFiles(["b.bin", "a.pkl", "c.txt", "B.bin"]).map(({ path }) => path)).toEqual(["B.bin", "a.pkl", "b.bin"]);
});
