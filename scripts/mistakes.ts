/** The one place where failures of the system become what a user did: files that are not there, or that they may not use. */
import { UnreadableSource } from "../crawler/python-file.ts";
import { StoreError, sqliteMistake } from "../db/store-error.ts";
import { UsageError } from "./context.ts";

/** By the system's own codes (errno(3)); any other may be a mistake of ours. */
const SYSTEM: Readonly<Record<string, (place: string) => string>> = {
  ENOENT: (place) => `there is no ${place}`,
  EACCES: (place) => `no permission for ${place}`,
  EPERM: (place) => `no permission for ${place}`,
  EROFS: (place) => `${place} is on a disk that is read-only`,
  EISDIR: (place) => `${place} is a folder, where a file is meant`,
  ENOTDIR: (place) => `${place}: what a folder should be is a file`,
  EEXIST: (place) => `${place} is there already, and is something else`,
  ELOOP: (place) => `${place} is a link to itself`,
  ENAMETOOLONG: (place) => `${place} is too long a name`,
  ENOSPC: (place) => `no room left on the disk of ${place}`,
  EMFILE: (place) => `too many files are open at once to open ${place}`,
};

/** What is wrong with what the user asked for, in a sentence; null where the mistake is ours. */
export function mistakeOf(error: unknown): string | null {
  if (error instanceof UsageError || error instanceof StoreError || error instanceof UnreadableSource) return error.message;
  if (!(error instanceof Error)) return null;
  const { code = "", path } = error as NodeJS.ErrnoException;
  return SYSTEM[code]?.(path ?? "what was named") ?? sqliteMistake(error, "the store");
}
