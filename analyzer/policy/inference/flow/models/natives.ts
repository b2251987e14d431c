/**
 * What is known of types that are not written in Python: how they pickle, as recorded from the real libraries by
 * `scripts/record_reductions.py`, and what the functions of a native library give. Boundary: data and look-ups.
 */
import recordedConstants from "../../recorded-constants.json" with { type: "json" };
import recordedFunctions from "../../recorded-functions.json" with { type: "json" };
import recorded from "../../recorded-reductions.json" with { type: "json" };

/** Callable -> the routes on which pickles name it: `0` to `5` are pickle's protocols, `t` is torch.save, `j` is joblib.dump. */
export type Routes = Readonly<Record<string, string>>;

/** The routes on which pickles name a callable, in words: `protocols 0 to 3, joblib.dump`. */
export function routesText(routes: string): string {
  const runs: string[] = [];
  for (const digit of routes.match(/\d/g) ?? []) {
    const run = runs.at(-1) ?? "";
    if (Number(run.at(-1)) + 1 === Number(digit)) runs[runs.length - 1] = run + digit;
    else runs.push(digit);
  }
  const ranges = runs.map((run) => (run.length > 2 ? `${run[0]} to ${run.at(-1)}` : [...run].join(" and ")));
  const protocols = runs.length === 0 ? [] : [`${runs.join("").length === 1 ? "protocol" : "protocols"} ${ranges.join(", ")}`];
  const savers = [...(routes.includes("t") ? ["torch.save"] : []), ...(routes.includes("j") ? ["joblib.dump"] : [])];
  return [...protocols, ...savers].join(", ");
}

export interface Reduction {
  readonly imports: Routes;
  readonly calls: Routes;
}

export interface NativeType {
  /** The name under which it is in the table. */
  readonly type: string;
  /** How its own instances pickle; null if they do not. */
  readonly own: Reduction | null;
  /** What a pickle calls to make an instance, or the class that it tells the maker; for a constant the name it is looked up by. */
  readonly makers: readonly string[];
  /** Constants of the type, by how the package calls them, each with what its pickle looks up: by no other name than that. */
  readonly constants: ReadonlyMap<string, Routes>;
  /** How instances of a subclass that adds nothing pickle; `{class}` stands for the subclass. Null where not recorded. */
  readonly subclass: Reduction | null;
}

interface RecordedReduction {
  readonly imports?: Routes;
  readonly calls?: Routes;
  readonly makers?: Routes;
  readonly unpicklable?: boolean;
}
interface RecordedType extends RecordedReduction {
  readonly names: readonly string[];
  readonly constants?: Readonly<Record<string, Routes>>;
  readonly subclass?: RecordedReduction;
}

const BY_NAME = new Map<string, NativeType>();
for (const [type, entry] of Object.entries(recorded.types as unknown as Record<string, RecordedType>)) {
  const makers = Object.keys(entry.makers ?? {});
  const constants = new Map(Object.entries(entry.constants ?? {}));
  const native = { type, own: reduction(entry), makers, constants, subclass: entry.subclass ? reduction(entry.subclass) : null };
  for (const name of [type, ...entry.names]) BY_NAME.set(name, native);
}

function reduction(entry: RecordedReduction): Reduction | null {
  if (!entry.imports && !entry.calls) return null;
  return { imports: entry.imports ?? {}, calls: entry.calls ?? {} };
}

/** The interpreters and libraries that the table was recorded with. */
export const RECORDED_WITH: readonly Readonly<Record<string, string | undefined>>[] = recorded.recordedWith;

/** The recorded type that can be found under that dotted name. */
export function nativeType(name: string): NativeType | null {
  return BY_NAME.get(name) ?? null;
}

/** Every name by which a type in the table can be found. */
export function recordedNames(): readonly string[] {
  return [...BY_NAME.keys()];
}

/** Every type in the table, once. */
export function recordedTypes(): readonly NativeType[] {
  return [...new Set(BY_NAME.values())];
}

const CONSTANTS = new Set(
  Object.entries(recordedConstants.constants).flatMap(([module, names]) => names.split(" ").map((name) => `${module}.${name}`)),
);

