import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPolicy, writePickleball, writePolicy } from "../../../analyzer/policy/format.ts";
import { byCallable, byText } from "../../../analyzer/policy/format-entry.ts";
import type { Filler, OpenSlot, Policy, PolicyEntry } from "../../../analyzer/policy/policy.ts";

const word = fc.stringMatching(/^[a-z_][a-zA-Z0-9_]{0,8}$/);
const name = fc.array(word, { minLength: 2, maxLength: 4 }).map((words) => words.join("."));
const byName = (a: Filler, b: Filler) => byText(a.name, b.name);
const bySlot = (a: OpenSlot, b: OpenSlot) => byText(a.class, b.class) || byText(a.attribute, b.attribute);
const entry: fc.Arbitrary<PolicyEntry> = fc.record(
  {
    callable: name,
    sameAs: name,
    module: word,
    returns: fc.constant("shared" as const),
    bound: fc.constant(true as const),
    reasons: fc.array(fc.record({ kind: fc.constant("attribute" as const), text: fc.string() })),
  },
  { requiredKeys: ["callable", "reasons"] },
);
const entries = fc.uniqueArray(entry, { selector: ({ callable }) => callable, maxLength: 6 });
const slot: fc.Arbitrary<OpenSlot> = fc.record(
  {
    class: name,
    attribute: word,
    from: fc.array(
      fc.record(
        { function: name, parameter: word, file: word, line: fc.integer({ min: 1 }), documentation: fc.string() },
        { requiredKeys: ["function", "parameter", "file", "line"] },
      ),
    ),
    asks: fc.record({ attributes: fc.array(word), classes: fc.array(name), functions: fc.boolean() }),
    takes: fc.array(name),
  },
  { requiredKeys: ["class", "attribute", "from", "asks"] },
);
const slots = fc.uniqueArray(slot, { selector: (each) => `${each.class} ${each.attribute}`, maxLength: 3 });
const filler: fc.Arbitrary<Filler> = fc.record({
  name,
  kind: fc.constantFrom("class", "recorded", "function"),
  imports: entries.map((each) => each.toSorted(byCallable)),
  calls: entries.map((each) => each.toSorted(byCallable)),
  openSlots: slots.map((each) => each.toSorted(bySlot)),
  touches: fc.array(word),
  isCalled: fc.boolean(),
});
const policy: fc.Arbitrary<Policy> = fc.record(
  {
    name: fc.string(),
    class: fc.option(name),
    library: fc.option(fc.record({ name: word, version: fc.option(word), sourceSha256: fc.constant(null) })),
    imports: entries,
    calls: entries,
    openSlots: slots.map((each) => each.toSorted(bySlot)),
    fillers: fc.uniqueArray(filler, { selector: (each) => each.name, maxLength: 3 }).map((each) => each.toSorted(byName)),
  },
  { requiredKeys: ["name", "class", "library", "imports", "calls"] },
);

describe("policy files", () => {
  it("give back every policy that was written, whatever the order of its entries", () => {
    fc.assert(
      fc.property(policy, (written) => {
        const read = readPolicy(writePolicy(written));
        if (!read.ok) throw new Error(read.error.message);
        expect({ ...read.value, imports: new Set(read.value.imports), calls: new Set(read.value.calls) }).toEqual({
          ...written,
          imports: new Set(written.imports),
          calls: new Set(written.calls),
        });
        const reversed = { ...written, imports: written.imports.toReversed(), calls: written.calls.toReversed() };
        expect(writePolicy(reversed)).toBe(writePolicy(written));
      }),
    );
  });

  it("keep the names in PickleBall's format", () => {
    fc.assert(
      fc.property(policy, (written) => {
        const read = readPolicy(writePickleball(written));
        if (!read.ok) throw new Error(read.error.message);
        expect(read.value.imports.map(({ callable }) => callable)).toEqual(written.imports.map(({ callable }) => callable).toSorted());
        expect(read.value.calls.map(({ callable }) => callable)).toEqual(written.calls.map(({ callable }) => callable).toSorted());
      }),
    );
  });

  it("keep a name that objects of JavaScript have another use for", () => {
    const text = '{"__proto__": {"globals": ["a.b"], "reduces": []}}';
    expect(readPolicy(text)).toMatchObject({ ok: true, value: { class: "__proto__", imports: [{ callable: "a.b" }] } });
  });

  it.each([
    ["{", "not-json"],
    ['{"__proto__": {"globals": [1], "reduces": []}}', "not-a-policy"],
    ["[]", "not-a-policy"],
    ['{"format": "pickle-census-policy", "version": 99}', "unknown-version"],
    ['{"a": {"globals": [], "reduces": []}, "b": {"globals": [], "reduces": []}}', "not-one-class"],
    [
      '{"format": "pickle-census-policy", "version": 1, "name": "x", "class": null, "library": null, "imports": [{"callable": "no dots", "reasons": []}], "calls": []}',
      "not-a-policy",
    ],
  ])("%s is refused as %s", (text, kind) => {
    expect(readPolicy(text)).toMatchObject({ ok: false, error: { kind } });
  });
});
