/** bzip2 (1.0): Huffman codes over move-to-front over Burrows-Wheeler over runs, block by block. */
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const LONGEST_CODE = 20;
const GROUP = 50;

/** A fault inside a block; it never leaves this file. */
class Fault {
  constructor(
    readonly kind: StreamFailure["kind"],
    readonly message: string,
  ) {}
}

/** Reads bits from the highest; throws a `Fault` at the end of the input. */
class Bits {
  private held = 0;
  private count = 0;

  constructor(
    private readonly input: Uint8Array,
    public at: number,
  ) {}

  /** The next `count` bits, at most 24. */
  take(count: number): number {
    while (this.count < count) {
      if (this.at >= this.input.length) throw new Fault("truncated", `the input ends at ${this.input.length}`);
      this.held = ((this.held << 8) | this.input[this.at++]!) >>> 0;
      this.count += 8;
    }
    this.count -= count;
    const value = this.held >>> this.count;
    this.held &= (1 << this.count) - 1;
    return value;
  }

  /** Six bytes. */
  magic(): number {
    return this.take(24) * 2 ** 24 + this.take(24);
  }

  /** Drops what is left of the current byte. */
  align(): void {
    this.count -= this.count % 8;
    this.at -= this.count / 8;
    this.count = 0;
    this.held = 0;
  }
}

/** Decompresses all streams of a bzip2 file, as Python's bz2 does; what follows the last is not looked at. */
export function unbzip2(input: Uint8Array, out: Output): StreamEnd {
  let at = 0;
  while (isStream(input, at) && !out.full) {
    const bits = new Bits(input, at + 4);
    const blockBytes = (input[at + 3]! - 0x30) * 100_000;
    try {
      for (let magic = bits.magic(); magic !== END_MAGIC && !out.full; magic = bits.magic()) {
        if (magic !== BLOCK_MAGIC) throw new Fault("broken", "no block begins here");
        readBlock(bits, blockBytes, out);
      }
      if (out.full) return { consumed: bits.at };
      bits.take(16);
      bits.take(16);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { consumed: bits.at, failure: { kind: error.kind, message: `bzip2: ${error.message}`, offset: bits.at } };
    }
    bits.align();
    at = bits.at;
  }
  return { consumed: at };
}

function isStream(input: Uint8Array, at: number): boolean {
  const level = input[at + 3] ?? 0;
  return input[at] === 0x42 && input[at + 1] === 0x5a && input[at + 2] === 0x68 && level >= 0x31 && level <= 0x39;
}

