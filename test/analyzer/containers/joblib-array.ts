/** Listings of arrays as joblib writes them, up to the array's own bytes. */

/** `numpy.dtype(name, False, True)`, with a state if there is a listing of one. */
export function dtypeListing(name: string, state?: string): string {
  return `GLOBAL "numpy dtype"
    MARK
    SHORT_BINUNICODE "${name}"
    NEWFALSE
    NEWTRUE
    TUPLE
    REDUCE
    ${state === undefined ? "" : `${state}\nBUILD`}`;
}

/** The wrapper of an array of one item, with the listing of a dtype, and of whatever else is in its state. */
export function arrayListing(dtype: string, more = ""): string {
  return `
    GLOBAL "joblib.numpy_pickle NumpyArrayWrapper"
    EMPTY_TUPLE
    NEWOBJ
    EMPTY_DICT
    MARK
    SHORT_BINUNICODE "subclass"
    GLOBAL "numpy ndarray"
    SHORT_BINUNICODE "shape"
    BININT1 1
    TUPLE1
    SHORT_BINUNICODE "order"
    SHORT_BINUNICODE "C"
    SHORT_BINUNICODE "dtype"
    ${dtype}
    SHORT_BINUNICODE "allow_mmap"
    NEWFALSE
    ${more}
    SETITEMS
    BUILD`;
}
