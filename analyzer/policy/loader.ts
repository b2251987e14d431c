/**
 * The loader to take away: one Python module that loads pickles under one policy, with the rules of
 * `analyzer/verdict/class-policy.ts`. Boundary: this puts the policy into the text; what is enforced, and why it is done
 * so, is in the Python in `loader/`.
 */
import { failed, ok, type Result } from "../result.ts";
import { byCallable } from "./format-entry.ts";
import { SAFE_LOAD } from "./loader/safe-load.generated.ts";
import type { Policy, PolicyEntry } from "./policy.ts";
import { isWeightsOnly } from "./weights-only.ts";

/** Why there is no loader for a policy. */
export interface LoaderError {
  readonly kind: "weights-only";
  readonly message: string;
}

/** What a loader of a `class+open` policy does not do. */
export const SLOTS_CLOSED =
  "the loader keeps its open slots closed, and refuses what would fill them: while opcodes run, it is not known what will sit where";

/**
 * The text of a Python module, for Python 3.8 and newer and without dependencies, that lets in what `policy` does and
 * raises `Blocked` at the first thing that it does not. `lazy` as in `Verdict.mode`. Torch's weights-only policies are
 * enforced by torch alone: they have opcodes and types of their own. With `model`, the sha256 (hex) of a file, the module loads
 * that file alone: for a policy as `filledPolicy` has it.
 */
export function writeLoader(policy: Policy, mode: "strict" | "lazy" = "strict", model: string | null = null): Result<string, LoaderError> {
  if (isWeightsOnly(policy)) {
    const message = `${policy.name} is torch's own: torch.load(file, weights_only=True) enforces it`;
    return failed({ kind: "weights-only", message });
  }
  const constants = [
    `POLICY = ${literal(policy.name)}${policy.fillers === undefined || model !== null ? "" : `  # ${SLOTS_CLOSED}`}`,
    ...(model === null ? [] : [`MODEL = ${JSON.stringify(model)}`]),
    `MODE = ${JSON.stringify(mode)}`,
    `IMPORTS = ${names(policy.imports)}`,
    `CALLS = ${names(policy.calls)}`,
    `BOUND = ${names(policy.imports.filter(({ bound }) => bound))}`,
    `OWN_SHARED = frozenset([${policy.calls.flatMap(({ callable, returns }) => (returns === "shared" ? [literal(callable)] : [])).join(", ")}])`,
  ];
  return ok(constants.reduce(replaceConstant, SAFE_LOAD));
}

function replaceConstant(text: string, constant: string): string {
  const name = constant.slice(0, constant.indexOf(" "));
  const line = new RegExp(`^${name} = .*$`, "m");
  if (!line.test(text)) throw new Error(`the loader has no ${name}`);
  return text.replace(line, () => constant);
}

/** A Python set of (module, name), each with the last reason that the policy has for it. */
function names(entries: readonly PolicyEntry[]): string {
  const rows = entries.toSorted(byCallable).flatMap((entry) => {
    const { callable, module = callable.slice(0, callable.lastIndexOf(".")) } = entry;
    // A name without a module, or of another, is nothing that a pickle could spell; half of it might be.
    if (!callable.startsWith(`${module}.`)) return [];
    return [`    (${literal(module)}, ${literal(callable.slice(module.length + 1))}),${comment(entry)}\n`];
  });
  return rows.length === 0 ? "frozenset()" : `frozenset([\n${rows.join("")}])`;
}

/** A text as a literal of Python. To this language's expressions, though not to Python, U+2028 and U+2029 end a line. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function comment({ reasons }: PolicyEntry): string {
  const reason = reasons.at(-1);
  if (reason === undefined) return "";
  const place = reason.file === undefined ? "" : `${reason.file}${reason.line === undefined ? "" : `:${reason.line}`}: `;
  // A reason may quote source; a line of it is not to become a line of the module.
  return `  # ${place}${reason.text}`.replaceAll(/[^\x20-\x7e\u00a1-\u{10ffff}]|[\u2028\u2029]/gu, " ");
}
