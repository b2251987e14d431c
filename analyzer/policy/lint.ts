/**
 * What is dangerous or vague in a policy: callables that run, read, write, connect or import, functions that call what
 * they are handed, and names nobody has analysed. Boundary: it judges names; what a pickle does with them is the verdict's.
 */
import { byCallable } from "./format.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

export type Danger = "runs-code" | "reads" | "writes" | "network" | "imports" | "embedded-code" | "calls-callables";

export interface LintFinding {
  readonly callable: string;
  readonly list: "imports" | "calls";
  readonly kind: "dangerous" | "unanalysed" | "unexplained";
  readonly capability?: Danger;
  readonly message: string;
}

/**
 * Callables of the standard library, and of what every Python has, that do more than make a value. A prefix that ends
 * in `.` stands for everything in a module. The list follows what public scanners block and what the evasions in the
 * literature used (PickleBall section 6, Fickling, picklescan, ModelScan).
 */
const DANGERS: readonly (readonly [Danger, readonly string[]])[] = [
  [
    "runs-code",
    [
      "builtins.eval",
      "builtins.exec",
      "builtins.compile",
      "builtins.breakpoint",
      "builtins.execfile",
      "os.system",
      "os.popen",
      "os.exec",
      "os.spawn",
      "os.posix_spawn",
      "os.fork",
      "posix.",
      "nt.",
      "subprocess.",
      "commands.",
      "pty.",
      "code.",
      "codeop.",
      "timeit.",
      "cProfile.",
      "profile.",
      "trace.",
      "pdb.",
      "bdb.",
      "doctest.",
      "runpy.",
      "ctypes.",
      "multiprocessing.",
      "threading.Thread",
      "asyncio.",
      "concurrent.futures.",
      "webbrowser.",
      "platform.popen",
      "torch.jit.",
      "numpy.testing.",
    ],
  ],
  [
    "embedded-code",
    ["types.FunctionType", "types.CodeType", "builtins.code", "marshal.", "dill._dill.", "cloudpickle.", "joblib.externals.cloudpickle."],
  ],
  [
    "imports",
    ["builtins.__import__", "importlib.", "imp.", "pkgutil.", "pydoc.", "zipimport.", "site.", "sys.modules", "dill._dill._import_module"],
  ],
  ["network", ["socket.", "ssl.", "http.", "urllib.", "ftplib.", "smtplib.", "poplib.", "imaplib.", "telnetlib.", "xmlrpc.", "requests."]],
  [
    "writes",
    [
      "shutil.",
      "tempfile.",
      "os.remove",
      "os.unlink",
      "os.rename",
      "os.replace",
      "os.mkdir",
      "os.makedirs",
      "os.rmdir",
      "os.chmod",
      "logging.FileHandler",
    ],
  ],
  [
    "reads",
    [
      "builtins.open",
      "io.open",
      "_io.open",
      "_io.FileIO",
      "io.FileIO",
      "codecs.open",
      "linecache.",
      "fileinput.",
      "glob.",
      "os.listdir",
      "os.walk",
      "os.getenv",
      "os.environ",
      "pickle.load",
      "pickle.loads",
      "_pickle.",
      "torch.load",
      "torch.serialization.load",
      "torch.storage._load_from_bytes",
      "numpy.load",
      "numpy.fromfile",
      "joblib.load",
      "dill.load",
      "dill.loads",
    ],
  ],
  [
    "calls-callables",
    [
      "builtins.getattr",
      "builtins.setattr",
      "builtins.delattr",
      "builtins.map",
      "builtins.filter",
      "builtins.vars",
      "builtins.globals",
      "builtins.locals",
      "functools.partial",
      "functools.reduce",
      "operator.attrgetter",
      "operator.itemgetter",
      "operator.methodcaller",
      "copyreg._reconstructor",
      "torch._tensor._rebuild_from_type_v2",
      "itertools.starmap",
    ],
  ],
];

/** What a callable could do beyond making a value; null where nothing is known against it. */
export function dangerOf(callable: string): Danger | null {
  for (const [danger, names] of DANGERS) {
    const isListed = names.some((name) =>
      name.endsWith(".") ? callable.startsWith(name) : callable === name || callable.startsWith(`${name}.`),
    );
    if (isListed || (danger === "runs-code" && /^os\.(exec|spawn)/.test(callable))) return danger;
  }
  return null;
}

/** Everything worth a look in a policy, sorted by callable. */
export function lintPolicy(policy: Policy): LintFinding[] {
  const findings = (["imports", "calls"] as const).flatMap((list) => policy[list].flatMap((entry) => lintEntry(entry, list)));
  // The sort is stable: of one name, imports come before calls, and what is dangerous before what is vague.
  return findings.sort(byCallable);
}

function lintEntry(entry: PolicyEntry, list: "imports" | "calls"): LintFinding[] {
  const { callable } = entry;
  const findings: LintFinding[] = [];
  const capability = dangerOf(callable);
  const last = entry.reasons.at(-1);
  if (capability) findings.push({ callable, list, kind: "dangerous", capability, message: MESSAGES[capability] });
  if (last?.kind === "unanalysed")
    findings.push({ callable, list, kind: "unanalysed", message: "the source that defines it was not given" });
  if (!last) findings.push({ callable, list, kind: "unexplained", message: "the policy gives no reason for it" });
  return findings;
}

const MESSAGES: Readonly<Record<Danger, string>> = {
  "runs-code": "can run any code or program",
  "embedded-code": "makes code out of bytes in the pickle",
  imports: "imports modules by name",
  network: "can connect to the network",
  writes: "can write or delete files",
  reads: "can read files or run a nested pickle",
  "calls-callables": "reaches or calls what it is handed; it is as safe as its arguments",
};
