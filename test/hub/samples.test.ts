/** What the demonstration serves: every fixture arrives, and nothing that is not one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { listModels } from "@huggingface/hub";
import { afterAll, beforeAll, expect, test } from "vitest";
import { maliciousFiles } from "../fixtures/malicious.ts";
import { type Hub, startHub } from "./hub.ts";
import { get } from "./raw.ts";
import { realRepositories, samples } from "./samples.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const listed: { id: string; disabled: boolean; gated: false | string }[] = JSON.parse(
  readFileSync(`${fixtures}/models/repositories.json`, "utf8"),
);
const real = fileURLToPath(new URL("../../../shared/data/corpus/real", import.meta.url));

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ ...(await samples()), quotas: { api: 10_000 } });
});
afterAll(() => hub.close());

test("every repository of the fixtures is listed, with every file but the recordings", async () => {
  const paths = new Map<string, string[]>();
  for await (const { name, filePaths } of listModels({ hubUrl: hub.url, additionalFields: ["filePaths"] })) paths.set(name, filePaths);
  for (const { id } of listed) {
    const files = readdirSync(`${fixtures}/models/${id}`, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const served = files.map(({ name }) => name).filter((name) => !name.endsWith(".cpython.json"));
    expect(
      paths.get(id)?.map((path) => path.split("/").at(-1)),
      id,
    ).toEqual(expect.arrayContaining(served));
    expect(paths.get(id)).toHaveLength(served.length);
  }
  for (const { name, path } of maliciousFiles()) expect(paths.get(`red-team/${name}`)).toContain(path);
});

test("files arrive as they are, small and large", async () => {
  for (const { id } of listed.filter(({ disabled, gated }) => !disabled && gated === false)) {
    for (const { rfilename } of (await get(`${hub.url}/api/models/${id}`)).json().siblings) {
      const address = `${hub.url}/${id}/resolve/main/${rfilename}`;
      const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
      expect(Buffer.compare(bytes, readFileSync(`${fixtures}/models/${id}/${rfilename}`)), `${id}/${rfilename}`).toBe(0);
    }
  }
});

test("the card's front matter is cardData, and config.json is config", async () => {
  const { cardData } = (await get(`${hub.url}/api/models/saltmarsh/ner-english-small`)).json();
  expect(cardData).toMatchObject({ library_name: "brine", tags: ["sequence-tagger-model", "en"] });
  const { config } = (await get(`${hub.url}/api/models/larkspur/encoder-small-mlm`)).json();
  const whole = JSON.parse(readFileSync(`${fixtures}/models/larkspur/encoder-small-mlm/config.json`, "utf8"));
  expect(config).toEqual({ architectures: whole.architectures, model_type: whole.model_type });
});

test("shas follow from the contents, and not from the run", async () => {
  const shas = ({ repositories }: Awaited<ReturnType<typeof samples>>) => repositories.map(({ id, sha }) => `${id} ${sha}`);
  expect(shas(await samples())).toEqual(shas(await samples()));
});

test("the wheels are in the index, with their metadata", async () => {
  const { versions, files } = (await get(`${hub.indexUrl}/brine/`)).json();
  expect(versions).toEqual(["0.1.0", "0.2.0"]);
  for (const { url, filename } of files) {
    expect(Buffer.compare((await get(url)).bytes, readFileSync(`${fixtures}/wheels/${filename}`))).toBe(0);
    expect((await get(`${url}.metadata`)).text()).toContain("Name: brine");
  }
});

test.skipIf(!existsSync(real))("the public repositories of ../shared are served where they are (skipped where they are not)", async () => {
  const repositories = await realRepositories(real);
  expect(repositories).toHaveLength(25);
  for (const { id } of repositories) expect(hub.repositories.find(id)?.id).toBe(id);
  expect(hub.repositories.find("kserve/kserve")?.files.size).toBeGreaterThan(0);
});
