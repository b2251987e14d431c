import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { strToU8, zipSync } from "fflate";
import { afterEach, describe, expect, test } from "vitest";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { crawl, inferAll, judgeAll, runSurvey } from "../../crawler/survey.ts";
import type { SurveyRequest } from "../../crawler/survey-request.ts";
import { dumpTables } from "../db/dump.ts";
import { readStore, temporaryStore } from "../db/temporary-store.ts";
import { heldContent, virtualContent } from "../hub/content.ts";
import { challenge, type Fault, redirectLoop, tooManyRequests } from "../hub/faults.ts";
import { type Hub, type HubOptions, startHub } from "../hub/hub.ts";
import type { Distribution } from "../hub/package-index.ts";
import { type Files, makeRepository, type Repository } from "../hub/repositories.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";
import { virtualNetwork } from "./virtual-network.ts";

let hub: Hub;
afterEach(() => hub?.close());

const BRINE = fileURLToPath(new URL("../fixtures/wheels/brine-0.2.0-py3-none-any.whl", import.meta.url));
const TAGGER = fileURLToPath(new URL("../fixtures/models/saltmarsh/ner-english-small/tagger.pkl", import.meta.url));

function pickle(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(program.error.message);
  return program.value;
}

const LIST = pickle("PROTO 4\nEMPTY_LIST\nSTOP");
const SYSTEM = pickle('PROTO 2\nGLOBAL "os system"\nBINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP');
/** Pickles that differ, and do nothing. */
const plain = (index: number) => pickle(`PROTO 4\nBININT ${index}\nSTOP`);

const brine: Distribution = {
  project: "brine",
  version: "0.2.0",
  filename: "brine-0.2.0-py3-none-any.whl",
  uploadTime: "2024-01-01T00:00:00Z",
  open: async () => heldContent(readFileSync(BRINE)),
};

async function start(repositories: Repository[], options: HubOptions = {}) {
  const network = virtualNetwork();
  hub = await startHub({ repositories, distributions: [brine], clock: network.monotonic, ...options });
  const { store, path } = await temporaryStore();
  const request = (changes: Partial<SurveyRequest> = {}) => surveyRequest(hub, changes);
  const effects = surveyEffects(store, { network });
  const run = (changes: Partial<SurveyRequest> = {}) => runSurvey(request(changes), effects);
  /** What became of each model: its state, and the verdicts on its weights. */
  const models = async () => {
    const rows = await store
      .selectFrom("survey_model")
      .innerJoin("model", "model.model_id", "survey_model.model_id")
      .leftJoin("model_verdict", (join) =>
        join
          .onRef("model_verdict.model_id", "=", "model.model_id")
          .on("role", "=", "weights")
          .on("mode", "=", "strict")
          .on("slot", "=", "weights-only"),
      )
      .select(["name", "state", "failure", "verdict"])
      .execute();
    return Object.fromEntries(rows.map(({ name, ...row }) => [name, row]));
  };
  return { store, path, network, request, effects, run, models };
}

const filesFetched = () => hub.log.filter(({ origin, path }) => origin === "files" && path.startsWith("/repos/"));

