/**
 * Every limit of the analyzer, with its reason. Reaching one ends a run as `unfinished`, with the resource, the limit
 * and the offset; it never makes a file load, and never takes the process down.
 */
interface Limit {
  readonly limit: number;
  readonly unit: string;
  readonly reason: string;
}

export const LIMITS = Object.freeze({
  programBytes: {
    limit: 256 * 2 ** 20,
    unit: "bytes",
    reason: "A pickle held in memory at once; real ones without arrays stay under 64 MB.",
  },
  nestedPickles: { limit: 4, unit: "levels", reason: "Pickles in bytes handed to a loader inside a pickle; real files nest two." },
  archiveEntries: {
    limit: 100_000,
    unit: "entries",
    reason: "Entries of one archive; the largest sharded checkpoints have some ten thousand.",
  },
  inflatedBytes: { limit: 512 * 2 ** 20, unit: "bytes", reason: "What one compressed entry may inflate to." },
  inflationRatio: {
    limit: 1_100,
    unit: "times",
    reason: "Deflate cannot exceed 1,032:1 on honest data; beyond is a bomb of nested streams.",
  },
} satisfies Record<string, Limit>);

export type Resource = keyof typeof LIMITS;
