/**
 * LZMA (Igor Pavlov's specification, 2015): the decoder that .lzma files, xz and 7z share. One decoder for the three,
 * which keeps what it wrote before a stream breaks.
 */
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const STATES = 12;
const POSITION_STATES = 16;
const HALF = 1024;
const SHORTEST_MATCH = 2;
const LAST_LONG_DISTANCE_SLOT = 14;
const END_MARKER = 0xffffffff;

/** Adaptive probabilities of a match's length. */
interface Lengths {
  readonly choice: Uint16Array;
  readonly low: Uint16Array;
  readonly middle: Uint16Array;
  readonly high: Uint16Array;
}

function lengths(): Lengths {
  return {
    choice: new Uint16Array(2).fill(HALF),
    low: new Uint16Array(POSITION_STATES << 3).fill(HALF),
    middle: new Uint16Array(POSITION_STATES << 3).fill(HALF),
    high: new Uint16Array(256).fill(HALF),
  };
}

/** How a run of the decoder ended: at its size, at an end marker, with `out` full, or with a fault. */
export type LzmaEnd = { readonly kind: "size" | "marker" | "full" } | { readonly kind: "fault"; readonly failure: StreamFailure };

/** Decodes LZMA into `out`; what was written before `dictionaryStart` cannot be referred to. */
export class LzmaDecoder {
  /** Where the next byte is read from. */
  at = 0;
  private range = 0;
  private code = 0;
  private starved = false;

  private literalContext = 0;
  private literalMask = 0;
  private positionMask = 0;
  private dictionaryStart = 0;

  private state = 0;
  private distance0 = 0;
  private distance1 = 0;
  private distance2 = 0;
  private distance3 = 0;
  private literals: Uint16Array = new Uint16Array(0);
  private readonly isMatch = new Uint16Array(STATES * POSITION_STATES);
  private readonly isRepeat = new Uint16Array(STATES);
  private readonly isRepeat0 = new Uint16Array(STATES);
  private readonly isRepeat1 = new Uint16Array(STATES);
  private readonly isRepeat2 = new Uint16Array(STATES);
  private readonly isRepeat0Long = new Uint16Array(STATES * POSITION_STATES);
  private readonly slots = new Uint16Array(4 << 6);
  private readonly distances = new Uint16Array(115);
  private readonly align = new Uint16Array(16);
  private matchLengths = lengths();
  private repeatLengths = lengths();

  constructor(
    private readonly input: Uint8Array,
    private readonly out: Output,
  ) {}

  /** Sets lc, lp and pb from their common byte; false where it is out of range. */
  setProperties(byte: number): boolean {
    if (byte >= 9 * 5 * 5) return false;
    const literalPosition = Math.floor(byte / 9) % 5;
    this.literalContext = byte % 9;
    this.literalMask = (1 << literalPosition) - 1;
    this.positionMask = (1 << Math.floor(byte / 45)) - 1;
    this.literals = new Uint16Array(0x300 << (this.literalContext + literalPosition));
    return true;
  }

  /** Forgets everything learnt, as at the start of a stream. */
  resetState(): void {
    this.state = 0;
    this.distance0 = this.distance1 = this.distance2 = this.distance3 = 0;
    for (const table of [
      this.literals,
      this.isMatch,
      this.isRepeat,
      this.isRepeat0,
      this.isRepeat1,
      this.isRepeat2,
      this.isRepeat0Long,
      this.slots,
      this.distances,
      this.align,
    ]) {
      table.fill(HALF);
    }
    this.matchLengths = lengths();
    this.repeatLengths = lengths();
  }

  /** From here on nothing written before can be referred to. */
  resetDictionary(): void {
    this.dictionaryStart = this.out.length;
  }

  /** Reads the five bytes that a range coder begins with; false where they are not there or not valid. */
  startRange(at: number): boolean {
    if (at + 5 > this.input.length || this.input[at] !== 0) return false;
    this.range = 0xffffffff;
    this.code = new DataView(this.input.buffer, this.input.byteOffset + at + 1, 4).getUint32(0);
    this.at = at + 5;
    this.starved = false;
    return true;
  }

