/** The opcodes around a place of a stored program. */
import type { Program } from "../analyzer/containers/trace.ts";
import { decode } from "../analyzer/pickle/decode.ts";

export interface DisassemblyLine {
  /** In the content that holds the pickle. */
  readonly offset: number;
  readonly opcode: string;
  readonly argument: string;
}

/** The opcode at `offset` with up to `before` opcodes before it and `after` after it. */
export function disassembleAround(program: Program, offset: number, before: number, after: number): DisassemblyLine[] {
  const lines: DisassemblyLine[] = [];
  let at = 0;
  let behind = 0;
  while (at < program.bytes.length && behind <= after) {
    const instruction = decode(program.bytes, at);
    if (!instruction.ok) break;
    const { opcode, argumentStart, argumentEnd, end } = instruction.value;
    const segment = program.segments.findLast((candidate) => candidate.at <= at)!;
    const place = segment.offset + at - segment.at;
    lines.push({
      offset: place,
      opcode: opcode.name,
      argument: JSON.stringify(
        Buffer.from(program.bytes.subarray(argumentStart, Math.min(argumentEnd, argumentStart + 200))).toString("utf8"),
      ).replace(/^""$/, ""),
    });
    if (place > offset) behind++;
    if (lines.length > before + 1 + after) lines.shift();
    at = end;
  }
  const index = lines.findIndex((line) => line.offset >= offset);
  return lines.slice(Math.max(0, index - before), index + after + 1);
}