describe("a survey", () => {
  test("goes the whole road: from a list to verdicts, by weights-only and by the class's own policy", async () => {
    const { store, run, effects } = await start([
      makeRepository(
        "a/tagger",
        { "tagger.pkl": readFileSync(TAGGER), "README.md": "# x" },
        { library_name: "brine", downloads: 5, lastModified: "2025-01-01T00:00:00.000Z" },
      ),
      makeRepository("a/list", { "x.pkl": LIST, "training_args.bin": SYSTEM }, { downloads: 3 }),
      makeRepository("a/evil", { "x.pkl": SYSTEM }, { downloads: 2 }),
      makeRepository("a/safe", { "model.safetensors": "x" }, { downloads: 1 }),
    ]);
    const summary = await run();
    expect(summary).toMatchObject({
      survey: "survey",
      outcome: "finished",
      failure: null,
      models: 4,
      files: 4,
      verdicts: {
        "weights-only@torch-2.6": { blocked: 2, loads: 1 },
        class: { loads: 1 },
        "class+open": { loads: 1 },
        "class-range": { loads: 1 },
      },
      states: { judged: 4 },
      classes: { inferred: 1, "no-class": 3 },
      requests: hub.log.length,
      bytesRead: hub.log.reduce((sum, { bytes, method }) => sum + (method === "HEAD" ? 0 : bytes), 0),
    });
    expect(summary.bytesHeld).toBe(readFileSync(TAGGER).length + LIST.length + SYSTEM.length);
    const side = await store.selectFrom("model_verdict").select(["verdict", "slot"]).where("role", "=", "side").execute();
    expect(side).toEqual([{ verdict: "blocked", slot: "weights-only" }]);
    expect((await store.selectFrom("survey_model").select(["class", "class_reason"]).where("class", "is not", null).execute())[0]).toEqual({
      class: "brine.models.sequence_tagger.SequenceTagger",
      class_reason: expect.stringMatching(/^tagger\.pkl holds one, and brine contains its module \(certain\)/),
    });
    expect(effects.events.flatMap((event) => (event.kind === "stage" ? [event.stage] : []))).toEqual([
      "list",
      "crawl",
      "infer",
      "judge",
      "observe",
    ]);
  });

  test("of a Git LFS pointer that somebody uploaded in a file's place: unavailable", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
    const { run } = await start([makeRepository("a/pointer", { "pytorch_model.bin": pointer })]);
    expect(await run()).toMatchObject({ verdicts: { "weights-only@torch-2.6": { unavailable: 1 } } });
  });

  test("that is finished is only summarised", async () => {
    const { run } = await start([makeRepository("a/list", { "x.pkl": LIST })]);
    const first = await run();
    const requests = hub.log.length;
    expect(await run()).toEqual(first);
    expect(hub.log.length).toBe(requests);
  });

  test("of other models under a name that is taken is refused", async () => {
    const { run } = await start([makeRepository("a/list", { "x.pkl": LIST })]);
    await run();
    expect(await run({ population: { kind: "models", names: ["a/list"] } })).toMatchObject({
      outcome: "refused",
      failure: expect.stringContaining("another name"),
    });
  });

  test("of unchanged models costs the listing, and nothing else", async () => {
    const { run } = await start([
      makeRepository("a/one", { "x.pkl": LIST, "README.md": "# x" }, { library_name: "brine" }),
      makeRepository("a/two", { "x.pkl": plain(1), "y.txt": "" }, { library_name: "brine" }),
    ]);
    await run({ name: "first" });
    const before = hub.log.length;
    const second = await run({ name: "second" });
    expect(hub.log.slice(before).map(({ path }) => path.split("?")[0])).toEqual(["/api/models"]);
    expect(second).toMatchObject({ models: 2, requests: 1, verdicts: { "weights-only@torch-2.6": { loads: 2 } } });
  });

  test("reads the content that many repositories share once, however they call it", async () => {
    const shared = plain(7);
    const { run, effects } = await start(
      Array.from({ length: 12 }, (_, index) => makeRepository(`a/${index}`, { [`${index}.pkl`]: shared, "other.pkl": plain(100 + index) })),
    );
    expect(await run({ concurrency: 8 })).toMatchObject({ files: 24, pickles: 13, verdicts: { "weights-only@torch-2.6": { loads: 12 } } });
    expect(new Set(filesFetched().map(({ path }) => /[0-9a-f]{64}/.exec(path)?.[0])).size).toBe(13);
    expect(filesFetched().length).toBe(13);
    expect(effects.events.filter((event) => event.kind === "file" && event.reused).length).toBe(11);
  });

  test("takes the most downloaded first, up to a number and down to a minimum", async () => {
    const repositories = Array.from({ length: 30 }, (_, index) =>
      makeRepository(`a/${index}`, {}, { downloads: index, likes: 30 - index }),
    );
    const { run, store } = await start(repositories);
    await run({ name: "top", population: { kind: "query", top: 7, minimumDownloads: 0, filters: [] } });
    await run({ name: "minimum", population: { kind: "query", top: null, minimumDownloads: 25, filters: [] } });
    const downloads = async (name: string) =>
      (
        await store
          .selectFrom("survey_model")
          .innerJoin("survey", "survey.survey_id", "survey_model.survey_id")
          .select("downloads")
          .where("name", "=", name)
          .orderBy("position")
          .execute()
      ).map((row) => row.downloads);
    expect(await downloads("top")).toEqual([29, 28, 27, 26, 25, 24, 23]);
    expect(await downloads("minimum")).toEqual([29, 28, 27, 26, 25]);
    // In another order a model with few downloads is passed, and does not end the listing.
    await run({ name: "liked", population: { kind: "query", top: 3, sort: "likes", minimumDownloads: 10, filters: [] } });
    expect(await downloads("liked")).toEqual([10, 11, 12]);
  });

  test("finds the candidates of a repository whose files the listing tells only in part", async () => {
    const files: Files = Object.fromEntries(Array.from({ length: 1_100 }, (_, index) => [`notes/${index}.txt`, "x"]));
    const { run, models } = await start([makeRepository("a/large", { ...files, "x.pkl": LIST })]);
    await run();
    expect(await models()).toEqual({ "a/large": { state: "judged", failure: null, verdict: "loads" } });
  });

  test("by its parts comes to the same", async () => {
    const repositories = [
      makeRepository("a/tagger", { "tagger.pkl": readFileSync(TAGGER) }, { library_name: "brine" }),
      makeRepository("a/evil", { "x.pkl": SYSTEM }),
    ];
    const { run, path } = await start(repositories);
    const whole = await run();
    const other = await temporaryStore();
    const effects = surveyEffects(other.store);
    expect(await crawl(surveyRequest(hub), effects)).toMatchObject({ outcome: "finished", verdicts: {}, states: { traced: 2 } });
    expect(await inferAll(surveyRequest(hub), effects)).toMatchObject({ verdicts: {}, classes: { inferred: 1, "no-class": 1 } });
    expect(await judgeAll(surveyRequest(hub), effects)).toEqual({ ...whole, requests: expect.any(Number), bytesRead: expect.any(Number) });
    expect(readStore(other.path, dumpTables)).toEqual(readStore(path, dumpTables));
  });
});

