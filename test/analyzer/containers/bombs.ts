/** What inflates to far more than it takes, made without ever being whole. */
import { constants, deflateRawSync } from "node:zlib";

/** Raw deflate of `start` and then `times` times `piece`: a piece that is flushed in full says nothing of those before it, and may be repeated. */
export function deflatedBomb(start: Uint8Array, piece: Uint8Array, times: number): Uint8Array {
  const flushed = (bytes: Uint8Array) => deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([flushed(start), ...Array<Uint8Array>(times).fill(flushed(piece)), deflateRawSync(new Uint8Array(0))]);
}
