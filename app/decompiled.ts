/** The Python that the opcodes around a place of a stored program amount to. */
import type { Program } from "../analyzer/containers/trace.ts";
import { decompile } from "../analyzer/pickle/decompile.ts";

export interface Statement {
  readonly text: string;
  /** Whether it is the one that the opcode asked for does. */
  readonly marked: boolean;
}

/** Programs are decompiled whole for the sake of some lines: not those that would take long. */
const LONGEST = 2 ** 18;

/** The statement that the opcode at `offset` does with up to `eachSide` before and after it; none where it does none, or the program is long. */
export function decompileAround({ bytes, segments }: Program, offset: number, eachSide: number): Statement[] {
  const segment = segments.findLast((candidate) => candidate.offset <= offset);
  if (segment === undefined || bytes.length > LONGEST) return [];
  const lines = decompile(bytes).split("\n");
  const place = new RegExp(`  # ${segment.at + offset - segment.offset} [A-Z0-9_]+$`);
  const index = lines.findIndex((line) => place.test(line));
  if (index === -1) return [];
  const first = Math.max(0, index - eachSide);
  return lines
    .slice(first, index + eachSide + 1)
    .map((line, at) => ({ text: line.replace(/ {2}# \d+ [A-Z0-9_]+$/, ""), marked: first + at === index }));
}
