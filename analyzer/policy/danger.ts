/**
 * From a callable to what it could do beyond making a value, by the table of `capabilities.ts`. Boundary: it judges names;
 * what a pickle does with them is the verdict's.
 */
import { CAPABILITIES, type Danger } from "./capabilities.ts";

/** The first row that has a name wins, so the rows are entered last to first. */
const BY_NAME: ReadonlyMap<string, Danger> = new Map(
  CAPABILITIES.toReversed().flatMap(({ capability, callables }) =>
    callables
      .trim()
      .split(/\s+/)
      .map((name) => [name, capability] as const),
  ),
);

/** Dangerous callables that recorded reductions are made of: a verdict looks at what they are handed. */
export const JUDGED_BY_ARGUMENTS: ReadonlySet<string> = new Set([
  "builtins.getattr",
  "collections.defaultdict",
  "copyreg._reconstructor",
  "functools.partial",
  "torch._tensor._rebuild_from_type_v2",
  "torch.storage._load_from_bytes",
]);

/** What a callable (`module.qualified.name`) could do; null where nothing is known against it. */
export function dangerOf(callable: string): Danger | null {
  const name = callable.replace(/^__builtin__\./, "builtins.").replace(/^(posix|nt)\./, "os.");
  return BY_NAME.get(name) ?? byModule(name) ?? throughAnotherModule(name) ?? null;
}

/** Attributes reach modules through other modules: `torch.serialization.os.system` is os.system. */
function throughAnotherModule(name: string): Danger | undefined {
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
    const known = BY_NAME.get(name.slice(dot + 1));
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The nearest module of a name that has a row for all of it. */
function byModule(name: string): Danger | undefined {
  for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
    const known = BY_NAME.get(`${name.slice(0, end)}.*`);
    if (known !== undefined) return known;
  }
  return undefined;
}
