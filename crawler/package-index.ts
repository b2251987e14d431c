/**
 * The package index: which releases a distribution has, which of them fits a model's date, and the source in its wheel.
 * PyPA's "Simple repository API" in JSON (PEP 503, 691, 700).
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { Source } from "../db/stored-source.ts";
import { compareVersions } from "./compare-versions.ts";
import { normalizeName } from "./distributions.ts";
import type { Http } from "./http.ts";
import type { HttpFailure } from "./http-failure.ts";
import { readJson } from "./json.ts";
import { rangedFile } from "./remote-file.ts";
import { readSdist } from "./sdist.ts";
import { readWheel } from "./wheel.ts";
import { readRemoteWheel } from "./wheel-ranges.ts";

/** A wheel of a release, or its source distribution. */
export interface Wheel {
  readonly distribution: string;
  readonly version: string;
  readonly filename: string;
  readonly url: URL;
  /** Hex. */
  readonly sha256: string;
  /** Bytes; null where the index does not tell. */
  readonly size: number | null;
  /** ISO 8601, in UTC; null where the index does not tell. */
  readonly releasedAt: string | null;
}

/** Why there is no source: nobody named an index, the index did not answer, or it has none that is read. */
export type SourceFailure =
  | { readonly kind: "no-index" }
  | { readonly kind: "unavailable"; readonly failure: HttpFailure }
  | { readonly kind: "none"; readonly message: string };

/** Whole files are read up to here; larger wheels are mostly compiled code, and read by ranges. */
const MOST_WHEEL = 20 * 2 ** 20;
const MOST_PAGE = 32 * 2 ** 20;
const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

const projectPage = z.object({
  files: z.array(
    z.looseObject({
      filename: z.string().max(500),
      url: z.string(),
      hashes: z.record(z.string(), z.string()).catch({}),
      size: z.number().int().nonnegative().nullish().catch(null),
      "upload-time": z.iso.datetime({ offset: true }).nullish().catch(null),
      yanked: z.union([z.boolean(), z.string()]).optional().catch(true),
    }),
  ),
});

export class PackageIndex {
  constructor(
    readonly http: Http,
    /** Without a slash at its end: a project is at `${indexUrl}/${name}/`. Null where nobody named an index. */
    readonly indexUrl: string | null,
  ) {}

  /** The wheels of a distribution that a resolver would take: not withdrawn, no pre-releases. */
  async wheels(distribution: string): Promise<Result<readonly Wheel[], SourceFailure>> {
    if (this.indexUrl === null) return failed({ kind: "no-index" });
    const name = normalizeName(distribution);
    const page = await this.http.send({
      url: new URL(`${this.indexUrl}/${name}/`),
      headers: { accept: JSON_TYPE },
      accept: () => ok(MOST_PAGE),
      read: ({ body, url }) => {
        const read = readJson(body, projectPage);
        return read.ok ? ok({ files: read.value.files, url }) : read;
      },
    });
    if (!page.ok) {
      const absent = page.error.kind === "status" && page.error.status === 404;
      return failed(absent ? none(`the package index has no ${name}`) : { kind: "unavailable", failure: page.error });
    }
    const { files, url } = page.value;
    const wheels = files.flatMap((file): Wheel[] => {
      const version = wheelVersion(file.filename, name) ?? sdistVersion(file.filename, name);
      const sha256 = file.hashes.sha256;
      const withdrawn = typeof file.yanked === "string" || file.yanked === true;
      if (version === null || isPrerelease(version) || withdrawn || !sha256 || !URL.canParse(file.url, url)) return [];
      const releasedAt = file["upload-time"] ?? null;
      return [
        { distribution: name, version, filename: file.filename, url: new URL(file.url, url), sha256, size: file.size ?? null, releasedAt },
      ];
    });
    return wheels.length === 0 ? failed(none(`${name} has no released wheel and no source distribution`)) : ok(wheels);
  }

