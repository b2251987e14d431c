/**
 * One pickle program, run where it lies: its bytes are brought as the machine asks for them, raw arrays between its
 * opcodes are left out, and what it did is told by the places in the content, not in what was brought.
 */
import { type Pause, startPickle } from "../pickle/execution.ts";
import type { Failure, PickleFacts } from "../pickle/facts.ts";
import { ARGUMENTS, OPCODE_OF_BYTE } from "../pickle/opcodes.ts";
import type { PickleValue } from "../pickle/value.ts";
import { endOfRaw, INLINE_WRAPPERS, inlineArray, OTHER_FILE_WRAPPERS, otherFile } from "./joblib.ts";
import { ProgramView } from "./program-view.ts";
import type { Loader, Program } from "./trace.ts";
import type { Content, Reading, Tracing } from "./tracing.ts";

/** A program that was run, not yet kept: whoever tried it decides whether it was a pickle at all. */
export interface PickleRun {
  readonly facts: PickleFacts;
  readonly program: Program;
  readonly loader: Loader;
  /** Where the program ends in the content, or where running it ended. */
  readonly end: number;
  /** Pickles inside joblib's arrays of objects, each a program of its own. */
  readonly inner: readonly PickleRun[];
  /** Where the first of joblib's arrays lies between the opcodes; null where there is none. */
  readonly firstArray: number | null;
}

/**
 * Runs the program that begins at `start` of `content` to its STOP, its failure, or a limit.
 *
 * @param followsArrays as joblib reads it, with the bytes of arrays between the opcodes; otherwise as `pickle.load`
 *   does, to which they would be opcodes
 * @param mostBytes of the program that are brought; beyond, the run is unfinished
 */
