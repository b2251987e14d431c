/** Pickle programs that look up and call what a sample is said to, for the pages that show opcodes. */
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { decode } from "../../analyzer/pickle/decode.ts";

export interface Fact {
  readonly kind: "import" | "call";
  readonly callable: string;
  readonly opcode: string;
  readonly offset: number;
}

/** A program that looks each callable up and calls those that are to be called, with a string before each. */
export function programOf(callables: readonly string[]): Uint8Array {
  const lines = callables.flatMap((name) => {
    const callable = bare(name);
    const dot = callable.lastIndexOf(".");
    const look = [
      `BINUNICODE ${JSON.stringify(`layer.${dot}.weight`)}`,
      `BINUNICODE ${quoted(callable.slice(0, Math.max(0, dot)))}`,
      `BINUNICODE ${quoted(callable.slice(dot + 1))}`,
      "STACK_GLOBAL",
    ];
    return name.startsWith("+") ? [...look, `BINUNICODE ${JSON.stringify("touch nothing")}`, "TUPLE1", "REDUCE"] : look;
  });
  const program = assemble(["PROTO 4", "EMPTY_DICT", "MARK", ...lines, "SETITEMS", "STOP"].join("\n"));
  if (!program.ok) throw new Error(program.error.message);
  return program.value;
}

/** What the program does, in order. */
export function factsOf(program: Uint8Array, callables: readonly string[]): Fact[] {
  const facts: Fact[] = [];
  let next = 0;
  for (let offset = 0; offset < program.length; ) {
    const instruction = decode(program, offset);
    if (!instruction.ok) throw new Error(instruction.error.kind);
    const opcode = instruction.value.opcode.name;
    if (opcode === "STACK_GLOBAL") facts.push({ kind: "import", callable: bare(callables[next++]!), opcode, offset });
    if (opcode === "REDUCE") facts.push({ kind: "call", callable: bare(callables[next - 1]!), opcode, offset });
    offset = instruction.value.end;
  }
  return facts;
}

/** A string of a listing, with everything that is not plain escaped. */
function quoted(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${text.replaceAll(/[^\x20-\x7e]|["\\]/g, escaped)}"`;
}

/** A callable without the mark that says it is called. */
export function bare(callable: string): string {
  return callable.replace(/^\+/, "");
}
