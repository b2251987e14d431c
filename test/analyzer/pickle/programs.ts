/** Programs of listings, for tests of this folder. */
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { type RunOptions, runPickle } from "../../../analyzer/pickle/execution.ts";
import type { Fact, PickleFacts } from "../../../analyzer/pickle/facts.ts";

/**
 * Two frames that are crossed, the second longer than the buffer of a file that has one. What is lost of which decides
 * between four names; `os.system` is looked up only by `load(open(path, "rb"))`.
 */
export const CROSSED_TWICE = `PROTO 4
FRAME 2
UNICODE os
FRAME 43
${"NONE\nPOP\n".repeat(20)}UNICODE xxsystem
STACK_GLOBAL
STOP
RAW 00`;

/** The bytes of a listing. */
export function program(listing: string): Uint8Array {
  const assembled = assemble(listing);
  if (!assembled.ok) throw new Error(`line ${assembled.error.line}: ${assembled.error.message}`);
  return assembled.value;
}

/** What running a listing shows. */
export function run(listing: string, options?: RunOptions): PickleFacts {
  return runPickle(program(listing), options);
}

/** Facts in short: what happens to which callable, and how it was come by. */
export function brief(facts: readonly Fact[]): string[] {
  return facts.map((fact) => {
    if (fact.kind === "persistent-id") return `persistent-id ${JSON.stringify(fact.id)}`;
    if (fact.kind === "extension") return `extension ${fact.code}`;
    const origin = fact.origin === "named" ? "" : ` (${fact.origin})`;
    const via = fact.via === undefined ? "" : ` via ${fact.via}`;
    if (fact.kind === "import") return `import ${fact.callable}${origin}${via}`;
    if (fact.kind === "kept") return `${fact.opcode} keeps ${fact.callable}${via}`;
    const method = fact.method === undefined ? "" : `.${fact.method}`;
    return `call ${fact.callable}${method}(${fact.arguments})${origin}${via}`;
  });
}
