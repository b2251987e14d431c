/**
 * One pickle program, run where it lies: its bytes are brought as the machine asks for them, raw arrays between its
 * opcodes and constants of megabytes are left out, and what it did is told by the places in the content, not in what was
 * brought.
 */
import { type Pause, startPickle } from "../pickle/execution.ts";
import type { Failure, PickleFacts } from "../pickle/facts.ts";
import { ARGUMENTS, OPCODE_OF_BYTE } from "../pickle/opcodes.ts";
import type { PickleValue } from "../pickle/value.ts";
import { embeddedPickles, findingOf } from "./embedded-pickles.ts";
import { endOfRaw, INLINE_WRAPPERS, inlineArray, OTHER_FILE_WRAPPERS, otherFile } from "./joblib.ts";
import { NestedContents } from "./nested-contents.ts";
import { type Constant, LONGEST_CONSTANT, ProgramView } from "./program-view.ts";
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
  /** Archives and the like that it hands to a loader as bytes. */
  readonly nested: NestedContents;
  /** Of a pickle inside an array: what it returned has something to call in it which it chose. */
  readonly brings: boolean;
  /** What opcodes call on objects, as far as a pickle of joblib's or one inside its arrays had the name of it. */
  readonly named: ReadonlySet<string>;
  /** Where the first of joblib's arrays lies between the opcodes; null where there is none. */
  readonly firstArray: number | null;
  /** Where the first of them lies that has bytes before it to align it; null where there is none. */
  readonly firstAligned: number | null;
}

/** How the bytes behind a wrapper of joblib's are read: as opcodes, as the array, or as joblib did that knew nothing of aligning it. */
export type ArrayReading = "opcodes" | "arrays" | "unaligned arrays";

/**
 * Runs the program that begins at `start` of `content` to its STOP, its failure, or a limit.
 *
 * @param arrays as joblib reads it, with the bytes of arrays between the opcodes; or as `pickle.load` does, to which they
 *   would be opcodes
 * @param mostBytes of the program that are brought; beyond, the run is unfinished
 */