  /** Decodes until `end` bytes are in `out`, or, where `mayEnd`, to an end marker. `end` may be infinite. */
  decode(end: number, mayEnd: boolean): LzmaEnd {
    const { out, input } = this;
    while (out.length < end) {
      if (out.full) return { kind: "full" };
      if (this.starved) return this.fault("truncated", `the input ends at ${input.length}, inside the stream`);
      const positionState = (out.length - this.dictionaryStart) & this.positionMask;
      const { state } = this;
      if (this.bit(this.isMatch, (state << 4) + positionState) === 0) {
        this.literal();
        continue;
      }
      let length: number;
      if (this.bit(this.isRepeat, state) === 0) {
        this.distance3 = this.distance2;
        this.distance2 = this.distance1;
        this.distance1 = this.distance0;
        length = this.length(this.matchLengths, positionState);
        this.state = state < 7 ? 7 : 10;
        this.distance0 = this.distance(length);
        if (this.distance0 === END_MARKER) {
          if (this.starved) return this.fault("truncated", `the input ends at ${input.length}, inside the stream`);
          return mayEnd ? { kind: "marker" } : this.fault("broken", "an end marker before the end");
        }
      } else {
        if (out.length === this.dictionaryStart) return this.fault("broken", "a repeated match before anything was written");
        if (this.bit(this.isRepeat0, state) === 0) {
          if (this.bit(this.isRepeat0Long, (state << 4) + positionState) === 0) {
            this.state = state < 7 ? 9 : 11;
            if (!this.reaches()) return this.tooFar();
            if (!this.starved) out.put(out.back(this.distance0 + 1));
            continue;
          }
        } else {
          let distance = this.distance1;
          if (this.bit(this.isRepeat1, state) !== 0) {
            distance = this.distance2;
            if (this.bit(this.isRepeat2, state) !== 0) {
              distance = this.distance3;
              this.distance3 = this.distance2;
            }
            this.distance2 = this.distance1;
          }
          this.distance1 = this.distance0;
          this.distance0 = distance;
        }
        length = this.length(this.repeatLengths, positionState);
        this.state = state < 7 ? 8 : 11;
      }
      if (!this.reaches()) return this.tooFar();
      if (!this.starved) out.repeat(this.distance0 + 1, Math.min(length + SHORTEST_MATCH, end - out.length));
    }
    return out.full ? { kind: "full" } : { kind: "size" };
  }

  private reaches(): boolean {
    return this.distance0 < this.out.length - this.dictionaryStart;
  }

  private tooFar(): LzmaEnd {
    if (this.starved) return this.fault("truncated", `the input ends at ${this.input.length}, inside the stream`);
    return this.fault(
      "broken",
      `a copy from ${this.distance0 + 1} bytes back, where only ${this.out.length - this.dictionaryStart} were written`,
    );
  }

  private fault(kind: StreamFailure["kind"], message: string): LzmaEnd {
    return { kind: "fault", failure: { kind, message: `lzma: ${message}`, offset: this.at } };
  }

  private normalize(): void {
    if (this.range >>> 24 !== 0) return;
    this.range = (this.range << 8) >>> 0;
    if (this.at === this.input.length) {
      this.starved = true;
      this.code = (this.code << 8) >>> 0;
    } else {
      this.code = ((this.code << 8) | this.input[this.at++]!) >>> 0;
    }
  }

  private bit(table: Uint16Array, index: number): number {
    const probability = table[index]!;
    const bound = (this.range >>> 11) * probability;
    let bit: number;
    if (this.code < bound) {
      table[index] = probability + ((2048 - probability) >>> 5);
      this.range = bound;
      bit = 0;
    } else {
      table[index] = probability - (probability >>> 5);
      this.code -= bound;
      this.range -= bound;
      bit = 1;
    }
    this.normalize();
    return bit;
  }

  private tree(table: Uint16Array, offset: number, bits: number): number {
    let symbol = 1;
    for (let count = 0; count < bits; count++) symbol = (symbol << 1) + this.bit(table, offset + symbol);
    return symbol - (1 << bits);
  }

  private reverseTree(table: Uint16Array, offset: number, bits: number): number {
    let node = 1;
    let symbol = 0;
    for (let count = 0; count < bits; count++) {
      const bit = this.bit(table, offset + node);
      node = (node << 1) + bit;
      symbol |= bit << count;
    }
    return symbol;
  }

