/**
 * The one door: every request comes in here and is answered by a page of `routes.ts`. Pages are route handlers that
 * return static markup, not server components: a third of the time and a quarter of the bytes, and no script.
 */
import type { Store } from "../../db/connection.ts";
import { formatOf } from "../../db/exports/formats.ts";
import { findSurvey, listSurveys } from "../../db/queries/surveys.ts";
import { StoreVersionError } from "../../db/store-version-error.ts";
import { addresses } from "../addresses.ts";
import { type Asked, failure, fault } from "../answer.tsx";
import { API } from "../api/openapi.ts";
import { matchAll } from "../routes.ts";
import { dashboardStore } from "../store.ts";
import { themeOf } from "../theme.ts";

export const dynamic = "force-dynamic";

export async function GET(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const format = url.pathname.startsWith(`${API}/`) || formatOf(url.pathname) !== undefined ? "json" : "html";
  const asked: Asked = {
    url,
    parameters: {},
    format,
    survey: null,
    later: null,
    at: addresses(null),
    theme: themeOf(request.headers.get("cookie")),
  };
  try {
    return await answer(await dashboardStore(), asked);
  } catch (error) {
    if (error instanceof StoreVersionError) return failure(asked, { kind: "other-version", message: error.message });
    if (error instanceof URIError) return failure(asked, { kind: "bad-query", message: "The address is not percent-encoded UTF-8." });
    return fault(asked, error);
  }
}

/** The answer of the first page that has one. */
async function answer(store: Store, asked: Asked): Promise<Response> {
  const name = asked.url.searchParams.get("survey");
  const survey = await findSurvey(store, name);
  const [latest = null] = await listSurveys(store);
  const later = latest?.surveyId === survey?.surveyId ? null : latest;
  const placed = { ...asked, survey, later, at: addresses(survey === null ? null : name) };
  if (name !== null && survey === null) return failure(placed, { kind: "not-found", message: "There is no survey of this name." });
  let response: Response | null = null;
  for (const { page, parameters, format } of matchAll(asked.url.pathname)) {
    response = await page.answer({ ...placed, parameters, format, store });
    if (response.status !== 404) return response;
  }
  return response ?? failure(placed, { kind: "not-found", message: "Nothing is kept at this address." });
}
