/** Tar archives built header by header, so that each field can lie. */

/** What a member's header says, and its bytes. What is left out is honest. */
export interface TarMemberSpec {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
  /** The field as written. */
  readonly size?: string;
  readonly magic?: string;
  readonly prefix?: string;
  /** How the checksum is spelled, from its octal digits. */
  readonly checksum?: (digits: string) => string;
  /** What fills the last block. */
  readonly padding?: number;
}

/** Writes an archive of `members`; `end` stands behind them. */
export function buildTar(members: readonly TarMemberSpec[], end: Uint8Array = Buffer.alloc(1024)): Uint8Array {
  return Buffer.concat([
    ...members.flatMap(({ padding = 0, ...spec }) => [
      headerOf(spec),
      spec.bytes,
      Buffer.alloc((512 - (spec.bytes.length % 512)) % 512, padding),
    ]),
    end,
  ]);
}

function headerOf({
  name,
  bytes,
  type = "0",
  size,
  magic = "ustar\x0000",
  prefix = "",
  checksum = (digits) => `${digits}\0 `,
}: TarMemberSpec): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, "latin1");
  header.write(size ?? bytes.length.toString(8).padStart(11, "0"), 124, 12, "latin1");
  header.write(type, 156, "latin1");
  header.write(magic, 257, "latin1");
  header.write(prefix, 345, "latin1");
  return sealed(header, checksum);
}

/** Bytes with the checksum that makes a header of them. */
export function sealed(header: Buffer, checksum: (digits: string) => string = (digits) => `${digits}\0 `): Buffer {
  header.write(" ".repeat(8), 148);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(checksum(sum.toString(8).padStart(6, "0")).padEnd(8, "\0"), 148, 8, "latin1");
  return header;
}

/** A record of a pax header. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}
