/** What the Hub reads out of a repository's own files: the front matter of its card, and the configuration of its model. */
import type { Content } from "./content.ts";
import type { RepositoryMetadata } from "./repositories.ts";

/** `cardData` and `config` of the files; each absent where its file is, or cannot be parsed. */
export async function readCard(files: Readonly<Record<string, Content>>): Promise<Pick<RepositoryMetadata, "cardData" | "config">> {
  const card = await readText(files["README.md"]);
  const config = await readText(files["config.json"]);
  return { cardData: card === undefined ? undefined : await frontMatter(card), config: config === undefined ? undefined : excerpt(config) };
}

async function frontMatter(card: string): Promise<unknown> {
  const yaml = /^---\r?\n(.*?)\r?\n---\r?\n/s.exec(card)?.[1];
  if (yaml === undefined) return undefined;
  // `census demo` is part of every start of the command line, and reads no card before it runs.
  const { parseDocument } = await import("yaml");
  const document = parseDocument(yaml);
  return document.errors.length > 0 ? undefined : document.toJS();
}

/** The keys of `config.json` that the Hub's API shows. */
function excerpt(config: string): unknown {
  try {
    const { architectures, model_type } = JSON.parse(config);
    return { architectures, model_type };
  } catch {
    return undefined;
  }
}

async function readText(content: Content | undefined): Promise<string | undefined> {
  return content === undefined ? undefined : new TextDecoder().decode(await content.read(0, content.size));
}
