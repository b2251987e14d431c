/** The opcodes around a place of a stored program: from places in the content that holds the pickle to bytes of the program, and back. */
import type { Program } from "../analyzer/containers/trace.ts";
import { disassemblyAround } from "../analyzer/pickle/disassembly-window.ts";

export interface DisassemblyLine {
  /** In the content that holds the pickle, as facts count it. */
  readonly offset: number;
  readonly opcode: string;
  /** As Python prints it; null for an opcode without one. */
  readonly argument: string | null;
}

/** The opcode at `offset` with up to `eachSide` opcodes before and after it; none where the program does not reach there. */
export function disassembleAround({ bytes, segments }: Program, offset: number, eachSide: number): DisassemblyLine[] {
  const segment = segments.findLast((candidate) => candidate.offset <= offset);
  if (segment === undefined) return [];
  return disassemblyAround(bytes, segment.at + offset - segment.offset, eachSide).map((line) => {
    const { at, offset: place } = segments.findLast((candidate) => candidate.at <= line.offset)!;
    return { offset: place + line.offset - at, opcode: line.opcode, argument: line.argument };
  });
}
