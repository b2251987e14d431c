/**
 * Policy files: ours (versioned JSON with reasons) and PickleBall's (`{class: {globals, reduces}}`). Boundary: text to
 * policy and back; the same policy always gives the same bytes.
 */
import * as z from "zod";
import { failed, ok, type Result } from "../result.ts";
import { entrySchema } from "./entry-schema.ts";
import { byCallable, sortedEntries } from "./format-entry.ts";
import { fillerSchema, slotSchema, writeFillers, writeSlots } from "./format-open.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

export const POLICY_FORMAT = "pickle-census-policy";
export const POLICY_VERSION = 1;

const library = z.object({ name: z.string(), version: z.string().nullable(), sourceSha256: z.string().nullable() });

/** A policy file in our format. */
export const policyFile = z.object({
  format: z.literal(POLICY_FORMAT),
  version: z.literal(POLICY_VERSION),
  name: z.string(),
  class: z.string().nullable(),
  library: library.nullable(),
  imports: z.array(entrySchema),
  calls: z.array(entrySchema),
  openSlots: z.array(slotSchema).exactOptional(),
  fillers: z.array(fillerSchema).exactOptional(),
});

/** A policy file in PickleBall's format: exactly one class, by its name. */
const pickleballClass = z.object({ globals: z.array(z.string()), reduces: z.array(z.string()) });
const pickleballFile = z.record(z.string(), pickleballClass);

/** What is not ours may be anything: how it differs from PickleBall's shape would tell nobody what it is. */
const NEITHER = "neither a policy of census (its format is told in it) nor one of PickleBall ({class: {globals, reduces}})";

/** Why a text is not a policy. */
export interface PolicyFormatError {
  readonly kind: "not-json" | "not-a-policy" | "unknown-version" | "not-one-class";
  readonly message: string;
}

/** A policy as the text of a file in our format. Entries are sorted by callable. */
export function writePolicy(policy: Policy): string {
  const { name, library } = policy;
  const file: z.infer<typeof policyFile> = {
    format: POLICY_FORMAT,
    version: POLICY_VERSION,
    name,
    class: policy.class,
    library: library && { name: library.name, version: library.version, sourceSha256: library.sourceSha256 },
    imports: sortedEntries(policy.imports),
    calls: sortedEntries(policy.calls),
    ...(policy.openSlots === undefined ? {} : { openSlots: writeSlots(policy.openSlots) }),
    ...(policy.fillers === undefined ? {} : { fillers: writeFillers(policy.fillers) }),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** A policy as the text of a file in PickleBall's format. A policy of no class is written under its own name. */
export function writePickleball(policy: Policy): string {
  const names = (entries: readonly PolicyEntry[]) => sortedEntries(entries).map((each) => each.callable);
  const file = { [policy.class ?? policy.name]: { globals: names(policy.imports), reduces: names(policy.calls) } };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Reads a policy file of either format. */
export function readPolicy(text: string): Result<Policy, PolicyFormatError> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return failed({ kind: "not-json", message: error instanceof Error ? error.message : String(error) });
  }
  return typeof json === "object" && json !== null && "format" in json ? readOurs(json) : readPickleball(json);
}

function readOurs(json: object): Result<Policy, PolicyFormatError> {
  if ("version" in json && json.version !== POLICY_VERSION && "format" in json && json.format === POLICY_FORMAT)
    return failed({ kind: "unknown-version", message: `version ${String(json.version)}; this program reads version ${POLICY_VERSION}` });
  const parsed = policyFile.safeParse(json);
  if (!parsed.success) return failed({ kind: "not-a-policy", message: z.prettifyError(parsed.error) });
  const { format: _, version: __, imports, calls, ...rest } = parsed.data;
  return ok({ ...rest, imports: imports.sort(byCallable), calls: calls.sort(byCallable) });
}

function readPickleball(json: unknown): Result<Policy, PolicyFormatError> {
  const parsed = pickleballFile.safeParse(json);
  if (!parsed.success) return failed({ kind: "not-a-policy", message: NEITHER });
  // A record leaves out what is called `__proto__`.
  const classes = Object.entries(json as object);
  const [only] = classes;
  if (!only || classes.length !== 1)
    return failed({ kind: "not-one-class", message: `${classes.length} classes; a policy has exactly one` });
  const [key, value] = only;
  const names = pickleballClass.safeParse(value);
  if (!names.success) return failed({ kind: "not-a-policy", message: NEITHER });
  const { globals, reduces } = names.data;
  return ok({ name: `class:${key}`, class: key, library: null, imports: plainEntries(globals), calls: plainEntries(reduces) });
}

/** Entries from bare names, each once, without a reason. */
export function plainEntries(names: readonly string[]): PolicyEntry[] {
  return [...new Set(names)].sort().map((name) => ({ callable: name, reasons: [] }));
}
