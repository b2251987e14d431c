/**
 * Progress on standard error: a line that is drawn over on a terminal, elsewhere a line now and then, so that a log of a
 * night's survey stays short. What is counted is the caller's.
 */
import { Presets, SingleBar } from "cli-progress";
import type { Effects } from "./effects.ts";

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
export function startProgress({ report, terminal }: Pick<Effects, "report" | "terminal">, things: string): Progress {
  return terminal.progress ? new ProgressLine(report, things) : new ProgressLog(report, things);
}

class ProgressLine implements Progress {
  readonly #bar: SingleBar;
  #started = false;

  constructor(
    private readonly report: Effects["report"],
    things: string,
  ) {
    const format = `{bar} {value} of {total} ${things}, {eta_formatted} left  {note}`;
    this.#bar = new SingleBar(
      { format, hideCursor: null, clearOnComplete: true, etaBuffer: 50, noTTYOutput: false },
      Presets.shades_classic,
    );
  }

  update(done: number, total: number, note: string): void {
    if (!this.#started) this.#bar.start(total, done, { note });
    this.#started = true;
    this.#bar.setTotal(total);
    this.#bar.update(done, { note });
  }

  say(text: string): void {
    this.report(`\r\x1b[2K${text}\n`);
  }

  stop(): void {
    this.#bar.stop();
  }
}

class ProgressLog implements Progress {
  #next = LINE_EVERY;

  constructor(
    private readonly report: Effects["report"],
    private readonly things: string,
  ) {}

  update(done: number, total: number, note: string): void {
    if (done < this.#next) return;
    this.#next = done + LINE_EVERY;
    this.report(`${done}${total > 0 ? ` of ${total}` : ""} ${this.things}${note === "" ? "" : `, ${note}`}\n`);
  }

  say(text: string): void {
    this.report(`${text}\n`);
  }

  stop(): void {}
}
