/**
 * A package index that speaks the simple JSON API (PEP 503, 691, 700 and 658, now in PyPA's "Simple repository API"):
 * which distributions a project has, when they were released, and their metadata without the wheel.
 */
import { unzipSync } from "fflate";
import { type Content, heldContent } from "./content.ts";
import type { Route } from "./context.ts";
import { errorAnswer, jsonAnswer, redirectAnswer, textAnswer } from "./http.ts";

/** A released file of a project. */
export interface Distribution {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  /** ISO 8601, in UTC. */
  readonly uploadTime: string;
  readonly requiresPython?: string;
  /** Withdrawn, and why. */
  readonly yanked?: string;
  /** Its bytes; called when they, their size or their hash are first needed, so that wheels can be made when asked for. */
  open(): Promise<Content>;
}

/** Distributions by project, each opened once. */
export class PackageIndex {
  readonly #projects = new Map<string, Release[]>();

  /** `fileHost` is the origin that the addresses of files begin with. */
  constructor(
    readonly fileHost: string,
    distributions: Iterable<Distribution>,
  ) {
    for (const distribution of distributions) this.add(distribution);
  }

  add(distribution: Distribution): void {
    const name = normalizeName(distribution.project);
    this.#projects.set(name, [...(this.#projects.get(name) ?? []), new Release(distribution)]);
  }

  /** The page of a project by its normalised name; undefined when there is none. */
  async show(name: string): Promise<Record<string, unknown> | undefined> {
    const releases = this.#projects.get(name);
    if (releases === undefined) return undefined;
    const files = await Promise.all(releases.map((release) => this.#showFile(release)));
    const versions = [...new Set(releases.map(({ distribution }) => distribution.version))];
    return { meta: { "api-version": "1.1" }, name, versions, files };
  }

  /** The content of `/packages/{sha256}/{filename}`, where `.metadata` behind the name asks for the wheel's metadata. */
  async open(sha256: string, filename: string): Promise<Content | undefined> {
    const name = filename.replace(/\.metadata$/, "");
    const release = [...this.#projects.values()].flat().find(({ distribution }) => distribution.filename === name);
    const content = await release?.content();
    if (content?.sha256 !== sha256) return undefined;
    return name === filename ? content : release?.metadata();
  }

  async #showFile(release: Release): Promise<Record<string, unknown>> {
    const { filename, uploadTime, requiresPython, yanked } = release.distribution;
    const [content, metadata] = await Promise.all([release.content(), release.metadata()]);
    return {
      filename,
      url: `${this.fileHost}/packages/${content.sha256}/${encodeURIComponent(filename)}`,
      hashes: { sha256: content.sha256 },
      size: content.size,
      "upload-time": uploadTime,
      ...(requiresPython === undefined ? {} : { "requires-python": requiresPython }),
      yanked: yanked ?? false,
      "core-metadata": metadata === undefined ? false : { sha256: metadata.sha256 },
    };
  }
}

/** A distribution, and what was made of it. */
class Release {
  #content: Promise<Content> | undefined;
  #metadata: Promise<Content | undefined> | undefined;

  constructor(readonly distribution: Distribution) {}

  content(): Promise<Content> {
    this.#content ??= this.distribution.open();
    return this.#content;
  }

  /** METADATA of the wheel; undefined for what is no wheel, as PyPI has none for source distributions. */
  metadata(): Promise<Content | undefined> {
    this.#metadata ??= this.content().then(readMetadata);
    return this.#metadata;
  }
}

/** `/simple/{project}/`. */
export const showProject: Route = async (hub, request, _viewer, segments) => {
  const name = normalizeName(segments[1] ?? "");
  if (segments[1] !== name || segments[2] === undefined) return redirectAnswer(301, `/simple/${name}/`);
  const page = segments.length === 3 && segments[2] === "" ? await hub.packages.show(name) : undefined;
  if (page === undefined) return textAnswer(404, "404 Not Found");
  if (!/\*\/\*|application\/vnd\.pypi\.simple\.(v1|latest)\+json/.test(request.headers.accept ?? "*/*")) {
    return errorAnswer(406, null, `only ${SIMPLE_JSON} is served here`);
  }
  return jsonAnswer(page, { "content-type": SIMPLE_JSON, vary: "Accept" });
};

const SIMPLE_JSON = "application/vnd.pypi.simple.v1+json";

/** A project's name as PEP 503 compares it. */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

async function readMetadata(content: Content): Promise<Content | undefined> {
  const bytes = await content.read(0, content.size);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) return undefined;
  const [metadata] = Object.values(unzipSync(bytes, { filter: ({ name }) => /^[^/]+\.dist-info\/METADATA$/.test(name) }));
  return metadata === undefined ? undefined : heldContent(metadata);
}
