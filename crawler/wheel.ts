/** What of a wheel is read: its Python source and its metadata, in memory. Nothing of it is built, installed or run. */
import { strFromU8, unzipSync } from "fflate";
import { failed, ok, type Result } from "../analyzer/result.ts";

export interface WheelFile {
  readonly path: string;
  readonly text: string;
}

/** PyTorch's source, the largest there is, has 2,500 files of 45 MB. */
export const MOST_FILES = 20_000;
export const MOST_TEXT = 256 * 2 ** 20;

export const SOURCE = /\.(pyi?|pyx)$/;
const METADATA = /^[^/]+\.dist-info\/(METADATA|RECORD|WHEEL|top_level\.txt|entry_points\.txt)$/;

/** Whether a member is source or metadata. */
export function isWanted(name: string): boolean {
  return SOURCE.test(name) || METADATA.test(name);
}

/** The source and metadata of a wheel, by path. An error in words where it is not one that can be read. */
export function readWheel(bytes: Uint8Array): Result<WheelFile[], string> {
  let files = 0;
  let text = 0;
  let members: Record<string, Uint8Array>;
  try {
    members = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!isWanted(name)) return false;
        files++;
        text += originalSize;
        if (files > MOST_FILES || text > MOST_TEXT) throw new Error(`more than ${MOST_FILES} files or ${MOST_TEXT} bytes of source`);
        return true;
      },
    });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
  const found = Object.entries(members).map(([path, content]) => ({ path, text: strFromU8(content) }));
  return found.length === 0 ? failed("no source in it") : ok(found.sort((a, b) => (a.path < b.path ? -1 : 1)));
}