export async function runPickle(
  content: Content,
  start: number,
  followsArrays: boolean,
  tracing: Tracing,
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<PickleRun> {
  const run = (encoding: "utf-8" | "any"): Promise<PickleRun> => {
    const view = new ProgramView(content.source, start, Math.min(mostBytes, tracing.programBytesLeft), tracing.programStep);
    return runView(content, start, view, followsArrays, encoding, tracing);
  };
  const decoded = await run(content.loader === "torch" ? "utf-8" : "any");
  // torch's default; whoever loads such a file names another encoding, and gets further.
  return decoded.facts.failure?.kind === "bad-encoding" ? run("any") : decoded;
}

/** Runs a program, with Python 2 strs in one encoding or, where the loader's is not known, in any. */
async function runView(
  content: Content,
  start: number,
  view: ProgramView,
  followsArrays: boolean,
  encoding: "utf-8" | "any",
  tracing: Tracing,
): Promise<PickleRun> {
  const execution = startPickle({
    encoding,
    pauseAfterBuildOf: followsArrays ? [...INLINE_WRAPPERS, ...OTHER_FILE_WRAPPERS] : [],
  });
  const inner: PickleRun[] = [];
  let firstArray: number | null = null;
  let stopped: { outcome: Reading["outcome"]; failure: Failure } | null = null;

  try {
    await view.bring(1);
    for (let pause = execution.resume(view.bytes, view.complete); pause.kind === "starved" || pause.kind === "build"; ) {
      if (pause.kind === "starved") {
        if (cannotBeHad(pause, view)) view.end();
        else if (!(await view.bring(pause.needed))) {
          stopped = { outcome: "unfinished", failure: beyondLimit(view.limit, view.offsetOf(pause.position)) };
          break;
        }
      } else {
        const at = view.offsetOf(pause.position);
        const array = await passArray(content, pause.object, at, tracing);
        if (array.kind === "unknown") {
          stopped = { outcome: "unsupported", failure: { kind: "array-unknown", message: array.why, offset: at } };
          break;
        }
        if (array.kind === "inline") {
          firstArray ??= at;
          if (array.inner) inner.push(array.inner);
          view.skipTo(pause.position, array.end);
        }
      }
      pause = execution.resume(view.bytes, view.complete);
    }
  } catch (error) {
    // What ran so far happened.
    stopped = { outcome: "unfinished", failure: tracing.cutShort(error, content.entry, view.offsetOf(view.bytes.length)) };
  }

  const facts = execution.facts();
  const end = view.offsetOf(facts.length);
  return {
    facts: { ...placed(facts, view), offset: start, length: end - start, ...stopped },
    program: view.program(facts.length),
    loader: firstArray === null ? content.loader : "joblib",
    end,
    inner,
    firstArray,
  };
}

/** Keeps a program that was run, and those inside its arrays. Returns how they ended, for their container. */
export function keepRun(run: PickleRun, content: Content, tracing: Tracing): Omit<Reading, "container">[] {
  tracing.keep({ ...run.facts, entry: content.entry, loader: run.loader }, run.program);
  const { outcome, failure } = run.facts;
  // A pickle that breaks says so itself; that one was not read to its end is the container's failure too.
  return [
    { outcome, ...(outcome === "unfinished" && failure && { failure }) },
    ...run.inner.flatMap((inner) => keepRun(inner, content, tracing)),
  ];
}

function beyondLimit(limit: number, offset: number): Failure {
  const message = `the program needs more than ${limit} bytes in memory`;
  return { kind: "limit", message, offset, resource: "programBytes", limit };
}

/** From here on a line is looked at before more of it is brought. */
const LONG_LINE = 64 * 1024;
const NUL = 0;

/**
 * Whether the opcode that waits for bytes cannot get what it needs: a counted argument longer than what is left, or a
 * line that no loader takes, however it ends. Only UNICODE's line may hold a NUL.
 */
function cannotBeHad(pause: Extract<Pause, { kind: "starved" }>, view: ProgramView): boolean {
  const opcode = OPCODE_OF_BYTE[view.bytes[pause.position] ?? 0];
  if (!opcode || opcode.argument === null) return false;
  const { width } = ARGUMENTS[opcode.argument];
  if (width === "counted") return !view.canHold(pause.needed);
  const isLine = width === "line" || width === "lines";
  if (!isLine || opcode.name === "UNICODE" || view.bytes.length - pause.position < LONG_LINE) return false;
  return view.bytes.indexOf(NUL, pause.position) !== -1;
}

/** What lies behind a wrapper of joblib's: nothing, an array that ends at `end`, or something whose length cannot be told. */
type Passed =
  | { readonly kind: "nothing" }
  | { readonly kind: "inline"; readonly end: number; readonly inner?: PickleRun }
  | { readonly kind: "unknown"; readonly why: string };

async function passArray(content: Content, wrapper: PickleValue, at: number, tracing: Tracing): Promise<Passed> {
  const file = otherFile(wrapper);
  if (file !== null) {
    tracing.find({
      kind: "other-file",
      message: `joblib.load reads an array from another file, ${file}`,
      entry: content.entry,
      offset: at,
    });
    return { kind: "nothing" };
  }
  const array = inlineArray(wrapper);
  if (!array.ok) return { kind: "unknown", why: `an array of joblib's whose length cannot be told: ${array.error}` };
  if (array.value.kind === "raw") return { kind: "inline", end: await endOfRaw(array.value, content.source, at) };
  const inner = await runPickle({ ...content, loader: "joblib" }, at, false, tracing);
  return { kind: "inline", end: inner.end, inner };
}

/** Facts with the offsets of the content instead of the view's. */
function placed(facts: PickleFacts, view: ProgramView): PickleFacts {
  const place = <T extends { readonly offset: number }>(item: T): T => ({ ...item, offset: view.offsetOf(item.offset) });
  return {
    ...facts,
    facts: facts.facts.map(place),
    opcodes: facts.opcodes.map(place),
    ...(facts.failure && { failure: place(facts.failure) }),
    ...(facts.divergences && { divergences: facts.divergences.map(place) }),
  };
}
