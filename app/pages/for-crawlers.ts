/** What programs that walk the web ask for first, where someone publishes a dashboard: what to leave alone, and what there is. */

import { ALL_MODELS } from "../../db/queries/filters.ts";
import { listIndexed } from "../../db/queries/indexed-models.ts";
import { listJudgements } from "../../db/queries/judgements.ts";
import { listModels } from "../../db/queries/models.ts";
import { listPolicies } from "../../db/queries/policies.ts";
import { successBy } from "../../db/queries/success.ts";
import type { Page, PageRequest } from "../answer.tsx";
import { NAVIGATION } from "../document.tsx";
import { surveyIndex } from "../store.ts";

/** Lists have an address for every filter and order: walking them all would take for ever and show nothing new. */
export const robotsPage: Page = {
  path: "/robots.txt",
  formats: ["html"],
  answer: async ({ url }) => {
    const lines = [
      "User-agent: *",
      "Disallow: /models?",
      "Disallow: /search",
      "Disallow: /theme/",
      "Disallow: /exports/",
      "Disallow: /api/",
    ];
    return text([...lines, "", `Sitemap: ${new URL("/sitemap.xml", url).href}`, ""].join("\n"), "text/plain");
  },
};

/** Of each kind of thing; a sitemap may have 50,000 addresses (sitemaps.org). */
const LISTED = 1_000;

export const sitemapPage: Page = {
  path: "/sitemap.xml",
  formats: ["html"],
  answer: async (request) => {
    const addresses = [...NAVIGATION.map(({ path }) => path), "/exports", "/api", ...(await itemsOf(request))];
    const urls = addresses.map((address) => `<url><loc>${new URL(address, request.url).href.replaceAll("&", "&amp;")}</loc></url>\n`);
    const sitemap = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.join("")}</urlset>\n`;
    return text(sitemap, "application/xml");
  },
};

/** The pages of the most downloaded models, of libraries and of policies. */
async function itemsOf({ store, survey, at }: PageRequest): Promise<string[]> {
  const policies = await listPolicies(store, {}, 1, LISTED);
  const own = policies.map(({ policyId }) => at.policy(policyId));
  if (survey === null) return own;
  const index = await surveyIndex(store, survey);
  const query = { ...ALL_MODELS, size: LISTED };
  const { models } = index === null ? await listModels(store, survey.surveyId, query) : (await listIndexed(store, index, query)).page;
  const [judgement] = await listJudgements(store, survey.surveyId);
  const lens = { ...ALL_MODELS.lens, ...judgement };
  const libraries = (await successBy(store, survey.surveyId, lens, "library", LISTED)).groups;
  return [...models.map(({ name }) => at.model(name)), ...libraries.flatMap(({ name }) => (name === null ? [] : at.library(name))), ...own];
}

function text(body: string, type: string): Response {
  return new Response(body, { headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" } });
}
