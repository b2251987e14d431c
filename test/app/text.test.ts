import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Name, plainName, visibleLine } from "../../app/parts/text.tsx";

const shown = (name: string) => renderToStaticMarkup(createElement(Name, null, name));

describe("names from strangers", () => {
  it("isolates a name and leaves what can be seen as it is", () => {
    expect(shown("acme/modèle-日本")).toBe('<bdi class="name">acme/modèle-日本</bdi>');
  });

  it("escapes markup", () => {
    expect(shown("<img src=x onerror=alert(1)>")).toBe('<bdi class="name">&lt;img src=x onerror=alert(1)&gt;</bdi>');
  });

  it.each([
    ["a direction override", "\u202E", "U+202E"],
    ["an isolate", "\u2066", "U+2066"],
    ["a zero-width space", "\u200B", "U+200B"],
    ["a byte order mark", "\uFEFF", "U+FEFF"],
    ["an escape", "\u001B", "U+001B"],
    ["a newline", "\n", "U+000A"],
    ["a tab", "\t", "U+0009"],
    ["a no-break space", "\u00A0", "U+00A0"],
    ["a Hangul filler", "\u3164", "U+3164"],
    ["a tag character", "\u{E0041}", "U+E0041"],
    ["half a surrogate pair", "\uD83D", "U+D83D"],
    ["a private code point", "\uE000", "U+E000"],
  ])("names %s", (_, character, name) => {
    expect(shown(`os.${character}system`)).toBe(`<bdi class="name">os.<span class="unseen">${name}</span>system</bdi>`);
    expect(plainName(`os.${character}system`)).toBe(`os.${name}system`);
  });

  it("says that a name is empty", () => {
    expect(shown("")).toContain(">empty<");
  });

  it("cuts a long name, never within a pair, and says how much is hidden", () => {
    expect(shown("x".repeat(65_000))).toContain("… 64,600 more characters");
    expect(shown("🥒".repeat(1_000))).not.toContain("U+D83E");
    expect(plainName("x".repeat(65_000))).toHaveLength(401);
  });

  it("offers places to break where names are joined", () => {
    expect(shown("flair.models.sequence_tagger_model.SequenceTagger")).toContain(
      "flair.<wbr/>models.<wbr/>sequence_tagger_model.<wbr/>SequenceTagger",
    );
  });

  it("shows nothing unseen, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        expect(shown(name)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(plainName(name)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  it("keeps the tabs of a line of source, and names what would reorder it", () => {
    const line = renderToStaticMarkup(createElement("code", null, visibleLine("\tx = 1 # \u202E}")));
    expect(line).toBe('<code>\tx = 1 # <span class="unseen">U+202E</span>}</code>');
  });
});
