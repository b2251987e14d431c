/** What a file holds and what its pickles do: the facts of one blob. */
import type { Failure, Outcome, PickleFacts } from "../pickle/facts.ts";
import type { OpcodeName } from "../pickle/opcodes.ts";

/** Something about a file worth saying: a disagreement between headers, a limit that was reached, junk, a trick. */
export interface Finding {
  /** A stable kebab-case word. */
  readonly kind: string;
  readonly message: string;
  /** The archive member concerned; null for the file itself. */
  readonly entry: string | null;
  readonly offset?: number;
  /** For limits: the row of `limits.ts` that was reached. */
  readonly resource?: string;
  readonly limit?: number;
  /** For a pickle in a constant: the opcode that pushes it. Absent in facts of earlier versions. */
  readonly opcode?: OpcodeName;
  /** What that pickle looks up, each once, in order; null where that is not known. */
  readonly names?: readonly EmbeddedName[] | null;
  /** It does more than look names up and call them. */
  readonly doesMore?: true;
}

/** A callable that a pickle in a constant looks up. */
export interface EmbeddedName {
  /** `module.qualified.name`. */
  readonly callable: string;
  readonly module: string;
}

/**
 * Which loader gets to a pickle, where several would read the file differently: Python's `pickle.load` (and everything
 * that calls it), `torch.load`, torch's C++ unpickler (TorchScript: it imports nothing from Python), `joblib.load`,
 * `numpy.load`.
 */
export type Loader = "pickle" | "torch" | "torchscript" | "joblib" | "numpy";

/**
 * One pickle program, and where it lies: `entry` of an archive (null for the file itself), `offset` in its content. A
 * path of an entry inside an entry is joined by `!/`; a compressed stream is a step named after its container (`gzip`),
 * bytes that a pickle hands to a loader one named after the loader, with a running number (`torch.load#1`).
 */
export interface PickleTrace extends PickleFacts {
  readonly entry: string | null;
  readonly loader?: Loader;
}

/** The facts of one file. JSON-serialisable; independent of its name and of any policy. */
export interface Trace {
  /** Length of the file in bytes. */
  readonly size: number;
  /** The container's name in the table of `containers.ts`: `pickle`, `torch-zip`, `torch-legacy`, `npy` ... */
  readonly container: string;
  /**
   * `ok`: every pickle that a loader would reach was found and run to its STOP. The worst of the container's own
   * outcome and its pickles' outcomes otherwise.
   */
  readonly outcome: Outcome;
  /** Why the container itself could not be read to its end. */
  readonly failure?: Failure;
  readonly findings: readonly Finding[];
  readonly pickles: readonly PickleTrace[];
}

/** The bytes of one program, kept so that it can be disassembled again without fetching the file. */
export interface Program {
  readonly bytes: Uint8Array;
  /**
   * Where the bytes come from: `at` is an index into `bytes`, `offset` the place of that byte in the content that
   * holds the pickle. One segment unless something was left out: raw data between opcodes (joblib's arrays), or all but
   * the first bytes of a constant of megabytes, whose length then is that of what stayed.
   */
  readonly segments: readonly { readonly at: number; readonly offset: number }[];
}

/** A trace, with the programs of its pickles in the same order. */
export interface TracedFile {
  readonly trace: Trace;
  readonly programs: readonly Program[];
}