/**
 * Whether a dotted name is that of a number, a text or None: as recorded from the real modules by `scripts/record_constants.py`, or by what it
 * is called, where the module is not known. A pickle has the value, and never looks the name up.
 */
export function isConstant(name: string): boolean {
  return CONSTANTS.has(name) || CALLED_CONSTANT.test(name);
}

/** Where pickles find a function, which may be an attribute of a class of the module. */
export interface FunctionPlace {
  readonly callable: string;
  readonly module: string;
}

const FUNCTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = recordedFunctions.functions;

/** Where pickles find a function that is known by a dotted name, as recorded by `scripts/record_functions.py`; null where that was not. */
export function placesOf(name: string): readonly FunctionPlace[] | null {
  const dot = name.lastIndexOf(".");
  const places = Object.entries(FUNCTIONS[name.slice(0, dot)] ?? {}).flatMap(([place, names]) => {
    const [module = "", prefix = ""] = place.split(":");
    return names.split(" ").flatMap((entry) => {
      const [known = "", last = known] = entry.split("=");
      if (known !== name.slice(dot + 1)) return [];
      return [{ callable: [module, prefix, last].filter((part) => part !== "").join("."), module }];
    });
  });
  return places.length > 0 ? places : null;
}

/** Functions of Python itself that only compute. */
const PURE_BUILTINS = new Set(["abs", "all", "any", "bool", "hash", "len", "max", "min", "pow", "repr", "round", "sorted", "sum"]);

/** Whether a name is that of a builtin that only computes, and not of a type that was recorded. */
export function isPureBuiltin(name: string): boolean {
  return name.startsWith("builtins.") && PURE_BUILTINS.has(name.slice("builtins.".length));
}

/** Where pickles find functions that were recorded, each by its module and one name. */
const FUNCTION_PLACES: ReadonlySet<string> = new Set(
  Object.values(FUNCTIONS).flatMap((places) =>
    Object.entries(places).flatMap(([place, names]) =>
      place.endsWith(":") ? names.split(" ").map((entry) => `${place.slice(0, -1)}.${entry.split("=").at(-1)}`) : [],
    ),
  ),
);

/** Whether a pickle that looks up a name gets a function that was recorded, or one of Python's own that only computes. */
export function isRecordedFunction(name: string): boolean {
  return FUNCTION_PLACES.has(name) || isPureBuiltin(name) || /^c?math\.[a-z]\w*$/.test(name);
}

/** `module.__version__`, `module.DEFAULT_SIZE` (PEP 8); one word in capitals may be a class. */
const CALLED_CONSTANT = /\.(__\w+__|[A-Z][A-Z0-9]*_[A-Z0-9_]+)$/;

/** Whether a dotted name looks like that of a class: all that is known of one whose source is not given. */
export function looksLikeClass(name: string): boolean {
  return /\.[A-Z]\w*$/.test(name);
}

/** Types whose instances hold what is put into them. */
const CONTAINERS = new Set([
  "builtins.list",
  "builtins.tuple",
  "builtins.dict",
  "builtins.set",
  "builtins.frozenset",
  "collections.OrderedDict",
  "collections.defaultdict",
  "collections.deque",
  "collections.Counter",
  "collections.ChainMap",
  "collections.UserDict",
  "collections.UserList",
]);

export function isContainer(type: string): boolean {
  return CONTAINERS.has(type);
}

/** Whether objects of a type hold what is put into their attributes, and nothing else. */
export function holdsAttributes(type: string): boolean {
  return NAMESPACES.has(type);
}

const NAMESPACES: ReadonlySet<string> = new Set(["types.SimpleNamespace", "argparse.Namespace", "threading.local"]);

/**
 * What a call into a native library gives where its code is not Python: values of the library's families. More would
 * need a signature for every function; less would lose every array that a library computes. Of the standard library it is
 * what single functions give, and the types whose classmethods give objects of them (`datetime.now`, `Path.cwd`).
 */
