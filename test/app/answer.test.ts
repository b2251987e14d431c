import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { VERDICT_KINDS } from "../../analyzer/verdict/verdict.ts";
import { GET } from "../../app/[[...path]]/route.ts";
import { PAGES } from "../../app/routes.ts";
import { openStore, type Store } from "../../db/connection.ts";
import { buildIndex } from "../../db/index/build-index.ts";
import { sampleStore } from "../browser/sample-store.ts";
import { makeOlder } from "../db/temporary-store.ts";

const folder = mkdtempSync(path.join(tmpdir(), "census-pages-"));
const kept = globalThis as { censusStore?: Promise<Store> };

/** What every page has of scripts: a file of our own, and data that is none. */
const SCRIPTS = /<script src="\/keys\.js" defer=""><\/script>|<script type="application\/ld\+json">[^<]*<\/script>/g;

const ask = async (address: string) => GET(new Request(new URL(address, "http://127.0.0.1")));
const json = async (address: string) => (await ask(address)).json();

/** Has pages read another store from now on. */
async function readFrom(name: string, fill: (file: string) => Promise<Store>): Promise<void> {
  await (await kept.censusStore)?.destroy();
  delete kept.censusStore;
  process.env.CENSUS_DATABASE = path.join(folder, name);
  await (await fill(process.env.CENSUS_DATABASE)).destroy();
}

afterAll(async () => {
  await (await kept.censusStore)?.destroy();
  delete kept.censusStore;
  delete process.env.CENSUS_DATABASE;
  rmSync(folder, { recursive: true, force: true });
});

const HOSTILE = "/models/mallory/%3Cscript%3Ealert(1)%3C/script%3E";