/** A Huffman code in canonical order: for each length, how far its codes reach and where its symbols begin. */
interface Code {
  readonly limit: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

function readBlock(bits: Bits, blockBytes: number, out: Output): void {
  const checksum = ((bits.take(16) << 16) | bits.take(16)) >>> 0;
  // Only bzip2 before 0.9.5 (1999) wrote such blocks.
  if (bits.take(1) === 1) throw new Fault("unsupported", "a randomised block");
  const origin = bits.take(24);
  const bytes = readAlphabet(bits);
  const { codes, selectors } = readCodes(bits, bytes.length + 2);
  const links = new Uint32Array(blockBytes);
  const length = readSymbols(bits, bytes, codes, selectors, links);
  if (origin >= length) throw new Fault("broken", `the block begins at ${origin} of ${length}`);
  undoSorting(links, length);
  if (writeRuns(links, origin, length, out) !== checksum && !out.full) throw new Fault("checksum", "the checksum of a block is wrong");
}

/** The bytes that occur in a block: sixteen bits say which ranges of sixteen do, sixteen more which of each. */
function readAlphabet(bits: Bits): number[] {
  const bytes: number[] = [];
  const ranges = bits.take(16);
  for (let range = 0; range < 16; range++) {
    if (!(ranges & (0x8000 >>> range))) continue;
    const used = bits.take(16);
    for (let low = 0; low < 16; low++) if (used & (0x8000 >>> low)) bytes.push(range * 16 + low);
  }
  if (bytes.length === 0) throw new Fault("broken", "a block without any bytes");
  return bytes;
}

/** The two to six codes of a block, and which of them each group of fifty symbols is in. */
function readCodes(bits: Bits, symbolCount: number): { codes: Code[]; selectors: Uint8Array } {
  const codeCount = bits.take(3);
  const selectorCount = bits.take(15);
  if (codeCount < 2 || codeCount > 6 || selectorCount === 0) throw new Fault("broken", `${codeCount} codes, ${selectorCount} selectors`);
  const recent = Array.from({ length: codeCount }, (_, index) => index);
  const selectors = new Uint8Array(selectorCount);
  for (let index = 0; index < selectorCount; index++) {
    let place = 0;
    while (bits.take(1) === 1) if (++place >= codeCount) throw new Fault("broken", "a selector out of range");
    const [selected] = recent.splice(place, 1);
    recent.unshift(selected!);
    selectors[index] = selected!;
  }
  const codes: Code[] = [];
  for (let index = 0; index < codeCount; index++) {
    const lengths = new Uint8Array(symbolCount);
    let length = bits.take(5);
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      for (;;) {
        if (length < 1 || length > LONGEST_CODE) throw new Fault("broken", "a code length out of range");
        if (bits.take(1) === 0) break;
        length += bits.take(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    codes.push(canonical(lengths));
  }
  return { codes, selectors };
}

function canonical(lengths: Uint8Array): Code {
  const counts = new Int32Array(LONGEST_CODE + 2);
  for (const length of lengths) counts[length]!++;
  const limit = new Int32Array(LONGEST_CODE + 1);
  const offset = new Int32Array(LONGEST_CODE + 1);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let first = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    offset[length] = first - code;
    code += counts[length]!;
    limit[length] = code;
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) symbols[first++] = symbol;
    code <<= 1;
  }
  return { limit, offset, symbols };
}

/** Reads the symbols of a block into `links`: undoes the codes, the runs of the most recent byte, and move-to-front. */
function readSymbols(bits: Bits, bytes: readonly number[], codes: readonly Code[], selectors: Uint8Array, links: Uint32Array): number {
  const end = bytes.length + 1;
  const recent = Uint8Array.from(bytes);
  let length = 0;
  let run = 0;
  let weight = 1;
  let code = codes[0]!;
  for (let count = 0; ; count++) {
    if (count % GROUP === 0) {
      const selector = selectors[count / GROUP];
      if (selector === undefined) throw new Fault("broken", "more symbols than selectors");
      code = codes[selector]!;
    }
    const symbol = readSymbol(bits, code);
    if (symbol <= 1) {
      // RUNA and RUNB are the digits 1 and 2 of the run's length in base 2, lowest first.
      run += weight << symbol;
      weight *= 2;
      if (run > links.length) throw new Fault("broken", "a run longer than the block");
      continue;
    }
    if (run > 0) {
      if (length + run > links.length) throw new Fault("broken", "more bytes than the block holds");
      links.fill(recent[0]!, length, length + run);
      length += run;
      run = 0;
      weight = 1;
    }
    if (symbol === end) return length;
    if (length === links.length) throw new Fault("broken", "more bytes than the block holds");
    const byte = recent[symbol - 1]!;
    recent.copyWithin(1, 0, symbol - 1);
    recent[0] = byte;
    links[length++] = byte;
  }
}

function readSymbol(bits: Bits, code: Code): number {
  let value = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    value = (value << 1) | bits.take(1);
    if (value < code.limit[length]!) return code.symbols[value + code.offset[length]!]!;
  }
  throw new Fault("broken", "no code begins so");
}

/** Undoes Burrows-Wheeler: each byte of `links` gets, above its eight bits, the position of the one behind it. */
function undoSorting(links: Uint32Array, length: number): void {
  const places = new Uint32Array(256);
  for (let index = 0; index < length; index++) places[links[index]! & 0xff]!++;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = places[byte]!;
    places[byte] = sum;
    sum += count;
  }
  for (let index = 0; index < length; index++) {
    const byte = links[index]! & 0xff;
    links[places[byte]!]! |= index << 8;
    places[byte]!++;
  }
}

/** Writes the bytes of a block: four equal ones are followed by how many more there are. Returns their checksum. */
function writeRuns(links: Uint32Array, origin: number, length: number, out: Output): number {
  let crc = 0xffffffff;
  let position = links[origin]! >>> 8;
  let previous = -1;
  let equal = 0;
  for (let count = 0; count < length && !out.full; count++) {
    const link = links[position]!;
    const byte = link & 0xff;
    position = link >>> 8;
    if (equal === 4) {
      for (let left = byte; left > 0; left--) {
        out.put(previous);
        crc = (crc << 8) ^ CRC[(crc >>> 24) ^ previous]!;
      }
      equal = 0;
      previous = -1;
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    out.put(byte);
    crc = (crc << 8) ^ CRC[(crc >>> 24) ^ byte]!;
  }
  return ~crc >>> 0;
}

/** bzip2's CRC-32 has zip's polynomial, and takes bits from the highest. */
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) remainder = remainder < 0 ? (remainder << 1) ^ 0x04c11db7 : remainder << 1;
  return remainder >>> 0;
});