  /** The source in a wheel or a source distribution, which is what the index said that it is. */
  async source(wheel: Wheel): Promise<Result<Source, SourceFailure>> {
    const { distribution, version, filename, sha256, releasedAt } = wheel;
    const source = { distribution, version, filename, sha256, releasedAt };
    if (wheel.size !== null && wheel.size > MOST_WHEEL) {
      if (!isWheel(filename)) return failed(none(`${filename} is larger than ${MOST_WHEEL} bytes`));
      const read = await readRemoteWheel(rangedFile(this.http, wheel.url, wheel.size));
      if (read.ok) return ok({ ...source, files: read.value });
      const { unavailable, message } = read.error;
      return failed(unavailable ? { kind: "unavailable", failure: { kind: "unexpected", message } } : none(`${filename}: ${message}`));
    }
    const answer = await this.http.send({
      url: wheel.url,
      accept: () => ok(MOST_WHEEL),
      read: ({ body }) => {
        const sha256 = createHash("sha256").update(body).digest("hex");
        return sha256 === wheel.sha256
          ? ok(body)
          : failed({ kind: "unexpected", message: `${wheel.filename} is not what the index announced` });
      },
    });
    if (!answer.ok) return failed({ kind: "unavailable", failure: answer.error });
    const files = isWheel(filename) ? readWheel(answer.value) : await readSdist(answer.value, `${distribution}-${version}`);
    if (!files.ok) return failed(none(`${filename}: ${files.error}`));
    return ok({ ...source, files: files.value });
  }
}

/**
 * The wheel that somebody would have had who saved a model at `date`: of the release that was the newest then, or of the
 * oldest where none was yet. Of a release's wheels the one that runs anywhere, else the smallest; where it has none, its source distribution.
 */
export function wheelAt(wheels: readonly Wheel[], date: string | null): Wheel | null {
  return wheelsUpTo(wheels, date, 1)[0] ?? null;
}

/**
 * The same of several releases, the newest last: that of `date`, and before it the last of each minor version, at most `most`
 * of them. No later release can have saved the model; what a minor version's own fixes changed is mostly no module path.
 */
export function wheelsUpTo(wheels: readonly Wheel[], date: string | null, most: number): readonly Wheel[] {
  const releases = new Map<string, { version: string; at: number; wheels: Wheel[] }>();
  for (const wheel of wheels) {
    const release = releases.get(wheel.version) ?? { version: wheel.version, at: Infinity, wheels: [] };
    // A wheel whose date is not told is as old as can be: it can be chosen, but never before one whose date fits.
    release.at = Math.min(release.at, wheel.releasedAt === null ? -Infinity : Date.parse(wheel.releasedAt));
    release.wheels.push(wheel);
    releases.set(wheel.version, release);
  }
  const oldestFirst = [...releases.values()].sort((a, b) => (a.at === b.at ? compareVersions(a.version, b.version) : a.at - b.at));
  const then = date === null ? Infinity : Date.parse(date);
  const fitting = oldestFirst.filter(({ at }) => at <= then);
  const lastOfMinor = new Map<string, (typeof oldestFirst)[number]>();
  for (const release of fitting.length > 0 ? fitting : oldestFirst.slice(0, 1)) {
    const minor = minorOf(release.version);
    // In the order of those that stand in the end.
    lastOfMinor.delete(minor);
    lastOfMinor.set(minor, release);
  }
  return [...lastOfMinor.values()]
    .slice(-most)
    .map((release) => release.wheels.toSorted((a, b) => rank(a) - rank(b) || (a.filename < b.filename ? -1 : 1))[0]!);
}

/** The first two numbers of a version (PEP 440). */
function minorOf(version: string): string {
  return /^(?:\d+!)?\d+(?:\.\d+)?/.exec(version)?.[0] ?? version;
}

function rank(wheel: Wheel): number {
  if (!isWheel(wheel.filename)) return Infinity;
  return wheel.filename.endsWith("-none-any.whl") ? -1 : (wheel.size ?? Number.MAX_SAFE_INTEGER);
}

/** `name-version(-build)-python-abi-platform.whl` (PEP 427). */
function wheelVersion(filename: string, distribution: string): string | null {
  const [name, version] = filename.endsWith(".whl") ? filename.split("-") : [];
  return name !== undefined && version !== undefined && normalizeName(name) === distribution ? version : null;
}

function isWheel(filename: string): boolean {
  return filename.endsWith(".whl");
}

/** `name-version.tar.gz` (PEP 625; before it, names kept their own dashes). */
function sdistVersion(filename: string, distribution: string): string | null {
  const [, name, version] = /^(.+)-(\d[^-]*)\.tar\.gz$/.exec(filename) ?? [];
  return name !== undefined && version !== undefined && normalizeName(name) === distribution ? version : null;
}

/** PEP 440: anything with a letter of a pre-release or `dev` behind its numbers; the local part says nothing. */
export function isPrerelease(version: string): boolean {
  return /\d[._-]?(a|b|c|rc|alpha|beta|pre|preview)[._-]?\d*|[._-]?dev[._-]?\d*$/i.test(version.replace(/\+.*$/, ""));
}

function none(message: string): SourceFailure {
  return { kind: "none", message };
}
