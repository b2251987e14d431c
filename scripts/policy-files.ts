/**
 * Policies as a command is given them: a file of either format, the name of one that is built in, or what `census trace`
 * printed of a model, which stands for the policy of what that model was seen to do.
 */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { readPolicy } from "../analyzer/policy/format.ts";
import { observedPolicy, type Seen } from "../analyzer/policy/observed.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";

/** The releases of torch by what a user calls them: `2.6`. */
export const RELEASES: readonly string[] = WEIGHTS_ONLY.map(({ name }) => name.replace(/^weights-only@torch-/, ""));

/** torch's unpickler of a release that is in `RELEASES`. */
export function weightsOnlyOf(release: string): WeightsOnlyPolicy {
  return WEIGHTS_ONLY.find(({ name }) => name === `weights-only@torch-${release}`)!;
}

/** Reads a policy: `weights-only@torch-2.6`, or a file of a policy or of a trace. Throws `UsageError` where it is neither. */
export async function loadPolicy(context: Context, given: string): Promise<Policy> {
  const builtIn = WEIGHTS_ONLY.find(({ name }) => name === given);
  if (builtIn !== undefined) return builtIn;
  const text = await readFile(resolvePath(context, given), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EISDIR") throw new UsageError(`${given} is a folder, and no policy file`);
    if (error.code !== "ENOENT") throw error;
    const known = given.startsWith("weights-only") ? `; built in are ${WEIGHTS_ONLY.map(({ name }) => name).join(", ")}` : "";
    throw new UsageError(`no such policy file: ${given}${known}`);
  });
  const seen = readTrace(text);
  if (seen !== null) return observedPolicy(seen);
  const policy = readPolicy(text);
  if (!policy.ok) throw new UsageError(`${given} is no policy: ${policy.error.message}`);
  return policy.value;
}

const fact = z.object({
  callable: z.string(),
  module: z.string(),
  opcode: z.string(),
  offset: z.number(),
  origin: z.string(),
  method: z.string().optional(),
});

/** What `census trace` prints, as far as a policy needs it. */
const trace = z.object({ file: z.string(), pickles: z.array(z.object({ imports: z.array(fact), calls: z.array(fact) })) });

/** What a trace saw; null where the text is none. */
function readTrace(text: string): Seen | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const read = trace.safeParse(json);
  if (!read.success) return null;
  const { file, pickles } = read.data;
  return { file, imports: pickles.flatMap(({ imports }) => imports), calls: pickles.flatMap(({ calls }) => calls) };
}
