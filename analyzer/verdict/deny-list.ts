/**
 * What a scanner with a list of forbidden names would say, for contrast with allow-lists: it decides no verdict. The names
 * are those of `policy/capabilities.ts`, each row with its source, and what picklescan forbids beyond them.
 */
import type { Trace } from "../containers/trace.ts";
import { capabilityOf } from "./capability.ts";
import type { Capability } from "./verdict.ts";

/**
 * picklescan's `_unsafe_globals` (src/picklescan/scanner.py at f15d54da3): of what calls or looks up for a pickle it
 * forbids these. The rest (`copyreg._reconstructor`, `defaultdict` ...) is in too many harmless pickles for a deny-list.
 */
const FORBIDDEN_CALLERS: ReadonlySet<string> = new Set([
  "builtins.getattr",
  "builtins.apply",
  "functools.partial",
  "operator.attrgetter",
  "operator.itemgetter",
  "operator.methodcaller",
]);

const FORBIDDEN: ReadonlySet<Capability> = new Set(["runs-code", "embedded-code", "imports", "network", "writes", "reads"]);

/** The names of the list that the pickles of a file look up, in order. Like the scanners, it looks no further than that. */
export function forbiddenNames({ pickles }: Trace): readonly string[] {
  const names = pickles.flatMap(({ facts }) => facts.flatMap((fact) => (fact.kind === "import" ? [fact.callable] : [])));
  return [...new Set(names)].filter((name) => FORBIDDEN_CALLERS.has(name) || FORBIDDEN.has(capabilityOf(name)));
}
