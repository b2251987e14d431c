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
  /** Members that are names for others: whoever asks for one is handed the bytes of the other. */
  readonly links: readonly string[];
  readonly outcome: Reading["outcome"];
  readonly failure?: Reading["failure"];
}

const BLOCK = 512;
/** Types that hold nothing: links, devices, folders, pipes. What tarfile does not know is a file to it (`SUPPORTED_TYPES`). */
const EMPTY_TYPES = new Set(["1", "2", "3", "4", "5", "6"]);
const LINKS = new Set(["1", "2"]);
/** Headers about the next one: GNU's long names, and pax, which Solaris spells with an X. */
const EXTENSIONS = new Set(["L", "K", "x", "X", "g"]);
const OLD_REGULAR = "\0";

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

/** What the headers in front of a member say of it. */
interface Announced {
  readonly path?: string;
  readonly size?: number;
}

/** Lists the members of the archive in `content` that hold something. */
export async function listTar(content: Content, tracing: Tracing): Promise<TarArchive> {
  const { source, entry } = content;
  const members: TarMember[] = [];
  const links: string[] = [];
  let odd: TarArchive["failure"];
  const report = (kind: string, message: string, offset: number): void => {
    if (odd === undefined) tracing.find({ kind, message, entry, offset });
    odd ??= failure(kind, message, offset);
  };
  let announced: Announced = {};
  let headers = 0;
  let at = 0;
  const broken = (offset: number, message: string): TarArchive => {
    tracing.find({ kind: "tar-broken", message, entry, offset });
    return { members, links, outcome: "malformed", failure: failure("tar-broken", message, offset) };
  };
  while (at + BLOCK <= source.size) {
    if (headers++ === LIMITS.archiveEntries.limit) {
      const message = `the archive has more than ${LIMITS.archiveEntries.limit} members; the rest was not read`;
      return { members, links, outcome: "unfinished", failure: tracing.limit("archiveEntries", entry, at, message) };
    }
    const header = await source.read(at, at + BLOCK);
    if (isZeros(header)) break;
    if (!isTarHeader(header)) return broken(at, "there is no member header");
    const written = numberField(header, 124, 12);
    if (written === null || written < 0) return broken(at, "a member's size is no number");
    const start = at + BLOCK;
    const type = String.fromCharCode(header[156]!);
    if (EXTENSIONS.has(type)) {
      const next = start + Math.ceil(written / BLOCK) * BLOCK;
      const value = written > LONGEST_EXTENSION ? null : await source.read(start, next);
      const said = value && readExtension(type, value.subarray(0, written), value.subarray(written));
      if (said === "sparse") reportSparse(report, at);
      else if (said === null) report("tar-extension", "a header about the next member that readers may take in several ways", at);
      // The outermost wins in tarfile, the last elsewhere.
      else if (Object.keys(said).some((key) => key in announced) || (announced.size !== undefined && type !== "K"))
        report("tar-extension", "several headers about one member, of which readers take one or the other", at);
      else announced = { ...announced, ...said };
      at = next;
      continue;
    }
    if (type === "S") reportSparse(report, at);
    const prefix = type === "S" ? "" : text(header.subarray(345, 500));
    const own = text(header.subarray(0, 100));
    const name = announced.path ?? (prefix ? `${prefix}/` : "") + own;
    const size = announced.size ?? written;
    announced = {};
    if (LINKS.has(type)) links.push(name);
    // A folder of old, which has no bytes, unless a long name was to be given to it.
    const isFolder = type === OLD_REGULAR && own.endsWith("/");
    if (isFolder && size > 0) report("tar-folder", "a file that is called like a folder, and has bytes", at);
    if (!EMPTY_TYPES.has(type) && !isFolder) {
      members.push({ name, start, size });
      if (start + size > source.size) return broken(start, `${JSON.stringify(name)} reaches beyond the end of the archive`);
    }
    at = start + (EMPTY_TYPES.has(type) ? 0 : Math.ceil(size / BLOCK) * BLOCK);
  }
  return { members, links, outcome: odd ? "unsupported" : "ok", ...(odd && { failure: odd }) };
}

/** Holes are not put back: what is read of such a member is not what `tarfile` makes of it. */
function reportSparse(report: (kind: string, message: string, offset: number) => void, offset: number): void {
  report("tar-sparse", "a member is stored as a sparse file, which is not read here", offset);
}

/** No writer needs more for a name; tarfile reads any length. */
const LONGEST_EXTENSION = 1024 * 1024;

/**
 * What a header about the next member says of it. Null where readers, or releases of tarfile, differ over that: padding that is
 * not empty, records that do not fill their header, sizes that are no plain number, what is said of all members.
 */
function readExtension(type: string, value: Uint8Array, padding: Uint8Array): Announced | "sparse" | null {
  if (!isZeros(padding)) return null;
  if (type === "K") return {};
  if (type === "L") return { path: text(value) };
  const records = paxRecords(value);
  if (records === null) return null;
  if (Array.from(records.keys()).some((key) => key.startsWith("GNU.sparse."))) return "sparse";
  const [path, size] = [records.get("path"), records.get("size")];
  if (type === "g" && (path !== undefined || size !== undefined)) return null;
  if (records.has("hdrcharset") || (size !== undefined && !/^[0-9]{1,15}$/.test(size))) return null;
  return { ...(path !== undefined && { path: path.replace(/\/+$/, "") }), ...(size !== undefined && { size: Number(size) }) };
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

function isZeros(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Text up to a NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Octal digits as Python's `int` takes them. */
const OCTAL = /^([+-]?)(?:0[oO]_?)?([0-7](?:_?[0-7])*)$/;
/** A number in octal text, or in base 256 behind a set high bit (tarfile.nti); null where it is neither. */
function numberField(header: Uint8Array, offset: number, length: number): number | null {
  const first = header[offset]!;
  if (first === 0x80 || first === 0xff) {
    let value = first === 0xff ? -1 : 0;
    for (let at = offset + 1; at < offset + length; at++) value = value * 256 + header[at]!;
    return value;
  }
  // Python takes more characters for space than this language does.
  const written = text(header.subarray(offset, offset + length))
    .replace(/\p{Cc}/gu, " ")
    .trim();
  if (written === "") return 0;
  const [, sign, digits] = OCTAL.exec(written) ?? [];
  if (digits === undefined) return null;
  const value = Number.parseInt(digits.replaceAll("_", ""), 8);
  return sign === "-" ? -value : value;
}

/** `length key=value\n` records of a pax header; null where they are written in any other way. */
function paxRecords(bytes: Uint8Array): Map<string, string> | null {
  const records = new Map<string, string>();
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? "" : decoder.decode(bytes.subarray(at, space));
    const end = at + Number(digits);
    if (!/^[0-9]{1,8}$/.test(digits) || end > bytes.length || end <= space || bytes[end - 1] !== 0x0a) return null;
    const equals = bytes.indexOf(0x3d, space);
    if (equals <= space + 1 || equals >= end) return null;
    const [key, value] = [bytes.subarray(space + 1, equals), bytes.subarray(equals + 1, end - 1)];
    if (records.has(decoder.decode(key))) return null;
    records.set(decoder.decode(key), decoder.decode(value));
    at = end;
  }
  return records;
}
