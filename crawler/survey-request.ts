/** What a survey is asked to do, and what it says while it does it: plain data, for the command line and the pipeline. */
import type { Store } from "../db/connection.ts";
import type { FileState, ModelState } from "../db/schema.ts";
import type { ClassSlot } from "./class-policies.ts";
import type { NetworkEffects } from "./effects.ts";
import type { KeptWorkers } from "./worker-pool.ts";

/** Orders of the Hub's listing, by its own names; of each the largest, or the latest, come first. */
export const SORTS = ["downloads", "likes", "trendingScore", "createdAt", "lastModified"] as const;
export type Sort = (typeof SORTS)[number];

/** Which models a survey is of. */
export type Population =
  | {
      readonly kind: "query";
      /** At most so many models, the first in the order of the listing; null for all that match. */
      readonly top: number | null;
      /** By default `sortOf` chooses. */
      readonly sort?: Sort;
      readonly minimumDownloads: number;
      /** `author`, `search` and `task` as the Hub has them; any other key (`library`, `tag`) filters by the value as a tag. */
      readonly filters: readonly { readonly key: string; readonly value: string }[];
      /** Only models that were modified after this, the latest first: ISO 8601, in UTC. */
      readonly modifiedSince?: string;
    }
  | { readonly kind: "models"; readonly names: readonly string[] };

/**
 * The order that a query is listed in: where it does not say, by downloads where the most downloaded are wanted, else one
 * that shifts as little as can be.
 */
export function sortOf({ sort, top, minimumDownloads, modifiedSince }: Extract<Population, { kind: "query" }>): Sort {
  if (modifiedSince !== undefined) return "lastModified";
  return sort ?? (top === null && minimumDownloads === 0 ? "createdAt" : "downloads");
}

export interface SurveyRequest {
  /** A survey of this name that was interrupted is gone on with; one that is finished is only summarised. */
  readonly name: string;
  /** Address of the Hub, without a slash at its end: `https://huggingface.co`. */
  readonly hub: string;
  /** Address of the simple API of a package index, without a slash at its end. */
  readonly packageIndex: string | null;
  /** Sent to the Hub's own origin and nowhere else; never stored or reported. */
  readonly token: string | null;
  readonly population: Population;
  /** Whether to store what the Hub's own scanners say of files: a request more for each model that has any. */
  readonly hubScans?: boolean;
  /** Models in hand at once. */
  readonly concurrency?: number;
  /** Worker threads that run pickles. */
  readonly threads?: number;
}

/** What a survey is doing: for progress on a terminal, never for decisions. */
export type SurveyEvent =
  /** A stage begins, with so many models before it; `observe`: groups of models. */
  | { readonly kind: "stage"; readonly stage: "list" | "crawl" | "scans" | "infer" | "judge" | "observe"; readonly models: number }
  /** A page was listed: so many models that were not listed before, and entries that could not be read as models. */
  | { readonly kind: "listed"; readonly models: number; readonly unreadable: number }
  | {
      readonly kind: "file";
      readonly model: string;
      readonly path: string;
      readonly state: FileState;
      readonly size: number;
      readonly reused: boolean;
    }
  /** A stage is through with a model. */
  | { readonly kind: "model"; readonly model: string; readonly state: ModelState; readonly failure: string | null }
  /** A policy is being inferred. */
  | { readonly kind: "policy"; readonly slot: ClassSlot; readonly class: string; readonly distribution: string; readonly version: string }
  | { readonly kind: "waiting"; readonly for: string; readonly milliseconds: number }
  | { readonly kind: "retrying"; readonly address: string; readonly failure: string; readonly milliseconds: number }
  /** In this run so far; `left`: requests for files that the Hub's limit still allows in its window, null where it did not say. */
  | { readonly kind: "spent"; readonly requests: number; readonly bytesRead: number; readonly left: number | null };

export interface SurveyEffects {
  readonly store: Store;
  readonly network: NetworkEffects;
  /** The date, for what is stored. */
  readonly date: () => Date;
  readonly report: (event: SurveyEvent) => void;
  /** Once aborted, what is in hand is finished and nothing more is begun. */
  readonly signal: AbortSignal;
  /** The file in which what was parsed of libraries' source is kept between inferences; nothing is kept where there is none. */
  readonly parseCache?: string | null;
  /** Workers that the surveys of this process share, one survey after the other; each starts its own where there are none. */
  readonly workers?: KeptWorkers;
}
