/** Runs generated programs by the machine and by CPython's unpicklers, and gathers where they disagree. */
import { BYTE_OF_OPCODE } from "../../analyzer/pickle/opcodes.ts";
import { disagreement } from "./compare.ts";
import { Oracle, type Question, type Unpickler } from "./oracle.ts";
import { makeProgram, Random } from "./programs.ts";

export interface Disagreement {
  readonly program: Uint8Array;
  readonly unpickler: Unpickler;
  readonly encoding: Question["encoding"];
  readonly message: string;
}

const BATCH = 500;

/** `count` programs from a seed, each by the C unpickler, from a file and from memory (and from other kinds of files, where there are frames), and by the pure-Python one. */
export async function fuzz(
  count: number,
  seed: number,
  python?: string,
): Promise<{ programs: number; loaded: number; disagreements: Disagreement[] }> {
  const random = new Random(seed);
  const oracle = new Oracle(python);
  const disagreements: Disagreement[] = [];
  let loaded = 0;
  for (let done = 0; done < count; done += BATCH) {
    const questions: Question[] = [];
    for (let index = 0; index < Math.min(BATCH, count - done); index++) {
      const program = makeProgram(random);
      const encoding = random.pick(["ASCII", "ASCII", "utf-8", "latin1", "bytes"] as const);
      const hasFrames = program.includes(BYTE_OF_OPCODE.FRAME);
      const unpicklers = hasFrames ? (["file", "memory", "python", "plain", "buffered"] as const) : (["file", "memory", "python"] as const);
      for (const unpickler of unpicklers) questions.push({ program, unpickler, encoding });
    }
    const answers = await oracle.ask(questions);
    for (const [index, question] of questions.entries()) {
      const answer = answers[index]!;
      if (answer.loads && question.unpickler === "file") loaded++;
      const message = disagreement(question, answer);
      if (message !== null) disagreements.push({ ...question, encoding: question.encoding, message });
    }
  }
  oracle.close();
  return { programs: count, loaded, disagreements };
}
