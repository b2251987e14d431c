/**
 * joblib's files: a pickle in which each numpy array is a wrapper object, with the array's own bytes between the opcode
 * that builds the wrapper and the next one (joblib/numpy_pickle.py, NumpyArrayWrapper.read_array). How many there are
 * follows from what the wrapper says of the array; nothing needs to be read to skip them.
 */
import type { ByteSource } from "../bytes/byte-source.ts";
import type { PickleValue } from "../pickle/value.ts";
import { failed, ok, type Result } from "../result.ts";
import { type Dtype, dtypeByName } from "./numpy/dtype.ts";

/** Classes behind whose BUILD joblib reads an array, under every path they were pickled from. */
export const INLINE_WRAPPERS = ["joblib.numpy_pickle.NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper"];

/** Classes behind whose BUILD joblib reads another file (joblib before 0.10). */
export const OTHER_FILE_WRAPPERS = ["joblib.numpy_pickle", "joblib.numpy_pickle_compat"].flatMap((module) =>
  ["", "sklearn.externals."].flatMap((prefix) => [`${prefix}${module}.NDArrayWrapper`, `${prefix}${module}.ZNDArrayWrapper`]),
);

/** What lies behind a wrapper: raw bytes, after a byte that counts padding or at once; or a pickle of its own. */
export type InlineArray = { readonly kind: "raw"; readonly bytes: number; readonly padded: boolean } | { readonly kind: "pickle" };

/** The name of the file that a wrapper of joblib before 0.10 refers to; null for other objects. */
export function otherFile(wrapper: PickleValue): string | null {
  if (wrapper.kind !== "object" || !OTHER_FILE_WRAPPERS.includes(wrapper.callable)) return null;
  const name = attribute(wrapper, "filename");
  return name?.kind === "str" ? JSON.stringify(name.value) : "whose name is not known";
}

/** What a wrapper that was just built says of its array. */
export function inlineArray(wrapper: PickleValue): Result<InlineArray, string> {
  const dtype = dtypeOf(attribute(wrapper, "dtype"));
  if (!dtype) return failed("its dtype is not known");
  if (dtype.hasObject) {
    // Mapped into memory, as joblib does where it is asked to, the file's bytes would be taken for addresses of objects.
    const mapped = attribute(wrapper, "allow_mmap");
    const isMapped = mapped !== undefined && mapped.kind !== "none" && !(mapped.kind === "bool" && !mapped.value);
    return isMapped ? failed("it is of objects, and may be mapped into memory, which joblib does not write") : ok({ kind: "pickle" });
  }
  const count = countOf(attribute(wrapper, "shape"));
  if (count === null) return failed("its shape is not known");
  const alignment = attribute(wrapper, "numpy_array_alignment_bytes")?.kind ?? "none";
  if (alignment !== "none" && alignment !== "int") return failed("its alignment is not known");
  return ok({ kind: "raw", bytes: count * dtype.itemSize, padded: alignment === "int" });
}

/** Where the opcodes go on behind the raw bytes of an array that begin at `at`. */
export async function endOfRaw(array: InlineArray & { kind: "raw" }, source: ByteSource, at: number): Promise<number> {
  if (!array.padded) return at + array.bytes;
  const [padding] = await source.read(at, at + 1);
  return at + 1 + (padding ?? 0) + array.bytes;
}

/** An attribute of an object, as its state gives it. */
function attribute(wrapper: PickleValue, name: string): PickleValue | undefined {
  const state = wrapper.kind === "object" ? wrapper.state : undefined;
  if (state?.kind !== "dict") return undefined;
  return state.items.findLast(([key]) => key.kind === "str" && key.value === name)?.[1];
}

function countOf(shape: PickleValue | undefined): number | null {
  if (shape?.kind !== "tuple" || shape.truncated) return null;
  let count = 1;
  for (const length of shape.items) {
    if (length.kind !== "int" || !/^[0-9]+$/.test(length.value)) return null;
    count *= Number(length.value);
  }
  return Number.isSafeInteger(count) ? count : null;
}

/** What numpy calls a dtype when it pickles it (descriptor.c, `arraydescr_reduce`): its kind and its size, without byte order or unit. */
const PICKLED_NAME = /^(?:[biufcOSUV][0-9]+|[mM]8)$/;

/** Set in the flags of a dtype whose items hold references (NPY_ITEM_REFCOUNT). */
const HOLDS_REFERENCES = 1n;

/**
 * `numpy.dtype(name, align, copy)`, with the state `(version, order, subdtype, names, fields, size, alignment, flags)` and what
 * dates have besides. The state says anew how long an item is and whether it holds references: null where numpy would not have
 * written it so.
 */
function dtypeOf(value: PickleValue | undefined): Dtype | null {
  if (value?.kind !== "object" || value.callable !== "numpy.dtype") return null;
  const name = value.arguments[0];
  if (name?.kind !== "str" || !PICKLED_NAME.test(name.value)) return null;
  const dtype = dtypeByName(name.value);
  if (dtype === null || value.state === undefined) return dtype;
  if (value.state.kind !== "tuple" || value.state.truncated) return null;
  const [, , parts, names, fields, size, , flags, ...more] = value.state.items;
  if (size?.kind !== "int" || flags?.kind !== "int" || more.length > 1) return null;
  const isFlexible = /^[SUV]/.test(name.value);
  if (Number(size.value) !== (isFlexible ? dtype.itemSize : -1)) return null;
  const inside = name.value.startsWith("V") ? partsOf(parts, names, fields) : isNone(parts, names, fields) ? [] : null;
  if (inside === null) return null;
  const hasObject = dtype.hasObject || inside.some((part) => part.hasObject);
  return hasObject === ((BigInt(flags.value) & HOLDS_REFERENCES) !== 0n) ? { itemSize: dtype.itemSize, hasObject } : null;
}

/** The dtypes that items of kind V consist of: of fields, or `(dtype, shape)`; null where one is not known. */
function partsOf(parts?: PickleValue, names?: PickleValue, fields?: PickleValue): Dtype[] | null {
  if (isNone(parts, names, fields)) return [];
  if (parts?.kind === "tuple" && isNone(names, fields)) return known([dtypeOf(parts.items[0])]);
  if (!isNone(parts) || names?.kind !== "tuple" || fields?.kind !== "dict" || fields.truncated) return null;
  return known(fields.items.map(([, field]) => (field.kind === "tuple" ? dtypeOf(field.items[0]) : null)));
}

function known(dtypes: readonly (Dtype | null)[]): Dtype[] | null {
  const found = dtypes.filter((dtype) => dtype !== null);
  return found.length === dtypes.length ? found : null;
}

function isNone(...values: (PickleValue | undefined)[]): boolean {
  return values.every((value) => value?.kind === "none");
}
