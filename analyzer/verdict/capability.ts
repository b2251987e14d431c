/** What a blocked callable could do, in the words of verdicts: for explanation, never for a verdict. */
import { dangerOf } from "../policy/danger.ts";
import type { Capability } from "./verdict.ts";

/** What a callable (`module.qualified.name`) could do; `unknown` for everything that is in no table. */
export function capabilityOf(callable: string | null): Capability {
  return (callable === null ? null : dangerOf(callable)) ?? "unknown";
}
