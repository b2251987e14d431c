import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../db/connection.ts";
import { buildDashboard } from "../../scripts/serve-dashboard.ts";
import { axe, CHROMIUM, overflow, picture, print, type RunningDashboard, scrolls, startBrowser, startDashboard } from "./dashboard.ts";
import { sampleStore } from "./sample-store.ts";
import { surveyLoopbackHub } from "./survey-loopback-hub.ts";

const folder = mkdtempSync(path.join(tmpdir(), "census-browser-"));
const STORES = {
  real: surveyLoopbackHub,
  sample: sampleStore,
  running: (file: string) => sampleStore(file, { finished: false, running: true }),
  empty: (file: string) => openStore(file),
};
type StoreName = keyof typeof STORES;

const HOSTILE = "/models/mallory/%3Cscript%3Ealert(1)%3C/script%3E";

/** Every page and state, as it is to be looked at. */
const VIEWS: readonly (readonly [name: string, store: StoreName, address: string])[] = [
  ["overview", "real", "/"],
  ["models-filtered", "real", "/models?verdict=blocked"],
  ["model-loads", "real", "/models/saltmarsh/ner-english-small"],
  ["model-malicious", "real", "/models/red-team/partial"],
  ["callable", "real", "/callables/os.system"],
  ["models", "sample", "/models"],
  ["model-two-policies", "sample", "/models/mallory/tagger-with-a-surprise"],
  ["model-hostile", "sample", HOSTILE],
  ["model-gated", "sample", "/models/velvet-rope/private-beta"],
  ["class", "sample", "/classes/flair.models.sequence_tagger_model.SequenceTagger"],
  ["search", "sample", "/search?q=a"],
  ["policies", "sample", "/policies"],
  ["libraries", "real", "/libraries"],
  ["library", "sample", "/libraries/flair"],
  ["policy-difference", "sample", "/policies/2/against/3"],
  ["figure", "real", "/figures/libraries"],
  ["survey", "sample", "/surveys/2026-q4"],
  ["survey-running", "running", "/surveys/2027-q1"],
  ["comparison", "sample", "/surveys/2026-q3/against/2026-q4"],
  ["api", "sample", "/api"],
  ["policy", "sample", "/policies/2"],
  ["source", "sample", "/sources/1/flair/models/sequence_tagger_model.py#L20"],
  ["callables", "sample", "/callables"],
  ["methods", "sample", "/methods"],
  ["exports", "sample", "/exports"],
  ["no-match", "sample", "/models?q=nothing-is-called-this"],
  ["not-found", "sample", "/models/nobody/has-this"],
  ["running", "running", "/?policy=class"],
  ["surveys", "running", "/surveys"],
  ["empty", "empty", "/"],
];

/** A sheet of it, in pixels of CSS. */
const A4 = { width: 794, height: 1_123 };

/** A page may say that it was answered with an error: some of the views are errors. */
const unexpected = (complaint: string) => !/status of 40[04]/.test(complaint);

/** Clicks, and goes on once the page that it leads to is there: the old one answers questions until then. */
async function follow(page: Page, link: Locator): Promise<void> {
  await Promise.all([page.waitForEvent("framenavigated"), link.click()]);
  await page.waitForLoadState();
}

