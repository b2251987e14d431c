/**
 * Pages of finished surveys, kept as they were rendered: such a survey changes no more, and its overview is asked for
 * again and again. What is kept is told apart by all that a page is made of, so that nothing is ever stale.
 */
import type { Asked } from "./answer.tsx";

/** Bytes kept; the page that was asked for longest ago goes first. */
const MOST = 64_000_000;

const kept = globalThis as { censusPages?: Map<string, Uint8Array<ArrayBuffer>> };
let size = 0;

/** What a page of a finished survey with a derived index hangs on; null for a survey that may still change. */
export function keyOf({ url, survey, later, theme }: Asked): string | null {
  if (survey === null || survey.finishedAt === null || survey.generation === 0) return null;
  return JSON.stringify([
    process.env.CENSUS_DATABASE,
    survey.surveyId,
    survey.generation,
    later?.surveyId,
    later?.finishedAt,
    theme,
    url.href,
  ]);
}

/** The page that was kept under this key. */
export function keptPage(key: string): Uint8Array<ArrayBuffer> | undefined {
  const page = kept.censusPages?.get(key);
  if (page !== undefined) {
    // The newest stands last.
    kept.censusPages!.delete(key);
    kept.censusPages!.set(key, page);
  }
  return page;
}

export function keepPage(key: string, page: Uint8Array<ArrayBuffer>): void {
  kept.censusPages ??= new Map();
  kept.censusPages.set(key, page);
  size += page.length;
  for (const [oldest, bytes] of kept.censusPages) {
    if (size <= MOST) return;
    kept.censusPages.delete(oldest);
    size -= bytes.length;
  }
}
