import { expect, test } from "vitest";
import { readCard } from "../../crawler/model-card.ts";

const card = (...lines: string[]) => `---\ntags: [x]\n---\n# Model\n\n\`\`\`python\n${lines.join("\n")}\n\`\`\`\n`;
const names = (markdown: string) => readCard(markdown).map(({ name }) => name);

test("a class that is imported and used, with the line that uses it", () => {
  expect(readCard(card("from flair.models import SequenceTagger", 'tagger = SequenceTagger.load("flair/ner-english")'))).toEqual([
    { name: "flair.models.SequenceTagger", line: 'tagger = SequenceTagger.load("flair/ner-english")' },
  ]);
});

test.each([
  ["called", ["from a.b import C", "C()"], ["a.b.C"]],
  ["imported beside others", ["from a import B, C, d", "x = C(1)"], ["a.C"]],
  ["imported in parentheses over lines", ["from a import (", "  B,", "  C,", ")", "C(1)"], ["a.C"]],
  ["under another name", ["from a import B as Thing", "Thing.load()"], ["a.B"]],
  ["at a prompt", [">>> from a import B", ">>> B()"], ["a.B"]],
  ["of an imported module", ["import flair", 'x = flair.models.Tagger.load("y")'], ["flair.models.Tagger"]],
  [
    "of a module under another name",
    ["import sentence_transformers as st  # for embeddings", "st.SentenceTransformer('x')"],
    ["sentence_transformers.SentenceTransformer"],
  ],
  ["of a module within a module", [">>> import a.b", ">>> a.b.C()"], ["a.b.C"]],
  ["of a module of another name that ends alike", ["import b", "a.b.C()"], []],
  ["a function of a module", ["import a", "a.load()"], []],
  ["imported and not used", ["from a import B"], []],
  ["a function", ["from a import load", "load()"], []],
  ["a name that only begins alike", ["from a import B", "Bee()"], []],
])("%s", (_, lines, expected) => {
  expect(names(card(...lines))).toEqual(expected);
});

test("code that is not Python's, or not code, says nothing", () => {
  expect(names("```bash\nfrom a import B\nB()\n```")).toEqual([]);
  expect(names("from a import B\nB()")).toEqual([]);
  expect(names("```python\nfrom a import B\nB()")).toEqual([]);
});

test("a block ends where a fence of its kind does", () => {
  expect(names("~~~python\nfrom a import B\n```\nB()\n~~~\n```py\nfrom c import D\nD()\n```")).toEqual(["a.B", "c.D"]);
});

test("a card that is made to be slow is read like any other", () => {
  const long = 300_000;
  const inBlock = (code: string) => `\`\`\`python\n${code}\n\`\`\``;
  const hostile = [
    "```python\n".repeat(long / 10),
    inBlock(`from a import ${"(".repeat(long)}`),
    inBlock("from a import (\n".repeat(long / 16)),
    inBlock(`from a import ${Array.from({ length: long / 6 }, (_, index) => `C${index}`).join(",")}`),
    inBlock(`from a import C\n${"C".repeat(long)}`),
    inBlock(`import a\n${"a.".repeat(long / 2)}`),
    inBlock(`import a\n${"a.a.\n".repeat(long / 8)}`),
    inBlock("import a\n".repeat(long / 9)),
    inBlock(`from a import C${" ".repeat(long)}x`),
    `${"`".repeat(long)}python\n`,
    " ".repeat(long),
  ];
  // Patterns that backtrack take from seconds to hours for one of these, beyond the time that a test has.
  for (const markdown of hostile) expect(names(markdown)).toEqual([]);
});
