/**
 * Compressed pickles of any size: streams one after another, most of them the same, which decompress to one pickle of
 * megabytes that do not compress.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fields } from "../analyzer/containers/build-zip.ts";
import type { Content } from "../hub/content.ts";
import { inOrder, repeated } from "./virtual-content.ts";

const MEGABYTE = 2 ** 20;

/** Programs that compress, by the container of what they write. */
const PROGRAMS: Readonly<Record<string, readonly [program: string, ...flags: string[]]>> = {
  gzip: ["gzip", "-1"],
  bzip2: ["bzip2", "-1"],
  xz: ["xz", "-0"],
  lzma: ["xz", "--format=lzma", "-0"],
  lz4: ["lz4", "-1"],
  zstd: ["zstd", "-1"],
};

/** The formats whose programs are installed here. */
export const COMPRESSED_FILES: Readonly<Record<string, (size: number) => Content>> = Object.fromEntries(
  Object.entries(PROGRAMS)
    .filter(([, [program]]) => existsSync(`/usr/bin/${program}`) || existsSync(`/bin/${program}`))
    .map(([container, [program, ...flags]]) => [container, (size: number) => streams(program, flags, size)]),
);

function streams(program: string, flags: readonly string[], size: number): Content {
  const pack = (input: Uint8Array) =>
    execFileSync(program, [...flags, "-c"], { input, maxBuffer: 2 * MEGABYTE, stdio: ["pipe", "pipe", "ignore"] });
  const megabyte = pack(randomBytes(MEGABYTE));
  const times = Math.max(1, Math.floor(size / megabyte.length));
  const opcodes = pack(Buffer.concat([Buffer.from("\x80\x04\x8e", "latin1"), fields([times * MEGABYTE, 8])]));
  return inOrder(program, [opcodes, repeated(megabyte, times), pack(Buffer.from("."))]);
}
