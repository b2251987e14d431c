/**
 * The filters that xz may put before LZMA2 (liblzma's simple/ and delta/): they turn targets of branches, which differ from
 * call to call, into absolute ones, which repeat. Undone here, in place, over a whole block; sizes stay what they are.
 */
import { undoX86Filter } from "./x86-filter.ts";

/** Undoes one filter. `start` is the position of the first byte as the filter counts (a property of the filter, mostly 0). */
type Undo = (bytes: Uint8Array, start: number) => void;

/** Filters of branches, by their id (The .xz File Format 1.2, 5.3.2). */
const BRANCH_FILTERS: Readonly<Record<number, Undo>> = {
  4: undoX86Filter,
  5: undoPowerPc,
  6: undoIa64,
  7: undoArm,
  8: undoArmThumb,
  9: undoSparc,
  10: undoArm64,
};
const DELTA = 3;

/** Undoes the filter `id` with these properties; false where it is not known. */
export function undoFilter(id: number, properties: Uint8Array, bytes: Uint8Array): boolean {
  if (id === DELTA) {
    const distance = (properties[0] ?? 0) + 1;
    for (let at = distance; at < bytes.length; at++) bytes[at] = bytes[at]! + bytes[at - distance]!;
    return true;
  }
  const undo = BRANCH_FILTERS[id];
  if (!undo) return false;
  undo(bytes, properties.length === 4 ? little32(properties, 0) : 0);
  return true;
}

function undoPowerPc(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    // bl: branch with link, to an absolute address.
    if (bytes[at]! >>> 2 !== 0x12 || (bytes[at + 3]! & 3) !== 1) continue;
    const target = big32(bytes, at) & 0x03fffffc;
    putBig32(bytes, at, (((target - (start + at)) & 0x03fffffc) | 0x48000001) >>> 0);
  }
}

function undoArm(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    // bl, without a condition.
    if (bytes[at + 3] !== 0xeb) continue;
    const target = (little32(bytes, at) & 0xffffff) << 2;
    putLittle32(bytes, at, (((target - (start + at + 8)) >>> 2) & 0xffffff) + 0xeb000000);
  }
}

function undoArmThumb(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += 2) {
    // bl: a pair of instructions.
    if ((bytes[at + 1]! & 0xf8) !== 0xf0 || (bytes[at + 3]! & 0xf8) !== 0xf8) continue;
    const target = (((bytes[at + 1]! & 7) << 19) | (bytes[at]! << 11) | ((bytes[at + 3]! & 7) << 8) | bytes[at + 2]!) << 1;
    const relative = (target - (start + at + 4)) >>> 1;
    bytes[at + 1] = 0xf0 | ((relative >>> 19) & 7);
    bytes[at] = relative >>> 11;
    bytes[at + 3] = 0xf8 | ((relative >>> 8) & 7);
    bytes[at + 2] = relative;
    at += 2;
  }
}

function undoSparc(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const isNear = bytes[at] === 0x40 && (bytes[at + 1]! & 0xc0) === 0x00;
    const isBack = bytes[at] === 0x7f && (bytes[at + 1]! & 0xc0) === 0xc0;
    if (!isNear && !isBack) continue;
    const relative = ((big32(bytes, at) << 2) - (start + at)) >>> 2;
    putBig32(bytes, at, ((((0 - ((relative >>> 22) & 1)) << 22) & 0x3fffffff) | (relative & 0x3fffff) | 0x40000000) >>> 0);
  }
}

function undoArm64(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const instruction = little32(bytes, at);
    const position = start + at;
    if (instruction >>> 26 === 0x25) {
      // bl
      putLittle32(bytes, at, (0x94000000 | ((instruction - (position >>> 2)) & 0x03ffffff)) >>> 0);
    } else if ((instruction & 0x9f000000) >>> 0 === 0x90000000) {
      // adrp, within 512 MiB either way
      const target = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x001ffffc);
      if ((target + 0x00020000) & 0x001c0000) continue;
      const page = target - (position >>> 12);
      const low = ((page & 3) << 29) | ((page & 0x0003fffc) << 3) | ((0 - (page & 0x00020000)) & 0x00e00000);
      putLittle32(bytes, at, ((instruction & 0x9000001f) | low) >>> 0);
    }
  }
}

/** Which of a bundle's three slots hold a branch, by the bundle's template. */
const IA64_BRANCHES = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0];

function undoIa64(bytes: Uint8Array, start: number): void {
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const slots = IA64_BRANCHES[bytes[at]! & 0x1f]!;
    for (let slot = 0; slot < 3; slot++) {
      if (!((slots >>> slot) & 1)) continue;
      const bit = 5 + 41 * slot;
      const first = at + (bit >>> 3);
      const shift = BigInt(bit & 7);
      let word = 0n;
      for (let index = 5; index >= 0; index--) word = (word << 8n) | BigInt(bytes[first + index]!);
      let instruction = word >> shift;
      if (((instruction >> 37n) & 0xfn) !== 5n || ((instruction >> 9n) & 7n) !== 0n) continue;
      const target = (((instruction >> 13n) & 0xfffffn) | (((instruction >> 36n) & 1n) << 20n)) << 4n;
      const relative = BigInt.asUintN(32, target - BigInt(start + at)) >> 4n;
      instruction &= ~(0x8fffffn << 13n);
      instruction |= ((relative & 0xfffffn) << 13n) | ((relative & 0x100000n) << 16n);
      word = (word & ((1n << shift) - 1n)) | (instruction << shift);
      for (let index = 0; index < 6; index++) bytes[first + index] = Number((word >> BigInt(8 * index)) & 0xffn);
    }
  }
}

function little32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function big32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function putLittle32(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = value >>> (8 * index);
}

function putBig32(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = value >>> (24 - 8 * index);
}
