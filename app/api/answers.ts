/**
 * What the API's answers hold, as schemas: the keys that v1 promises. Answers may hold more. A test checks real answers
 * against them, and the OpenAPI document is made of them.
 */
import * as z from "zod";

const count = z.int().nonnegative();
const instant = z.string();
const counts = z.looseObject({
  loads: count,
  blocked: count,
  malformed: count,
  unsupported: count,
  unavailable: count,
  unfinished: count,
  none: count,
});
const lens = { slot: z.string(), mode: z.string(), role: z.string() };
const survey = z.looseObject({
  name: z.string(),
  hub: z.string(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  requests: count,
  bytesRead: count,
  manifest: z.string().nullable(),
});
const totals = z.looseObject({ models: count, states: z.record(z.string(), count), files: count, pickles: count, bytesHeld: count });
const callable = { callable: z.string(), module: z.string(), name: z.string(), capability: z.string() };
const policy = {
  policyId: z.int(),
  slot: z.string(),
  name: z.string(),
  class: z.string().nullable(),
  library: z.string().nullable(),
  imports: count,
  calls: count,
};

/** The one shape of an error. */
export const API_ERROR = z.strictObject({ ok: z.literal(false), error: z.string(), message: z.string(), status: z.int() });

/** By the pattern of the page that answers. Addresses that are not here answer as their page's JSON does today. */
export const API_ANSWERS = {
  "/overview": z.looseObject({
    survey,
    totals,
    success: z.array(z.looseObject({ ...lens, counts, downloads: counts })),
    blockers: z.array(z.looseObject({ callable: z.string(), capability: z.string(), models: count, downloads: count })),
  }),
  "/models": z.looseObject({
    survey,
    sentence: z.string(),
    total: count,
    models: z.array(
      z.looseObject({
        name: z.string(),
        library: z.string().nullable(),
        task: z.string().nullable(),
        downloads: count,
        likes: count,
        state: z.string(),
        verdicts: z.array(z.looseObject({ ...lens, verdict: z.string() })),
      }),
    ),
    nextPage: z.string().nullable(),
    facets: z.record(z.string(), z.array(z.looseObject({ value: z.string(), models: count }))),
  }),
  "/models/*name": z.looseObject({
    survey,
    model: z.looseObject({ name: z.string(), commitSha: z.string(), downloads: count, state: z.string(), class: z.string().nullable() }),
    judged: z.array(z.looseObject({ ...lens, verdict: z.string(), policyId: z.int(), policy: z.string() })),
    files: z.array(z.looseObject({ path: z.string(), size: count, role: z.string(), state: z.string() })),
    evidence: z.array(
      z.looseObject({
        callable: z.string().nullable(),
        capability: z.string().nullable(),
        places: z.array(z.looseObject({ path: z.string(), entry: z.string().nullable(), offset: count, opcode: z.string() })),
      }),
    ),
  }),
  "/callables": z.looseObject({ callables: z.array(z.looseObject({ ...callable, importedBy: count, calledBy: count })) }),
  "/callables/*name": z.looseObject({
    callable: z.looseObject(callable),
    importedBy: count,
    calledBy: count,
    blocked: z.array(z.looseObject({ ...lens, models: count })),
    models: z.array(z.looseObject({ name: z.string(), downloads: count })),
  }),
  "/policies": z.looseObject({ total: count, policies: z.array(z.looseObject(policy)) }),
  "/policies/:id": z.looseObject({
    policy: z.looseObject(policy),
    total: count,
    entries: z.array(z.looseObject({ callable: z.string() })),
  }),
  "/surveys": z.looseObject({ surveys: z.array(z.looseObject({ name: z.string(), totals })) }),
  "/surveys/:name": z.looseObject({ survey, totals, citation: z.looseObject({ text: z.string(), bibtex: z.string(), cff: z.string() }) }),
} as const;
