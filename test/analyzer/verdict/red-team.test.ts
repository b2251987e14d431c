/** Every callable of the table of capabilities, in every form in which a pickle can get it called, under generous policies. */
import { describe, expect, it } from "vitest";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { attackOf, DANGEROUS, FORMS } from "./dangerous.ts";
import { policy } from "./traces.ts";

/** What real class policies allow of callables that act for the pickle, and a class of the library. */
const ALLOWED = [
  ...["builtins:getattr", "functools:partial", "copyreg:_reconstructor", "builtins:map", "collections:defaultdict", "builtins:object"],
  ...[
    "torch._tensor:_rebuild_from_type_v2",
    "operator:attrgetter",
    "brine.models:Tagger",
    "torch:serialization",
    "collections:OrderedDict",
  ],
];
const GENEROUS = policy(ALLOWED, ALLOWED);

const UNLISTED = DANGEROUS.filter((name) => !ALLOWED.includes(name.replace(/\.(\w+)$/, ":$1")));

describe.each(Object.entries(FORMS))("%s", (_, form) => {
  it(`of each of ${UNLISTED.length} dangerous callables is blocked, strictly and lazily, and by every torch`, () => {
    for (const callable of UNLISTED) {
      const trace = attackOf(form, callable);
      const verdicts = [
        judgeTrace(trace, GENEROUS, "strict"),
        judgeTrace(trace, GENEROUS, "lazy"),
        ...WEIGHTS_ONLY.map((by) => judgeTrace(trace, by, "strict")),
      ];
      for (const { policy: by, mode, verdict } of verdicts)
        expect(`${callable} under ${by}, ${mode}: ${verdict}`).toBe(`${callable} under ${by}, ${mode}: blocked`);
    }
  });
});
