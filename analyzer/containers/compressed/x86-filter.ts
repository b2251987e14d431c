/**
 * The BCJ filter for x86 (xz's simple/x86.c, 7-Zip's Bra86.c): archivers put it before LZMA by default, whatever the
 * files are. It turns the absolute targets of CALL and JMP back into relative ones.
 */

const BIT_OF_MASK = [0, 1, 2, 2, 3];

function isTargetEnd(byte: number): boolean {
  return byte === 0x00 || byte === 0xff;
}

/** Undoes the filter in place, over a whole stream whose first byte it counts as `start`. */
export function undoX86Filter(bytes: Uint8Array, start = 0): void {
  let mask = 0;
  let previous = -5;
  for (let at = 0; at <= bytes.length - 5; ) {
    if ((bytes[at]! & 0xfe) !== 0xe8) {
      at++;
      continue;
    }
    const distance = at - previous;
    previous = at;
    if (distance > 5) mask = 0;
    else for (let step = 0; step < distance; step++) mask = (mask & 0x77) << 1;
    const last = bytes[at + 4]!;
    if (!isTargetEnd(last) || mask >>> 1 > 4 || mask >>> 1 === 3) {
      mask |= isTargetEnd(last) ? 0x11 : 1;
      at++;
      continue;
    }
    let source = (bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16) | (last << 24)) >>> 0;
    let target = 0;
    for (;;) {
      target = (source - (start + at + 5)) >>> 0;
      if (mask === 0) break;
      const bit = BIT_OF_MASK[mask >>> 1]!;
      if (!isTargetEnd((target >>> (24 - bit * 8)) & 0xff)) break;
      source = (target ^ (2 ** (32 - bit * 8) - 1)) >>> 0;
    }
    bytes[at + 1] = target & 0xff;
    bytes[at + 2] = (target >>> 8) & 0xff;
    bytes[at + 3] = (target >>> 16) & 0xff;
    bytes[at + 4] = (target >>> 24) & 1 ? 0xff : 0x00;
    at += 5;
    mask = 0;
  }
}
