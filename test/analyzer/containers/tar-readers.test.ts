/** Evil tars, read by Python's tarfile and here: whatever tarfile hands out is read here as well, or the archive is not said to be understood. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heldInMemory } from "../../../analyzer/bytes/held-source.ts";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { isTarHeader, listTar } from "../../../analyzer/containers/tar.ts";
import type { Content, Tracing } from "../../../analyzer/containers/tracing.ts";
import { buildTar, paxRecord, type TarMemberSpec } from "./build-tar.ts";
import { latin1 } from "./pickles.ts";
import { whyNotMade } from "./python-files.ts";

const PYTHON = "/usr/bin/python3";
const why = whyNotMade();
if (why) console.warn(`tar readers are not compared: ${why}`);

type Handed = readonly (readonly [name: string, bytes: string])[];

function rarely<T>(usual: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: others });
}

const record = fc.constantFrom(
  paxRecord("path", "pickle"),
  paxRecord("path", "folder/"),
  paxRecord("size", "512"),
  paxRecord("size", "0x200"),
  paxRecord("size", "1_0"),
  paxRecord("size", "1e3"),
  paxRecord("size", " 512 "),
  paxRecord("comment", "made by hand"),
  "+14 size=512\n",
  "12 size=512\n17 path=pickle\n",
  "12 size=51217 path=pickle\n",
);

const extension = fc.record({
  type: fc.constantFrom("x", "x", "X", "g", "L", "K"),
  records: fc.array(record, { minLength: 1, maxLength: 2 }),
  padding: rarely(0, fc.constant(0x31)),
});

const member = fc.record({
  extensions: fc.oneof(
    { weight: 3, arbitrary: fc.array(extension, { maxLength: 0 }) },
    { weight: 2, arbitrary: fc.array(extension, { minLength: 1, maxLength: 3 }) },
  ),
  name: fc.constantFrom("a", "pickle", "storages", "folder/", "b/c"),
  type: rarely("0", fc.constantFrom("\0", "\0", "7", "1", "2", "5", "Z", "D", "S")),
  prefix: rarely("", fc.constant("d")),
  magic: rarely("ustar\x0000", fc.constantFrom("ustar  \0", "")),
  size: rarely<string | null>(null, fc.constantFrom("0", "0o1000", "+1000", "1_000", "2000", " 1000 ", "\x80")),
  checksum: rarely<string>("%\0 ", fc.constantFrom("+%\0", "0o%", "0o_%", " % ", "%  ")),
  /** Whether the bytes are an archive themselves, so that who skips less sees what lies in it. */
  isArchive: fc.boolean(),
});

const evil = fc.array(member, { minLength: 1, maxLength: 4 });

function build(members: readonly (typeof member extends fc.Arbitrary<infer T> ? T : never)[], id: number): Uint8Array {
  return buildTar(
    members.flatMap(({ extensions, name, type, prefix, magic, size, checksum, isArchive }, index): TarMemberSpec[] => {
      const content = latin1(`content ${id}.${index}`);
      return [
        ...extensions.map(({ type, records, padding }) => ({
          name: "about the next",
          type,
          padding,
          bytes: latin1(type === "L" || type === "K" ? "pickle" : records.join("")),
        })),
        {
          name,
          type,
          prefix,
          magic,
          bytes: isArchive ? buildTar([{ name: "inner", bytes: content }], new Uint8Array(0)) : content,
          ...(size !== null && { size }),
          checksum: (digits) => checksum.replace("%", digits.replace(/^0+/, "")),
        },
      ];
    }),
  );
}

function ask(archives: readonly Uint8Array[]): (Handed | null)[] {
  const folder = mkdtempSync(join(tmpdir(), "tars-"));
  try {
    for (const [index, bytes] of archives.entries()) writeFileSync(join(folder, String(index).padStart(6, "0")), bytes);
    const script = fileURLToPath(new URL("read_tars.py", import.meta.url));
    return Object.values(JSON.parse(execFileSync(PYTHON, [script, folder], { maxBuffer: 2 ** 28 }).toString()));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(why !== null)("what tarfile hands out", () => {
  const ARCHIVES = Number(process.env.TARS ?? 1500);

  test("is what is listed here, or the archive is not said to be understood", async () => {
    const specs = fc.sample(evil, ARCHIVES);
    const archives = specs.map(build);
    let handedOut = 0;
    for (const [index, handed] of ask(archives).entries()) {
      if (handed === null) continue;
      const bytes = archives[index]!;
      const about = JSON.stringify(specs[index]);
      expect(isTarHeader(bytes), about).toBe(true);
      const content: Content = { source: heldInMemory(memorySource(bytes)), entry: null, depth: 0, loader: "pickle" };
      const { members, outcome } = await listTar(content, { find: () => {} } as unknown as Tracing);
      if (outcome !== "ok") continue;
      const ours = members.map(({ name, start, size }) => [name, Buffer.from(bytes.subarray(start, start + size)).toString("hex")]);
      handedOut += handed.length;
      for (const one of handed) expect(ours, about).toContainEqual(one);
    }
    // Many of them are understood: by chance some 1,000 members in each of several runs.
    expect(handedOut).toBeGreaterThan(ARCHIVES / 4);
  });
});
