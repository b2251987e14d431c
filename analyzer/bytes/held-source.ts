/**
 * A source that keeps what it has read, so that planning, detecting and parsing may each look at the same bytes and
 * the file's host is asked once. It reads ahead, plans can be fetched in one go, and a source that answers with fewer
 * bytes than its size promises is caught here.
 */
import { type ByteSource, SourceError } from "./byte-source.ts";
import { coalesce, type Range } from "./ranges.ts";
import { sliceSource } from "./slice-source.ts";

/** A source that can be told what will be wanted. */
export interface HeldSource extends ByteSource {
  /** Fetches what of `wanted` is not held yet, in as few requests as are worth making; what is too long to hold is left to `read`. */
  prefetch(wanted: readonly Range[]): Promise<void>;
  /** Whether all of `[start, end)` is held: reading it costs no request. */
  holds(start: number, end: number): boolean;
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** The least that is worth a request: the Hub's storage serves chunks of about this size anyway. */
export const READ_AHEAD = 64 * 1024;
/** How far apart two wanted ranges may lie to be fetched as one. */
const GAP = 64 * 1024;
/** What is kept; beyond, the pieces read longest ago are let go. */
const HELD_BYTES = 32 * 1024 * 1024;
/** A longer answer is passed on and not kept: it would push out everything else. */
const PIECE_BYTES = HELD_BYTES / 2;

/** Holds what is read from `source`, up to 32 MiB. A read that is not held fetches at least `readAhead` bytes. */
export function heldSource(source: ByteSource, readAhead = READ_AHEAD): HeldSource {
  /** Ascending by start; they do not overlap. */
  let pieces: Piece[] = [];
  /** The same pieces, in the order in which they were read. */
  let order: Piece[] = [];
  let heldBytes = 0;

  const covering = (start: number): Piece | undefined => {
    const piece = pieces[lastAtOrBefore(pieces, start)];
    return piece && start < piece.start + piece.bytes.length ? piece : undefined;
  };

  const missing = ({ start, end }: Range): Range[] => {
    const gaps: Range[] = [];
    let at = start;
    for (let index = Math.max(0, lastAtOrBefore(pieces, start)); index < pieces.length && at < end; index++) {
      const piece = pieces[index]!;
      if (piece.start >= end) break;
      if (piece.start > at) gaps.push({ start: at, end: piece.start });
      at = Math.max(at, piece.start + piece.bytes.length);
    }
    if (at < end) gaps.push({ start: at, end });
    return gaps;
  };

  const fetch = async ({ start, end }: Range): Promise<Uint8Array> => {
    const bytes = await source.read(start, end);
    if (bytes.length < end - start) {
      throw new SourceError("short", `the source answered ${bytes.length} bytes instead of ${end - start} at ${start}`, {
        offset: start + bytes.length,
      });
    }
    return bytes.length === end - start ? bytes : bytes.subarray(0, end - start);
  };

  const keep = (piece: Piece): void => {
    pieces.splice(lastAtOrBefore(pieces, piece.start) + 1, 0, piece);
    order.push(piece);
    heldBytes += piece.bytes.length;
    if (heldBytes <= HELD_BYTES) return;
    const dropped = new Set<Piece>();
    while (heldBytes > HELD_BYTES && dropped.size < order.length - 1) {
      const oldest = order[dropped.size]!;
      dropped.add(oldest);
      heldBytes -= oldest.bytes.length;
    }
    order = order.slice(dropped.size);
    pieces = pieces.filter((held) => !dropped.has(held));
  };

  /** Fetches a range; what of it is held already is not kept twice. */
  const bring = async (range: Range): Promise<Uint8Array> => {
    const bytes = await fetch(range);
    const gaps = missing(range);
    if (bytes.length <= PIECE_BYTES) {
      for (const { start, end } of gaps) keep({ start, bytes: bytes.subarray(start - range.start, end - range.start) });
    }
    return bytes;
  };

  const read = async (start: number, end: number): Promise<Uint8Array> => {
    const stop = Math.min(end, source.size);
    if (start >= stop) return new Uint8Array(0);
    const held = covering(start);
    if (held && stop <= held.start + held.bytes.length) return held.bytes.subarray(start - held.start, stop - held.start);
    const joined = new Uint8Array(stop - start);
    for (let at = start; at < stop; ) {
      const piece = covering(at);
      if (piece) {
        const part = piece.bytes.subarray(at - piece.start, stop - piece.start);
        joined.set(part, at - start);
        at += part.length;
        continue;
      }
      const next = missing({ start: at, end: Math.max(stop, Math.min(at + readAhead, source.size)) })[0]!;
      const bytes = await bring(next);
      if (at === start && stop <= next.end) return bytes.subarray(0, stop - start);
      const part = bytes.subarray(0, stop - at);
      joined.set(part, at - start);
      at += part.length;
    }
    return joined;
  };

  return {
    size: source.size,
    read,
    holds: (start, end) => missing({ start, end: Math.min(end, source.size) }).length === 0,
    prefetch: async (wanted) => {
      const cut = wanted.map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(end, source.size) }));
      const absent = coalesce(cut, 0).flatMap(missing);
      for (const range of coalesce(absent, GAP)) if (range.end - range.start <= PIECE_BYTES) await bring(range);
    },
  };
}

/** Index of the last piece that starts at or before `offset`, or -1. */
function lastAtOrBefore(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pieces[middle]!.start <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A source that costs nothing to read, such as memory: everything is held. */
export function heldInMemory(source: ByteSource): HeldSource {
  return { size: source.size, read: (start, end) => source.read(start, end), holds: () => true, prefetch: async () => {} };
}

/** The bytes `[start, end)` of a held source, cut at its size: what one reads, all hold. */
export function heldSlice(source: HeldSource, start: number, end: number): HeldSource {
  const slice = sliceSource(source, start, end);
  const from = Math.min(start, source.size);
  const outer = (offset: number): number => from + Math.min(offset, slice.size);
  return {
    ...slice,
    holds: (first, last) => source.holds(outer(first), outer(last)),
    prefetch: (wanted) => source.prefetch(wanted.map((range) => ({ start: outer(range.start), end: outer(range.end) }))),
  };
}