const FAMILIES: readonly { readonly prefix: string; readonly types: readonly string[] }[] = [
  { prefix: "datetime.date", types: ["datetime.date"] },
  { prefix: "datetime.datetime", types: ["datetime.datetime"] },
  { prefix: "decimal.Decimal", types: ["decimal.Decimal"] },
  { prefix: "decimal.getcontext", types: ["decimal.Context"] },
  { prefix: "fractions.Fraction", types: ["fractions.Fraction"] },
  { prefix: "ipaddress.ip_address", types: ["ipaddress.IPv4Address", "ipaddress.IPv6Address"] },
  { prefix: "ipaddress.ip_interface", types: ["ipaddress.IPv4Interface", "ipaddress.IPv6Interface"] },
  { prefix: "ipaddress.ip_network", types: ["ipaddress.IPv4Network", "ipaddress.IPv6Network"] },
  { prefix: "logging.getLogger", types: ["logging.Logger"] },
  { prefix: "pathlib.Path", types: ["pathlib.Path"] },
  { prefix: "re.compile", types: ["re.Pattern"] },
  { prefix: "time.gmtime", types: ["time.struct_time"] },
  { prefix: "time.localtime", types: ["time.struct_time"] },
  { prefix: "time.strptime", types: ["time.struct_time"] },
  { prefix: "urllib.parse.urldefrag", types: ["urllib.parse.DefragResult"] },
  { prefix: "urllib.parse.urlparse", types: ["urllib.parse.ParseResult"] },
  { prefix: "urllib.parse.urlsplit", types: ["urllib.parse.SplitResult"] },
  { prefix: "uuid.uuid1", types: ["uuid.UUID"] },
  { prefix: "uuid.uuid3", types: ["uuid.UUID"] },
  { prefix: "uuid.uuid4", types: ["uuid.UUID"] },
  { prefix: "uuid.uuid5", types: ["uuid.UUID"] },
  { prefix: "zoneinfo.ZoneInfo", types: ["zoneinfo.ZoneInfo"] },
  { prefix: "numpy.random.RandomState", types: ["numpy.random.RandomState"] },
  { prefix: "numpy.random.mtrand", types: ["numpy.random.RandomState"] },
  { prefix: "numpy.random.default_rng", types: ["numpy.random.Generator"] },
  { prefix: "numpy.random.Generator", types: ["numpy.random.Generator"] },
  { prefix: "numpy.ma", types: ["numpy.ma.MaskedArray"] },
  { prefix: "numpy.rec", types: ["numpy.recarray"] },
  ...["asmatrix", "bmat", "mat"].map((name) => ({ prefix: `numpy.${name}`, types: ["numpy.matrix"] })),
  { prefix: "numpy", types: ["numpy.ndarray", "numpy.generic"] },
  ...["diags", "eye", "identity", "spdiags"].flatMap((name) => [
    { prefix: `scipy.sparse.${name}`, types: ["scipy.sparse.dia_matrix"] },
    { prefix: `scipy.sparse._construct.${name}`, types: ["scipy.sparse.dia_matrix"] },
  ]),
  ...["scipy.interpolate.BSpline", "scipy.interpolate._bsplines.BSpline"].map((prefix) => ({
    prefix,
    types: ["scipy.interpolate.BSpline"],
  })),
  { prefix: "scipy.sparse", types: ["scipy.sparse.csr_matrix", "scipy.sparse.csc_matrix"] },
  { prefix: "scipy", types: ["numpy.ndarray", "numpy.generic"] },
  { prefix: "torch.Generator", types: ["torch.Generator"] },
  { prefix: "torch.quantize_per_channel", types: ["torch.quantize_per_tensor"] },
  { prefix: "torch.quantize_per_tensor", types: ["torch.quantize_per_tensor"] },
  ...["torch.sparse", "torch.sparse_coo_tensor", "torch.sparse_csr_tensor", "torch.sparse_compressed_tensor"].map((prefix) => ({
    prefix,
    types: ["torch.sparse_coo_tensor"],
  })),
  { prefix: "torch", types: ["torch.Tensor"] },
  { prefix: "pandas", types: ["pandas.DataFrame", "pandas.Series", "pandas.Index"] },
];

/** The types that calling `name` may give; empty where nothing is known. */
export function familyOf(name: string): readonly string[] {
  const family = FAMILIES.find(({ prefix }) => name.startsWith(prefix) && (name.length === prefix.length || name[prefix.length] === "."));
  return family?.types ?? [];
}

