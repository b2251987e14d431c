/** From a callable to what it could do, by the table of `capabilities.ts`: for explanation, never for a verdict. */
import { CAPABILITIES } from "./capabilities.ts";
import type { Capability } from "./verdict.ts";

/** The first row that has a name wins, so the rows are entered last to first. */
const BY_NAME: ReadonlyMap<string, Capability> = new Map(
  CAPABILITIES.toReversed().flatMap(({ capability, callables }) =>
    callables
      .trim()
      .split(/\s+/)
      .map((name) => [name, capability] as const),
  ),
);

/** What a callable (`module.qualified.name`) could do; `unknown` for everything that is in no table. */
export function capabilityOf(callable: string | null): Capability {
  if (callable === null) return "unknown";
  const name = callable.replace(/^__builtin__\./, "builtins.").replace(/^(posix|nt)\./, "os.");
  return BY_NAME.get(name) ?? byModule(name) ?? throughAnotherModule(name) ?? "unknown";
}

/** Attributes reach modules through other modules: `torch.serialization.os.system` is os.system. */
function throughAnotherModule(name: string): Capability | undefined {
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
    const known = BY_NAME.get(name.slice(dot + 1));
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The nearest module of a name that has a row for all of it. */
function byModule(name: string): Capability | undefined {
  for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
    const known = BY_NAME.get(`${name.slice(0, end)}.*`);
    if (known !== undefined) return known;
  }
  return undefined;
}
