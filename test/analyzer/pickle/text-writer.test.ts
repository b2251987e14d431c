import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ELLIPSIS, TextWriter } from "../../../analyzer/pickle/text-writer.ts";

describe("TextWriter", () => {
  test("writes what it is given, cut at 400 characters", () => {
    const mixed = fc.array(
      fc.oneof(
        fc.string({ unit: "binary-ascii", maxLength: 90 }).map((text) => ({ text, isLatin1: true })),
        fc.string({ unit: fc.constantFrom("a", "é", "…", "中"), maxLength: 60 }).map((text) => ({ text, isLatin1: false })),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(mixed, (first) => {
        const writer = new TextWriter();
        writer.begin();
        for (const { text, isLatin1 } of first) {
          if (isLatin1) writer.latin1(text);
          else writer.text(text);
        }
        const whole = first.map(({ text }) => text).join("");
        expect(writer.isFull).toBe(whole.length > 400);
        expect(writer.end()).toBe(whole.length > 400 ? whole.slice(0, 399) + ELLIPSIS : whole);
      }),
    );
  });

  test("quotes bytes whose characters stand for themselves, and writes nothing of others", () => {
    const quoted = (bytes: Uint8Array, isUtf8: boolean) => {
      const writer = new TextWriter();
      writer.begin();
      writer.latin1("<");
      const written = writer.quoted(bytes, 0, bytes.length, isUtf8);
      return [written, writer.end()];
    };
    expect(quoted(Buffer.from('a "b" ~'), true)).toEqual([true, "<'a \"b\" ~'"]);
    expect(quoted(Buffer.from("caf\u00e9 \u00ff \u00a1"), true)).toEqual([true, "<'caf\u00e9 \u00ff \u00a1'"]);
    expect(quoted(Buffer.from("caf\u00e9", "latin1"), false)).toEqual([true, "<'caf\u00e9'"]);
    for (const text of ["it's", "a\\b", "a\nb", "\u0080", "\u00a0", "\u0100", "\u4e2d", "\ud83d\ude00"]) {
      expect([text, ...quoted(Buffer.from(text), true)]).toEqual([text, false, "<"]);
    }
    expect(quoted(Uint8Array.of(0xa0), false)).toEqual([false, "<"]);
  });
});
