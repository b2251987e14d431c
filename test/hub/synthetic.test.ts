/** Generated repositories: archives that other programs read, and populations that cost nothing until they are looked at. */
import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { listFiles, listModels } from "@huggingface/hub";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkpoint, sparseZip } from "./checkpoint.ts";
import type { Content } from "./content.ts";
import { startHub } from "./hub.ts";
import { get } from "./raw.ts";
import { syntheticPopulation } from "./synthetic.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/hub-`);
});
afterAll(() => rm(folder, { recursive: true }));

/** Python's zipfile on the content, written with holes where it is zeros: the names, and each named entry's bytes, checked by their CRC. */
async function readByPython(content: Content, names: readonly string[]): Promise<Record<string, string>> {
  const path = `${folder}/${content.sha256}.zip`;
  const file = await open(path, "w");
  await file.truncate(content.size);
  const edge = Math.min(content.size, 65_536);
  await file.write(await content.read(0, edge), 0, edge, 0);
  await file.write(await content.read(content.size - edge, content.size), 0, edge, content.size - edge);
  await file.close();
  const script =
    "import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); " +
    "print(json.dumps({n: z.read(n).hex() for n in sys.argv[2:]} | {'names': ' '.join(z.namelist())}))";
  return JSON.parse(execFileSync("python3", ["-c", script, path, ...names], { encoding: "utf8" }));
}

test("a checkpoint is a zip that Python reads, its zeros with the right checksum", async () => {
  const content = checkpoint("tiny", 2, 10);
  const read = await readByPython(content, ["archive/data.pkl", "archive/data/1", "archive/version"]);
  expect(read.names).toBe("archive/data.pkl archive/data/0 archive/data/1 archive/version");
  expect(read["archive/data/1"]).toBe("00".repeat(40));
  const program = Buffer.from(read["archive/data.pkl"]!, "hex");
  expect([program[0], program.at(-1)]).toEqual([0x80, ".".charCodeAt(0)]);
  expect(program.toString("latin1")).toContain("ctorch._utils\n_rebuild_tensor_v2\n");
});

test("beyond 4 GB it is a zip64", async () => {
  const zeros = { name: "zeros", zeros: 2 ** 31 };
  const content = sparseZip("large", [
    { name: "first", bytes: Buffer.from("one") },
    zeros,
    { ...zeros, name: "more" },
    { name: "last", bytes: Buffer.from("two") },
  ]);
  expect(content.size).toBeGreaterThan(2 ** 32);
  const read = await readByPython(content, ["first", "last"]);
  expect(read).toEqual({ names: "first zeros more last", first: "6f6e65", last: "74776f" });
});

test("a population is listed with its files' names, and its files are read by ranges", async () => {
  const population = syntheticPopulation(2_000);
  const hub = await startHub({ population });
  const models: { name: string; downloads: number; filePaths: string[] }[] = [];
  for await (const model of listModels({ hubUrl: hub.url, sort: "downloads", additionalFields: ["filePaths"] })) models.push(model);
  expect(models).toHaveLength(2_000);
  expect(models[0]).toMatchObject({ name: "synthetic-0/m0", downloads: 200_000 });
  const share = (path: string) => models.filter(({ filePaths }) => filePaths.includes(path)).length / models.length;
  expect([share("pytorch_model.bin"), share("training_args.bin"), share("model-q4_0.gguf")]).toEqual([0.45, 0.27, 0.17]);

  const name = models.findLast(({ filePaths }) => filePaths.includes("pytorch_model.bin"))!.name;
  const address = (await get(`${hub.url}/${name}/resolve/main/pytorch_model.bin`)).header("location")!;
  expect((await get(address, { range: "bytes=0-3" })).text()).toBe("PK\x03\x04");
  expect((await get(address, { range: "bytes=-22" })).bytes.slice(0, 4)).toEqual(new TextEncoder().encode("PK\x05\x06"));

  for await (const file of listFiles({ hubUrl: hub.url, repo: name })) expect(file.size).toBeGreaterThan(0);
  expect(population.indexOf("synthetic-1/m0")).toBeUndefined();
  expect(population.indexOf("synthetic-0/m97000")).toBeUndefined();
  await hub.close();
});

test("one model in ten has the weights of another", () => {
  const population = syntheticPopulation(1_000);
  const weights = (index: number) => population.at(index).files.get("pytorch_model.bin")?.content.sha256;
  const all = Array.from({ length: 1_000 }, (_, index) => weights(index)).filter((sha256) => sha256 !== undefined);
  expect([all.length, new Set(all).size]).toEqual([450, 405]);
});
