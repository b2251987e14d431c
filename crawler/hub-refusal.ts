/** What the Hub means by refusing: the table of its statuses and error codes, as huggingface_hub reads them. */
import { describeFailure, type HttpFailure } from "./http-failure.ts";

/** `gated`, `disabled` and `missing` are of the whole repository, `entry` of one file; `failed` may pass. */
export type Refusal = { readonly kind: "gated" | "disabled" | "missing" | "entry" | "failed"; readonly message: string };

/** The refusal that a failed request amounts to, and what whoever asked can do about it. */
export function refusalOf(failure: HttpFailure): Refusal {
  return { kind: kindOf(failure), message: messageOf(failure) };
}

/** The Hub's own words are for whoever sits at its login: of a model that is not there it speaks of a wrong password. */
function messageOf(failure: HttpFailure): string {
  if (failure.kind !== "status" || failure.code === null) return describeFailure(failure);
  // Whom it does not know it answers 401, and whom it knows 403 or 404.
  const isAnonymous = failure.status === 401;
  const answer = `HTTP ${failure.status} ${failure.code}`;
  switch (failure.code) {
    case "GatedRepo":
      return isAnonymous
        ? `gated: set HF_TOKEN of an account with access (${answer})`
        : `gated: the account of HF_TOKEN has no access; the model's page has whom to ask (${answer})`;
    case "RepoNotFound":
      return isAnonymous
        ? `no such model, or a private one: no valid token was sent (${answer})`
        : `no such model, or a private one that the account of HF_TOKEN may not see (${answer})`;
    case "EntryNotFound":
      return `no such file (${answer})`;
    case "RevisionNotFound":
      return `no such revision (${answer})`;
  }
  return describeFailure(failure);
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
