/**
 * Inferred policies against what models were observed to do: `npm run bench -- infer-compare TABLE.json [RUNS]`, where the
 * table says which libraries lie where; paths are relative to it. Prints the table of `docs/inference-measured.md`, and fails where
 * runs (ten, unless told) give different bytes.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import * as z from "zod";
import { comparePolicies } from "../../analyzer/policy/compare.ts";
import { readPolicy } from "../../analyzer/policy/format.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import { inferTwice } from "./infer-process.ts";

const table = z.array(
  z.object({
    name: z.string(),
    class: z.string(),
    releases: z.array(z.object({ source: z.string(), version: z.string().nullable().default(null), dependencies: z.array(z.string()) })),
    /** What models were observed to do, as a policy in PickleBall's format. */
    observed: z.string(),
    /** What PickleBall's own policy allowed and missed, of the imports. */
    pickleball: z.object({ allowed: z.number(), missed: z.number() }).nullable().default(null),
  }),
);

export async function run(): Promise<void> {
  const [given, runs = "10"] = process.argv.slice(3);
  if (given === undefined) throw new Error("usage: npm run bench -- infer-compare TABLE.json [RUNS]");
  const at = (place: string) => path.resolve(path.dirname(given), place);
  const missed: string[] = [];
  console.log(
    "| library | observed imports / calls | missed | extra | allowed (with aliases) | processor seconds | from the cache | MB | PickleBall allowed / missed |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const row of table.parse(JSON.parse(readFileSync(given, "utf8")))) {
    const releases = row.releases.map((release) => ({
      ...release,
      source: at(release.source),
      dependencies: release.dependencies.map(at),
    }));
    const { cold, cached } = inferTwice({ class: row.class, releases, again: Math.max(0, Number(runs) - 2) });
    const { megabytes, policy: text, isSame } = cold;
    const policy = policyOf(text);
    const { imports, calls } = comparePolicies(policyOf(readFileSync(at(row.observed), "utf8")), policy);
    const own = policy.imports.filter(({ sameAs }) => sameAs === undefined).length;
    const theirs = row.pickleball ? `${row.pickleball.allowed} / ${row.pickleball.missed}` : "unpublished";
    const cells = [
      `${row.name}${releases.length > 1 ? `, ${releases.length} releases` : ""}`,
      `${imports.expected} / ${calls.expected}`,
      `${imports.missing.length} / ${calls.missing.length}`,
      `${imports.extra.length} / ${calls.extra.length}`,
      `${own} (${policy.imports.length})`,
      cold.coldProcessor.toFixed(1),
      cached.coldProcessor.toFixed(1),
      megabytes.toFixed(0),
      theirs,
    ];
    console.log(`| ${cells.join(" | ")} |`);
    if (!isSame) throw new Error(`${row.name}: ${runs} runs gave different bytes`);
    const names = [...imports.missing, ...calls.missing.map((name) => `${name} (call)`)];
    if (names.length > 0) missed.push(`${row.name} misses ${names.join(", ")}`);
  }
  console.log(["", ...missed].join("\n"));
}

function policyOf(text: string): Policy {
  const policy = readPolicy(text);
  if (!policy.ok) throw new Error(policy.error.message);
  return policy.value;
}
