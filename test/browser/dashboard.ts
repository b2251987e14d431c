/** A dashboard in a process of its own, and pages of Chromium on it, for the tests in a browser. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** Debian's. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Pictures of whole pages are half of the time that the tests take: made where there is a folder for them. */
const SCREENSHOTS = process.env.CENSUS_SCREENSHOTS;

/** A picture of a whole page, where pictures are asked for. */
export async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** The page on paper, where pictures are asked for. */
export async function print(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) await page.pdf({ path: path.join(SCREENSHOTS, `${name}.pdf`), format: "A4" });
}

export interface RunningDashboard {
  readonly url: string;
  /** What it wrote to standard error so far. */
  said(): string;
  close(): Promise<void>;
}

/** Serves the built dashboard on the store at `database`. */
export async function startDashboard(database: string): Promise<RunningDashboard> {
  const child: ChildProcess = fork(path.join(ROOT, "bin/run.mjs"), [path.join(import.meta.dirname, "serve-store.ts"), database], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    process.stderr.write(text);
  });
  const url = await Promise.race([
    once(child, "message").then(([message]) => String(message)),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the dashboard ended with ${code}`))),
  ]);
  return {
    url,
    said: () => said,
    close: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/** Debian's Chromium; without its sandbox, which root cannot have. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds on a page, one line each: the rule and where. */
export async function axe(page: Page): Promise<string[]> {
  // Through the debugger, which the page's content policy does not bind.
  await page.evaluate(await axeSource);
  // Only what is wrong comes back: what is right of every element takes four times as long to bring as to find.
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(context: Document, options: RunOptions): Promise<AxeResults> } };
    return (await axe.run(document, { resultTypes: ["violations"] })).violations;
  });
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(" ")}`));
}

/** What a page holds that only scrolling shows, which paper does not; of a selector, what is chosen by it. */
export function scrolls(page: Page, selector = "body *"): Promise<string[]> {
  return page.evaluate(
    (chosen) =>
      [...document.querySelectorAll(chosen)]
        .filter((element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth)
        .map((element) => `${element.tagName}.${element.className}`),
    selector,
  );
}

/** By how many pixels a page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
