/** The Python that the opcodes around a place of a stored program amount to. */
import type { Program } from "../analyzer/containers/trace.ts";
import { decompile } from "../analyzer/pickle/decompile.ts";

/** A line of a decompiled program, and the byte of the program at which the opcode lies that does it; null for a comment. */
interface DecompiledLine {
  readonly text: string;
  readonly at: number | null;
}

export interface Statement {
  readonly text: string;
  /** Whether it is what the opcode asked for does, or comes next after one that by itself does nothing. */
  readonly marked: "does" | "next" | null;
}

/** Programs are decompiled whole for the sake of some lines: not those that would take long. */
const LONGEST = 2 ** 18;

/** A whole program, line by line; none where it is long. */
export function decompiledLines({ bytes }: Program): DecompiledLine[] {
  if (bytes.length > LONGEST) return [];
  return decompile(bytes)
    .split("\n")
    .map((line) => {
      const place = / {2}# (\d+) [A-Z0-9_]+$/.exec(line);
      return place === null ? { text: line, at: null } : { text: line.slice(0, place.index), at: Number(place[1]) };
    });
}

/**
 * Of the lines of a program, the statement that the opcode at `offset` does, or that comes first after it, with up to
 * `eachSide` before and after it; none where nothing comes.
 */
export function statementsAround(lines: readonly DecompiledLine[], { segments }: Program, offset: number, eachSide: number): Statement[] {
  const segment = segments.findLast((candidate) => candidate.offset <= offset);
  if (segment === undefined) return [];
  const place = segment.at + offset - segment.offset;
  const index = lines.findIndex(({ at }) => at !== null && at >= place);
  if (index === -1) return [];
  const first = Math.max(0, index - eachSide);
  const how = lines[index]!.at === place ? "does" : "next";
  return lines.slice(first, index + eachSide + 1).map(({ text }, line) => ({ text, marked: first + line === index ? how : null }));
}
