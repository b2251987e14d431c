import { copyFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../db/connection.ts";
import { makeOlder } from "../../db/temporary-store.ts";
import { type Hub, startHub } from "../../hub/hub.ts";
import { maliciousRepositories, modelRepositories, wheels } from "../../hub/samples.ts";
import { census, censusJson, ROOT, temporaryFolder } from "../run-census.ts";

const FIXTURES = path.join(ROOT, "test/fixtures");
const folder = temporaryFolder();
let hub: Hub;

beforeAll(async () => {
  const models = (await modelRepositories(`${FIXTURES}/models`)).filter(({ id }) => /^(saltmarsh|larkspur|meridian-health)\//.test(id));
  hub = await startHub({
    repositories: [...models, ...maliciousRepositories().slice(0, 3)],
    distributions: await wheels(`${FIXTURES}/wheels`),
  });
});
afterAll(() => hub.close());

interface Summary {
  readonly survey: string;
  readonly outcome: string;
  readonly models: number;
  readonly verdicts: Record<string, Record<string, number>>;
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesHeld: number;
}

/** The words of a survey of the loopback Hub, into a store of its own. */
function words(command: string, store: string, ...more: string[]): string[] {
  return [command, "--hub", hub.url, "--index", hub.indexUrl, "--database", path.join(folder, store), ...more];
}

describe("survey", () => {
  it("goes the whole road, and prints what it came to", async () => {
    const { ending, printed, reported } = await census(words("survey", "whole.sqlite"));
    expect(ending).toBe("done");
    expect(printed).toMatch(
      /^survey 127\.0\.0\.1:\d+ all \d{4}-\d\d-\d\d: finished\n\d+ models, \d+ files that could hold pickles, \d+ pickles\n/,
    );
    expect(printed).toMatch(/requests?, [\d.]+ [kM]B received with listing and source, for files of [\d.]+ [kM]B\n/);
    expect(printed).toMatch(/\nclass policies for \d+ models?(, none for \d+ \([a-z ]+: \d+(, [a-z ]+: \d+)*\))?\n/);
    expect(printed).toContain("weights-only@torch-2.6");
    expect(reported).toContain("policy of brine.models.sequence_tagger.SequenceTagger from brine 0.2.0");
    expect(reported).toContain("meridian-health/clinical-ner: gated");
  });

  it("that is finished is summarised without a request when it is named; the same command alone makes a new one", async () => {
    const known = await censusJson<{ name: string; finishedAt: string | null; manifest: string }[]>([
      "status",
      "--database",
      path.join(folder, "whole.sqlite"),
    ]);
    const first = known.value[0]!.name;
    const sent = hub.log.length;
    const named = await censusJson<Summary>([
      "survey",
      "--name",
      first,
      "--index",
      hub.indexUrl,
      "--database",
      path.join(folder, "whole.sqlite"),
    ]);
    expect(named.value).toMatchObject({ survey: first, outcome: "finished", verdicts: { class: { loads: expect.any(Number) } } });
    expect(hub.log.length).toBe(sent);

    const again = await censusJson<Summary & { manifest: string }>(words("survey", "whole.sqlite"));
    expect(again.value).toMatchObject({ outcome: "finished", survey: `${first} (2)`, verdicts: named.value.verdicts });
    expect(again.value.manifest).toBe(known.value[0]!.manifest);
    // What was gated may be open now: of that alone a file is asked for again.
    const asked = hub.log.slice(sent).filter(({ path: address }) => !address.startsWith("/api/models"));
    expect(asked.every(({ path: address }) => address.startsWith("/meridian-health/"))).toBe(true);

    const compared = await censusJson(["compare", first, again.value.survey, "--database", path.join(folder, "whole.sqlite")]);
    expect(compared.value).toMatchObject({
      common: named.value.models,
      new: { models: 0 },
      gone: { models: 0 },
      changed: { models: 0 },
      renamed: { models: 0 },
      states: [],
    });
    const told = await census(["compare", first, "no such", "--database", path.join(folder, "whole.sqlite")]);
    expect(told).toMatchObject({ ending: "usage", reported: expect.stringContaining("no survey no such") });
    const { printed } = await census(["status", "--database", path.join(folder, "whole.sqlite")]);
    expect(printed).toContain(`${first} (2): finished`);
    expect(printed).toMatch(/manifest [0-9a-f]{64}/);
  });

  it("does the same in three parts", async () => {
    const some = ["--models", "saltmarsh/ner-english-small,larkspur/encoder-small-sentiment", "--name", "parts"];
    expect((await census(words("crawl", "parts.sqlite", ...some))).ending).toBe("done");
    expect((await census(words("infer-all", "parts.sqlite", "--name", "parts"))).ending).toBe("done");
    const parts = await censusJson<Summary>(words("judge", "parts.sqlite", "--name", "parts"));
    const whole = await censusJson<Summary>(words("survey", "at-once.sqlite", ...some));
    expect(parts).toMatchObject({ ending: "done", value: { models: 2, outcome: "finished" } });
    expect(parts.value.verdicts).toEqual(whole.value.verdicts);
  });

  it("is judged again by its name, by its models, or as the last: and none is made of a name that was mistyped", async () => {
    const database = path.join(folder, "parts.sqlite");
    const names = async () => (await censusJson<{ name: string }[]>(["status", "--database", database])).value.map(({ name }) => name);
    for (const command of ["judge", "infer-all"]) {
      expect(await census([command, "--name", "spirng", "--database", database])).toEqual({
        ending: "usage",
        printed: "",
        reported: "error: no survey spirng; there is parts\n",
      });
      expect(await census(words(command, "parts.sqlite", "--models", "saltmarsh/ner-english-small"))).toMatchObject({
        ending: "usage",
        reported: expect.stringMatching(/^error: no survey 127\.0\.0\.1:\d+ saltmarsh\/ner-english-small; there is parts\n$/),
      });
      const last = await censusJson<Summary>([command, "--database", database]);
      expect(last).toMatchObject({ ending: "done", value: { survey: "parts", outcome: "finished", models: 2 } });
      const asked = ["--models", "saltmarsh/ner-english-small,larkspur/encoder-small-sentiment"];
      expect((await censusJson<Summary>(words(command, "parts.sqlite", ...asked))).value.survey).toBe("parts");
    }
    expect(await names()).toEqual(["parts"]);
  });

  it("is worked on in a store that is there: none is made", async () => {
    for (const command of ["judge", "infer-all"]) {
      const { ending, reported } = await census(words(command, "nowhere-yet.sqlite"));
      expect({ ending, reported }).toEqual({ ending: "usage", reported: expect.stringContaining("no store at") });
    }
    expect(existsSync(path.join(folder, "nowhere-yet.sqlite"))).toBe(false);
  });

  it("in an older store comes up to date by judge, which makes no other", async () => {
    const file = path.join(folder, "older.sqlite");
    copyFileSync(path.join(folder, "parts.sqlite"), file);
    const store = await openStore(file);
    await makeOlder(store);
    await store.destroy();
    const status = () => census(["status", "--database", file]);
    expect(await status()).toMatchObject({ ending: "usage", reported: expect.stringContaining("'census judge' brings it up to date") });
    expect((await census(["judge", "--database", file])).ending).toBe("done");
    expect((await status()).printed).toMatch(/^parts: finished [^\n]+\n {2}of /);
    expect((await status()).printed).not.toContain(" all ");
  });

  it("stops when interrupted, and goes on from there", async () => {
    const interruption = new AbortController();
    const report = (text: string) => {
      if (text.startsWith("crawl")) interruption.abort();
    };
    const stopped = await census(words("survey", "interrupted.sqlite"), { signal: interruption.signal, report });
    expect(stopped).toMatchObject({ ending: "interrupted", printed: expect.stringContaining("interrupted") });
    const whole = await censusJson<Summary>(words("survey", "whole.sqlite"));
    const resumed = await censusJson<Summary>(words("survey", "interrupted.sqlite"));
    expect(resumed).toMatchObject({ ending: "done", value: { verdicts: whole.value.verdicts, models: whole.value.models } });
  });

  it("with --dry-run says what it would cost, and stores nothing", async () => {
    const { ending, value } = await censusJson<{ models: number; requests: number }>(words("survey", "dry.sqlite", "--dry-run"));
    expect(ending).toBe("done");
    expect(value.requests).toBeGreaterThan(value.models);
    expect((await census(["export", "models", "--database", path.join(folder, "dry.sqlite")])).ending).toBe("usage");
  });

  it("ends with the network where no Hub answers", async () => {
    const network = {
      fetch: () => Promise.reject(new TypeError("fetch failed")),
      addressesOf: async () => ["127.0.0.1"],
      monotonic: () => 0,
      sleep: async () => undefined,
      random: () => 0,
    };
    const { ending, reported } = await census(words("survey", "nowhere.sqlite"), { network });
    expect(ending).toBe("network");
    expect(reported).toContain("fetch failed");
    expect(reported).toMatch(/: the same command goes on from here\.\n$/);
  });

  it.each([
    ["a number that is none", ["--top", "many"]],
    ["models and a filter", ["--models", "a/b", "--filter", "library=flair"]],
    ["a name that is none", ["--models", "../etc"]],
    ["a filter that is none", ["--filter", "flair"]],
    ["an address that is none", ["--hub", "ftp://example"]],
    ["an order that is none", ["--sort", "beauty"]],
    ["what changed since the last survey, where there was none", ["--modified-since", "last"]],
  ])("refuses %s", async (_, more) => {
    expect(await census(words("survey", "refused.sqlite", ...more))).toMatchObject({ ending: "usage", printed: "" });
  });

  it("names the variable that an address is from, where it is none, and takes an empty one for none", async () => {
    const environment = { CENSUS_INDEX: "https://", PIP_INDEX_URL: hub.indexUrl };
    const survey = ["survey", "--hub", hub.url, "--database", path.join(folder, "refused.sqlite")];
    expect(await census(survey, { environment })).toMatchObject({
      ending: "usage",
      reported: "error: CENSUS_INDEX: https:// is no http or https address\n",
    });
    expect((await census([...survey, "--index", "nowhere"], { environment })).reported).toContain("error: --index: nowhere is no http");
    const empty = { CENSUS_INDEX: "", CENSUS_HUB: "", PIP_INDEX_URL: "pip" };
    expect((await census(survey, { environment: empty })).reported).toContain("error: PIP_INDEX_URL: pip is no http");
  });

  it("says which models could not be had, and why", async () => {
    const { ending, printed } = await census(words("survey", "missing.sqlite", "--models", "nope/nope,meridian-health/clinical-ner"));
    expect(ending).toBe("done");
    expect(printed).toMatch(
      /\n2 models could not be had\n {2}nope\/nope: no such model, or a private one: no valid token was sent \(HTTP 401 RepoNotFound\)\n/,
    );
    expect(printed).toContain("  meridian-health/clinical-ner: gated: set HF_TOKEN of an account with access (HTTP 401 GatedRepo)\n");
  });

  it("names the keys that models can be filtered by", async () => {
    const { ending, reported } = await census(words("survey", "refused.sqlite", "--filter", "foo=bar"));
    expect(ending).toBe("usage");
    expect(reported).toContain("There is no foo: the key is author, search, task, library or tag.");
  });

  it("goes without a package index, says what that costs, and takes pip's later", async () => {
    const database = path.join(folder, "index.sqlite");
    const some = ["survey", "--hub", hub.url, "--models", "saltmarsh/ner-english-small", "--name", "index", "--database", database];
    expect(await classes(some)).toEqual({ unavailable: 1 });
    expect(await classes(["infer-all", "--name", "index", "--database", database], { PIP_INDEX_URL: hub.indexUrl })).toEqual({
      inferred: 1,
    });
  });

  async function classes(words: readonly string[], environment: Record<string, string> = {}) {
    const { value } = await censusJson<{ classes: Record<string, number> }>([...words, "--json"], { environment });
    return value.classes;
  }
});

describe("export", () => {
  const database = () => path.join(folder, "whole.sqlite");

  it("is a line of JSON a row with --jsonl, the same rows as --json", async () => {
    const { printed } = await census(["export", "models", "--database", database(), "--jsonl"]);
    const { value } = await censusJson<unknown[]>(["export", "models", "--database", database()]);
    expect(
      printed
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(value);
  });

  it("writes a table as CSV or JSON, to standard output or a file", async () => {
    const csv = await census(["export", "models", "--database", database()]);
    expect(csv.ending).toBe("done");
    expect(csv.printed.split("\n", 1)[0]).toContain("model,commit_sha");
    const { value } = await censusJson<{ model: string }[]>(["export", "models", "--database", database()]);
    expect(value.map(({ model }) => model)).toContain("saltmarsh/ner-english-small");
    expect(csv.printed.trimEnd().split("\n")).toHaveLength(value.length + 1);
    const file = path.join(folder, "blocked.json");
    expect(await census(["export", "blocked", "--database", database(), "-o", file])).toMatchObject({ ending: "done", printed: "" });
    expect(JSON.parse(readFileSync(file, "utf8")).length).toBeGreaterThan(0);
  });

  it("of a survey that is not there is a mistake of usage", async () => {
    expect(await census(["export", "models", "--database", database(), "--survey", "spring"])).toMatchObject({
      ending: "usage",
      reported: expect.stringMatching(/^error: no survey spring; there are 127\.0\.0\.1:/),
    });
    expect(await census(["status", "--database", database(), "--survey", "spring"])).toMatchObject({
      ending: "usage",
      printed: "",
      reported: expect.stringMatching(/^error: no survey spring; there are 127\.0\.0\.1:/),
    });
    expect((await census(["export", "everything", "--database", database()])).ending).toBe("usage");
  });

  it("finds the store by CENSUS_DATABASE, from where the user stands", async () => {
    const { ending } = await census(["export", "load-success"], { environment: { CENSUS_DATABASE: "whole.sqlite" }, directory: folder });
    expect(ending).toBe("done");
  });
});