describe("models that are not to be had are recorded, and judged unavailable", () => {
  test("gated, disabled, missing and hidden ones, listed or named", async () => {
    const { run, models } = await start(
      [
        makeRepository("a/right", { "x.pkl": LIST }),
        makeRepository("a/gated", { "x.pkl": LIST, "y.pkl": LIST }, { gated: "manual" }),
        makeRepository("a/disabled", { "x.pkl": LIST }, { disabled: true }),
        makeRepository("a/private", { "x.pkl": LIST }, { private: true }),
      ],
      { accounts: { mine: { access: ["a/private", "a/gated"] } } },
    );
    const population = { kind: "models", names: ["a/right", "a/gated", "a/disabled", "a/private", "a/none"] } as const;
    await run({ population });
    const unavailable = (state: string, words: string) => ({ state, failure: expect.stringContaining(words), verdict: "unavailable" });
    expect(await models()).toEqual({
      "a/right": { state: "judged", failure: null, verdict: "loads" },
      "a/gated": unavailable("gated", "set HF_TOKEN of an account with access (HTTP 401 GatedRepo)"),
      "a/disabled": unavailable("disabled", "disabled"),
      "a/private": unavailable("missing", "no such model, or a private one: no valid token was sent (HTTP 401 RepoNotFound)"),
      "a/none": unavailable("missing", "no such model, or a private one: no valid token was sent (HTTP 401 RepoNotFound)"),
    });
    // A repository that refuses one file is not asked for the others.
    expect(hub.log.filter(({ path }) => path.startsWith("/a/gated/resolve/")).length).toBe(1);
  });

  test("and had with a token that may", async () => {
    const { run, models } = await start(
      [
        makeRepository("a/gated", { "x.pkl": LIST }, { gated: "auto" }),
        makeRepository("a/private", { "x.pkl": plain(3) }, { private: true }),
      ],
      { accounts: { mine: { access: ["a/private", "a/gated"] } } },
    );
    await run({ token: "mine" });
    expect(Object.values(await models()).map(({ verdict }) => verdict)).toEqual(["loads", "loads"]);
  });

  test("a model that is deleted between its listing and its reading", async () => {
    const { run, models } = await start([makeRepository("a/gone", { "x.pkl": LIST })]);
    hub.faults.add({
      method: "HEAD",
      fault: () => {
        hub.repositories.remove("a/gone");
        return undefined;
      },
    });
    await run();
    expect(await models()).toMatchObject({ "a/gone": { state: "missing", verdict: "unavailable" } });
  });

  test("a model that is committed to between its listing and its reading is read as it was listed", async () => {
    const { run, models } = await start([makeRepository("a/moving", { "x.pkl": LIST })]);
    hub.faults.add({
      method: "HEAD",
      times: 1,
      fault: () => {
        hub.repositories.commit("a/moving", { "x.pkl": SYSTEM });
        return undefined;
      },
    });
    await run();
    expect(await models()).toMatchObject({ "a/moving": { verdict: "loads" } });
  });
});

