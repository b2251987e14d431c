/**
 * What the demonstration's Hub holds: the sample models and wheels of `test/fixtures/`, the malicious files as
 * repositories of a red team, and, where this machine has them, public repositories collected for research.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { maliciousFiles } from "../fixtures/malicious.ts";
import { readCard } from "./card.ts";
import { type Content, diskContent } from "./content.ts";
import type { Distribution } from "./package-index.ts";
import { makeFile, makeRepository, type Repository, type RepositoryFile } from "./repositories.ts";
import { scanOf } from "./scanner.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const REAL = fileURLToPath(new URL("../../../shared/data/corpus/real", import.meta.url));

/** Everything that there is to serve; for `startHub({ ...(await samples()) })`. */
export async function samples(): Promise<{ repositories: Repository[]; distributions: Distribution[] }> {
  const models = await modelRepositories(`${FIXTURES}/models`);
  const real = existsSync(REAL) ? await realRepositories(REAL) : [];
  return { repositories: [...models, ...maliciousRepositories(), ...real], distributions: await wheels(`${FIXTURES}/wheels`) };
}

const Metadata = z.object({
  id: z.string(),
  downloads: z.number(),
  likes: z.number(),
  createdAt: z.iso.datetime(),
  lastModified: z.iso.datetime(),
  pipeline_tag: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
  library_name: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
  tags: z.array(z.string()),
  gated: z.union([z.literal(false), z.enum(["auto", "manual"])]),
  private: z.boolean(),
  disabled: z.boolean(),
});

/**
 * The repositories that `repositories.json` in a folder lists, with the files below `owner/name/`. What CPython said of a
 * model (`.cpython.json`) lies beside it for tests, and is no part of the repository.
 */
export async function modelRepositories(folder: string): Promise<Repository[]> {
  const listed = z.array(Metadata).parse(JSON.parse(await readFile(`${folder}/repositories.json`, "utf8")));
  return Promise.all(
    listed.map(async ({ id, ...metadata }) => {
      const files = await readFolder(`${folder}/${id}`, (path) => !path.endsWith(RECORDING));
      const scanned = await Promise.all(
        Object.entries(files).map(async ([path, content]) => [path, await withScan(makeFile(path, content), `${folder}/${id}`)] as const),
      );
      return makeRepository(id, Object.fromEntries(scanned), { ...metadata, ...(await readCard(files)) });
    }),
  );
}

const RECORDING = ".cpython.json";
const Recording = z.object({
  pickles: z.array(z.object({ facts: z.array(z.looseObject({ kind: z.string(), spelt: z.string().optional() })) })),
});

/** A file with what the Hub's scanners would say of it: what CPython was seen to import for it, by how they rate names. */
async function withScan(file: RepositoryFile, folder: string): Promise<RepositoryFile> {
  const recording = `${folder}/${file.path}${RECORDING}`;
  if (!existsSync(recording)) return file;
  const { pickles } = Recording.parse(JSON.parse(await readFile(recording, "utf8")));
  return { ...file, security: scanOf(pickles.flatMap(({ facts }) => facts.flatMap(({ spelt }) => spelt ?? []))) };
}

/** Each malicious file as the repository `red-team/{name}`; the Hub's scanners are taken to have found it. */
export function maliciousRepositories(): Repository[] {
  return maliciousFiles().map(({ name, path, bytes, technique, source, imports }) => {
    const card = `---\ntags: [red-team]\n---\n# ${name}\n\n${technique}\n\nSource: ${source}\n\nIts payload does nothing.\n`;
    const file = { ...makeFile(path, bytes), security: { ...scanOf(imports), status: "unsafe" } };
    return makeRepository(`red-team/${name}`, { "README.md": card, [path]: file }, { tags: ["red-team"] });
  });
}

/** Folders named `owner+name`. Nothing is known of them but their files, so nothing else is said. */
export async function realRepositories(folder: string): Promise<Repository[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const files = await readFolder(`${folder}/${name}`);
      return makeRepository(name.replace("+", "/"), files, await readCard(files));
    }),
  );
}

const Wheels = z.array(
  z.object({
    project: z.string(),
    version: z.string(),
    filename: z.string(),
    uploadTime: z.iso.datetime(),
    requiresPython: z.string().optional(),
  }),
);

/** The wheels that `index.json` in a folder lists. */
export async function wheels(folder: string): Promise<Distribution[]> {
  const listed = Wheels.parse(JSON.parse(await readFile(`${folder}/index.json`, "utf8")));
  return listed.map((wheel) => ({ ...wheel, open: () => diskContent(`${folder}/${wheel.filename}`) }));
}

async function readFolder(folder: string, isServed: (path: string) => boolean = () => true): Promise<Record<string, Content>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1));
  const files: Record<string, Content> = {};
  for (const path of paths.filter(isServed).sort()) files[path] = await diskContent(`${folder}/${path}`);
  return files;
}
