/**
 * The addresses of pages: the only place where a link is built. Names become percent-encoded path segments, so that no
 * name can change where a link goes. A survey that was asked for by name is kept from page to page.
 */
import { type FilterName, lensParameters, type ModelQuery, modelParameters } from "../db/queries/filters.ts";
import type { Judgement, Lens } from "../db/queries/judgements.ts";

/** Lines of source on one page. */
export const SOURCE_LINES = 800;

/** Longer names are linked by id: an address of more than some thousand characters is refused by servers. */
const LONGEST_SEGMENT = 1_000;

export type Addresses = ReturnType<typeof addresses>;

/** The addresses within the survey called `survey`, or within the one that goes without saying if null. */
export function addresses(survey: string | null) {
  const at = (path: string, parameters: URLSearchParams = new URLSearchParams(), fragment = "") => {
    if (survey !== null) parameters.set("survey", survey);
    return `${path}${parameters.size > 0 ? `?${parameters}` : ""}${fragment}`;
  };
  return {
    at,
    overview: (lens?: Lens, judgements: readonly Judgement[] = []) => at("/", lens && lensParameters(lens, judgements)),
    /** The overview of another survey. */
    inSurvey: (name: string) => `/?${new URLSearchParams({ survey: name })}`,
    survey: (name: string) => at(`/surveys/${segment(name)}`),
    comparison: (before: string, after: string, lens?: Lens, judgements: readonly Judgement[] = []) =>
      at(`/surveys/${segment(before)}/against/${segment(after)}`, lens && lensParameters(lens, judgements)),
    /** A model as another survey saw it. */
    modelIn: (survey: string, name: string) => `/models/${name.split("/").map(segment).join("/")}?${new URLSearchParams({ survey })}`,
    /** A figure by itself, as a page or, with an ending, in a format. */
    figure: (id: string, lens: Lens, judgements: readonly Judgement[], ending = "", fragment = "") =>
      at(`/figures/${id}${ending}`, lensParameters(lens, judgements), fragment),
    callablesNamed: (q: string) => at("/callables", new URLSearchParams({ q })),
    models: (query: ModelQuery, judgements: readonly Judgement[], ending = "") =>
      at(`/models${ending}`, modelParameters(query, judgements)),
    modelsWith: (lens: Lens, judgements: readonly Judgement[], filters: Partial<Record<FilterName, string>>) => {
      const parameters = lensParameters(lens, judgements);
      for (const [name, value] of Object.entries(filters)) parameters.set(name, value);
      return at("/models", parameters);
    },
    model: (name: string, fragment = "") => at(`/models/${name.split("/").map(segment).join("/")}`, undefined, fragment),
    /** The same page with another part of one of its lists. */
    modelPart: (name: string, list: string, from: number, fragment: string) =>
      at(`/models/${name.split("/").map(segment).join("/")}`, new URLSearchParams({ [list]: String(from) }), fragment),
    callable: ({ callableId, callable }: { readonly callableId: number; readonly callable: string }) =>
      // A segment of dots is taken for a step up, encoded or not (WHATWG URL 4.4, "double-dot path segment").
      callable.length > LONGEST_SEGMENT || /^\.*$/.test(callable)
        ? at("/callables", new URLSearchParams({ id: String(callableId) }))
        : at(`/callables/${segment(callable)}`),
    policies: (q: string, from: number) => at("/policies", new URLSearchParams({ ...(q !== "" && { q }), from: String(from) })),
    library: (name: string, lens?: Lens, judgements: readonly Judgement[] = []) =>
      at(`/libraries/${segment(name)}`, lens && lensParameters(lens, judgements)),
    class: (name: string, lens?: Lens, judgements: readonly Judgement[] = []) =>
      at(`/classes/${segment(name)}`, lens && lensParameters(lens, judgements)),
    classPart: (name: string, list: string, from: number) =>
      at(`/classes/${segment(name)}`, new URLSearchParams({ [list]: String(from) }), `#${list}`),
    libraries: (lens: Lens, judgements: readonly Judgement[]) => at("/libraries", lensParameters(lens, judgements)),
    policyDifference: (before: number, after: number) => at(`/policies/${before}/against/${after}`),
    policyFile: (policyId: number, file: string) => at(`/policies/${policyId}/${file}`),
    policy: (policyId: number) => at(`/policies/${policyId}`),
    /** The entry of one callable in a policy. */
    policyEntry: (policyId: number, callableId: number) =>
      at(`/policies/${policyId}`, new URLSearchParams({ callable: String(callableId) }), `#callable-${callableId}`),
    policyFrom: (policyId: number, from: number) => at(`/policies/${policyId}`, new URLSearchParams({ from: String(from) }), "#allowed"),
    source: (sourceId: number, path: string, line?: number) =>
      at(
        `/sources/${sourceId}/${path.split("/").map(segment).join("/")}`,
        line !== undefined && line > SOURCE_LINES ? new URLSearchParams({ line: String(line) }) : undefined,
        line === undefined ? "" : `#L${line}`,
      ),
  };
}

function segment(text: string): string {
  return encodeURIComponent(text);
}

/** A model on the Hub that a survey read it from, at the commit; null where the Hub's address is none for the web. */
export function hubAddress(hub: string, model: string, commitSha: string): string | null {
  if (!URL.canParse(hub) || !["http:", "https:"].includes(new URL(hub).protocol)) return null;
  const revision = commitSha === "" ? "" : `/tree/${segment(commitSha)}`;
  return new URL(`/${model.split("/").map(segment).join("/")}${revision}`, hub).href;
}