describe("a file that is bad costs its own verdict, and no other's", () => {
  const huge = virtualContent("huge", 5 * 2 ** 30, (start, end) => new Uint8Array(end - start));
  /** One pickle of three gigabytes: a string of that length, and a call after it. */
  const long = virtualContent("long", 3 * 2 ** 30, (start, end) => {
    const head = Buffer.from([0x80, 4, 0x8d, 0, 0, 0, 0xb0, 0, 0, 0, 0]);
    return Uint8Array.from({ length: end - start }, (_, index) => head[start + index] ?? 0x2e);
  });

  test.each<[string, Files, string]>([
    [
      "truncated",
      { "x.pkl": pickle(`PROTO 2\nEMPTY_LIST\nMARK\n${"BININT 1\n".repeat(1_000)}APPENDS\nSTOP`).subarray(0, 3_000) },
      "malformed",
    ],
    ["corrupt", { "x.pt": Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7919 + (index >> 3)) & 255) }, "unsupported"],
    ["empty", { "x.bin": "" }, "malformed"],
    ["an enormous nothing", { "x.bin": huge }, "unsupported"],
    ["an enormous pickle", { "x.pkl": long }, "unfinished"],
    ["blocked before it breaks", { "x.pkl": Buffer.concat([SYSTEM.subarray(0, -1), Buffer.from([0xff])]) }, "blocked"],
  ])("%s", async (_, files, verdict) => {
    const { run, models } = await start([makeRepository("a/bad", files), makeRepository("a/good", { "x.pkl": LIST })]);
    expect(await run()).toMatchObject({ outcome: "finished" });
    expect(await models()).toMatchObject({ "a/bad": { state: "judged", verdict }, "a/good": { state: "judged", verdict: "loads" } });
  });

  test("the verdict on a model is the worst of its weights'", async () => {
    const { run, models } = await start([
      makeRepository("a/mixed", { "a.pkl": LIST, "b.pkl": LIST.subarray(0, -1), "c.pkl": SYSTEM }),
      makeRepository("a/broken", { "a.pkl": LIST, "b.pkl": LIST.subarray(0, -1), "model.safetensors.bin": "text" }),
      makeRepository("a/nothing", { "notes.data": "only text, no pickle" }),
    ]);
    await run();
    expect(await models()).toMatchObject({
      "a/mixed": { verdict: "blocked" },
      "a/broken": { verdict: "malformed" },
      "a/nothing": { state: "judged", verdict: null },
    });
  });
});

