/**
 * What the Hub's own scanner says of a model's files: the names that picklescan found each to import, and what it makes of
 * them. For laying beside our verdicts; no verdict depends on it.
 */
import { z } from "zod";
import { ok, type Result } from "../analyzer/result.ts";
import type { Http } from "./http.ts";
import type { HttpFailure } from "./http-failure.ts";
import { readJson } from "./json.ts";

/** The Hub's word on one file. */
export interface HubScan {
  /** `safe`, `caution`, `suspicious`, `unsafe`; `unscanned` and `queued` say nothing. */
  readonly status: string;
  readonly imports: readonly { readonly name: string; readonly safety: string }[];
}

/** A tree entry with `expand=true`, as of October 2024 (huggingface_hub #2621); every scan in it is optional. */
const entries = z.array(
  z.object({
    path: z.string(),
    securityFileStatus: z
      .object({
        status: z.string(),
        pickleImportScan: z
          .object({ pickleImports: z.array(z.object({ module: z.string(), name: z.string(), safety: z.string() })).nullish() })
          .nullish(),
      })
      .nullish(),
  }),
);

const MOST_JSON = 16 * 2 ** 20;
/** An expanded page has 50 entries: a repository of more files than this is compared without the Hub's word on the rest. */
const MOST_PAGES = 40;

/** The Hub's scans of a model's files at a commit, by path. */
export async function fetchHubScans(
  http: Http,
  hubUrl: string,
  model: string,
  commit: string,
): Promise<Result<ReadonlyMap<string, HubScan>, HttpFailure>> {
  const scans = new Map<string, HubScan>();
  let next: URL | null = new URL(`${hubUrl}/api/models/${model}/tree/${commit}?recursive=true&expand=true`);
  for (let page = 0; next !== null && page < MOST_PAGES; page++) {
    const url: URL = next;
    const answer = await http.send({
      url,
      headers: { accept: "application/json" },
      accept: () => ok(MOST_JSON),
      read: ({ body, headers }) => {
        const files = readJson(body, entries);
        return files.ok ? ok({ files: files.value, link: headers.get("link") }) : files;
      },
    });
    if (!answer.ok) return answer;
    for (const { path, securityFileStatus } of answer.value.files) {
      if (securityFileStatus === null || securityFileStatus === undefined) continue;
      const imports = securityFileStatus.pickleImportScan?.pickleImports ?? [];
      scans.set(path, {
        status: securityFileStatus.status,
        imports: imports.map(({ module, name, safety }) => ({ name: `${module}.${name}`, safety })),
      });
    }
    next = nextPage(answer.value.link, url);
  }
  return ok(scans);
}

/** The same address with the query of the one that has `rel="next"`: a server's word chooses no other host. */
function nextPage(link: string | null, url: URL): URL | null {
  const address = link === null ? undefined : /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];
  if (address === undefined || !URL.canParse(address, url.href)) return null;
  const next = new URL(url);
  next.search = new URL(address, url.href).search;
  return next;
}