export async function runPickle(
  content: Content,
  start: number,
  arrays: ArrayReading,
  tracing: Tracing,
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<PickleRun> {
  const attempt = (encoding: "utf-8" | "any", whole: boolean): Promise<PickleRun> => {
    const view = new ProgramView(content.source, start, Math.min(mostBytes, tracing.programBytesLeft), tracing.programStep);
    return runView(content, start, view, { arrays, encoding, whole }, tracing);
  };
  let encoding: "utf-8" | "any" = content.loader === "torch" ? "utf-8" : "any";
  let run = await attempt(encoding, tracing.wholeConstants);
  if (run.facts.failure?.kind === "bad-encoding") {
    // torch's default; whoever loads such a file names another encoding, and gets further.
    encoding = "any";
    run = await attempt(encoding, tracing.wholeConstants);
  }
  return needsConstants(run) ? attempt(encoding, true) : run;
}

/** Whether what a constant holds that was left out matters: it is handed to a loader, or changed at an index beyond what stayed. */
function needsConstants({ nested, facts }: PickleRun): boolean {
  return nested.wantsWhole || facts.failure?.kind === "bad-items";
}

interface Manner {
  readonly arrays: ArrayReading;
  /** Of Python 2 strs; `any` where the loader's is not known. */
  readonly encoding: "utf-8" | "any";
  /** Constants are brought whole, however long. */
  readonly whole: boolean;
}

async function runView(
  content: Content,
  start: number,
  view: ProgramView,
  { arrays, encoding, whole }: Manner,
  tracing: Tracing,
): Promise<PickleRun> {
  const nested = new NestedContents(view);
  const execution = startPickle({
    encoding,
    pauseAfterBuildOf: arrays !== "opcodes" ? [...INLINE_WRAPPERS, ...OTHER_FILE_WRAPPERS] : [],
    takeNested: (handed) => nested.take(handed),
    // Of joblib's pickles it matters what it puts in the place of a wrapper.
    tellsBringing: arrays !== "opcodes" || content.loader === "joblib",
  });
  const inner: PickleRun[] = [];
  let firstArray: number | null = null;
  let firstAligned: number | null = null;
  let stopped: { outcome: Reading["outcome"]; failure: Failure } | null = null;

  try {
    await view.bring(1);
    for (let pause = execution.resume(view.bytes, view.complete); pause.kind === "starved" || pause.kind === "build"; ) {
      if (pause.kind === "starved") {
        const constant = whole ? null : longConstant(pause, view);
        if (cannotBeHad(pause, view)) view.end();
        else if (!(await (constant ? view.leaveOut(constant) : view.bring(pause.needed)))) {
          stopped = { outcome: "unfinished", failure: beyondLimit(view.limit, view.offsetOf(pause.position)) };
          break;
        }
      } else {
        const at = view.offsetOf(pause.position);
        const array = await passArray(content, pause.object, at, arrays === "arrays", tracing);
        if (array.kind === "unknown") {
          stopped = { outcome: "unsupported", failure: { kind: "array-unknown", message: array.why, offset: at } };
          break;
        }
        if (array.kind === "inline") {
          firstArray ??= at;
          if (array.isAligned) firstAligned ??= at;
          if (array.inner) inner.push(array.inner);
          if (array.inner?.brings) execution.noteBrought();
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
  const named = new Set([execution.names(), ...inner.map((run) => run.named)].flatMap((names) => [...names]));
  if (facts.outcome === "ok" && stopped === null && inner.length > 0 && named.size > 0) {
    // They may meet: a class that gives one object twice has it in both.
    const message = `an array of objects in a pickle that names what opcodes call (${[...named].sort().join(", ")})`;
    stopped = { outcome: "unsupported", failure: { kind: "array-unknown", message, offset: firstArray ?? start } };
  }
  const end = view.offsetOf(facts.length);
  return {
    facts: { ...placed(facts, view), offset: start, length: end - start, ...stopped },
    program: view.program(facts.length),
    loader: firstArray === null ? content.loader : "joblib",
    end,
    inner,
    nested,
    firstArray,
    firstAligned,
    brings: execution.brings(),
    named,
  };
}

/** Keeps a program that was run, and what lies inside its arrays and constants. Returns how they ended, for their container. */
export async function keepRun(run: PickleRun, content: Content, tracing: Tracing): Promise<Omit<Reading, "container">[]> {
  tracing.keep({ ...run.facts, entry: content.entry, loader: run.loader }, run.program);
  const { outcome, failure } = run.facts;
  // A pickle that breaks says so itself; that one was not read to its end is the container's failure too.
  const parts = [{ outcome, ...(outcome === "unfinished" && failure && { failure }) }];
  findEmbedded(run, content, tracing);
  for (const inner of run.inner) parts.push(...(await keepRun(inner, content, tracing)));
  for (const nested of run.nested.contents(content)) parts.push(await tracing.read(nested, tracing));
  return parts;
}

/** Finds what constants hold that are pickles nobody is seen to load. */
function findEmbedded({ program, nested }: PickleRun, { entry }: Content, tracing: Tracing): void {
  for (const embedded of embeddedPickles(program.bytes, nested.handed)) {
    const segment = program.segments.findLast(({ at }) => at <= embedded.at)!;
    tracing.find(findingOf(embedded, entry, segment.offset + embedded.at - segment.at));
  }
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

/**
 * The constant for whose bytes the opcode waits, where it is long enough to be left out. Within a frame it is not: where
 * frames end decides what some unpicklers read, and picklers write long constants outside of them (since Python 3.7).
 */
function longConstant(pause: Extract<Pause, { kind: "starved" }>, view: ProgramView): Constant | null {
  const opcode = OPCODE_OF_BYTE[view.bytes[pause.position] ?? 0];
  if (!opcode?.argument || pause.framed || !PLAIN_BYTES.has(opcode.name)) return null;
  const countWidth = (ARGUMENTS[opcode.argument] as { count: number }).count;
  const countAt = pause.position + 1;
  const length = pause.needed - countAt - countWidth;
  return length > LONGEST_CONSTANT ? { countAt, countWidth, length } : null;
}

/** Constants of which nothing but the length decides whether they load. */
const PLAIN_BYTES: ReadonlySet<string> = new Set(["BINBYTES", "BINBYTES8", "BYTEARRAY8"]);

/** What lies behind a wrapper of joblib's: nothing, an array that ends at `end`, or something whose length cannot be told. */
type Passed =
  | { readonly kind: "nothing" }
  | { readonly kind: "inline"; readonly end: number; readonly isAligned?: boolean; readonly inner?: PickleRun }
  | { readonly kind: "unknown"; readonly why: string };

async function passArray(content: Content, wrapper: PickleValue, at: number, aligns: boolean, tracing: Tracing): Promise<Passed> {
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
  if (array.value.kind === "raw") {
    const isAligned = array.value.padded;
    return { kind: "inline", end: await endOfRaw({ ...array.value, padded: isAligned && aligns }, content.source, at), isAligned };
  }
  const inner = await runPickle({ ...content, loader: "joblib" }, at, "opcodes", tracing);
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
