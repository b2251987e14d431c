/**
 * Special methods that Python calls without being told their names: of the operands of operators, of keys, of what is asked whether it is
 * true, of what builtin functions and methods of containers are handed. Boundary: names of methods; whose they are is `inertness.ts`'s.
 */
import { ASKING, SLICE } from "../../../python/code.ts";
import { operatorMethods } from "../flow/models/operators.ts";

/** What is run of an operand or argument, and of what is in it where it is a container. */
export interface Implicit {
  readonly direct: readonly string[];
  readonly inside: readonly string[];
}

export const NOTHING_IMPLICIT: Implicit = { direct: [], inside: [] };

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const TRUTH = words("__bool__ __len__");
const EQUALITY = words("__eq__ __ne__");
const HASHING = ["__hash__", ...EQUALITY];
const ORDER = words("__lt__ __le__ __gt__ __ge__");
/** How a container, an iterator, and what has `__getitem__` alone are gone through. */
export const ITERATING = words("__iter__ __next__ __getitem__ __len__ __length_hint__ __reversed__");
/** The same of what may be a mapping: `**x`, `dict(x)`. */
export const MAPPED = [...ITERATING, "keys", "items"];
/** How a pair of a key and a value is. */
const PAIRED = words("__iter__ __next__ __getitem__ __len__ __length_hint__");
const TEXT = words("__str__ __repr__ __format__ __bytes__");
const INDEX = words("__index__ __int__ __float__ __trunc__ __complex__");
const ARITHMETIC = words("add sub mul matmul truediv floordiv mod pow lshift rshift and or xor divmod").flatMap((name) =>
  ["", "r", "i"].map((side) => `__${side}${name}__`),
);
const UNARY = words("__neg__ __pos__ __invert__ __abs__ __round__ __floor__ __ceil__");

/** All of them, for what is not told apart. */
export const EVERY: readonly string[] = [
  ...new Set([...TRUTH, ...HASHING, ...ORDER, ...MAPPED, ...TEXT, ...INDEX, ...ARITHMETIC, ...UNARY]),
  ...words("__contains__ __missing__ __setitem__ __delitem__ __delattr__ __dir__ __copy__ __deepcopy__ __reduce_ex__ __reduce__"),
  ...words("__sizeof__ __fspath__ __await__ __array__ __instancecheck__ __subclasscheck__ __call__"),
];

const both = (methods: readonly string[]): Implicit => ({ direct: methods, inside: methods });

/**
 * A key: of an item, of a display. Of the keys that are there already nothing is said: they were keys when they were loaded, so that what they do
 * to be compared was read with their class.
 */
export const OF_KEY = both([...HASHING, ...INDEX]);

/** What an operator runs of an operand. */
export function ofOperand(operator: string, inPlace: boolean, side: "left" | "right"): Implicit {
  switch (operator) {
    case ASKING.truth:
      return { direct: TRUTH, inside: [] };
    case ASKING.membership:
      return side === "left" ? both(HASHING) : { direct: ["__contains__", ...ITERATING], inside: EQUALITY };
    case ASKING.format:
      return both(TEXT);
    case ASKING.key:
      return OF_KEY;
    case ASKING.deleteItem:
      return side === "left" ? { direct: ["__delitem__"], inside: [] } : OF_KEY;
    case ASKING.deleteAttribute:
      return { direct: ["__delattr__"], inside: [] };
    case SLICE:
      return side === "left" ? { direct: ["__getitem__"], inside: [] } : NOTHING_IMPLICIT;
    default: {
      const methods = operatorMethods({ operator, inPlace }, side);
      // Containers are compared by what is in them; arrays compute with it.
      const more = operator === "%" ? [...TEXT, ...INDEX, "__getitem__"] : operator === "*" ? INDEX : HASHING;
      const gone = operator === "+" || inPlace ? ITERATING : [];
      const inside = [...methods, ...operatorMethods({ operator, inPlace }, side === "left" ? "right" : "left"), ...more];
      return { direct: [...methods, ...(operator === "%" || operator === "*" ? more : []), ...gone], inside };
    }
  }
}

const BY_BUILTIN: readonly (readonly [RegExp, Implicit])[] = [
  [/^(callable|getattr|hasattr|id|object|setattr|super|type)$/, NOTHING_IMPLICIT],
  [/^(isinstance|issubclass)$/, { direct: ["__instancecheck__", "__subclasscheck__"], inside: ["__instancecheck__", "__subclasscheck__"] }],
  [/^(list|tuple|iter|next|enumerate|zip|reversed|map|deque)(\.\w+)?$/, { direct: ITERATING, inside: [] }],
  [/^filter$/, { direct: ITERATING, inside: TRUTH }],
  [/^(dict|set|frozenset|OrderedDict|defaultdict|Counter|ChainMap)(\.\w+)?$/, { direct: MAPPED, inside: [...HASHING, ...PAIRED] }],
  [/^(range|int|float)$/, { direct: INDEX, inside: [] }],
  [/^len$/, { direct: ["__len__"], inside: [] }],
  [/^bool$/, { direct: TRUTH, inside: [] }],
  [/^hash$/, both(HASHING)],
  [/^(any|all)$/, { direct: ITERATING, inside: TRUTH }],
  [/^(min|max|sorted)$/, { direct: [...ITERATING, ...ORDER], inside: [...ORDER, ...EQUALITY, ...TRUTH] }],
  [/^(str|repr|ascii|format|warn|\w*(Error|Warning|Exception))(\.\w+)?$/, both([...TEXT, ...INDEX])],
];

/** What a function of Python's runs of what it is handed, by its dotted name. */
export function ofBuiltin(name: string): Implicit {
  const last = name.replace(/^(builtins|collections|warnings)\./, "");
  return BY_BUILTIN.find(([pattern]) => pattern.test(last))?.[1] ?? both(EVERY);
}

/** What a method of a container or a text runs: of what is in its own container, and of what it is handed. */
export function ofContainerMethod(name: string): { readonly own: readonly string[]; readonly handed: Implicit } {
  switch (name) {
    case "append":
    case "appendleft":
    case "clear":
    case "copy":
    case "items":
    case "keys":
    case "popleft":
    case "values":
      return { own: [], handed: NOTHING_IMPLICIT };
    case "count":
      return { own: EQUALITY, handed: OF_KEY };
    case "add":
    case "discard":
    case "endswith":
    case "get":
    case "insert":
    case "pop":
    case "replace":
    case "setdefault":
    case "split":
    case "startswith":
    case "strip":
      return { own: [], handed: OF_KEY };
    case "index":
    case "remove":
      // What is not there is told in the error.
      return { own: EQUALITY, handed: both([...HASHING, ...INDEX, ...TEXT]) };
    case "popitem":
      return { own: [], handed: NOTHING_IMPLICIT };
    case "difference":
    case "extend":
    case "intersection":
    case "union":
    case "update":
      return { own: [], handed: { direct: MAPPED, inside: [...HASHING, ...PAIRED] } };
    case "join":
      return { own: [], handed: { direct: ITERATING, inside: [] } };
    case "sort":
      return { own: [...ORDER, ...EQUALITY, ...TRUTH], handed: NOTHING_IMPLICIT };
    case "format":
      return { own: [], handed: both([...TEXT, ...INDEX, "__getitem__"]) };
    default:
      return { own: [], handed: both(EVERY) };
  }
}