/** An address of every page, by the pattern that it is an example of. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  "/overview": ["/", "/overview", "/?policy=class&mode=lazy", "/?role=side", "/?survey=2026-q3"],
  "/figures/:id": ["/figures/load-success", "/figures/libraries?policy=class&mode=lazy", "/figures/formats", "/figures/over-time"],
  "/models": ["/models", "/models?verdict=blocked&library=flair&sort=name", "/models?q=nothing-is-called-this"],
  "/models/*name": [
    "/models/mallory/tagger-with-a-surprise",
    HOSTILE,
    "/models/velvet-rope/private-beta",
    "/models/torn-page/half-uploaded",
  ],
  "/callables": ["/callables", "/callables?q=torch", "/callables?id=1"],
  "/callables/*name": ["/callables/posix.system", "/callables/torch.FloatStorage", `/callables/${encodeURIComponent("os.\u202emetsys")}`],
  "/libraries": ["/libraries", "/libraries?policy=class"],
  "/libraries/:name": ["/libraries/flair", "/libraries/flair?policy=class&mode=lazy"],
  "/classes/*name": [
    "/classes/flair.models.sequence_tagger_model.SequenceTagger",
    "/classes/sklearn.pipeline.Pipeline?policy=class&mode=lazy",
    "/classes/gensim.models.keyedvectors.KeyedVectors",
  ],
  "/search": ["/search", "/search?q=flair", "/search?q=nothing-is-called-this", "/search?q=%3Cscript%3E"],
  "/theme/:theme": [],
  "/cards/:name": [],
  "/robots.txt": [],
  "/sitemap.xml": [],
  "/policies": ["/policies", "/policies?q=flair"],
  "/policies/:id": ["/policies/1", "/policies/2"],
  "/policies/:id/loader.py": [],
  "/policies/:id/policy.json": [],
  "/policies/:id/pickleball.json": [],
  "/policies/:before/against/:after": ["/policies/2/against/3"],
  "/sources/:id/*path": ["/sources/1/flair/models/sequence_tagger_model.py"],
  "/surveys": ["/surveys"],
  "/surveys/:name": ["/surveys/2026-q4"],
  "/surveys/:before/against/:after": ["/surveys/2026-q3/against/2026-q4", "/surveys/2026-q3/against/2026-q4?policy=class"],
  "/methods": ["/methods"],
  "/exports": ["/exports"],
  "/exports/:table": [],
  "/exports/:table/metadata": [],
  "/api": ["/api"],
  "/api/v1/openapi": [],
};

describe("pages", () => {
  beforeAll(() => readFrom("sample.sqlite", (file) => sampleStore(file)));

  it("each have an example here", () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(PAGES.map((page) => page.path).sort());
  });

  it.each(Object.values(EXAMPLES).flat())("answer %s with a whole document", async (address) => {
    const response = await ask(address);
    expect(response.status).toBe(200);
    const html = (await response.text()).replaceAll(SCRIPTS, "");
    expect(html).toMatch(/^<!doctype html><html lang="en">.*<\/html>$/s);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).not.toMatch(/\sstyle="|<style|<script|\son\w+="|undefined|\[object|NaN/);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Buffer.byteLength(html)).toBeLessThan(100_000);
  });

  it.each(
    Object.values(EXAMPLES)
      .flat()
      .filter((address) => address !== "/" && !address.startsWith("/?")),
  )("answer %s in JSON as well", async (address) => {
    const [pathname, query] = address.split("?");
    const response = await ask(`${pathname}.json${query === undefined ? "" : `?${query}`}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    expect(await response.json()).toBeTypeOf("object");
  });

  it("lay what a model needs against what its class policy allows", async () => {
    const fine = await json("/models/ashford/ner-ashford.json");
    expect(fine.needs.missing).toEqual([]);
    const used = fine.callables.rows.map(({ callable }: { callable: string }) => callable);
    for (const { callable } of fine.needs.unused) expect(used).not.toContain(callable);
    const hostile = await json("/models/mallory/tagger-with-a-surprise.json");
    expect(hostile.needs.missing.map(({ callable }: { callable: string }) => callable)).toContain("webbrowser.open");
    const html = await (await ask("/models/mallory/tagger-with-a-surprise")).text();
    expect(html).toMatch(/lacks \d+ of them/);
  });

  it("say of a callable who uses it, since when, and where it stands", async () => {
    const callable = await json("/callables/torch.FloatStorage.json");
    expect(callable.firstSeen).toMatchObject({ survey: "2026-q3" });
    expect(callable.groups.libraries.length).toBeGreaterThan(1);
    expect(callable.places[0]).toMatchObject({ opcode: expect.any(String), offset: expect.any(Number) });
    expect(await (await ask("/callables/torch.FloatStorage")).text()).toContain("Where it stands, for example");
  });

  it("measure callables by all models of the survey, and mark what is known to do harm alone", async () => {
    const { callables, surveyed } = await json("/callables.json");
    expect(surveyed).toBe((await json("/surveys/2026-q4.json")).totals.models);
    expect(callables[0].importedBy).toBeLessThan(surveyed);
    const list = await (await ask("/callables")).text();
    expect(list).toContain(`width="${(100 * callables[0].importedBy) / surveyed}%"`);
    const one = await (await ask("/callables/torch.FloatStorage")).text();
    for (const html of [list, one]) expect(html).not.toContain("capability-unknown");
    expect(one).toContain("In no table of dangerous names");
  });

  it("say of each policy slot and each state what queries and options call it", async () => {
    const html = await (await ask("/methods")).text();
    for (const key of ["class+open", "class-range", "strict", "side", "runs-code", "traced", "no-source"])
      expect(html).toContain(`<code>${key}</code>`);
  });

  it("lead only to pages that answer", async () => {
    const seen = new Set<string>();
    const waiting = ["/", "/models/mallory/tagger-with-a-surprise", HOSTILE, "/policies/2", "/callables", "/exports", "/surveys"];
    while (waiting.length > 0 && seen.size < 100) {
      const address = waiting.shift()!;
      if (seen.has(address)) continue;
      seen.add(address);
      const response = await ask(address);
      expect([address, response.status]).toEqual([address, 200]);
      if (!response.headers.get("content-type")!.startsWith("text/html")) continue;
      const links = [...(await response.text()).matchAll(/href="([^"#]*)/g)].map((match) =>
        match[1]!.replaceAll("&amp;", "&").replaceAll("&#x27;", "'"),
      );
      waiting.push(...links.filter((link) => link.startsWith("/") && !/^\/(style|favicon|theme)/.test(link)));
    }
    expect(seen.size).toBe(100);
  });
});

describe("the search", () => {
  beforeAll(() => readFrom("searched.sqlite", (file) => sampleStore(file)));

  const found = async (q: string) => (await json(`/search.json?q=${encodeURIComponent(q)}`)).found;

  it("finds models, authors, libraries, classes and callables, in upper or lower case", async () => {
    expect((await found("SURPRISE")).models.models.map(({ name }: { name: string }) => name)).toEqual(["mallory/tagger-with-a-surprise"]);
    expect((await found("mallory")).authors).toEqual({ total: 1, values: [{ value: "mallory", models: 3 }] });
    expect((await found("ultralyt")).libraries.values).toEqual([{ value: "ultralytics", models: 10 }]);
    expect((await found("keyedvec")).classes.values).toEqual([{ value: "gensim.models.keyedvectors.KeyedVectors", models: 1 }]);
    expect((await found("posix.sys")).callables.map(({ callable }: { callable: string }) => callable)).toEqual(["posix.system"]);
  });

  it("finds the files that hold a content by its sha256", async () => {
    const { files } = await json("/models/mallory/tagger-with-a-surprise.json");
    const [{ path: file, blob }] = files;
    expect((await found(blob.sha256.toUpperCase())).files).toEqual([{ model: "mallory/tagger-with-a-surprise", path: file }]);
  });

  it("takes wildcards for what they are", async () => {
    for (const q of ["%", "_", "\\"]) expect((await found(q)).models.total).toBe(0);
  });
});

describe("the theme", () => {
  const choose = (address: string) => ask(`/theme/${address}`);

  it("is kept in a cookie, and written into pages by the server", async () => {
    const response = await choose("dark?back=%2Fmodels%3Fq%3Dbert");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/models?q=bert"]);
    const cookie = response.headers.get("set-cookie")!.split(";")[0]!;
    const page = await GET(new Request("http://127.0.0.1/methods", { headers: { cookie: `a=b; ${cookie}` } }));
    expect(page.headers.get("vary")).toBe("cookie");
    expect(await page.text()).toMatch(/^<!doctype html><html lang="en" data-theme="dark">/);
  });

  it.each(["dark", "auto", "<script>", "__proto__"])("%s sets nothing but a theme", async (theme) => {
    expect((await choose(encodeURIComponent(theme))).headers.get("set-cookie")).toMatch(/^theme=(auto|light|dark); Path=\/; /);
  });

  it.each(["https://evil.example/", "//evil.example/", "/\\evil.example/", "/.//evil.example/", "javascript:alert(1)", "http://["])(
    "sends nobody to %s",
    async (back) => {
      expect((await choose(`dark?${new URLSearchParams({ back })}`)).headers.get("location")).toBe("/");
    },
  );

  it("of a cookie that names none is the system's", async () => {
    const page = await GET(new Request("http://127.0.0.1/methods", { headers: { cookie: "theme=constructor; xtheme=dark" } }));
    expect(await page.text()).toMatch(/^<!doctype html><html lang="en"><head>/);
  });
});

describe("what the web's programs read", () => {
  beforeAll(() => readFrom("web.sqlite", (file) => sampleStore(file)));

  it("says what to leave alone, and what there is", async () => {
    const robots = await (await ask("/robots.txt")).text();
    expect(robots).toContain("Sitemap: http://127.0.0.1/sitemap.xml");
    const sitemap = await (await ask("/sitemap.xml")).text();
    const addresses = [...sitemap.matchAll(/<loc>([^<]*)<\/loc>/g)].map(([, address]) => address!.replaceAll("&amp;", "&"));
    expect(addresses.length).toBeGreaterThan(60);
    for (const address of addresses) expect([address, (await ask(address)).status]).toEqual([address, 200]);
  });

  it("describes the survey as a data set, whose downloads are there", async () => {
    const html = await (await ask("/")).text();
    const [, data] = /<script type="application\/ld\+json">(.*?)<\/script>/.exec(html)!;
    const dataset = JSON.parse(data!);
    expect([dataset["@type"], dataset.license]).toEqual(["Dataset", "https://creativecommons.org/licenses/by/4.0/"]);
    for (const { contentUrl } of dataset.distribution.filter(({ encodingFormat }: { encodingFormat: string }) =>
      encodingFormat.startsWith("text/csv"),
    ))
      expect([contentUrl, (await ask(contentUrl)).status]).toEqual([contentUrl, 200]);
  });

  it("shows a link to a model with its verdict", async () => {
    const html = await (await ask("/models/mallory/tagger-with-a-surprise")).text();
    expect(html).toContain('<meta property="og:image" content="http://127.0.0.1/cards/blocked.png"/>');
    for (const verdict of [...Object.keys(VERDICT_KINDS), "census"]) {
      const card = await ask(`/cards/${verdict}.png`);
      expect([card.status, card.headers.get("content-type")]).toEqual([200, "image/png"]);
    }
  });
});

describe("pages of a finished survey", () => {
  beforeAll(() => readFrom("kept.sqlite", (file) => sampleStore(file)));

  it("are kept until the survey is counted anew, and for each theme", async () => {
    const page = async (cookie = "") => (await GET(new Request("http://127.0.0.1/libraries", { headers: { cookie } }))).text();
    const store = await openStore(process.env.CENSUS_DATABASE!);
    onTestFinished(() => store.destroy());
    const { survey_id } = await store.selectFrom("survey").select("survey_id").where("name", "=", "2026-q4").executeTakeFirstOrThrow();
    await buildIndex(store, survey_id);
    const first = await page();
    const drop = () => store.deleteFrom("survey_cell").where("survey_id", "=", survey_id).where("value", "=", "flair").execute();
    await drop();
    expect(await page()).toBe(first);
    expect(await page("theme=dark")).not.toContain("flair");
    await buildIndex(store, survey_id);
    await drop();
    expect(await page()).not.toContain("flair");
  });
});

describe("hostile names", () => {
  beforeAll(() => readFrom("hostile.sqlite", (file) => sampleStore(file)));

  it.each([
    HOSTILE,
    "/",
    "/models",
    "/callables",
    "/models?q=%3Cscript%3E",
    "/models?library=%22%3E%3Cimg+src%3Dx+onerror%3Dalert%281%29%3E",
    "/callables?q=%3Csvg",
    "/nothing/%3Cscript%3E?x=%3Cscript%3E",
  ])("are text on %s", async (address) => {
    const html = (await (await ask(address)).text()).replaceAll(SCRIPTS, "");
    expect(html).not.toMatch(/<(script|img|iframe|object)\b/i);
    expect(html).not.toMatch(/<svg[^>]*onload/i);
    expect(html).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(html.length).toBeLessThan(100_000);
  });

  it("are exact in JSON", async () => {
    const { evidence } = await json(`${HOSTILE}.json`);
    expect(evidence.map((found: { callable: string }) => found.callable)).toContain("os.\u202emetsys");
  });
});

describe("lists", () => {
  beforeAll(() => readFrom("lists.sqlite", (file) => sampleStore(file)));

  it("are the same rows as a page, in JSON and in CSV", async () => {
    const address = "policy=class&verdict=blocked&sort=name";
    const { models, total, sentence, next } = await json(`/models.json?${address}`);
    expect([models.length, total, sentence, next]).toEqual([6, 6, "Models with the verdict blocked under their class policy", null]);
    const csv = await (await ask(`/models.csv?${address}`)).text();
    expect(
      csv
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split(",")[0]),
    ).toEqual(models.map(({ name }: { name: string }) => name));
  });

  it("go on where a page ends", async () => {
    const first = await json("/models.json");
    expect(first.nextPage).toMatch(/^\/models\.json\?next=/);
    const second = await json(first.nextPage);
    expect([first.models.length, second.models.length, second.nextPage]).toEqual([50, 13, null]);
  });

  it("stream the research tables", async () => {
    const csv = await ask("/exports/blocked.csv");
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    const rows = (await json("/exports/blocked.json")) as unknown[];
    expect((await csv.text()).split("\n").length).toBeGreaterThan(rows.length);
  });
});

describe("errors", () => {
  beforeAll(() => readFrom("errors.sqlite", (file) => sampleStore(file)));

  it.each([
    ["/nowhere", 404, "not-found"],
    ["/models/nobody/has-this", 404, "not-found"],
    ["/callables/no.such", 404, "not-found"],
    ["/callables?id=x", 404, "not-found"],
    ["/policies/99", 404, "not-found"],
    ["/policies/1%27", 404, "not-found"],
    ["/sources/1/../../etc/passwd", 404, "not-found"],
    ["/sources/1/none.py", 404, "not-found"],
    ["/exports/sqlite_master.csv", 404, "not-found"],
    ["/?survey=none", 404, "not-found"],
    ["/models?verdict=safe", 400, "bad-query"],
    ["/?policy=none", 400, "bad-query"],
    ["/models.csv?next=x", 400, "bad-query"],
    ["/%E0%A4%A", 400, "bad-query"],
  ])("of %s have status %i and say how to go on", async (address, status, error) => {
    const response = await ask(address);
    expect(response.status).toBe(status);
    if (response.headers.get("content-type")!.startsWith("text/html")) expect(await response.text()).toMatch(/<h1>.*<\/h1>.*href="/s);
    else expect(await response.json()).toMatchObject({ ok: false, error, status });
  });

  it("have one shape in JSON", async () => {
    for (const address of ["/nowhere.json", "/models/nobody/has-this.json", "/models.json?sort=x", "/policies/x.json"]) {
      const body = await json(address);
      expect(Object.keys(body)).toEqual(["ok", "error", "message", "status"]);
      expect(body.ok).toBe(false);
    }
  });
});

describe("a store without a finished survey", () => {
  it("says how to begin while there is none", async () => {
    await readFrom("empty.sqlite", (file) => openStore(file));
    for (const address of ["/", "/models", "/callables/os.system"]) {
      const response = await ask(address);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain("census -- survey");
    }
    for (const address of ["/surveys", "/policies", "/methods"]) expect((await ask(address)).status).toBe(200);
  });

  it("says that numbers are of what was reached while one runs", async () => {
    await readFrom("running.sqlite", (file) => sampleStore(file, { finished: false, running: true }));
    const html = await (await ask("/")).text();
    expect(html).toContain("has not finished: every number here is of what it has reached so far");
    expect(await (await ask("/surveys")).text()).toMatch(/21 of 63 models listed so far are done \(33%\)/);
    expect(await (await ask("/models/mallory/totally-safe-bert")).text()).toContain("its files have not been looked at yet");
  });

  it("shows the last finished one while another runs, and says so", async () => {
    await readFrom("both.sqlite", (file) => sampleStore(file, { running: true }));
    const html = await (await ask("/")).text();
    expect(html).toMatch(
      /These are the numbers of 20 November 2026\. A later survey, <bdi class="name">2027-q1<\/bdi>, has not finished yet\./,
    );
    expect(await (await ask("/?survey=2027-q1")).text()).toContain("has not finished");
    expect(await (await ask("/?survey=2026-q3")).text()).toContain("has not finished yet");
  });

  it("says of an earlier survey that there is a later one, and leads to what has changed", async () => {
    await readFrom("later.sqlite", (file) => sampleStore(file));
    const html = await (await ask("/?survey=2026-q3")).text();
    expect(html).toMatch(/A later survey, <bdi class="name">2026-q4<\/bdi>, was begun on 20 November 2026\./);
    expect(html).toContain('href="/surveys/2026-q3/against/2026-q4');
    expect(await (await ask("/?survey=2026-q4")).text()).not.toContain("A later survey");
  });

  it("has a column a policy in lists, and the lazy verdict where it is another one", async () => {
    await readFrom("lazy.sqlite", (file) => sampleStore(file));
    const store = await openStore(process.env.CENSUS_DATABASE!);
    const [blocked] = await store
      .selectFrom("model_verdict")
      .where(({ and }) => and({ slot: "class", mode: "strict", role: "weights", verdict: "blocked" }))
      .where("survey_id", "=", ({ selectFrom }) => selectFrom("survey").where("name", "=", "2026-q4").select("survey_id"))
      .select(["survey_id", "model_id"])
      .limit(1)
      .execute();
    await store
      .updateTable("model_verdict")
      .set({ verdict: "loads" })
      .where(({ and }) => and({ ...blocked!, slot: "class", mode: "lazy", role: "weights" }))
      .execute();
    await store.destroy();
    const html = await (await ask("/models?size=100")).text();
    expect(html).toContain(">class policy</th>");
    expect(html).not.toContain("class policy, lazy</th>");
    expect(html.match(/<small>lazy: /g)).toHaveLength(1);
  });

  it("is told of where another version made it, until it is brought up to date", async () => {
    await readFrom("older.sqlite", (file) => sampleStore(file));
    const older = await openStore(process.env.CENSUS_DATABASE!);
    await makeOlder(older);
    await older.destroy();
    const response = await ask("/models");
    expect(response.status).toBe(503);
    const html = await response.text();
    expect(html).toContain("The store cannot be read as it is");
    expect(html).toMatch(/The store is of version .* brings it up to date/);
    expect(await (await ask("/models.json")).json()).toMatchObject({ ok: false, error: "other-version", status: 503 });
    await (await openStore(process.env.CENSUS_DATABASE!)).destroy();
    expect((await ask("/models")).status).toBe(200);
  });

  it("is an error with a number where it cannot be opened, and is tried again", async () => {
    await readFrom("gone.sqlite", (file) => sampleStore(file));
    process.env.CENSUS_DATABASE = path.join(folder, "not-there.sqlite");
    const logged: unknown[] = [];
    const { error } = console;
    console.error = (...said) => logged.push(said);
    const response = await ask("/models.json");
    console.error = error;
    expect(response.status).toBe(500);
    const body = await response.json();
    expect(body.message).not.toContain("not-there");
    expect(String(logged)).toContain(/under (\w{8})\./.exec(body.message)![1]);
    await (await sampleStore(process.env.CENSUS_DATABASE)).destroy();
    expect((await ask("/models.json")).status).toBe(200);
  });
});
