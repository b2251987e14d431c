/**
 * What a command is pointed at: files, folders, and models on the Hub. Each becomes files whose bytes can be read; one
 * that cannot be had is a failure of its own, and the others go on.
 */
import { stat } from "node:fs/promises";
import path from "node:path";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";
import type { HubScan } from "../crawler/hub-scans.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";
import { diskSource, filesBelow } from "./disk-source.ts";
import type { RemoteOptions } from "./remote.ts";

export interface TargetOptions extends RemoteOptions {
  /** Ask the Hub what its own scanner says. */
  readonly compare?: boolean;
}

/** A file whose bytes can be read. */
export interface TargetFile {
  /** As the user would name it. */
  readonly name: string;
  /** Whether the user named it, or it was found in a folder or model. */
  readonly isNamed: boolean;
  /** What the Hub's scanner says of it, where it was asked; null where it says nothing. */
  readonly hubScan?: HubScan | null;
  /** Opens it, hands it to `use`, and closes it. Rejects with `SourceError` where its bytes cannot be had. */
  read<T>(use: (source: ByteSource) => Promise<T>): Promise<T>;
}

/** The files that targets stand for, in the order given. Throws `UsageError` for one that is not there. */
export async function* filesOf(context: Context, targets: readonly string[], options: TargetOptions): AsyncGenerator<TargetFile> {
  for (const target of targets) {
    // What talks to a Hub is loaded where one is meant.
    if (target.startsWith("hf://")) yield* (await import("./hub-target.ts")).hubFiles(context, target, options);
    else yield* diskFiles(context, target);
  }
}

/** One file on disk, not a folder. */
export async function fileOnDisk(context: Context, target: string): Promise<TargetFile> {
  const file = resolvePath(context, target);
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UsageError(`no such file: ${target}`);
  if (found.isDirectory()) throw new UsageError(`${target} is a folder`);
  return onDisk(file, target, true);
}

async function* diskFiles(context: Context, target: string): AsyncGenerator<TargetFile> {
  const file = resolvePath(context, target);
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UsageError(`no such file or folder: ${target}`);
  if (!found.isDirectory()) yield onDisk(file, target, true);
  else for await (const inside of filesBelow(file)) yield onDisk(inside, path.join(target, path.relative(file, inside)), false);
}

function onDisk(file: string, name: string, isNamed: boolean): TargetFile {
  return {
    name,
    isNamed,
    read: async (use) => {
      const source = await diskSource(file);
      try {
        return await use(source);
      } finally {
        await source.close();
      }
    },
  };
}

/** What went wrong, where the bytes could not be had; anything else is thrown on. */
export function unavailable(error: unknown): string {
  if (error instanceof SourceError) return error.message;
  throw error;
}