describe.skipIf(!existsSync(CHROMIUM))("the dashboard in a browser", () => {
  let browser: Browser;
  const dashboards = {} as Record<StoreName, RunningDashboard>;

  beforeAll(async () => {
    await buildDashboard((text) => process.stderr.write(text));
    const starts = Object.entries(STORES).map(async ([name, fill]) => {
      const file = path.join(folder, `${name}.sqlite`);
      await (await fill(file)).destroy();
      dashboards[name as StoreName] = await startDashboard(file);
    });
    await Promise.all(starts);
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all(Object.values(dashboards).map((dashboard) => dashboard.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a page complains of, as it does: whatever is said, thrown, asked for elsewhere. */
  function complaintsOf(page: Page, store: StoreName): string[] {
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(dashboards[store].url)) complaints.push(`asks ${request.url()}`);
    });
    return complaints;
  }

  /** Opens a page, and closes it again; whatever it complains of is a failure. */
  async function onPage(
    store: StoreName,
    address: string,
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    const complaints = complaintsOf(page, store);
    await page.goto(dashboards[store].url + address);
    await look(page);
    await context.close();
    expect(complaints.filter(unexpected)).toEqual([]);
  }

  const onlookers = new Map<StoreName, { page: Page; complaints: string[] }>();

  /** One page for all the views of a store that are only looked at: a new one takes longer to open than a view to load. */
  async function onlooker(store: StoreName) {
    let found = onlookers.get(store);
    if (found === undefined) {
      const page = await browser.newPage({ reducedMotion: "reduce" });
      found = { page, complaints: complaintsOf(page, store) };
      onlookers.set(store, found);
    }
    return found;
  }

  // Light is looked into wide and dark narrow: what axe finds hangs on the theme or on the layout, not on both at once.
  it.each(VIEWS)("%s has nothing that axe finds, light and dark, and fits every window and paper", async (name, store, address) => {
    const { page, complaints } = await onlooker(store);
    await page.emulateMedia({ colorScheme: "light", media: "screen" });
    await page.goto(dashboards[store].url + address);
    for (const [colorScheme, looked] of [
      ["light", 1_440],
      ["dark", 360],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [2_560, 1_440, 360]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await overflow(page), `${colorScheme}, ${width} pixels`).toBe(0);
        if (width === looked) expect(await axe(page)).toEqual([]);
        expect(await scrolls(page, ".disassembly"), `opcodes, ${width} pixels`).toEqual([]);
        await picture(page, `${name}-${colorScheme}-${width}`);
      }
    }
    await page.emulateMedia({ colorScheme: "light", media: "print" });
    await page.setViewportSize(A4);
    expect([await overflow(page), await scrolls(page)], "paper").toEqual([0, []]);
    await print(page, name);
    expect(complaints.splice(0).filter(unexpected)).toEqual([]);
  });

  it("leads from the overview to a blocked call and to the policy's reason for a name, without a script", async () => {
    await onPage("real", "/", { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator("h1").textContent()).toMatch(
        /\d+ of \d+ models load under torch’s weights.only and \d+ under their class policy\./,
      );
      await follow(page, page.getByRole("navigation", { name: "Site" }).getByRole("link", { name: "Models" }));
      const before = await page.getByRole("row").count();
      await follow(page, page.locator("#filters").getByRole("link", { name: /^brine \d/ }));
      await follow(page, page.getByRole("navigation", { name: "Judged under" }).getByRole("link", { name: "class policy, strict" }));
      await follow(page, page.locator("#filters").getByRole("link", { name: /^loads/ }));
      expect(await page.locator("h1").textContent()).toBe("Models of brine with the verdict loads under their class policy");
      expect(await page.getByRole("row").count()).toBeLessThan(before);

      await follow(page, page.getByRole("link", { name: "saltmarsh/ner-english-small" }));
      expect(await page.locator(".verdicts li").allTextContents()).toEqual([
        expect.stringMatching(/weights-only.*blocked.*at byte/s),
        expect.stringMatching(/class policy, strict.*loads/s),
        expect.stringMatching(/class policy, lazy.*loads/s),
        expect.stringMatching(/class policy, open, strict.*loads/s),
        expect.stringMatching(/class policy, open, lazy.*loads/s),
        expect.stringMatching(/class policy, 6 releases, strict.*loads/s),
        expect.stringMatching(/class policy, 6 releases, lazy.*loads/s),
        expect.stringMatching(/observed, strict.*blocked.*at byte/s),
        expect.stringMatching(/observed, lazy.*blocked.*at byte/s),
      ]);
      await follow(
        page,
        page
          .locator(".verdicts li")
          .first()
          .getByRole("link", { name: /at byte/ }),
      );
      // What a loader comes to first here is an opcode that it does not take: it has the code around it as a callable has.
      const first = page.locator(".evidence:target");
      expect(await first.locator("h3").textContent()).toMatch(/opcode [A-Z_]+/);
      expect(await first.locator(".disassembly .marked").first().textContent()).toMatch(/^[\d,]+[A-Z_]+blocked/);
      expect(await first.locator(".statements .marked").textContent()).toMatch(/blocked|next statement/);
      await page.goBack();
      const evidence = page.locator(".evidence").first();
      // What most policies block comes first, and what no other model was seen to use is outside the observed ones too.
      expect(await evidence.locator("h3").textContent()).toContain("brine.embeddings.gazetteer.GazetteerEmbeddings");
      const marked = evidence.locator("tr.marked").first();
      const [offset, opcode] = await marked.locator("td").allTextContents();
      expect(await evidence.locator(".places li").first().textContent()).toContain(
        `${opcode!.replace("blocked", "").trim()} at byte ${offset}`,
      );

      await follow(page, evidence.locator(".remedy").getByRole("link"));
      expect(await page.locator("h1").textContent()).toBe("class:brine.models.sequence_tagger.SequenceTagger@brine-0.2.0");
      const chain = page.locator(".chain").first();
      expect(await chain.locator("li").first().textContent()).toContain("the class brine.models.sequence_tagger.SequenceTagger");
      await follow(page, chain.getByRole("link").first());
      const line = page.locator("li:target");
      expect(await line.textContent()).toContain("class SequenceTagger");
    });
  });

  it("runs nothing that a name holds, and shows it as it is", async () => {
    await onPage("sample", HOSTILE, {}, async (page) => {
      expect(await page.locator("h1").textContent()).toBe("mallory/<script>alert(1)</script>");
      expect(await page.locator("main").textContent()).toContain("os.U+202Emetsys");
      expect(await page.locator("main img, main script, main iframe").count()).toBe(0);
      await follow(page, page.getByRole("link", { name: "<svg onload=alert(1)>.eval" }).first());
      expect(await page.locator("h1").textContent()).toBe("<svg onload=alert(1)>.eval");
      await page.goBack();
      await follow(page, page.getByRole("link", { name: "..", exact: true }).first());
      expect(await page.locator("h1").textContent()).toBe("..");
    });
  });

  it("is walked through by keyboard: the first stop skips to the content", async () => {
    await onPage("sample", "/", {}, async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
      expect(await page.locator(".skip").boundingBox()).toMatchObject({ y: expect.closeTo(8, -1) });
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
    });
  });

  it("finds a model by a part of its name, without a script", async () => {
    await onPage("sample", "/", { javaScriptEnabled: false }, async (page) => {
      await page.getByLabel("Find a model, author").fill("SURPRISE");
      await follow(page, page.getByRole("button", { name: "Find" }));
      expect(await page.locator("h1").textContent()).toBe("Called “SURPRISE”");
      await follow(page, page.getByRole("link", { name: "mallory/tagger-with-a-surprise" }));
      expect(await page.locator("h1").textContent()).toBe("mallory/tagger-with-a-surprise");
    });
  });

  it("goes to the search at a slash, but not while one types", async () => {
    await onPage("sample", "/", {}, async (page) => {
      await page.keyboard.press("/");
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("find");
      await page.keyboard.type("mallory/t");
      expect(await page.getByLabel("Find a model, author").inputValue()).toBe("mallory/t");
    });
  });

  it("is light or dark as it was chosen, without a script, and stays so", async () => {
    await onPage("sample", "/methods", { javaScriptEnabled: false, colorScheme: "light" }, async (page) => {
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await follow(page, page.getByRole("navigation", { name: "Colours" }).getByRole("link", { name: "dark" }));
      expect(new URL(page.url()).pathname).toBe("/methods");
      expect(await ground()).not.toBe(light);
      await follow(page, page.getByRole("navigation", { name: "Site" }).getByRole("link", { name: "Surveys" }));
      expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
      await follow(page, page.getByRole("navigation", { name: "Colours" }).getByRole("link", { name: "as the system" }));
      expect(await ground()).toBe(light);
    });
  });

  it("copies the place of what is blocked as file:offset", async () => {
    await onPage(
      "sample",
      "/models/mallory/tagger-with-a-surprise",
      { permissions: ["clipboard-read", "clipboard-write"] },
      async (page) => {
        await page
          .getByRole("button", { name: /^Copy / })
          .first()
          .click();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^pytorch_model\.bin:archive\/data\.pkl:\d+$/);
      },
    );
  });

  it("prints what is read, without what is clicked", async () => {
    await onPage("sample", "/models/mallory/tagger-with-a-surprise", { colorScheme: "light" }, async (page) => {
      await page.emulateMedia({ media: "print" });
      for (const hidden of ["header.site nav", "header.site search"]) expect(await page.locator(hidden).isVisible()).toBe(false);
      expect(await page.locator(".evidence").first().isVisible()).toBe(true);
    });
  });

  it("allows itself nothing but its own style sheet, script and images", async () => {
    const { headers } = await fetch(dashboards.sample.url);
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect([headers.get("x-content-type-options"), headers.get("referrer-policy"), headers.get("x-powered-by")]).toEqual([
      "nosniff",
      "no-referrer",
      null,
    ]);
    for (const file of ["/style.css", "/keys.js", "/favicon.svg"])
      expect((await fetch(dashboards.sample.url + file)).headers.get("content-security-policy")).not.toBeNull();
  });

  it("says nothing of its own start, and answers without a complaint", () => {
    for (const { said } of Object.values(dashboards)) expect(said()).toBe("");
  });

  it("answers only what reads, and addresses that are none", async () => {
    expect((await fetch(dashboards.sample.url, { method: "POST" })).status).toBe(405);
    expect((await fetch(dashboards.sample.url, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${dashboards.sample.url}/%E0%A4%A`)).status).toBe(400);
  });
});
