/** No word of a text is ever missed, whatever stands around it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Words } from "../../../analyzer/python/words.ts";

describe("words of a text", () => {
  test("has every word that a regular expression finds", () => {
    const part = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("_a", "naïve", "A1", " ", "\n", ".", "x"));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const words = Words.of(text);
        const again = Words.read(words.written);
        for (const [word] of text.matchAll(/\w+/g)) expect(words.mayHave(word) && again.mayHave(word)).toBe(true);
        for (const other of ["a", "missing", "é_"]) expect(again.mayHave(other)).toBe(words.mayHave(other));
      }),
    );
  });

  test("lacks most of those that are not there", () => {
    const words = Words.of(Array.from({ length: 400 }, (_, index) => `name_of_a_thing_${index} = make(it)`).join("\n"));
    const found = Array.from({ length: 500 }, (_, index) => words.mayHave(`other_${index}`)).filter(Boolean);
    expect(found.length).toBeLessThan(60);
  });

  test("of what is no word by itself nothing is said", () => {
    expect(Words.of("a").mayHave("b.c")).toBe(true);
    expect(Words.of("").mayHave("b")).toBe(false);
  });
});
