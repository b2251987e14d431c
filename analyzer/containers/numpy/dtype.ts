/** numpy's dtypes, as far as a reader of files needs them: how many bytes an item takes, and whether it holds objects. */

/** What an array's items are. */
export interface Dtype {
  readonly itemSize: number;
  /** Items are Python objects, in part at least: the array is stored as a pickle. */
  readonly hasObject: boolean;
}

/** One-character codes with a size of their own (numpy's `typecodes`), on the 64-bit Linux that writes most files. */
const CHARACTER_SIZES: Readonly<Record<string, number>> = {
  "?": 1,
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  i: 4,
  I: 4,
  l: 8,
  L: 8,
  q: 8,
  Q: 8,
  p: 8,
  P: 8,
  e: 2,
  f: 4,
  d: 8,
  g: 16,
  F: 8,
  D: 16,
  G: 32,
  O: 8,
};

/** Kinds that are followed by their size in bytes, and which sizes they come in: `f8`, `S10`, `V16`. Of nothing there is no array. */
const SIZED = /^(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O[48]|[SaV][1-9][0-9]*)$/;
/** Dates carry a unit behind their size: `M8[ns]`. */
const DATE = /^[mM]8(?:\[[^\]]*\])?$/;
const WORD = /^(?:float(16|32|64|128)|u?int(8|16|32|64)|complex(64|128|256))$/;

/** A dtype by its name (`<f8`, `|O`, `U12`, `float64`); null where numpy's name is not known here. */
export function dtypeByName(name: string): Dtype | null {
  const code = /^[<>=|]/.test(name) ? name.slice(1) : name;
  if (SIZED.test(code)) return { itemSize: Number(code.slice(1)), hasObject: code.startsWith("O") };
  const unicode = /^U([1-9][0-9]*)$/.exec(code);
  if (unicode) return { itemSize: 4 * Number(unicode[1]), hasObject: false };
  if (DATE.test(code)) return { itemSize: 8, hasObject: false };
  const size = CHARACTER_SIZES[code];
  if (size !== undefined) return { itemSize: size, hasObject: code === "O" };
  const word = WORD.exec(code);
  if (word) return { itemSize: Number(word[1] ?? word[2] ?? word[3]) / 8, hasObject: false };
  if (code === "bool") return { itemSize: 1, hasObject: false };
  if (code === "object") return { itemSize: 8, hasObject: true };
  return null;
}
