/**
 * Every limit of the analyzer, with its reason. Reaching one ends a run as `unfinished`, with the resource, the limit
 * and the offset; it never makes a file load, and never takes the process down. Of the last four kinds before time and memory,
 * what is left out makes policies smaller.
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
  stackValues: {
    limit: 8 * 2 ** 20,
    unit: "values",
    reason: "4 bytes each; picklers batch items by the thousand, so that real stacks stay below a million.",
  },
  memoEntries: {
    limit: 16 * 2 ** 20,
    unit: "entries",
    reason: "4 bytes each; keys below the program's length up to this lie in an array.",
  },
  sparseMemoEntries: {
    limit: 2 ** 18,
    unit: "entries",
    reason: "Memo keys beyond the array cost 40 bytes each in a map; no pickler writes one, a hostile program writes 2^32-1.",
  },
  listsSetByIndex: {
    limit: 2 ** 18,
    unit: "lists",
    reason: "Lists whose items SETITEM sets by index cost 40 bytes each in a map; no pickler writes that.",
  },
  containerItems: {
    limit: 12 * 2 ** 20,
    unit: "items",
    reason: "4 to 12 bytes each; beyond it containers are of unknown contents, and the run goes on.",
  },
  factRows: { limit: 3 * 2 ** 20, unit: "facts", reason: "16 bytes each; a million instances with their state are two million." },
  listedFacts: {
    limit: 20_000,
    unit: "facts",
    reason: "Facts told one by one; from then on what was told before is only counted, and what is new is told.",
  },
  renderedFacts: { limit: 200_000, unit: "facts", reason: "Facts told at all, each different; real pickles look up some thousand names." },
  shownValues: {
    limit: 2_000_000,
    unit: "values",
    reason:
      "Values in the persistent ids of one pickle, some 50 bytes each; a storage's id has six, and real models have some thousand storages.",
  },
  shownCharacters: {
    limit: 16 * 2 ** 20,
    unit: "characters",
    reason: "Names, arguments and texts in the facts of one pickle; those of a hundred thousand real facts take half of it.",
  },
  frameRereadings: {
    limit: 16,
    unit: "frames",
    reason: "Frames whose end is crossed; each is read again as a file would be. No pickler writes one.",
  },
  nestedBytes: {
    limit: 64 * 2 ** 20,
    unit: "bytes",
    reason: "Bytes of pickles inside a pickle that are run in all: the same bytes can be handed to a loader a million times.",
  },
  stateKeys: {
    limit: 20_000_000,
    unit: "keys",
    reason: "Keys of states looked through in one pickle; beyond it states count as unknown. A million instances have ten million.",
  },
  handedValues: {
    limit: 20_000_000,
    unit: "values",
    reason: "Values that calls are handed, and what is in them, looked through in one pickle; beyond it they count as not known.",
  },
  nestedPickles: { limit: 4, unit: "levels", reason: "Pickles in bytes handed to a loader inside a pickle; real files nest two." },
  archiveEntries: {
    limit: 100_000,
    unit: "entries",
    reason: "Entries of one archive; the largest sharded checkpoints have some ten thousand.",
  },
  directoryBytes: { limit: 64 * 2 ** 20, unit: "bytes", reason: "The directory of one archive; 100,000 entries of long names take 20 MB." },
  nestedContainers: {
    limit: 8,
    unit: "levels",
    reason: "Archives inside archives; real files nest three (a NeMo tar of a torch zip, compressed).",
  },
  contentsPerFile: {
    limit: 100_000,
    unit: "members",
    reason: "Members of archives, and of archives in them: entries that share their bytes make ten million of a small file.",
  },
  overlappingBytes: {
    limit: 256 * 2 ** 20,
    unit: "bytes",
    reason: "Bytes of entries beyond the size of the archives they lie in: those that archivers write do not overlap.",
  },
  picklesPerFile: {
    limit: 20_000,
    unit: "pickles",
    reason: "Pickles one after another, or in the entries of an archive; each is kept and judged.",
  },
  findings: { limit: 1_000, unit: "findings", reason: "Findings kept of one file; a hostile directory can cause one an entry." },
  compressedBytes: { limit: 256 * 2 ** 20, unit: "bytes", reason: "A compressed stream is held whole while it is decompressed." },
  inflatedBytes: { limit: 512 * 2 ** 20, unit: "bytes", reason: "What decompressed content may take in memory at any one time." },
  inflatedBytesTotal: { limit: 2 * 2 ** 30, unit: "bytes", reason: "What is decompressed of one file in all: some ten seconds of work." },
  inflationRatio: {
    limit: 1_100,
    unit: "times",
    reason: "Deflate cannot exceed 1,032:1; a stream over 64 MB beyond that is zeros or a bomb, and neither needs reading on.",
  },
  bytesRead: {
    limit: 512 * 2 ** 20,
    unit: "bytes",
    reason: "What is fetched of one remote file; pickles without arrays stay under 64 MB.",
  },
  reads: { limit: 5_000, unit: "requests", reason: "Ranges fetched of one remote file; a joblib file costs one for each large array." },
  candidateClasses: {
    limit: 4,
    unit: "classes",
    reason: "Classes that one model is judged as; a card can name hundreds, and real models have one or two.",
  },
  releasesOfClass: {
    limit: 6,
    unit: "releases",
    reason: "Releases of a library that class-range unites, each fetched with its dependencies; six minor versions are two to three years.",
  },
  classEdges: {
    limit: 3_000_000,
    unit: "edges",
    reason:
      "Ways for values to go while a class is followed: half a minute of work to two. The largest that was seen to end has 2,440,000.",
  },
  fillerEdges: {
    limit: 500_000,
    unit: "edges",
    reason:
      "Ways for values to go while a class is followed that may fill an open slot: ten seconds of work, and a pickle can name many. Beyond it the class fills none.",
  },
  savedEdges: {
    limit: 1_000_000,
    unit: "edges",
    reason: "Ways for values to go while one class of a library saves: half a minute of work. The largest that ends by itself has 700,000.",
  },
  workSeconds: { limit: 60, unit: "seconds", reason: "Work on one file, waiting for bytes not counted; the slowest real ones take five." },
  heapMegabytes: { limit: 2_048, unit: "megabytes", reason: "JavaScript heap of the worker that has one file in its hands." },
} satisfies Record<string, Limit>);

export type Resource = keyof typeof LIMITS;
