/**
 * Verdicts as SARIF 2.1.0 (OASIS), which code-scanning services read: a result for everything blocked, and one for each
 * file that could not be decided. Offsets are `byteOffset` regions (section 3.30.11) of the content that holds the pickle.
 */
import { pathToFileURL } from "node:url";
import { type Blocked, type Capability, VERDICT_KINDS, type Verdict, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import packageJson from "../package.json" with { type: "json" };
import type { JudgedFile } from "./judging.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** What is found, by the word that suppressions and dashboards know it by. */
const RULES = {
  blocked: "A policy blocks something that loading the file would do.",
  malformed: VERDICT_KINDS.malformed.meaning,
  unsupported: VERDICT_KINDS.unsupported.meaning,
  unavailable: VERDICT_KINDS.unavailable.meaning,
  unfinished: VERDICT_KINDS.unfinished.meaning,
} as const satisfies Record<Exclude<VerdictKind, "loads">, string>;

type RuleId = keyof typeof RULES;
const RULE_IDS = Object.keys(RULES) as RuleId[];

/** What could do harm by itself is an error; a name that is merely unknown, a warning. */
const ERRORS: ReadonlySet<Capability> = new Set(["runs-code", "embedded-code", "imports", "network", "writes"]);

/** One run over these files. */
export function sarifLog(files: readonly JudgedFile[]) {
  const rules = RULE_IDS.map((id) => ({ id, shortDescription: { text: RULES[id] } }));
  const driver = { name: "census", version: packageJson.version, rules };
  const results = files.flatMap((file) => file.verdicts.flatMap((verdict) => resultsOf(file, verdict)));
  return { $schema: SCHEMA, version: "2.1.0", runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }] };
}

function resultsOf(file: JudgedFile, verdict: Verdict) {
  if (verdict.verdict === "loads") return [];
  if (verdict.verdict === "blocked") return verdict.blocked.map((blocked) => blockedResult(file, verdict, blocked));
  const text = `${verdict.policy}: ${verdict.message ?? VERDICT_KINDS[verdict.verdict].meaning}`;
  return [result(file, verdict.verdict, "warning", text, { policy: verdict.policy, mode: verdict.mode })];
}

function blockedResult(file: JudgedFile, { policy, mode }: Verdict, blocked: Blocked) {
  const { callable, opcode, entry, offset, capability, reason, count } = blocked;
  const text = `${policy}: ${opcode}${callable === null ? "" : ` ${callable}`}${entry === null ? "" : ` in ${entry}`}: ${reason}`;
  const region = { byteOffset: offset, byteLength: 1 };
  const level = ERRORS.has(capability) ? "error" : "warning";
  return result(file, "blocked", level, text, { policy, mode, callable, opcode, entry, capability, count }, region);
}

function result(
  { name }: JudgedFile,
  ruleId: RuleId,
  level: "error" | "warning",
  text: string,
  properties: object,
  region?: { readonly byteOffset: number; readonly byteLength: number },
) {
  const physicalLocation = { artifactLocation: { uri: uriOf(name) }, ...(region === undefined ? {} : { region }) };
  return { ruleId, ruleIndex: RULE_IDS.indexOf(ruleId), level, message: { text }, locations: [{ physicalLocation }], properties };
}

/** A path as the user named it becomes a relative reference (RFC 3986), an absolute one a file URL; `hf://` is one already. */
function uriOf(name: string): string {
  if (name.startsWith("hf://")) return encodeURI(name);
  return name.startsWith("/") ? pathToFileURL(name).href : name.split("/").map(encodeURIComponent).join("/");
}
