/** What the Hub means by refusing: the table of its statuses and error codes, as huggingface_hub reads them. */
import { describeFailure, type HttpFailure } from "./http-failure.ts";

/** `gated`, `disabled` and `missing` are of the whole repository, `entry` of one file; `failed` may pass. */
export type Refusal = { readonly kind: "gated" | "disabled" | "missing" | "entry" | "failed"; readonly message: string };

/** The refusal that a failed request amounts to. */
export function refusalOf(failure: HttpFailure): Refusal {
  return { kind: kindOf(failure), message: describeFailure(failure) };
}

function kindOf(failure: HttpFailure): Refusal["kind"] {
  if (failure.kind !== "status") return "failed";
  switch (failure.code) {
    case "GatedRepo":
      return "gated";
    // To the anonymous, a repository that is private answers the same: missing, or hidden.
    case "RepoNotFound":
      return "missing";
    case "EntryNotFound":
    case "RevisionNotFound":
      return "entry";
  }
  if (failure.status === 403 && failure.message.includes("Access to this resource is disabled")) return "disabled";
  // Without a code: a repository that is gone (404, 410), hidden (401), or withheld for legal reasons (451).
  if ([401, 404, 410, 451].includes(failure.status)) return "missing";
  return failure.status === 403 ? "gated" : "failed";
}
