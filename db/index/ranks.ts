/**
 * Sets of ranks as bytes: the posting lists of a derived index. Common ones are a bit for each model, rare ones the gaps
 * between them, seven bits to a byte (reference: store.md 5, postings of 20 million pairs in 25 MB).
 */

const GAPS = 0;
const BITS = 1;
/** A list of more than this share of the models is shorter as bits. */
const COMMON = 1 / 10;

/** The bytes of ranks that ascend, of `models` in all. */
export function encodeRanks(ranks: readonly number[] | Uint32Array, models: number): Buffer {
  return ranks.length > models * COMMON ? encodeBits(ranks, models) : encodeGaps(ranks);
}

function encodeBits(ranks: readonly number[] | Uint32Array, models: number): Buffer {
  const bytes = Buffer.alloc(1 + Math.ceil(models / 8));
  bytes[0] = BITS;
  for (const rank of ranks) bytes[1 + (rank >> 3)]! |= 1 << (rank & 7);
  return bytes;
}

function encodeGaps(ranks: readonly number[] | Uint32Array): Buffer {
  const bytes: number[] = [GAPS];
  let before = -1;
  for (const rank of ranks) {
    let gap = rank - before - 1;
    for (; gap > 127; gap = Math.floor(gap / 128)) bytes.push(128 | (gap % 128));
    bytes.push(gap);
    before = rank;
  }
  return Buffer.from(bytes);
}

/** The first `limit` ranks in the bytes, without reading on. */
export function firstRanks(bytes: Uint8Array, limit: number): number[] {
  const ranks: number[] = [];
  forEachRank(bytes, (rank) => ranks.push(rank) < limit);
  return ranks;
}

/** Calls `visit` for each rank in the bytes, in their order, until it answers `false`. */
export function forEachRank(bytes: Uint8Array, visit: (rank: number) => unknown): void {
  if (bytes[0] === BITS) {
    for (let at = 1; at < bytes.length; at++)
      for (let byte = bytes[at]!, bit = 0; byte !== 0; byte >>= 1, bit++) if (byte & 1 && visit((at - 1) * 8 + bit) === false) return;
    return;
  }
  let rank = -1;
  let gap = 0;
  let scale = 1;
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at]!;
    gap += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    rank += gap + 1;
    if (visit(rank) === false) return;
    gap = 0;
    scale = 1;
  }
}

/** A set of ranks in memory: a bit each. */
export class RankSet {
  readonly #bits: Uint32Array;

  constructor(readonly models: number) {
    this.#bits = new Uint32Array(Math.ceil(models / 32));
  }

  static decode(bytes: Uint8Array, models: number): RankSet {
    const set = new RankSet(models);
    forEachRank(bytes, (rank) => set.add(rank));
    return set;
  }

  add(rank: number): void {
    this.#bits[rank >>> 5]! |= 1 << (rank & 31);
  }

  /** How many ranks it has. */
  get size(): number {
    let size = 0;
    for (let word of this.#bits) for (; word !== 0; word &= word - 1) size++;
    return size;
  }

  has(rank: number): boolean {
    return ((this.#bits[rank >>> 5]! >>> (rank & 31)) & 1) === 1;
  }

  /** The ranks, in their order. */
  ascending(): Uint32Array {
    const ranks = new Uint32Array(this.size);
    let next = 0;
    for (let place = 0; place < this.#bits.length; place++)
      for (let word = this.#bits[place]!; word !== 0; word &= word - 1) ranks[next++] = 32 * place + 31 - Math.clz32(word & -word);
    return ranks;
  }
}

/** A set of ranks while it is gathered, in whatever order they come: a list while they are few, then a bit for each model. */
export class GatheredRanks {
  #list: number[] | null = [];
  #set: RankSet | null = null;

  constructor(readonly models: number) {}

  add(rank: number): void {
    if (this.#set !== null) {
      this.#set.add(rank);
      return;
    }
    this.#list!.push(rank);
    // A number takes 64 bits.
    if (64 * this.#list!.length <= this.models) return;
    this.#set = new RankSet(this.models);
    for (const known of this.#list!) this.#set.add(known);
    this.#list = null;
  }

  /** The ranks in their order, each once. */
  ascending(): Uint32Array {
    if (this.#set !== null) return this.#set.ascending();
    const sorted = Uint32Array.from(this.#list!).sort();
    return sorted.filter((rank, index) => index === 0 || rank !== sorted[index - 1]);
  }
}
