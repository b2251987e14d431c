/**
 * What a decompressor writes to: pieces that are never joined or moved, in which it may also look back at everything
 * it wrote. It stops growing at a limit, so that no stream can make it large, and what was written before a stream
 * broke stays: a loader reads that far.
 */

const PIECE_BYTES = 64 * 1024;

/** Grows to `limit` bytes (rounded up to a piece); then `full` is set and nothing more is kept. */
export class Output {
  /** Set once the limit is reached: the decompressor stops. */
  full = false;
  private readonly filled: Uint8Array[] = [];
  private piece = new Uint8Array(PIECE_BYTES);
  private at = 0;

  constructor(private readonly limit: number) {}

  /** Bytes written. */
  get length(): number {
    return this.filled.length * PIECE_BYTES + (this.full ? 0 : this.at);
  }

  /** How many bytes more there is room for. */
  get room(): number {
    return Math.max(0, this.limit - this.length);
  }

  /** What was written, in order. */
  get pieces(): Uint8Array[] {
    return this.full ? [...this.filled] : [...this.filled, this.piece.subarray(0, this.at)];
  }

  /** What was written from `before` on. */
  *piecesFrom(before: number): Generator<Uint8Array> {
    for (let index = Math.floor(before / PIECE_BYTES); index < this.filled.length; index++) {
      yield this.filled[index]!.subarray(Math.max(0, before - index * PIECE_BYTES));
    }
    if (!this.full) yield this.piece.subarray(Math.max(0, before - this.filled.length * PIECE_BYTES), this.at);
  }

  /** Appends one byte. */
  put(byte: number): void {
    if (this.at === PIECE_BYTES) this.grow();
    this.piece[this.at++] = byte;
  }

  /** The byte `distance` back, which is 1 for the last one written; `distance` is at most `length`. */
  back(distance: number): number {
    if (distance <= this.at) return this.piece[this.at - distance]!;
    const position = this.length - distance;
    return this.filled[Math.floor(position / PIECE_BYTES)]![position % PIECE_BYTES]!;
  }

  /** Appends bytes as they are. */
  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length && !this.full; ) {
      if (this.at === PIECE_BYTES) this.grow();
      const part = bytes.subarray(from, from + PIECE_BYTES - this.at);
      this.piece.set(part, this.at);
      this.at += part.length;
      from += part.length;
    }
  }

  /** Repeats `length` bytes from `distance` back (1 to `length`), which may run into what it is writing. */
  repeat(distance: number, length: number): void {
    let left = length;
    while (left > 0 && !this.full) {
      if (this.at === PIECE_BYTES) this.grow();
      const room = Math.min(left, PIECE_BYTES - this.at);
      if (distance <= this.at) {
        const { piece } = this;
        let to = this.at;
        const stop = to + room;
        if (distance === 1) piece.fill(piece[to - 1]!, to, stop);
        else for (; to < stop; to++) piece[to] = piece[to - distance]!;
        this.at = stop;
        left -= room;
        continue;
      }
      const position = this.length - distance;
      const source = this.filled[Math.floor(position / PIECE_BYTES)]!;
      const part = source.subarray(position % PIECE_BYTES, (position % PIECE_BYTES) + room);
      this.piece.set(part, this.at);
      this.at += part.length;
      left -= part.length;
    }
  }

  private grow(): void {
    // Once full, a decompressor may finish the symbol it is in: that goes to a last piece which is not counted.
    if (!this.full) {
      this.filled.push(this.piece);
      this.piece = new Uint8Array(PIECE_BYTES);
      this.full = this.filled.length * PIECE_BYTES >= this.limit;
    }
    this.at = 0;
  }
}
