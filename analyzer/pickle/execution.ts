/**
 * Running one pickle program: all of it in memory, or as its bytes arrive. What everything outside of this folder calls.
 * Offsets, in and out, are indexes into the bytes given; whoever left something out of them maps the offsets.
 */
import { Callables } from "./callables.ts";
import type { Recording } from "./contents.ts";
import type { Failure, PickleFacts } from "./facts.ts";
import { advance } from "./machine.ts";
import { Renderer, WRAPPER_BUDGET } from "./render.ts";
import { growTables, type MachineState, NO_FRAME, type StringEncoding, startState } from "./state.ts";
import { borrowTables, giveBackTables } from "./table-pool.ts";
import { type Depth, failureOf, outermost, type Rerun, type TakeNested, tell } from "./tell.ts";
import type { PickleValue } from "./value.ts";

export interface RunOptions {
  /** Index of the program's first byte; 0 by default. */
  readonly start?: number;
  /**
   * How the loader decodes Python 2 strs: `ASCII` is CPython's default, `utf-8` torch's. `any`, the default, is for a
   * loader that is not known: the run goes on past strs that are not ASCII, and is `unsupported` at best.
   */
  readonly encoding?: StringEncoding;
}

export interface ExecutionOptions extends RunOptions {
  /** Pause after a BUILD on an object that one of these callables made (or is the class of): `module.qualified.name`. */
  readonly pauseAfterBuildOf?: readonly string[];
  /** Asked, while the facts are told, for each constant that is handed to a loader. */
  readonly takeNested?: TakeNested;
  /** Whether `brings` and `names` are to be told. */
  readonly tellsBringing?: boolean;
}

/** Why a run returned to its caller. `position` is the index of the next byte the program reads. */
export type Pause =
  | { readonly kind: "stopped"; readonly position: number }
  /** The view must hold at least `needed` bytes, or be complete; `framed` where a frame is open there. */
  | { readonly kind: "starved"; readonly position: number; readonly needed: number; readonly framed: boolean }
  /** A BUILD has given `object` its state; the bytes at `position` may be something else than opcodes. */
  | { readonly kind: "build"; readonly position: number; readonly object: PickleValue }
  | { readonly kind: "failed"; readonly position: number; readonly failure: Failure };

/** A run that waits for bytes. */
export interface PickleExecution {
  /**
   * Runs on. `view` holds the program's bytes so far: it only grows, and bytes that were there stay as they are;
   * `complete` says that no more will come. Once stopped or failed, it says the same again.
   */
  resume(view: Uint8Array, complete: boolean): Pause;
  /** The facts so far. A run that was not finished is `unfinished`. */
  facts(): PickleFacts;
  /** Whether what it returned is, or has in it, something to call which it chose; told with its facts, where that was asked for. */
  brings(): boolean;
  /** What opcodes call on objects, as far as the program had the name of it (`write-order.ts`); told with its facts, where that was asked for. */
  names(): ReadonlySet<string>;
  /** Says that the loader puts in the place of the object of a `build` what another program returned that brings such. */
  noteBrought(): void;
}

/** Runs one program that is all in memory; bytes behind its STOP are not looked at. */
export function runPickle(bytes: Uint8Array, options: RunOptions = {}): PickleFacts {
  return rerun(bytes, options.start ?? 0, options.encoding ?? "any", outermost());
}

const rerun: Rerun = (bytes, start, encoding, depth) => {
  const tables = borrowTables(Math.max(0, bytes.length - start));
  const state = startState(start, encoding, false, tables, depth.reading?.framesPassed);
  advance(state, bytes, true);
  const facts = tell(state, bytes, depth, rerun);
  giveBackTables(state);
  return facts;
};

/** Begins a run whose bytes are handed over by `resume`. */
export function startPickle(options: ExecutionOptions = {}): PickleExecution {
  const pauseAfterBuildOf = new Set(options.pauseAfterBuildOf ?? []);
  const start = options.start ?? 0;
  const state = startState(start, options.encoding ?? "any", pauseAfterBuildOf.size > 0, borrowTables(0));
  let data: Uint8Array = new Uint8Array(0);
  let ending: Pause | null = null;
  let told: PickleFacts | null = null;
  const brought = new Set<number>();
  const names = new Set<string>();
  let brings = false;
  return {
    resume(view, complete) {
      if (ending !== null) return ending;
      data = view;
      growTables(state, view.length - start);
      for (;;) {
        if (state.halt?.kind !== "stopped" && state.halt?.kind !== "failed") advance(state, view, complete);
        const pause = pauseOf(state, data, pauseAfterBuildOf);
        if (pause === null) continue;
        const ended = pause.kind === "stopped" || pause.kind === "failed";
        // The other reading of a crossed frame may go on behind the end of this one (`frames.ts`), and wants all there is.
        if (ended && state.straddles.length > 0 && !complete)
          return { kind: "starved", position: state.position, needed: 2 * view.length, framed: true };
        if (ended) ending = pause;
        return pause;
      }
    },
    facts() {
      if (told !== null) return told;
      const asked = options.tellsBringing ? { brings: { found: false }, named: { around: new Set<string>(), found: names } } : {};
      const depth: Depth = { ...outermost(options.takeNested), brought, ...asked };
      const facts = tell(state, data, depth, rerun);
      brings = depth.brings?.found ?? false;
      if (ending === null) return facts;
      told = facts;
      giveBackTables(state);
      return told;
    },
    brings: () => brings,
    names: () => names,
    noteBrought() {
      if (state.halt?.kind === "built") brought.add(state.halt.value);
    },
  };
}

/** What the caller is told of a halt; null where the run is to go on: a BUILD on something else. */
function pauseOf(state: MachineState, data: Uint8Array, pauseAfterBuildOf: ReadonlySet<string>): Pause | null {
  const { halt, position } = state;
  if (halt === null || halt.kind === "stopped") return { kind: "stopped", position };
  if (halt.kind === "failed") return { kind: "failed", position, failure: failureOf(halt.failure, position, halt.resource) };
  if (halt.kind === "starved") return { kind: "starved", position, needed: halt.needed, framed: state.frameEnd !== NO_FRAME };
  const recording: Recording = { state, data, changesByValue: null, buildsByValue: null };
  const callables = new Callables(recording);
  if (!pauseAfterBuildOf.has(callables.classOf(halt.value))) return null;
  const moment = { row: state.rowTop, change: state.changedTop };
  return { kind: "build", position, object: new Renderer(recording, callables).render(halt.value, moment, WRAPPER_BUDGET) };
}
