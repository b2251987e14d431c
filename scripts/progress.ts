/**
 * Progress on standard error: a line that is drawn over on a terminal, elsewhere a line now and then, so that a log of a
 * night's survey stays short. What is counted is the caller's.
 */
import { Presets, SingleBar } from "cli-progress";
import type { Effects } from "./effects.ts";
import { duration, grouped } from "./quantities.ts";

export interface Progress {
  /** `total` 0 where it is not known yet. */
  update(done: number, total: number, note: string): void;
  /** A line that stays, above the progress. */
  say(text: string): void;
  stop(): void;
}

/** A line elsewhere than on a terminal, each time that so many more are done. */
const LINE_EVERY = 100;

/** Progress of `things` (`files`, `models`). */
export function startProgress({ report, terminal, network }: Pick<Effects, "report" | "terminal" | "network">, things: string): Progress {
  const pace = new Pace(network.monotonic, things);
  if (terminal.verbose) return new ProgressLog(report, pace, 1);
  return terminal.progress ? new ProgressLine(report, pace) : new ProgressLog(report, pace, LINE_EVERY);
}

/** How far a stage is, how quickly it goes and how long it will take: `250 of 1,000 models, 5.2/s, 3 min left`. */
class Pace {
  #total = -1;
  #done = 0;
  #from = { done: 0, at: 0 };

  constructor(
    private readonly now: () => number,
    private readonly things: string,
  ) {}

  tell(done: number, total: number, note: string): string {
    // Another total, or less that is done: another stage.
    if (total !== this.#total || done < this.#done) this.#from = { done, at: this.now() };
    this.#total = total;
    this.#done = done;
    const seconds = (this.now() - this.#from.at) / 1000;
    const rate = seconds < SETTLED ? 0 : (done - this.#from.done) / seconds;
    const parts = [
      `${grouped(done)}${total > 0 ? ` of ${grouped(total)}` : ""} ${this.things}`,
      ...(rate > 0 ? [`${rate.toPrecision(2)}/s`] : []),
      ...(rate > 0 && total > done ? [`${duration((total - done) / rate)} left`] : []),
    ];
    return `${parts.join(", ")}${note === "" ? "" : `; ${note}`}`;
  }
}

/** Seconds before a rate means anything. */
const SETTLED = 2;

/** A line on a terminal, drawn over the last, for work that lets nothing else run meanwhile; an empty one clears it. */
export function drawLine({ report, terminal }: Pick<Effects, "report" | "terminal">, text: string): void {
  // What is longer than the terminal is wide would go on in the next line, and stay there.
  if (terminal.progress) report(text === "" ? "\r\x1b[2K" : `\r\x1b[2K\x1b[?7l${text}\x1b[?7h`);
}

class ProgressLine implements Progress {
  readonly #bar = new SingleBar(
    { format: "{text} {bar}", barsize: 20, hideCursor: null, clearOnComplete: true, noTTYOutput: false },
    Presets.shades_classic,
  );
  #started = false;

  constructor(
    private readonly report: Effects["report"],
    private readonly pace: Pace,
  ) {}

  update(done: number, total: number, note: string): void {
    const text = this.pace.tell(done, total, note);
    if (!this.#started) this.#bar.start(total, done, { text });
    this.#started = true;
    this.#bar.setTotal(total);
    this.#bar.update(done, { text });
  }

  say(text: string): void {
    // The bar has the terminal cut lines that are too long for it, while those that stay are to be read whole; and it ends by
    // going back to where it saved the cursor, which must not be above them.
    this.report(this.#started ? `\r\x1b[2K\x1b[?7h${text}\n\x1b7\x1b[?7l` : `${text}\n`);
  }

  stop(): void {
    this.#bar.stop();
  }
}

class ProgressLog implements Progress {
  #next: number;

  constructor(
    private readonly report: Effects["report"],
    private readonly pace: Pace,
    private readonly every: number,
  ) {
    this.#next = every;
  }

  update(done: number, total: number, note: string): void {
    const text = this.pace.tell(done, total, note);
    if (done < this.#next - this.every) this.#next = this.every;
    if (done < this.#next) return;
    this.#next = done + this.every;
    this.report(`${text}\n`);
  }

  say(text: string): void {
    this.report(`${text}\n`);
  }

  stop(): void {}
}