/** Names of values of recorded types that are no constants of their type: each pickles as any value of it does. */
const VALUES: Readonly<Record<string, string>> = {
  "builtins.Ellipsis": "types.EllipsisType",
  "builtins.NotImplemented": "types.NotImplementedType",
  "datetime.UTC": "datetime.timezone",
  "datetime.timezone.utc": "datetime.timezone",
  "decimal.BasicContext": "decimal.Context",
  "decimal.DefaultContext": "decimal.Context",
  "decimal.ExtendedContext": "decimal.Context",
  "logging.root": "logging.Logger",
  "uuid.NAMESPACE_DNS": "uuid.UUID",
  "uuid.NAMESPACE_OID": "uuid.UUID",
  "uuid.NAMESPACE_URL": "uuid.UUID",
  "uuid.NAMESPACE_X500": "uuid.UUID",
};

/** The recorded type of what can be found under a dotted name; null where that is none, or a type itself. */
export function typeOfValue(name: string): string | null {
  return VALUES[name] ?? null;
}

const OF_ALL_TENSORS = { device: "torch.device", dtype: "torch.dtype", shape: "torch.Size", size: "torch.Size" };
const SPARSE = "torch.sparse_coo_tensor";
const OF_TENSORS = {
  ...OF_ALL_TENSORS,
  numpy: "numpy.ndarray",
  to_sparse: SPARSE,
  to_sparse_coo: SPARSE,
  to_sparse_csr: SPARSE,
};
const TENSOR = "torch.Tensor";

/** Attributes of native values that are of another type than the value itself. */
const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "torch.Tensor": OF_TENSORS,
  "torch.nn.parameter.Parameter": OF_TENSORS,
  [SPARSE]: { ...OF_ALL_TENSORS, to_dense: TENSOR, indices: TENSOR, values: TENSOR, crow_indices: TENSOR, col_indices: TENSOR },
  "torch.quantize_per_tensor": { ...OF_ALL_TENSORS, dequantize: TENSOR, int_repr: TENSOR },
  "numpy.ndarray": { dtype: "numpy.dtype" },
  "datetime.datetime": { date: "datetime.date", time: "datetime.time", timetz: "datetime.time", timetuple: "time.struct_time" },
  "datetime.date": { timetuple: "time.struct_time" },
};

/** Types whose methods give something else than themselves. */
const GIVEN: Readonly<Record<string, string>> = {
  "numpy.finfo": "numpy.generic",
  "numpy.random.Generator": "numpy.ndarray",
  "numpy.random.RandomState": "numpy.ndarray",
  "random.Random": "builtins.float",
};

const PATH =
  "absolute expanduser glob iterdir joinpath parent parents relative_to rename replace resolve rglob with_name with_stem with_suffix";

/** Types of the standard library of which most attributes and methods give texts and numbers, and those that give another of the type. */
const OF_ITS_OWN_TYPE: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    "datetime.date": "replace",
    "datetime.datetime": "astimezone replace",
    "datetime.time": "replace",
    "ipaddress.IPv4Address": "",
    "ipaddress.IPv6Address": "",
    "logging.Logger": "getChild parent root",
    "numpy.iinfo": "",
    "pathlib.Path": PATH,
    "pathlib.PosixPath": PATH,
    "pathlib.PurePath": PATH,
    "pathlib.PurePosixPath": PATH,
    "pathlib.PureWindowsPath": PATH,
    "re.Pattern": "",
    "time.struct_time": "",
    "urllib.parse.ParseResult": "_replace",
    "urllib.parse.SplitResult": "_replace",
    "uuid.UUID": "",
  }).map(([type, attributes]) => [type, new Set(attributes.split(" "))]),
);

/** The type of an attribute (or of what a method gives) of a native value; the value's own type unless known better. */
export function attributeType(type: string, attribute: string): string {
  const known = ATTRIBUTES[type]?.[attribute] ?? GIVEN[type];
  if (known !== undefined) return known;
  return (OF_ITS_OWN_TYPE.get(type)?.has(attribute) ?? true) ? type : "builtins.str";
}
