/**
 * Functions that compute with numbers: what they are handed is data, and so is what they give. Of anything else they call methods (`__array__`,
 * `min`, those of an array's elements). Boundary: which functions those are; that they are handed data is for a verdict to see to.
 */

/** Functions of numpy that read and write no file, call nothing that they are handed, and change nothing but an array. */
const OF_NUMPY = `
  abs absolute all allclose amax amin any arange argmax argmin around array array_equal asanyarray asarray ascontiguousarray atleast_1d
  bool_ ceil clip concatenate count_nonzero cumprod cumsum empty empty_like equal exp finfo floor full full_like greater greater_equal
  hstack iinfo isclose isfinite isinf isnan isneginf isposinf less less_equal linspace log log10 log2 logical_and logical_not logical_or
  max maximum mean median min minimum ndim not_equal ones ones_like prod ravel repeat reshape rint round round_ shape sign size sqrt
  square squeeze stack std sum tile transpose unique var vstack where zeros zeros_like
  float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64`;

const COMPUTING = new RegExp(
  `^(numpy\\.(_?(core|lib)\\.(\\w+\\.)?)?(${OF_NUMPY.trim().split(/\s+/).join("|")})|torch\\.(_C\\._VariableFunctions\\.)?tensor)$`,
);

/** Whether a function, by its dotted name, computes with what it is handed. */
export function isComputing(name: string): boolean {
  return COMPUTING.test(name);
}
