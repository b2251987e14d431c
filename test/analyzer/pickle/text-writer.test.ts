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

  describe("quotes bytes", () => {
    const quoted = (bytes: Uint8Array, isUtf8: boolean) => {
      const writer = new TextWriter();
      writer.begin();
      writer.latin1("<");
      const written = writer.quoted(bytes, 0, bytes.length, isUtf8);
      return [written, writer.end()];
    };

    test.each([
      ['a "b" ~', "'a \"b\" ~'"],
      ["caf\u00e9 \u00ff \u00a1", "'caf\u00e9 \u00ff \u00a1'"],
      ["it's a\\b", "'it\\'s a\\\\b'"],
      ["\n\r\t\0\x7f\u0080\u00a0", "'\\n\\r\\t\\x00\\x7f\\x80\\xa0'"],
    ])("of UTF-8: %j", (text, expected) => {
      expect(quoted(Buffer.from(text), true)).toEqual([true, `<${expected}`]);
    });

    test("of Latin-1, but for what may be an escape already", () => {
      expect(quoted(Buffer.from("caf\u00e9\u0080", "latin1"), false)).toEqual([true, "<'caf\u00e9\\x80'"]);
      expect(quoted(Buffer.from("a\\u0041", "latin1"), false)).toEqual([false, "<"]);
    });

    test.each(["\u0100", "\u4e2d", "\ud83d\ude00"])("but not beyond Latin-1: %j", (text) => {
      expect(quoted(Buffer.from(`a${text}`), true)).toEqual([false, "<"]);
    });
  });
});