describe("a host that misbehaves for one file costs that file", () => {
  const bad = /\/a\/bad\//;
  const big = { "x.npy": virtualContent("big", 3 * 2 ** 20, (start, end) => new Uint8Array(end - start).fill(0x41)) };

  test.each<[string, Fault, Files]>([
    ["drops the connection", { kind: "stop", after: 3, how: "reset" }, { "x.pkl": plain(1) }],
    ["ends early", { kind: "stop", after: 3, how: "close" }, { "x.pkl": plain(1) }],
    ["ignores ranges", { kind: "ignore-range" }, big],
    ["sends another range", { kind: "content-range", value: "bytes 0-0/5" }, { "x.pkl": plain(1) }],
    ["sends too much", { kind: "resize", by: 5 }, { "x.pkl": plain(1) }],
    ["sends too little", { kind: "resize", by: -1 }, { "x.pkl": plain(1) }],
    ["redirects for ever", redirectLoop, { "x.pkl": plain(1) }],
    ["redirects to a neighbour", { kind: "redirect", to: "http://192.168.0.1/x" }, { "x.pkl": plain(1) }],
    ["refuses", { kind: "status", status: 403 }, { "x.pkl": plain(1) }],
    ["fails", { kind: "status", status: 500 }, { "x.pkl": plain(1) }],
    ["takes us for a bot", challenge, { "x.pkl": plain(1) }],
  ])("%s", async (_, fault, files) => {
    const { run, models, store } = await start([makeRepository("a/bad", files), makeRepository("a/good", { "x.pkl": LIST })]);
    hub.faults.add({ origin: "files", path: bad, fault });
    expect(await run()).toMatchObject({ outcome: "finished" });
    expect(await models()).toMatchObject({ "a/bad": { state: "judged", verdict: "unavailable" }, "a/good": { verdict: "loads" } });
    const file = await store.selectFrom("file").select(["state", "failure"]).where("state", "=", "unavailable").executeTakeFirstOrThrow();
    expect(file.failure).not.toBe("");

    hub.faults.clear();
    expect(await run({ name: "later" })).toMatchObject({ outcome: "finished" });
    const later = await store.selectFrom("file").select("state").distinct().execute();
    expect(later).toEqual([{ state: "read" }]);
  });

  test("a Hub that fails for one model's names of files, and for its card", async () => {
    const files: Files = Object.fromEntries(Array.from({ length: 1_100 }, (_, index) => [`${index}.txt`, "x"]));
    const { run, models } = await start([
      makeRepository("a/bad", { ...files, "x.pkl": plain(1) }),
      makeRepository("a/card", { "x.pkl": plain(2), "README.md": "x" }, { library_name: "brine" }),
    ]);
    hub.faults.add({ path: /\/tree\/|README/, fault: { kind: "body", body: "<html>" } });
    await run();
    expect(await models()).toMatchObject({
      "a/bad": { state: "failed", verdict: "unavailable" },
      "a/card": { state: "judged", verdict: "loads" },
    });
  });

  test("limits are waited for, and nothing is lost", async () => {
    const { run, models, effects } = await start(
      Array.from({ length: 6 }, (_, index) => makeRepository(`a/${index}`, { "x.pkl": plain(index) })),
    );
    hub.faults.add({ after: 2, times: 3, origin: "api", fault: tooManyRequests(200) });
    expect(await run()).toMatchObject({ outcome: "finished" });
    expect(Object.values(await models()).every(({ verdict }) => verdict === "loads")).toBe(true);
    expect(effects.events.some((event) => event.kind === "waiting" || event.kind === "retrying")).toBe(true);
  });
});

