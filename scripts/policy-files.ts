/** Policies as a command is given them: a file of either format, or the name of one that is built in. */
import { readFile } from "node:fs/promises";
import { readPolicy } from "../analyzer/policy/format.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";

/** The releases of torch by what a user calls them: `2.6`. */
export const RELEASES: readonly string[] = WEIGHTS_ONLY.map(({ name }) => name.replace(/^weights-only@torch-/, ""));

/** torch's unpickler of a release that is in `RELEASES`. */
export function weightsOnlyOf(release: string): WeightsOnlyPolicy {
  return WEIGHTS_ONLY.find(({ name }) => name === `weights-only@torch-${release}`)!;
}

/** Reads a policy: `weights-only@torch-2.6`, or a file. Throws `UsageError` where it is neither. */
export async function loadPolicy(context: Context, given: string): Promise<Policy> {
  const builtIn = WEIGHTS_ONLY.find(({ name }) => name === given);
  if (builtIn !== undefined) return builtIn;
  const text = await readFile(resolvePath(context, given), "utf8").catch((error: NodeJS.ErrnoException) => {
    const known = given.startsWith("weights-only") ? `; built in are ${WEIGHTS_ONLY.map(({ name }) => name).join(", ")}` : "";
    throw new UsageError(`${error.code === "ENOENT" ? `no such policy file: ${given}` : error.message}${known}`);
  });
  const policy = readPolicy(text);
  if (!policy.ok) throw new UsageError(`${given} is no policy: ${policy.error.message}`);
  return policy.value;
}
