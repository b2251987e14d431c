/**
 * The opcodes of a program as `python3 -m pickletools` prints them, byte for byte, with the same error where it fails.
 * pickletools checks what no unpickler does (memo keys stored once, an empty stack after STOP) and refuses operands that
 * the C unpickler takes: `asC` prints on for as long as an unpickler would run.
 */
import { decode } from "./decode.ts";
import { runPickle } from "./execution.ts";
import { type ArgumentName, OPCODE_OF_BYTE, type Opcode, type StackObject } from "./opcodes.ts";
import { type PythonError, type ReadArgument, readArgument } from "./pickletools-arguments.ts";
import { codeOf, placeOf } from "./pickletools-line.ts";
import { reprBytes } from "./python-repr.ts";

export interface DisassembleOptions {
  /** Index of the program's first byte; 0 by default. */
  readonly start?: number;
  /** Go on where pickletools fails, up to where the unpicklers fail; what pickletools says stands behind the line. */
  readonly asC?: boolean;
}

/** What pickletools prints, and the exception it ends with. */
export interface Disassembly {
  readonly text: string;
  readonly error: { readonly type: string; readonly message: string } | null;
}

/** The disassembly of one program. */
export function disassemble(bytes: Uint8Array, options: DisassembleOptions = {}): Disassembly {
  const parts: string[] = [];
  const lines = disassembleLines(bytes, options);
  for (let next = lines.next(); ; next = lines.next()) {
    if (next.done) return { text: parts.join(""), error: next.value };
    parts.push(next.value);
  }
}

/** `disassemble` piece by piece: each yield is a line with its newline, or what pickletools had printed of one when it failed. */
export function* disassembleLines(bytes: Uint8Array, options: DisassembleOptions = {}): Generator<string, Disassembly["error"]> {
  const checks = new Checks();
  const start = options.start ?? 0;
  const run = options.asC ? runPickle(bytes, { start }) : null;
  const end = run === null ? bytes.length : run.offset + run.length;
  let offset = start;
  for (;;) {
    if (run !== null && offset >= end) {
      return run.failure === undefined ? null : { type: run.failure.kind, message: `${run.failure.message}, at ${run.failure.offset}` };
    }
    const opcode = OPCODE_OF_BYTE[bytes[offset]!];
    if (opcode === undefined) {
      if (offset >= bytes.length) return { type: "ValueError", message: "pickle exhausted before seeing STOP" };
      const code = reprBytes(bytes.subarray(offset, offset + 1));
      return { type: "ValueError", message: `at position ${offset}, opcode ${code} unknown` };
    }
    const argument = argumentOf(bytes, opcode, offset, run !== null);
    if ("type" in argument) {
      if (argument.whilePrinting) yield placeOf(offset);
      return argument;
    }
    const { line, error } = checks.check(opcode, offset, argument);
    if (run === null) yield error?.whilePrinting ? line : `${line}\n`;
    else yield error === null ? `${line}\n` : `${line}  # ${error.message}\n`;
    if (error !== null && run === null) return error;
    offset = argument.end;
    if (opcode.name === "STOP") break;
  }
  yield `highest protocol among opcodes = ${checks.protocol}\n`;
  return run === null ? checks.leftOver() : null;
}

const NO_ARGUMENT = { repr: null, end: 0 } as const;

/** The argument, or why pickletools does not read it; `asC`, then its bytes. */
function argumentOf(
  bytes: Uint8Array,
  opcode: Opcode,
  offset: number,
  asC: boolean,
): ReadArgument | { repr: null; end: number } | PythonError {
  if (opcode.argument === null) return { ...NO_ARGUMENT, end: offset + 1 };
  const read = readArgument(bytes, opcode as Opcode & { argument: ArgumentName }, offset + 1);
  if (read.ok) return read.value;
  const instruction = asC ? decode(bytes, offset) : null;
  if (instruction === null || !instruction.ok) return read.error;
  return { repr: reprBytes(bytes.subarray(instruction.value.argumentStart, instruction.value.argumentEnd)), end: instruction.value.end };
}

/** pickletools' crude emulation of stack and memo: it indents by marks, and complains. */
class Checks {
  protocol = -1;
  private readonly stack: StackObject[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<string, StackObject>();

  /** The line of an opcode without its newline, and what is wrong with it. */
  check(opcode: Opcode, offset: number, argument: ReadArgument | { repr: null }): { line: string; error: PythonError | null } {
    let line = placeOf(offset);
    const named = `${codeOf(opcode).padEnd(4)} ${"    ".repeat(this.marks.length)}${opcode.name}`;
    this.protocol = Math.max(this.protocol, opcode.protocol);
    const { before } = opcode;
    let after = opcode.after;
    let pops = before.length;
    let note: string | null = null;
    let message: string | null = null;

    if (before.includes("mark") || (opcode.name === "POP" && this.stack.at(-1) === "mark")) {
      const mark = this.marks.pop();
      if (mark === undefined) {
        note = "no MARK exists on stack";
        message = note;
      } else {
        note = `(MARK at ${mark})`;
        let popped: StackObject | undefined;
        do popped = this.stack.pop();
        while (popped !== undefined && popped !== "mark");
        if (popped === undefined) return { line, error: { type: "IndexError", message: "list index out of range", whilePrinting: true } };
        pops = Math.max(0, before.indexOf("mark"));
      }
    }

    const key = "integer" in argument && argument.integer !== undefined ? String(argument.integer) : "";
    if (opcode.name === "PUT" || opcode.name === "BINPUT" || opcode.name === "LONG_BINPUT" || opcode.name === "MEMOIZE") {
      if (opcode.name === "MEMOIZE") note = `(as ${this.memo.size})`;
      const stored = opcode.name === "MEMOIZE" ? String(this.memo.size) : key;
      const top = this.stack.at(-1);
      if (this.memo.has(stored)) message = `memo key ${argument.repr ?? "None"} already defined`;
      else if (top === undefined) message = "stack is empty -- can't store into memo";
      else if (top === "mark") message = "can't store markobject in the memo";
      else this.memo.set(stored, top);
    } else if (opcode.name === "GET" || opcode.name === "BINGET" || opcode.name === "LONG_BINGET") {
      const stored = this.memo.get(key);
      if (stored === undefined) message = `memo key ${argument.repr} has never been stored into`;
      else after = [stored];
    }

    line += named;
    if (argument.repr !== null || note !== null) {
      line += " ".repeat(Math.max(0, 10 - opcode.name.length));
      if (argument.repr !== null) line += ` ${argument.repr}`;
      if (note !== null) line += ` ${note}`;
    }
    if (message === null && this.stack.length < pops) {
      message = `tries to pop ${pops} items from stack with only ${this.stack.length} items`;
    }
    if (pops > 0) this.stack.splice(Math.max(0, this.stack.length - pops), pops);
    if (after.includes("mark")) this.marks.push(offset);
    this.stack.push(...after);
    return { line, error: message === null ? null : { type: "ValueError", message } };
  }

  /** What is wrong after STOP. */
  leftOver(): PythonError | null {
    return this.stack.length === 0 ? null : { type: "ValueError", message: `stack not empty after STOP: [${this.stack.join(", ")}]` };
  }
}
