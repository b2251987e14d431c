import { expect, it } from "vitest";
import { commandLineDocument } from "../../scripts/command-line-document.ts";

it("docs/command-line.md says what the commands' own help says", async () => {
  await expect(await commandLineDocument()).toMatchFileSnapshot("../../docs/command-line.md");
});
