/**
 * What the command line does to the world: streams, environment, clocks, the network. Injected, so that tests run
 * commands in process; `census.ts` puts in the real ones. Files are read through `node:fs` directly.
 */
import type { NetworkEffects } from "../crawler/effects.ts";

export interface Effects {
  /** Data: standard output. Resolves when the stream takes more. */
  readonly print: (data: string | Uint8Array) => Promise<void>;
  /** Progress and what a person should know: standard error. */
  readonly report: (text: string) => void;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the user stands: relative paths are meant from here. */
  readonly directory: string;
  readonly network: NetworkEffects;
  readonly date: () => Date;
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  /** Does work that lets nothing else run and leaves nothing half done: an interrupt meanwhile ends the process at once. */
  readonly withoutPause: <Made>(work: () => Made) => Made;
}

export interface Terminal {
  /** Whether standard output may hold colours. */
  readonly colour: boolean;
  /** Whether standard error is a terminal, so that a line of progress can be drawn over. */
  readonly progress: boolean;
  /** Whether each step is told, not only some of them. */
  readonly verbose?: boolean;
}
