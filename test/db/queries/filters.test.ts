import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VERDICT_KINDS } from "../../../analyzer/verdict/verdict.ts";
import {
  FILTER_NAMES,
  FILTERS,
  lensParameters,
  type ModelQuery,
  modelParameters,
  modelSentence,
  NONE,
  PAGE_SIZES,
  parseLens,
  parseModelQuery,
  SORTS,
  saidValue,
  toggleFilter,
} from "../../../db/queries/filters.ts";
import { type Judgement, MODES, POLICY_SLOTS, ROLES } from "../../../db/queries/judgements.ts";

const JUDGEMENTS: readonly Judgement[] = [
  { slot: "weights-only", mode: "strict" },
  { slot: "class", mode: "strict" },
  { slot: "class", mode: "lazy" },
];

const keyOf = <Key extends string>(table: Record<Key, unknown>) => fc.constantFrom(...(Object.keys(table) as Key[]));
const sorted = (values: fc.Arbitrary<string>) => fc.uniqueArray(values, { maxLength: 3 }).map((found) => found.sort());
const text = fc.string({ unit: "grapheme", maxLength: 30 });

const queries: fc.Arbitrary<ModelQuery> = fc.record({
  q: text.map((q) => q.trim()),
  lens: fc.record({ slot: keyOf(POLICY_SLOTS), mode: keyOf(MODES), role: keyOf(ROLES) }),
  filters: fc.record({
    verdict: sorted(keyOf(VERDICT_KINDS)),
    author: sorted(text),
    library: sorted(text),
    class: sorted(text),
    container: sorted(text),
    task: sorted(text),
    format: sorted(text),
    year: sorted(text),
    downloads: sorted(fc.constantFrom(...FILTERS.downloads.choices)),
    access: sorted(fc.constantFrom(...FILTERS.access.choices)),
  }),
  sort: keyOf(SORTS),
  size: fc.constantFrom(...Object.values(PAGE_SIZES)),
  after: fc.option(fc.record({ value: fc.oneof(text, fc.nat()), modelId: fc.nat() })),
});

const parse = (parameters: string) => parseModelQuery(new URLSearchParams(parameters), JUDGEMENTS);

describe("the address of a list", () => {
  it("says all of what is asked for", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const address = modelParameters(query, JUDGEMENTS).toString();
        expect(parse(address)).toEqual({ ok: true, value: query });
      }),
    );
  });

  it("leaves out what goes without saying", () => {
    const everything = parse("");
    expect(everything.ok && modelParameters(everything.value, JUDGEMENTS).toString()).toBe("");
    expect(lensParameters({ slot: "class", mode: "strict", role: "weights" }, JUDGEMENTS).toString()).toBe("policy=class");
    expect(lensParameters({ slot: "class", mode: "lazy", role: "side" }, JUDGEMENTS).toString()).toBe("policy=class&mode=lazy&role=side");
  });

  it("is the same for the same filters in another order", () => {
    const addresses = ["library=b&library=a&library=a&verdict=loads", "verdict=loads&library=a&library=b&utm=x"].map((given) => {
      const query = parse(given);
      return query.ok && modelParameters(query.value, JUDGEMENTS).toString();
    });
    expect(addresses).toEqual(["verdict=loads&library=a&library=b", "verdict=loads&library=a&library=b"]);
  });

  it.each([
    ["verdict=safe", "verdict=safe: one of loads, blocked"],
    ["sort=evil", "sort=evil: one of downloads, likes, name"],
    ["sort=toString", "sort=toString: one of"],
    ["policy=__proto__", "policy=__proto__: one of weights-only"],
    ["mode=x", "mode=x: one of strict, lazy"],
    ["role=x", "role=x: one of weights, side"],
    ["size=1000000", "size=1000000: one of 20, 50, 100"],
    ["downloads=5", "downloads=5: one of 0, 1, 10"],
    ["access=all", "access=all: one of gated, none"],
    ["next=bm90anNvbg", "next: not a place in this list"],
    ["next=", "next: not a place in this list"],
  ])("refuses %s", (given, message) => {
    const query = parse(given);
    expect(query.ok).toBe(false);
    expect(!query.ok && query.error.message).toContain(message);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("q", "verdict", "next", "sort", "policy", "library"), fc.string({ unit: "binary" })),
        (given) => {
          parseModelQuery(new URLSearchParams(given), JUDGEMENTS);
          parseLens(new URLSearchParams(given), []);
        },
      ),
    );
  });
});

describe("the sentence of a list", () => {
  it.each([
    ["", "Models"],
    ["q=bert", "Models named “bert”"],
    [
      "verdict=blocked&policy=class&library=flair&library=gensim",
      "Models of flair or gensim with the verdict blocked under their class policy",
    ],
    ["verdict=loads&verdict=none&policy=class&mode=lazy", "Models with the verdict loads or none under their class policy in lazy mode"],
    ["container=torch-zip&task=none&role=side", "Models that hold torch-zip for no task stated"],
    [
      "author=mallory&class=a.B&downloads=100&downloads=1000000&access=none",
      "Models by mallory that load as a.B downloaded 100 to 999 or 1,000,000 or more times a month that are open to all",
    ],
  ])("of ?%s", (given, sentence) => {
    const query = parse(given);
    expect(query.ok && modelSentence(query.value)).toBe(sentence);
  });

  it("names every value that is filtered by", () => {
    fc.assert(
      fc.property(queries, (query) => {
        const sentence = modelSentence(query);
        for (const name of FILTER_NAMES)
          for (const value of query.filters[name]) if (value !== NONE) expect(sentence).toContain(saidValue(name, value));
      }),
    );
  });
});

describe("a filter's value", () => {
  it("is taken away by what added it, from the first page", () => {
    fc.assert(
      fc.property(queries, fc.constantFrom(...FILTER_NAMES), text, (query, name, value) => {
        fc.pre(!query.filters[name].includes(value));
        const added = toggleFilter(query, name, value);
        expect(added.filters[name]).toContain(value);
        expect(toggleFilter(added, name, value)).toEqual({ ...query, after: null });
      }),
    );
  });
});
