/**
 * tar (ustar, GNU and pax): headers of 512 bytes in front of each member, hopped over by ranges. Python's `tarfile`
 * is the reader that loaders use, so its rules decide: what counts as a header, and where an archive ends.
 */
import { heldSlice } from "../bytes/held-source.ts";
import { LIMITS } from "../limits.ts";
import { type Content, failure, memberPath, type Reading, type Tracing } from "./tracing.ts";

/** A member, and where its bytes lie in the archive. */
export interface TarMember {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** The members of an archive, as far as it could be read. */
export interface TarArchive {
  readonly members: readonly TarMember[];
  readonly outcome: Reading["outcome"];
  readonly failure?: Reading["failure"];
}

const BLOCK = 512;
const REGULAR = new Set(["0", "\0", "7", "S"]);

/** Whether `bytes` begin with a tar header: its checksum is what Python's tarfile goes by. */
export function isTarHeader(bytes: Uint8Array): boolean {
  if (bytes.length < BLOCK) return false;
  const written = numberField(bytes, 148, 8);
  if (written === null) return false;
  // The checksum field counts as spaces; old writers summed signed bytes.
  let unsigned = 8 * 0x20;
  let signed = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) {
    if (at >= 148 && at < 156) continue;
    const byte = bytes[at]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return written === unsigned || written === signed;
}

/** Lists the regular members of the archive in `content`; links and devices hold nothing. */
export async function listTar(content: Content, tracing: Tracing): Promise<TarArchive> {
  const { source, entry } = content;
  const members: TarMember[] = [];
  let sparse: TarArchive["failure"];
  let longName: string | null = null;
  let longSize: number | null = null;
  let headers = 0;
  let at = 0;
  while (at + BLOCK <= source.size) {
    if (headers++ === LIMITS.archiveEntries.limit) {
      const message = `the archive has more than ${LIMITS.archiveEntries.limit} members; the rest was not read`;
      return { members, outcome: "unfinished", failure: tracing.limit("archiveEntries", entry, at, message) };
    }
    const header = await source.read(at, at + BLOCK);
    if (isZeros(header)) break;
    if (!isTarHeader(header)) return broken(members, content, tracing, at, "there is no member header");
    const size: number | null = longSize ?? numberField(header, 124, 12);
    if (size === null || size < 0) return broken(members, content, tracing, at, "a member's size is no number");
    const start = at + BLOCK;
    const type = String.fromCharCode(header[156]!);
    if (type === "L" || type === "x" || type === "g" || type === "K") {
      const own = numberField(header, 124, 12) ?? 0;
      const value = await source.read(start, Math.min(start + own, start + LIMITS.archiveEntries.limit));
      if (type === "L") longName = text(value);
      if (type === "x") {
        const records = paxRecords(value);
        longName = records.get("path") ?? longName;
        if (Array.from(records.keys()).some((key) => key.startsWith("GNU.sparse."))) sparse ??= reportSparse(content, tracing, at);
        const paxSize = Number(records.get("size"));
        longSize = Number.isSafeInteger(paxSize) && records.has("size") ? paxSize : longSize;
      }
      at = start + Math.ceil(own / BLOCK) * BLOCK;
      continue;
    }
    if (type === "S") sparse ??= reportSparse(content, tracing, at);
    const prefix = text(header.subarray(345, 500));
    const isUstar = text(header.subarray(257, 262)) === "ustar" && header[262] === 0;
    const name: string = longName ?? (isUstar && prefix ? `${prefix}/` : "") + text(header.subarray(0, 100));
    longName = null;
    longSize = null;
    // Python's tarfile takes a regular member whose name ends in a slash for a folder.
    if (REGULAR.has(type) && !name.endsWith("/")) {
      members.push({ name, start, size });
      if (start + size > source.size)
        return broken(members, content, tracing, start, `${JSON.stringify(name)} reaches beyond the end of the archive`);
    }
    at = start + (REGULAR.has(type) ? Math.ceil(size / BLOCK) * BLOCK : 0);
  }
  return { members, outcome: sparse ? "unsupported" : "ok", ...(sparse && { failure: sparse }) };
}

/** Holes are not put back: what is read of such a member is not what `tarfile` makes of it. */
function reportSparse(content: Content, tracing: Tracing, offset: number): TarArchive["failure"] {
  const message = "a member is stored as a sparse file, which is not read here";
  tracing.find({ kind: "tar-sparse", message, entry: content.entry, offset });
  return failure("tar-sparse", message, offset);
}

/** The bytes of a member, as content of its own. */
export function memberContent(archive: Content, member: TarMember): Content {
  return {
    ...archive,
    source: heldSlice(archive.source, member.start, member.start + member.size),
    entry: memberPath(archive.entry, member.name),
    depth: archive.depth + 1,
  };
}

function broken(members: TarMember[], content: Content, tracing: Tracing, offset: number, message: string): TarArchive {
  tracing.find({ kind: "tar-broken", message, entry: content.entry, offset });
  return { members, outcome: "malformed", failure: failure("tar-broken", message, offset) };
}

function isZeros(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Text up to a NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** A number in octal text, or in base 256 behind a set high bit (tarfile.nti); null where it is neither. */
function numberField(header: Uint8Array, offset: number, length: number): number | null {
  const first = header[offset]!;
  if (first === 0x80 || first === 0xff) {
    let value = first === 0xff ? -1 : 0;
    for (let at = offset + 1; at < offset + length; at++) value = value * 256 + header[at]!;
    return value;
  }
  const digits = text(header.subarray(offset, offset + length)).trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** `length key=value\n` records of a pax header. */
function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space === -1 ? 0 : Number(decoder.decode(bytes.subarray(at, space)));
    if (!(length > 0) || at + length > bytes.length) break;
    const record = decoder.decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (equals !== -1) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
