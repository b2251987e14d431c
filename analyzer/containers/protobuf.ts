/** Protocol buffers, as far as telling a model format from any other bytes: its outermost fields, hopped over. */
import type { ByteSource } from "../bytes/byte-source.ts";

const VARINT = 0;
const LENGTH = 2;

/** Numbers and wire types of a message's fields, and one that every such message has. */
interface MessageShape {
  readonly fields: Readonly<Record<number, typeof VARINT | typeof LENGTH>>;
  readonly required: number;
}

/** onnx.proto3, ModelProto. */
export const ONNX_MODEL: MessageShape = {
  fields: { 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2 },
  required: 7,
};

/** tensorflow/core/protobuf/saved_model.proto, SavedModel. */
export const TENSORFLOW_SAVED_MODEL: MessageShape = { fields: { 1: 0, 2: 2 }, required: 2 };

/** A message of these formats has some twenty outermost fields; each costs a look. */
const MOST_FIELDS = 10_000;
/** Tag and length, ten bytes each at most. */
const LONGEST_FIELD_HEAD = 20;

/** Whether all of `source` is one message of this shape: every outermost field is known, and the last ends with it. */
export async function isMessage(source: ByteSource, shape: MessageShape): Promise<boolean> {
  let at = 0;
  let hasRequired = false;
  for (let count = 0; at < source.size; count++) {
    if (count === MOST_FIELDS) return false;
    const head = await source.read(at, Math.min(source.size, at + LONGEST_FIELD_HEAD));
    const tag = readVarint(head, 0);
    if (!tag) return false;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (shape.fields[number] !== wire) return false;
    const value = readVarint(head, tag.end);
    if (!value) return false;
    hasRequired ||= number === shape.required;
    at += value.end + (wire === LENGTH ? value.value : 0);
  }
  return hasRequired && at === source.size;
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let at = start; at < Math.min(bytes.length, start + 10); at++) {
    value += (bytes[at]! & 0x7f) * 2 ** (7 * (at - start));
    if (bytes[at]! < 0x80) return { value, end: at + 1 };
  }
  return null;
}
