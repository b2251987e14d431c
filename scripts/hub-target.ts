/** `hf://owner/name[@revision][/path]`: the files of a model on the Hub that could hold a pickle, read by ranges. */
import * as z from "zod";
import { SourceError } from "../analyzer/bytes/byte-source.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { chooseFiles } from "../crawler/candidates.ts";
import type { HttpFailure } from "../crawler/http-failure.ts";
import { isModelName } from "../crawler/hub.ts";
import { refusalOf } from "../crawler/hub-refusal.ts";
import { fetchHubScans } from "../crawler/hub-scans.ts";
import { readJson } from "../crawler/json.ts";
import { remoteFile, resolveFile } from "../crawler/remote-file.ts";
import { openSession, type Session } from "../crawler/session.ts";
import { type Context, NetworkGaveUp, UsageError } from "./context.ts";
import { remoteOf } from "./remote.ts";
import type { TargetFile, TargetOptions } from "./targets.ts";

interface HubTarget {
  readonly model: string;
  /** Null for the head of the default branch. */
  readonly revision: string | null;
  /** A file, or a folder; null for all of the model. */
  readonly path: string | null;
}

/** Reads an address; null where it names no model. A revision that holds slashes is written with `%2F`. */
export function parseHubTarget(target: string): HubTarget | null {
  const [, owner, name, revision, path] = /^hf:\/\/([^/@]+)(?:\/([^/@]+))?(?:@([^/]+))?(?:\/(.+))?$/.exec(target) ?? [];
  if (owner === undefined) return null;
  const model = name === undefined ? owner : `${owner}/${name}`;
  if (!isModelName(model)) return null;
  return { model, revision: revision?.replaceAll(/%2f/gi, "/") ?? null, path: path ?? null };
}

/** The candidate files of a model, at one commit. */
export async function* hubFiles(context: Context, target: string, options: TargetOptions): AsyncGenerator<TargetFile> {
  const parsed = parseHubTarget(target);
  if (parsed === null) throw new UsageError(`${target} is not of the form hf://owner/name[@revision][/path]`);
  const { network, report, signal } = context.effects;
  const session = openSession(remoteOf(context, options), {
    network,
    signal,
    report: (event) => {
      if (event.kind === "retrying") report(`${event.failure}; trying again\n`);
    },
  });
  const commit = orGiveUp(target, await commitOf(session, parsed));
  const paths = orGiveUp(target, await session.hub.paths(parsed.model, commit));
  const within = (file: string) => parsed.path === null || file === parsed.path || file.startsWith(`${parsed.path}/`);
  const chosen =
    parsed.path !== null && paths.includes(parsed.path) ? [parsed.path] : chooseFiles(paths.filter(within)).map(({ path }) => path);
  if (parsed.path !== null && !paths.some(within)) throw new UsageError(`${target}: no such file or folder in the model`);
  const { http, hubUrl } = session;
  const scans = options.compare ? orGiveUp(target, await fetchHubScans(http, hubUrl, { model: parsed.model, commit }, chosen)) : null;
  for (const path of chosen) {
    const address = { model: parsed.model, commit, path };
    yield {
      name: `hf://${parsed.model}@${commit}/${path}`,
      isNamed: path === parsed.path,
      hubScan: scans?.get(path) ?? null,
      read: async (use) => {
        const resolved = await resolveFile(session.http, session.hubUrl, address);
        if (!resolved.ok) throw new SourceError("unavailable", refusalOf(resolved.error).message);
        return use(remoteFile(session.http, session.hubUrl, address, resolved.value));
      },
    };
  }
}

/** The commit that a revision is; of the default branch, where none is named. */
async function commitOf({ http, hub, hubUrl }: Session, { model, revision }: HubTarget): Promise<Result<string, HttpFailure>> {
  if (revision !== null && /^[0-9a-f]{40}$/.test(revision)) return ok(revision);
  if (revision !== null) {
    return http.send({
      url: new URL(`${hubUrl}/api/models/${model}/revision/${encodeURIComponent(revision)}`),
      headers: { accept: "application/json" },
      accept: () => ok(MOST_JSON),
      read: ({ body }) => {
        const info = readJson(body, z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40}$/) }));
        return info.ok ? ok(info.value.sha) : info;
      },
    });
  }
  const info = await hub.model(model);
  if (!info.ok) return info;
  return info.value.commit === null ? failed({ kind: "unexpected", message: "the Hub names no commit" }) : ok(info.value.commit);
}

const MOST_JSON = 64 * 2 ** 20;

/** What is not there is the user's mistake; a Hub that does not answer is the network's. */
function orGiveUp<T>(target: string, answer: Result<T, HttpFailure>): T {
  if (answer.ok) return answer.value;
  const { kind, message } = refusalOf(answer.error);
  if (kind === "failed") throw new NetworkGaveUp(`${target}: ${message}`);
  throw new UsageError(`${target}: ${message}`);
}
