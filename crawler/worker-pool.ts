/**
 * Runs the analyzer on one item at a time in a worker thread with limits of time and memory: whatever a hostile file does
 * to the analyzer, the survey goes on. A worker that breaks a limit or dies costs the item in its hands and is replaced.
 */

import { inspect } from "node:util";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import pLimit, { type LimitFunction } from "p-limit";
import { Tinypool } from "tinypool";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { ReadAnswer, ReadRequest } from "./worker-source.ts";

export interface WorkerLimits {
  readonly threads: number;
  /** Of work; the time in which a worker waits for bytes does not count. */
  readonly milliseconds: number;
  /** Of the JavaScript heap. */
  readonly megabytes: number;
}

/**
 * Workers that stay when their pool is closed, for the next one with the same module and limits: of a process that runs many
 * small surveys, each of which would take longer to start its workers than for all else. They end when they had nothing to do for a minute.
 */
export class KeptWorkers {
  readonly #free = new Map<string, Tinypool[]>();

  take(worker: URL, limits: WorkerLimits): Tinypool {
    return this.#free.get(keyOf(worker, limits))?.pop() ?? startPool(limits);
  }

  giveBack(pool: Tinypool, worker: URL, limits: WorkerLimits): void {
    const key = keyOf(worker, limits);
    this.#free.set(key, [...(this.#free.get(key) ?? []), pool]);
  }
}

function keyOf(worker: URL, { threads, megabytes }: WorkerLimits): string {
  return `${worker.href} ${threads} ${megabytes}`;
}

function startPool({ threads, megabytes }: WorkerLimits): Tinypool {
  return new Tinypool({
    filename: new URL("./worker-start.mjs", import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
}

/** How a worker came to an end instead of an answer. */
export interface WorkerFailure {
  readonly kind: "time" | "memory" | "crash";
  readonly message: string;
}

const NOTHING: ByteSource = { size: 0, read: async () => new Uint8Array(0) };

export class WorkerPool {
  readonly #pool: Tinypool;
  /** No more tasks are handed to the pool than it has threads: it does not replace a thread that died while tasks queue. */
  readonly #turn: LimitFunction;

  /** `worker` is the module whose default export does the work; its threads are the pool's own, unless there are some that are kept. */
  constructor(
    readonly worker: URL,
    readonly limits: WorkerLimits,
    readonly kept?: KeptWorkers,
  ) {
    this.#turn = pLimit(limits.threads);
    this.#pool = kept?.take(worker, limits) ?? startPool(limits);
  }

  /**
   * Hands `task` to a worker, and answers its reads from `source`. Rejects where a worker does not even begin: that is a
   * fault of this program or its installation, and must not be recorded as one of the item's.
   */
  run<Task extends object, Answer>(task: Task, source: ByteSource = NOTHING): Promise<Result<Answer, WorkerFailure>> {
    return this.#turn(() => this.runNow<Task, Answer>(task, source));
  }

  async close(): Promise<void> {
    const isIdle = this.#turn.activeCount + this.#turn.pendingCount === 0;
    if (this.kept !== undefined && isIdle) this.kept.giveBack(this.#pool, this.worker, this.limits);
    else await this.#pool.destroy();
  }

  private async runNow<Task extends object, Answer>(task: Task, source: ByteSource): Promise<Result<Answer, WorkerFailure>> {
    const stop = new AbortController();
    const stopwatch = new Stopwatch(this.limits.milliseconds, () => stop.abort());
    const { port1, port2 } = new MessageChannel();
    serve(port1, source, stopwatch);
    // Memory that both threads see: a message could be overtaken by the error of a worker that dies at once.
    const begun = new Uint8Array(new SharedArrayBuffer(1));
    const whole = { ...task, worker: this.worker.href, begun, port: port2, size: source.size };
    try {
      return ok((await this.#pool.run(whole, { transferList: [port2], signal: stop.signal })) as Answer);
    } catch (error) {
      if (begun[0] === 0) throw new Error(`a worker could not be started: ${messageOf(error)}`, { cause: error });
      return failed(stop.signal.aborted ? overtime(this.limits.milliseconds) : death(error));
    } finally {
      stopwatch.stop();
      port1.close();
    }
  }
}

/** Answers a worker's reads. What the source rejects with is told to the worker, whose source rejects with it in turn. */
function serve(port: MessagePort, source: ByteSource, stopwatch: Stopwatch): void {
  port.on("message", async (message: ReadRequest | "begun") => {
    if (message === "begun") return stopwatch.go();
    const { id, start, end } = message;
    stopwatch.pause();
    let answer: ReadAnswer;
    try {
      // A copy of its own: the bytes are handed over, and a view would take all of the buffer behind it along. Not by `slice`,
      // which of Node's `Buffer` is a view, too, and often of a pool that cannot be handed over.
      answer = { id, bytes: new Uint8Array(await source.read(start, end)) };
    } catch (error) {
      const { kind, message: why, offset, limit } = error instanceof SourceError ? error : new SourceError("unavailable", String(error));
      answer = { id, failure: { kind, message: why, offset, limit } };
    }
    stopwatch.go();
    port.postMessage(answer, "bytes" in answer ? [answer.bytes.buffer as ArrayBuffer] : []);
  });
}

/** Runs out after so many milliseconds in all, not counting pauses, which may overlap. It begins paused. */
class Stopwatch {
  #left: number;
  #started = 0;
  #pauses = 1;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    milliseconds: number,
    readonly onEnd: () => void,
  ) {
    this.#left = milliseconds;
  }

  go(): void {
    if (--this.#pauses > 0) return;
    this.#started = performance.now();
    this.#timer = setTimeout(this.onEnd, this.#left);
  }

  pause(): void {
    if (this.#pauses++ > 0) return;
    clearTimeout(this.#timer);
    this.#left = Math.max(0, this.#left - (performance.now() - this.#started));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#pauses = Infinity;
  }
}

function overtime(milliseconds: number): WorkerFailure {
  return { kind: "time", message: `not done after ${milliseconds / 1000} s of work` };
}

function death(error: unknown): WorkerFailure {
  const message = messageOf(error);
  const memory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return memory ? { kind: "memory", message: "ran out of memory" } : { kind: "crash", message };
}

/** Some loaders throw objects that are no errors. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}
