/** The header of a .npy file (numpy/lib/format.py): what the array is, and where its bytes begin. */
import { failed, ok, type Result } from "../../result.ts";
import { type Dtype, dtypeByName } from "./dtype.ts";
import { type Literal, parseLiteral } from "./literal.ts";

/** An array as its header describes it. */
export interface NpyHeader extends Dtype {
  /** Where the array's bytes, or its pickle, begin: counted from the magic. */
  readonly dataStart: number;
  /** Number of items. */
  readonly count: number;
}

/** How many bytes of a file are enough to know the length of its header. */
export const NPY_PREFIX_BYTES = 12;
/** numpy's own limit is 10,000 characters for files that are not trusted; a header of many fields may be longer. */
const LONGEST_HEADER = 1024 * 1024;

/** Whether `bytes` begin with numpy's magic. */
export function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && bytes[1] === 0x4e && bytes[2] === 0x55 && bytes[3] === 0x4d && bytes[4] === 0x50 && bytes[5] === 0x59;
}

/** Offset of the first byte after the header, from the first bytes of the file (`NPY_PREFIX_BYTES`). */
export function npyHeaderEnd(prefix: Uint8Array): Result<number, string> {
  if (prefix.length < 10) return failed("the file ends inside the header");
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const major = prefix[6]!;
  if (major === 1) return ok(10 + view.getUint16(8, true));
  if (major !== 2 && major !== 3) return failed(`format version ${major}.${prefix[7]} is not known`);
  if (prefix.length < 12) return failed("the file ends inside the header");
  const length = view.getUint32(8, true);
  return length > LONGEST_HEADER ? failed(`a header of ${length} bytes`) : ok(12 + length);
}

/** Parses a header: all bytes from the magic to `npyHeaderEnd`. */
export function parseNpyHeader(bytes: Uint8Array): Result<NpyHeader, string> {
  const text = new TextDecoder(bytes[6] === 3 ? "utf-8" : "latin1").decode(bytes.subarray(bytes[6] === 1 ? 10 : 12));
  const header = parseLiteral(text);
  if (header?.kind !== "dict") return failed("the header is not a dictionary literal");
  const descr = header.items.get("descr");
  const shape = header.items.get("shape");
  if (!descr || !shape || !header.items.has("fortran_order") || header.items.size !== 3) {
    return failed("the header does not have exactly the keys descr, fortran_order and shape");
  }
  const count = countOf(shape);
  if (count === null) return failed("the shape is not a tuple of integers");
  const dtype = dtypeOf(descr, 0);
  if (!dtype) return failed("the dtype is not known");
  return ok({ ...dtype, count, dataStart: bytes.length });
}

function countOf(shape: Literal): number | null {
  if (shape.kind !== "tuple") return null;
  let count = 1;
  for (const length of shape.items) {
    if (length.kind !== "int" || length.value < 0) return null;
    count *= length.value;
  }
  return count;
}

/** A description is a name, a list of fields `(name, description[, shape])`, or a pair of base and shape (numpy's descr_to_dtype). */
function dtypeOf(descr: Literal, depth: number): Dtype | null {
  if (depth > 16) return null;
  if (descr.kind === "str") return dtypeByName(descr.value);
  if (descr.kind === "tuple") {
    const [base, shape] = descr.items;
    if (!base || !shape || descr.items.length !== 2) return null;
    return repeated(dtypeOf(base, depth + 1), shape);
  }
  if (descr.kind !== "list") return null;
  let itemSize = 0;
  let hasObject = false;
  for (const field of descr.items) {
    if (field.kind !== "tuple" || field.items.length < 2 || field.items.length > 3) return null;
    const of = dtypeOf(field.items[1]!, depth + 1);
    const dtype = field.items[2] ? repeated(of, field.items[2]) : of;
    if (!dtype) return null;
    itemSize += dtype.itemSize;
    hasObject ||= dtype.hasObject;
  }
  return { itemSize, hasObject };
}

function repeated(base: Dtype | null, shape: Literal): Dtype | null {
  const count = shape.kind === "int" ? shape.value : countOf(shape);
  return base && count !== null ? { itemSize: base.itemSize * count, hasObject: base.hasObject } : null;
}