describe("a Hub that is down stops the survey, which goes on later from where it was", () => {
  test("while it is listed", async () => {
    const { run, models } = await start(
      Array.from({ length: 700 }, (_, index) => makeRepository(`a/${index}`, index === 0 ? { "x.pkl": LIST } : {})),
    );
    hub.faults.add({ path: /cursor=/, fault: { kind: "body", body: "Bad gateway" } });
    expect(await run()).toMatchObject({ outcome: "stopped", models: 500, failure: expect.stringContaining("JSON") });
    hub.faults.clear();
    const listed = hub.log.length;
    expect(await run()).toMatchObject({ outcome: "finished", models: 700, failure: null });
    expect(hub.log[listed]?.path).toContain("cursor=");
    expect((await models())["a/0"]).toMatchObject({ verdict: "loads" });
  });

  test("that lists other things beside models: they are counted, the models surveyed", async () => {
    const { run, models } = await start([makeRepository("a/1", { "x.pkl": LIST })]);
    const right = (await (await fetch(`${hub.url}/api/models?expand=sha&expand=siblings`)).json()) as unknown[];
    hub.faults.add({ path: /^\/api\/models\?/, fault: { kind: "body", body: JSON.stringify([null, ...right, { id: 5 }, "model"]) } });
    expect(await run()).toMatchObject({ outcome: "finished", models: 1, unreadable: 3 });
    expect(await models()).toMatchObject({ "a/1": { verdict: "loads" } });
  });

  test("at a cursor that it does not know any more: the list is begun again, and keeps what it has", async () => {
    const { run, store } = await start(Array.from({ length: 700 }, (_, index) => makeRepository(`a/${index}`, {})));
    hub.faults.add({ path: /cursor=/, times: 1, fault: { kind: "status", status: 400, body: '{"error":"Invalid cursor"}' } });
    expect(await run()).toMatchObject({ outcome: "finished", models: 700 });
    const positions = await store.selectFrom("survey_model").select("position").orderBy("position").execute();
    expect(positions.map(({ position }) => position)).toEqual(Array.from({ length: 700 }, (_, index) => index));
  });

  test("while files are read", async () => {
    const { run, models } = await start(Array.from({ length: 60 }, (_, index) => makeRepository(`a/${index}`, { "x.pkl": plain(index) })));
    const end = hub.faults.add({ origin: "files", after: 10, fault: { kind: "status", status: 502 } });
    const stopped = await run();
    expect(stopped).toMatchObject({ outcome: "stopped", failure: expect.stringContaining("24 failures in a row") });
    end();
    expect(await run()).toMatchObject({ outcome: "finished", models: 60 });
    expect(Object.values(await models()).every(({ verdict }) => verdict === "loads")).toBe(true);
  });
});

describe("an interruption", () => {
  test.each([1, 5, 9, 14])("after %i files leaves nothing half done, and the survey is gone on with", async (files) => {
    const { store, path, request, run } = await start(
      Array.from({ length: 15 }, (_, index) => makeRepository(`a/${index}`, { "x.pkl": plain(index) })),
    );
    let read = 0;
    const interrupted = surveyEffects(store, {
      onEvent: (event, interrupt) => {
        if (event.kind === "file" && ++read === files) interrupt();
      },
    });
    expect(await runSurvey(request(), interrupted)).toMatchObject({ outcome: "interrupted", failure: null });
    const fetched = filesFetched().length;
    expect(await run()).toMatchObject({ outcome: "finished" });
    expect(filesFetched().length).toBe(15);
    expect(fetched).toBeLessThanOrEqual(files + 4);
    const other = await temporaryStore();
    await runSurvey(request(), surveyEffects(other.store));
    expect(readStore(path, dumpTables)).toEqual(readStore(other.path, dumpTables));
  });

  test.each([
    ["listed", 600],
    ["policy", 2],
    ["judged", 2],
  ] as const)("once a model is %s, of %i, leaves nothing half done either", async (moment, others) => {
    const { store, path, request, run } = await start([
      makeRepository("a/tagger", { "x.pkl": readFileSync(TAGGER) }, { library_name: "brine" }),
      ...Array.from({ length: others }, (_, index) => makeRepository(`a/${index}`, index < 2 ? { "x.pkl": plain(index) } : {})),
    ]);
    const effects = surveyEffects(store, {
      onEvent: (event, interrupt) => {
        if (event.kind === moment || (event.kind === "model" && event.state === moment)) interrupt();
      },
    });
    expect(await runSurvey(request(), effects)).toMatchObject({ outcome: "interrupted" });
    expect(await run()).toMatchObject({ outcome: "finished", models: others + 1 });
    const other = await temporaryStore();
    await runSurvey(request(), surveyEffects(other.store));
    expect(readStore(path, dumpTables)).toEqual(readStore(other.path, dumpTables));
  });
});

