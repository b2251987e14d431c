/** What is taken away of a policy: the loader that enforces it, and the policy itself in two formats. */
import { writePickleball, writePolicy } from "../../analyzer/policy/format.ts";
import { writeLoader } from "../../analyzer/policy/loader.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import { failed, ok, type Result } from "../../analyzer/result.ts";
import { findPolicy } from "../../db/queries/policies.ts";
import { readPolicy } from "../../db/stored-policy.ts";
import { failure, type Page, type PageError } from "../answer.tsx";

/** The files of a policy, by the name that its address ends with. */
export const POLICY_FILES = {
  "loader.py": {
    label: "loader (Python)",
    type: "text/x-python; charset=utf-8",
    write: (policy: Policy): Result<string, PageError> => {
      const loader = writeLoader(policy, "lazy");
      return loader.ok ? loader : failed({ kind: "not-found", message: loader.error.message });
    },
  },
  "policy.json": { label: "policy", type: "application/json; charset=utf-8", write: (policy: Policy) => ok(writePolicy(policy)) },
  "pickleball.json": {
    label: "policy as PickleBall’s",
    type: "application/json; charset=utf-8",
    write: (policy: Policy) => ok(writePickleball(policy)),
  },
} as const;

export type PolicyFile = keyof typeof POLICY_FILES;

export const policyFilePages: readonly Page[] = (Object.keys(POLICY_FILES) as PolicyFile[]).map((name) => ({
  path: `/policies/:id/${name}`,
  formats: ["html"],
  answer: async (request) => {
    const id = request.parameters.id!;
    const found = /^\d{1,15}$/.test(id) ? await findPolicy(request.store, Number(id)) : null;
    if (found === null) return failure(request, { kind: "not-found", message: "There is no policy of this number." });
    const { type, write } = POLICY_FILES[name];
    const written = write(await readPolicy(request.store, found.policyId));
    if (!written.ok) return failure(request, written.error);
    return new Response(written.value, {
      headers: { "content-type": type, "content-disposition": `inline; filename="${name}"`, "cache-control": "no-cache" },
    });
  },
}));
