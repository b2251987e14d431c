/**
 * Content put together of parts that are worked out and never held: bytes, other content, runs of zeros; in a row, over and
 * over, in a zip, in a tar. What it costs to read a file of any size can be measured without having it.
 */
import { crc32 } from "node:zlib";
import { fields } from "../analyzer/containers/build-zip.ts";
import { type Content, virtualContent } from "../hub/content.ts";

/** Bytes, other content, or a number of zeros. */
export type Part = Uint8Array | Content | number;

/** How many bytes a part has. */
export function sizeOf(part: Part): number {
  return typeof part === "number" ? part : "size" in part ? part.size : part.length;
}

/** Parts one after another. */
export function inOrder(name: string, parts: readonly Part[]): Content {
  let size = 0;
  const placed = parts.map((part) => {
    const start = size;
    size += sizeOf(part);
    return { part, start, end: size };
  });
  const held = virtualContent(name, size, () => new Uint8Array(0));
  return {
    ...held,
    read: async (from, to) => {
      const bytes = new Uint8Array(Math.min(to, size) - from);
      for (const { part, start, end } of placed) {
        const [first, last] = [Math.max(from, start), Math.min(to, end)];
        if (first >= last || typeof part === "number") continue;
        bytes.set("size" in part ? await part.read(first - start, last - start) : part.subarray(first - start, last - start), first - from);
      }
      return bytes;
    },
  };
}

/** The same bytes, so many times. */
export function repeated(bytes: Uint8Array, times: number): Content {
  const size = bytes.length * times;
  return virtualContent("repeated", size, (from, to) => {
    const read = new Uint8Array(Math.min(to, size) - from);
    for (let at = 0; at < read.length; ) {
      const within = (from + at) % bytes.length;
      const part = bytes.subarray(within, within + read.length - at);
      read.set(part, at);
      at += part.length;
    }
    return read;
  });
}

/** A zip of stored entries, each of parts; in the zip64 format throughout. */
export async function storedZip(entries: Readonly<Record<string, readonly Part[]>>): Promise<Content> {
  const parts: Part[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [text, body] of Object.entries(entries)) {
    const name = Buffer.from(text);
    const size = body.reduce<number>((sum, part) => sum + sizeOf(part), 0);
    const checksum = await checksumOf(body);
    const common = fields([45, 2], [0, 2], [0, 2], [0, 4], [checksum, 4], [0xffffffff, 4], [0xffffffff, 4], [name.length, 2]);
    const local = fields([1, 2], [16, 2], [size, 8], [size, 8]);
    const far = fields([1, 2], [24, 2], [size, 8], [size, 8], [offset, 8]);
    directory.push(fields([0x02014b50, 4], [45, 2]), common, fields([far.length, 2], [0, 10], [0xffffffff, 4]), name, far);
    parts.push(fields([0x04034b50, 4]), common, fields([local.length, 2]), name, local, ...body);
    offset += 30 + name.length + local.length + size;
  }
  const listed = Buffer.concat(directory);
  const count = Object.keys(entries).length;
  const record = offset + listed.length;
  const zip64 = fields([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 8], [count, 8], [count, 8], [listed.length, 8], [offset, 8]);
  const locator = fields([0x07064b50, 4], [0, 4], [record, 8], [1, 4]);
  const end = fields([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [listed.length, 4], [0xffffffff, 4], [0, 2]);
  return inOrder("zip", [...parts, listed, zip64, locator, end]);
}

const PIECE = Buffer.alloc(2 ** 20);
/** Beyond this nobody reads an entry whole, and its checksum is not looked at. */
const CHECKED_BYTES = 2 ** 22;

async function checksumOf(parts: readonly Part[]): Promise<number> {
  let checksum = 0;
  for (const part of parts) {
    if (sizeOf(part) > CHECKED_BYTES) return 0;
    if (typeof part === "number") for (let left = part; left > 0; left -= PIECE.length) checksum = crc32(PIECE.subarray(0, left), checksum);
    else checksum = crc32("size" in part ? await part.read(0, part.size) : part, checksum);
  }
  return checksum;
}

/** A tar of members. */
export function tarOf(members: Readonly<Record<string, Part>>): Content {
  const parts: Part[] = [];
  for (const [name, content] of Object.entries(members)) {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(sizeOf(content).toString(8).padStart(11, "0"), 124);
    header.write(" ".repeat(8), 148);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    parts.push(header, content, (512 - (sizeOf(content) % 512)) % 512);
  }
  return inOrder("tar", [...parts, 1024]);
}