describe("a library that cannot be read is a reason, not an end", () => {
  const tagger = makeRepository(
    "a/tagger",
    { "x.pkl": readFileSync(TAGGER) },
    { library_name: "brine", lastModified: "2025-01-01T00:00:00.000Z" },
  );
  const wheel = (files: Record<string, string>): Distribution => ({
    ...brine,
    open: async () => heldContent(zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])))),
  });
  const outcome = async (distributions: Distribution[]) => {
    const { run, store } = await start([tagger], { distributions });
    expect(await run()).toMatchObject({ outcome: "finished", verdicts: { "weights-only@torch-2.6": { blocked: 1 } } });
    return store.selectFrom("survey_model").select(["class_state", "class_reason"]).executeTakeFirstOrThrow();
  };

  test.each<[string, Distribution[], string, string]>([
    ["not on the index", [], "no-source", "the package index has no brine"],
    ["no zip", [{ ...brine, open: async () => heldContent("nothing") }], "no-source", "brine-0.2.0-py3-none-any.whl"],
    ["without the module", [wheel({ "pickled/__init__.py": "" })], "no-class", "nothing names a class of brine"],
    ["without the class", [wheel({ "brine/__init__.py": "x = 1" })], "no-policy", "no class brine.models"],
    ["not Python", [wheel({ "brine/__init__.py": "\0\x01 class ((( def" })], "no-policy", "no class brine.models"],
  ])("%s", async (_, distributions, state, reason) => {
    expect(await outcome(distributions)).toEqual({ class_state: state, class_reason: expect.stringContaining(reason) });
  });

  // What does not parse matters where something needs it: files that nothing leads to are not read.
  const partlyPython = {
    "brine/models/sequence_tagger.py":
      "from brine.broken import Head\n\nclass SequenceTagger:\n  def __init__(self):\n    self.head = Head()\n",
    "brine/broken.py": "class Head:\n  def (:\n",
  };

  test("partly not Python: the rest counts, and it is said", async () => {
    expect(await outcome([wheel(partlyPython)])).toEqual({
      class_state: "inferred",
      class_reason: expect.stringContaining("1 of the library's files do not parse, brine/broken.py"),
    });
  });

  test("partly not Python: said again of models that a stored policy is found for", async () => {
    const { run, store } = await start([tagger], { distributions: [wheel(partlyPython)] });
    await run({ name: "first" });
    await run({ name: "second" });
    const reasons = await store.selectFrom("survey_model").select("class_reason").distinct().execute();
    expect(reasons).toEqual([{ class_reason: expect.stringContaining("brine/broken.py first") }]);
  });

  test("an index that is down: the model has no class policy, until a survey finds it up", async () => {
    const { run, store } = await start([tagger]);
    hub.faults.add({ path: /^\/simple\//, fault: { kind: "status", status: 503 } });
    expect(await run({ name: "down" })).toMatchObject({ outcome: "finished", classes: { unavailable: 1 } });
    expect((await store.selectFrom("survey_model").select("class_reason").executeTakeFirstOrThrow()).class_reason).toContain(
      "did not answer",
    );
    hub.faults.clear();
    expect(await run({ name: "up" })).toMatchObject({ classes: { inferred: 1 }, verdicts: { class: { loads: 1 } } });
  });
});

test("a token is in no report and no table", async () => {
  const { run, path, effects } = await start(
    [makeRepository("a/gated", { "x.pkl": LIST }, { gated: "auto" }), makeRepository("a/open", { "x.pkl": LIST })],
    {
      accounts: { hf_secret_token: {} },
    },
  );
  hub.faults.add({ origin: "api", after: 3, times: 2, fault: { kind: "status", status: 503 } });
  await run({ token: "hf_secret_token" });
  expect(hub.log.filter(({ origin }) => origin === "api").every(({ authorization }) => authorization === "Bearer hf_secret_token")).toBe(
    true,
  );
  expect(hub.log.filter(({ origin }) => origin === "files").every(({ authorization }) => authorization === undefined)).toBe(true);
  expect(JSON.stringify(effects.events)).not.toContain("hf_secret_token");
  expect(JSON.stringify(readStore(path, dumpTables))).not.toContain("hf_secret_token");
});
