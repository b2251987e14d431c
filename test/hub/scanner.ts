/**
 * What the Hub's scanners would say of a file that imports these names: `securityFileStatus` in the way of picklescan
 * (`scanner.py`, `_safe_globals` and `_unsafe_globals`), cut down to what the samples hold.
 */
const DANGEROUS = new Set(["os", "posix", "nt", "sys", "subprocess", "socket", "shutil", "runpy", "pickle", "bdb"]);
const DANGEROUS_NAMES = new Set([
  "builtins.eval",
  "builtins.exec",
  "builtins.compile",
  "builtins.getattr",
  "builtins.open",
  "operator.attrgetter",
]);
const INNOCUOUS = new Set(["collections.OrderedDict", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray._reconstruct"]);
const INNOCUOUS_OF_TORCH = /^torch(?:\.\w*Storage|\._utils\._rebuild_\w+)$/;

type Safety = "innocuous" | "suspicious" | "dangerous";

function safetyOf(module: string, name: string): Safety {
  const spelt = `${module}.${name}`;
  if (DANGEROUS.has(module.split(".")[0]!) || DANGEROUS_NAMES.has(spelt)) return "dangerous";
  return INNOCUOUS.has(spelt) || INNOCUOUS_OF_TORCH.test(spelt) ? "innocuous" : "suspicious";
}

const STATUS = { innocuous: "safe", suspicious: "suspicious", dangerous: "unsafe" } as const;

/** `imports` as `module.name`. */
export function scanOf(imports: readonly string[]) {
  const pickleImports = [...new Set(imports)].sort().map((spelt) => {
    const dot = spelt.lastIndexOf(".");
    const [module, name] = [spelt.slice(0, dot), spelt.slice(dot + 1)];
    return { module, name, safety: safetyOf(module, name) };
  });
  const worst = (["dangerous", "suspicious"] as const).find((safety) => pickleImports.some((found) => found.safety === safety));
  const status = STATUS[worst ?? "innocuous"];
  return { status, avScan: { status: "safe" }, pickleImportScan: { status, pickleImports } };
}
