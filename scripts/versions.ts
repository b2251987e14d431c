/** What `census --version` prints: of the tool, of its store, and of the policies that are built in. */
import { WEIGHTS_ONLY } from "../analyzer/policy/weights-only.ts";
import { STORE_SCHEMA } from "../db/migrate.ts";
import packageJson from "../package.json" with { type: "json" };

export function versions(): string {
  return [`census ${packageJson.version}`, `store ${STORE_SCHEMA}`, ...WEIGHTS_ONLY.map(({ name }) => name), ""].join("\n");
}