  private direct(bits: number): number {
    let value = 0;
    for (let count = 0; count < bits; count++) {
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit) this.code -= this.range;
      this.normalize();
      value = value * 2 + bit;
    }
    return value;
  }

  private literal(): void {
    const { out } = this;
    const written = out.length - this.dictionaryStart;
    const previous = written > 0 ? out.back(1) : 0;
    const context = ((written & this.literalMask) << this.literalContext) + (previous >>> (8 - this.literalContext));
    const offset = 0x300 * context;
    let symbol = 1;
    if (this.state >= 7) {
      let matched = this.reaches() ? out.back(this.distance0 + 1) : 0;
      do {
        const matchBit = (matched >>> 7) & 1;
        matched <<= 1;
        const bit = this.bit(this.literals, offset + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(this.literals, offset + symbol);
    if (!this.starved) out.put(symbol & 0xff);
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  private length(tables: Lengths, positionState: number): number {
    if (this.bit(tables.choice, 0) === 0) return this.tree(tables.low, positionState << 3, 3);
    if (this.bit(tables.choice, 1) === 0) return 8 + this.tree(tables.middle, positionState << 3, 3);
    return 16 + this.tree(tables.high, 0, 8);
  }

  private distance(length: number): number {
    const slot = this.tree(this.slots, Math.min(length, 3) << 6, 6);
    if (slot < 4) return slot;
    const bits = (slot >>> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < LAST_LONG_DISTANCE_SLOT) return base + this.reverseTree(this.distances, base - slot, bits);
    return base + this.direct(bits - 4) * 16 + this.reverseTree(this.align, 0, 4);
  }
}

/** Decompresses a .lzma file: streams one after the other, as Python's lzma reads them; what begins none is left. */
export function unlzma(input: Uint8Array, out: Output): StreamEnd {
  const first = unlzmaStream(input, out);
  if (first.failure) return first;
  let at = first.consumed;
  while (at + 14 <= input.length && !out.full && input[at + 13] === 0) {
    const before = out.length;
    const { consumed, failure } = unlzmaStream(input.subarray(at), out);
    if (failure && out.length === before) break;
    if (failure) return { consumed: at + consumed, failure: { ...failure, offset: at + failure.offset } };
    at += consumed;
  }
  return { consumed: at };
}

/** Decompresses one stream: properties, dictionary size, size or -1, and what was compressed. */
function unlzmaStream(input: Uint8Array, out: Output): StreamEnd {
  const before = out.length;
  if (input.length < 13) return { consumed: 0, failure: { kind: "truncated", message: "the lzma header is cut off", offset: 0 } };
  const size = new DataView(input.buffer, input.byteOffset, input.byteLength).getBigUint64(5, true);
  const known = size !== 0xffffffffffffffffn;
  const decoder = new LzmaDecoder(input, out);
  if (!decoder.setProperties(input[0]!) || !decoder.startRange(13)) {
    return { consumed: 0, failure: { kind: "broken", message: "the lzma header is not valid", offset: 0 } };
  }
  decoder.resetDictionary();
  decoder.resetState();
  const end = decoder.decode(known ? before + Number(size) : Number.POSITIVE_INFINITY, true);
  if (end.kind === "fault") return { consumed: decoder.at, failure: end.failure };
  if (known && end.kind === "marker" && out.length !== before + Number(size)) {
    const message = `lzma: the stream ends after ${out.length - before} of ${size} bytes`;
    return { consumed: decoder.at, failure: { kind: "broken", message, offset: decoder.at } };
  }
  return { consumed: decoder.at };
}

/** Decompresses a stream whose properties and size stand elsewhere, as in 7z and zip; it may end with a marker before. */
export function rawLzma(input: Uint8Array, start: number, properties: Uint8Array, size: number, out: Output): StreamEnd {
  const decoder = new LzmaDecoder(input, out);
  if (properties.length < 5 || !decoder.setProperties(properties[0]!) || !decoder.startRange(start)) {
    return {
      consumed: start,
      failure: { kind: "broken", message: "lzma: the properties or the stream's start are not valid", offset: start },
    };
  }
  decoder.resetState();
  const end = decoder.decode(size, true);
  return { consumed: decoder.at, ...(end.kind === "fault" && { failure: end.failure }) };
}
