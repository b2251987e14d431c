/**
 * Where a command writes: standard output, or the file that `--output` names. Whether that can be written is seen before the command's own
 * work begins, which may take minutes. Boundary: the one place that knows what may be wrong with such a file.
 */
import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Context, resolvePath, UsageError } from "./context.ts";

/** What is written to standard output or a file. */
export type Output = (content: string | Uint8Array) => Promise<void>;

/** Standard output where no file is named. Throws `UsageError` where the file cannot be written, now or later. */
export async function openOutput(context: Context, given: string | undefined): Promise<Output> {
  if (given === undefined) return context.effects.print;
  const file = await outputFile(context, given);
  return (content) => writing(given, writeFile(file, content));
}

/** The place of a file that is to be written. Throws `UsageError` where it cannot be. */
export async function outputFile(context: Context, given: string): Promise<string> {
  const file = resolvePath(context, given);
  const folder = path.dirname(file);
  const [found, around] = await Promise.all([kindOf(file), kindOf(folder)]);
  if (found === "folder") throw cannotWrite(given, "it is a folder");
  if (found === null && around === null) throw cannotWrite(given, `there is no folder ${folder}`);
  if (found === null && around === "file") throw cannotWrite(given, `${folder} is no folder`);
  await writing(given, access(found === null ? folder : file, constants.W_OK));
  return file;
}

/** The place of a folder that is to be written into, or made by whoever writes. Throws `UsageError` where it cannot be. */
export async function outputFolder(context: Context, given: string): Promise<string> {
  const folder = resolvePath(context, given);
  let there = folder;
  while ((await kindOf(there)) === null && path.dirname(there) !== there) there = path.dirname(there);
  if ((await kindOf(there)) === "file") throw cannotWrite(given, `${there} is a file, and a folder is needed`);
  await writing(given, access(there, constants.W_OK));
  return folder;
}

/** Waits for what writes to a place that was given; where that fails it is the user's to mend. */
export async function writing<Done>(given: string, work: Promise<Done>): Promise<Done> {
  try {
    return await work;
  } catch (error) {
    const { code = "", syscall = "", message } = error as NodeJS.ErrnoException;
    // What is written may be read from a store meanwhile, whose failures are its own.
    if (REASONS[code] === undefined && !OPENING.has(syscall)) throw error;
    throw cannotWrite(given, REASONS[code] ?? message);
  }
}

async function kindOf(place: string): Promise<"folder" | "file" | null> {
  const found = await stat(place).catch(() => null);
  if (found === null) return null;
  return found.isDirectory() ? "folder" : "file";
}

function cannotWrite(given: string, reason: string): UsageError {
  return new UsageError(`cannot write ${given}: ${reason}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "that is not allowed",
  EPERM: "that is not allowed",
  EROFS: "its file system is read-only",
  ENOSPC: "its disk is full",
  ENOTDIR: "a part of its path is a file",
};

const OPENING: ReadonlySet<string> = new Set(["access", "mkdir", "open"]);
