import { afterEach, describe, expect, test } from "vitest";
import { fetchHubScans } from "../../crawler/hub-scans.ts";
import { planSurvey } from "../../crawler/plan.ts";
import { runSurvey } from "../../crawler/survey.ts";
import type { SurveyRequest } from "../../crawler/survey-request.ts";
import { temporaryStore } from "../db/temporary-store.ts";
import { type Hub, type HubOptions, startHub } from "../hub/hub.ts";
import { makeFile, makeRepository, type Repository, type RepositoryFile } from "../hub/repositories.ts";
import { scanOf } from "../hub/scanner.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";
import { testHttp, virtualNetwork } from "./virtual-network.ts";

let hub: Hub;
afterEach(() => hub.close());

const NONE = Uint8Array.of(0x4e, 0x2e);

/** A model whose files have these scans. */
function scanned(name: string, security: RepositoryFile["security"]) {
  return makeRepository(name, { "x.pkl": { ...makeFile("x.pkl", NONE), security }, "README.md": "# x" });
}

async function start(repositories: Repository[], options: HubOptions = {}) {
  const network = virtualNetwork();
  hub = await startHub({ repositories, clock: network.monotonic, ...options });
  const { store } = await temporaryStore();
  let today = new Date("2026-01-01T00:00:00Z");
  const effects = { ...surveyEffects(store, { network }), date: () => today };
  const run = (changes: Partial<SurveyRequest> = {}) => runSurvey(surveyRequest(hub, { hubScans: true, ...changes }), effects);
  const asked = () => hub.log.filter(({ path }) => path.includes("/paths-info/")).map(({ path }) => path.split("/").slice(3, 5).join("/"));
  const scans = () =>
    store
      .selectFrom("hub_scan")
      .innerJoin("file", "file.file_id", "hub_scan.file_id")
      .innerJoin("revision", "revision.revision_id", "file.revision_id")
      .innerJoin("model", "model.model_id", "revision.model_id")
      .select(["name", "status", "scanners"])
      .orderBy("name")
      .execute();
  const nextDay = () => {
    today = new Date(today.getTime() + 86_400_000);
  };
  return { store, effects, run, asked, scans, nextDay };
}

describe("the Hub's scans", () => {
  test("are stored where they are asked for, a request for a model with candidates, and no verdict depends on them", async () => {
    const { store, run, asked, scans } = await start([
      scanned("a/evil", {
        ...scanOf(["os.system", "torch._utils._rebuild_tensor_v2"]),
        protectAiScan: { status: "unsafe" },
        jFrogScan: null,
      }),
      scanned("a/new", { status: "queued" }),
      makeRepository("a/none", { "model.safetensors": "x" }),
    ]);
    const summary = await run();
    expect(asked().sort()).toEqual(["a/evil", "a/new"]);
    expect(await scans()).toEqual([
      {
        name: "a/evil",
        status: "unsafe",
        scanners: JSON.stringify({ avScan: "safe", pickleImportScan: "unsafe", protectAiScan: "unsafe" }),
      },
      { name: "a/new", status: "queued", scanners: "{}" },
    ]);
    const imports = await store
      .selectFrom("hub_scan_import")
      .innerJoin("callable", "callable.callable_id", "hub_scan_import.callable_id")
      .select(["module", "name", "capability", "safety"])
      .orderBy("module")
      .execute();
    expect(imports).toMatchObject([
      { module: "os", name: "system", capability: "runs-code", safety: "dangerous" },
      { module: "torch._utils", name: "_rebuild_tensor_v2", safety: "innocuous" },
    ]);
    expect(summary.verdicts["weights-only@torch-2.6"]).toEqual({ loads: 2 });
  });

  test("are not asked for unless somebody wants them", async () => {
    const { run, asked } = await start([scanned("a/evil", scanOf(["os.system"]))]);
    await run({ hubScans: false });
    expect(asked()).toEqual([]);
  });

  test("are asked for again, in another survey, only of files that the Hub's scanners had not come to", async () => {
    const { run, asked, scans, nextDay } = await start([
      scanned("a/done", scanOf([])),
      scanned("a/queued", { status: "queued" }),
      scanned("a/unscanned", { status: "unscanned" }),
    ]);
    await run();
    nextDay();
    const file = hub.repositories.find("a/queued")!.files.get("x.pkl")!;
    Object.assign(file.security, scanOf([]));
    await run({ name: "next" });
    expect(asked().toSorted()).toEqual(["a/done", "a/queued", "a/queued", "a/unscanned", "a/unscanned"]);
    expect((await scans()).map(({ status }) => status)).toEqual(["safe", "safe", "unscanned"]);
  });

  test("of a thousand files at a time", async () => {
    const paths = Array.from({ length: 1_001 }, (_, index) => `x${index}.pkl`);
    const repository = makeRepository("a/many", Object.fromEntries(paths.map((path) => [path, NONE])));
    const { asked } = await start([repository]);
    const scans = await fetchHubScans(testHttp(hub.url).http, hub.url, { model: repository.id, commit: repository.sha }, paths);
    expect(asked()).toEqual(["a/many", "a/many"]);
    expect(scans.ok && [...scans.value.keys()].sort()).toEqual(paths.toSorted());
  });

  test("that are not told, or are of another shape, cost the comparison and nothing else", async () => {
    const { run, scans, effects } = await start([
      scanned("a/odd", { status: "safe", pickleImportScan: { pickleImports: "none" }, avScan: 3 }),
      scanned("a/refused", scanOf(["os.system"])),
      scanned("a/silent", { status: 7 } as never),
    ]);
    hub.faults.add({ path: /a\/refused\/paths-info/, fault: { kind: "status", status: 403 } });
    const summary = await run();
    expect(summary.outcome).toBe("finished");
    expect(await scans()).toEqual([
      { name: "a/odd", status: "safe", scanners: "{}" },
      { name: "a/silent", status: null, scanners: "{}" },
    ]);
    expect(effects.events).toContainEqual(
      expect.objectContaining({ kind: "model", model: "a/refused", failure: expect.stringContaining("403") }),
    );
  });

  test("that were interrupted are gone on with", async () => {
    const { store, run, asked, scans } = await start(["a/0", "a/1", "a/2"].map((name) => scanned(name, scanOf([]))));
    const stopping = surveyEffects(store, {
      onEvent: (event, interrupt) => {
        if (event.kind === "stage" && event.stage === "scans") interrupt();
      },
    });
    expect(await runSurvey(surveyRequest(hub, { hubScans: true }), stopping)).toMatchObject({ outcome: "interrupted" });
    expect(asked()).toEqual([]);
    await run();
    expect(await scans()).toHaveLength(3);
  });

  test("are in the plan, and in what the API's limit makes of it", async () => {
    const { effects } = await start(Array.from({ length: 20 }, (_, index) => scanned(`a/${index}`, scanOf([]))));
    const plan = async (hubScans: boolean) => {
      const planned = await planSurvey(surveyRequest(hub, { hubScans }), effects);
      if (!planned.ok) throw new Error(JSON.stringify(planned.error));
      return planned.value;
    };
    const [without, planned] = [await plan(false), await plan(true)];
    expect(planned.requests - without.requests).toBe(20);
    // 500 API requests in five minutes for the anonymous.
    expect(planned.seconds).toBe(Math.ceil(21 / (500 / 300)));
  });
});
