/**
 * What the Hub's own scanners say of a model's files: the names that picklescan found each to import, and what it and the
 * others make of them. For laying beside our verdicts; no verdict depends on it.
 */
import * as z from "zod";
import { ok, type Result } from "../analyzer/result.ts";
import type { Http } from "./http.ts";
import type { HttpFailure } from "./http-failure.ts";
import { readJson } from "./json.ts";

/** The Hub's word on one file. */
export interface HubScan {
  /** `safe`, `caution`, `suspicious`, `unsafe`; `unscanned` and `queued` say nothing. */
  readonly status: string;
  /** What each scanner says, by the Hub's name for it: `avScan`, `pickleImportScan`, `protectAiScan` ... */
  readonly scanners: Readonly<Record<string, string>>;
  readonly imports: readonly HubImport[];
}

/** A name that the Hub's scanner found a file to import: `safety` is `innocuous`, `suspicious` or `dangerous`. */
export interface HubImport {
  readonly name: string;
  readonly safety: string;
}

const word = z.string().max(100);
const scan = z.looseObject({ status: word }).optional().catch(undefined);
const found = z.object({ module: z.string().max(1_000), name: z.string().max(1_000), safety: word });

/** An entry with `expand`, as of October 2024 (huggingface_hub #2621); every scan in it is optional. */
const entries = z.array(
  z.object({
    path: z.string(),
    securityFileStatus: z.looseObject({ status: word }).nullish().catch(undefined),
  }),
);
const importScan = z.object({ pickleImports: z.array(found) });

const MOST_JSON = 64 * 2 ** 20;
/** Paths that one request may name (huggingface_hub #1504). */
const MOST_PATHS = 1_000;

/** Requests that the scans of so many files of a model take. */
export function scanRequests(files: number): number {
  return Math.ceil(files / MOST_PATHS);
}

/**
 * The Hub's scans of files of a model at a commit, by path; of those of which it says nothing there is none. By
 * `paths-info`, which is one request for up to a thousand files, where an expanded tree has fifty on a page.
 */
export async function fetchHubScans(
  http: Http,
  hubUrl: string,
  { model, commit }: { readonly model: string; readonly commit: string },
  paths: readonly string[],
): Promise<Result<ReadonlyMap<string, HubScan>, HttpFailure>> {
  const scans = new Map<string, HubScan>();
  for (let start = 0; start < paths.length; start += MOST_PATHS) {
    const answer = await http.send({
      url: new URL(`${hubUrl}/api/models/${model}/paths-info/${encodeURIComponent(commit)}`),
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ paths: paths.slice(start, start + MOST_PATHS), expand: true }),
      accept: () => ok(MOST_JSON),
      read: ({ body }) => readJson(body, entries),
    });
    if (!answer.ok) return answer;
    for (const { path, securityFileStatus } of answer.value) {
      if (securityFileStatus) scans.set(path, hubScan(securityFileStatus));
    }
  }
  return ok(scans);
}

function hubScan({ status, ...scans }: { status: string; [scanner: string]: unknown }): HubScan {
  const scanners = Object.keys(scans)
    .toSorted()
    .flatMap((scanner): [string, string][] => {
      const told = scan.safeParse(scans[scanner]).data?.status;
      return told === undefined ? [] : [[scanner, told]];
    });
  const imports = importScan.safeParse(scans.pickleImportScan).data?.pickleImports ?? [];
  return {
    status,
    scanners: Object.fromEntries(scanners),
    imports: imports.map(({ module, name, safety }) => ({ name: `${module}.${name}`, safety })),
  };
}
