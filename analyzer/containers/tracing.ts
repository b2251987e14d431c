/**
 * What the readers of containers share while one file is traced: where they put what they find, what they may spend
 * together, and how they hand on content that lies inside theirs.
 */
import { SourceError } from "../bytes/byte-source.ts";
import type { HeldSource } from "../bytes/held-source.ts";
import { LIMITS, type Resource } from "../limits.ts";
import type { Failure, Outcome } from "../pickle/facts.ts";
import type { ContainerName } from "./containers.ts";
import type { Finding, Loader, PickleTrace, Program } from "./trace.ts";

/** Bytes to be understood: the file itself, a member of an archive, or what a compressed stream holds. */
export interface Content {
  readonly source: HeldSource;
  /** Path of the member; null for the file itself. */
  readonly entry: string | null;
  /** How many containers it lies in. */
  readonly depth: number;
  /** Which loader is handed this content: `pickle.load` unless its container says otherwise. */
  readonly loader: Loader;
}

/** What a container was, and how reading it ended. */
export interface Reading {
  readonly container: ContainerName;
  readonly outcome: Outcome;
  readonly failure?: Failure;
}

/** Worst last. Broken is known not to load; of what was not read to its end, or not understood, nothing is known. */
const OUTCOMES: readonly Outcome[] = ["ok", "malformed", "unfinished", "unsupported"];

/** The worse of two outcomes. */
export function worse(a: Outcome, b: Outcome): Outcome {
  return OUTCOMES.indexOf(a) >= OUTCOMES.indexOf(b) ? a : b;
}

/** The reading of a container that was read to its end: as bad as the worst of its parts, and for that one's reason. */
export function readingOf(container: ContainerName, parts: readonly Omit<Reading, "container">[]): Reading {
  const outcome = parts.reduce<Outcome>((worst, part) => worse(worst, part.outcome), "ok");
  const reason = outcome === "ok" ? undefined : parts.find((part) => part.outcome === outcome && part.failure)?.failure;
  return { container, outcome, ...(reason && { failure: reason }) };
}

/** The state of tracing one file. */
export class Tracing {
  readonly findings: Finding[] = [];
  readonly pickles: PickleTrace[] = [];
  readonly programs: Program[] = [];
  /** What the file is, as soon as that is known: all there is to say of it where reading is cut short. */
  container: ContainerName | null = null;
  private dropped = 0;
  private contents = 0;
  private entryBytesLeft = LIMITS.overlappingBytes.limit;
  private programBytes = 0;
  private inflatedHeld = 0;
  private inflatedEver = 0;

  /**
   * @param read looks into content of any kind: the readers of archives call it for their members
   * @param programStep bytes of a program that are brought at first
   * @param wholeConstants constants of megabytes are brought, too
   */
  constructor(
    readonly read: (content: Content, tracing: Tracing) => Promise<Reading>,
    readonly programStep: number,
    readonly wholeConstants: boolean,
  ) {}

  /** Says what `content` is, before all of it was read. */
  recognise(content: Content, container: ContainerName): void {
    if (content.depth === 0) this.container ??= container;
  }

  /** Counts content that is about to be read; false where there was too much of it. */
  countContent(): boolean {
    return this.contents++ < LIMITS.contentsPerFile.limit;
  }

  /** Counts an archive whose entries are about to be read: they may have as many bytes as it has, and some more. */
  openArchive(size: number): void {
    this.entryBytesLeft += size;
  }

  /** Counts the bytes of an entry; false where those of all entries are more than the archives could hold. */
  countEntryBytes(bytes: number): boolean {
    this.entryBytesLeft -= bytes;
    return this.entryBytesLeft >= 0;
  }

  /** Keeps a finding, up to a limit; how many there were beyond it is said at the end. */
  find(finding: Finding): void {
    if (this.findings.length < LIMITS.findings.limit) this.findings.push(finding);
    else this.dropped++;
  }

  /** Records a limit that was reached, and returns it as the failure of what was being read. The first of each kind is always kept. */
  limit(resource: Resource, entry: string | null, offset: number, message: string): Failure {
    const { limit } = LIMITS[resource];
    const finding: Finding = { kind: "limit", message, entry, offset, resource, limit };
    if (this.findings.some((known) => known.resource === resource)) this.find(finding);
    else this.findings.push(finding);
    return { kind: "limit", message, offset, resource, limit };
  }

  /**
   * Records that the source ended the reading: its budget is spent, or it answered short. One that is unavailable is
   * passed on, and so is every other error: nothing can be said of the file, or there is a bug.
   */
  cutShort(error: unknown, entry: string | null, offset: number): Failure {
    if (!(error instanceof SourceError) || error.kind === "unavailable") throw error;
    const kind = error.kind === "budget" ? "limit" : "short-read";
    const { message, limit } = error;
    const failure: Failure = { kind, message, offset: error.offset ?? offset, ...(limit !== undefined && { resource: "budget", limit }) };
    // Whoever reads on meets the same error again.
    if (!this.findings.some((finding) => finding.message === message)) this.find({ ...failure, entry });
    return failure;
  }

  /** Keeps a pickle with its program. */
  keep(pickle: PickleTrace, program: Program): void {
    this.pickles.push(pickle);
    this.programs.push(program);
    this.programBytes += program.bytes.length;
  }

  /** How many more bytes of programs may be kept. */
  get programBytesLeft(): number {
    return Math.max(0, LIMITS.programBytes.limit - this.programBytes);
  }

  /** How many bytes may be inflated next, and which limit that is: of what is held at any one time, or of the whole file. */
  get inflatable(): { readonly bytes: number; readonly resource: "inflatedBytes" | "inflatedBytesTotal" } {
    const held = LIMITS.inflatedBytes.limit - this.inflatedHeld;
    const ever = LIMITS.inflatedBytesTotal.limit - this.inflatedEver;
    return held <= ever
      ? { bytes: Math.max(0, held), resource: "inflatedBytes" }
      : { bytes: Math.max(0, ever), resource: "inflatedBytesTotal" };
  }

  /** Accounts for `bytes` inflated, which stay in memory while `use` runs. */
  async whileHolding<T>(bytes: number, use: () => Promise<T>): Promise<T> {
    this.inflatedHeld += bytes;
    this.inflatedEver += bytes;
    try {
      return await use();
    } finally {
      this.inflatedHeld -= bytes;
    }
  }

  /** Closes the record: says how many findings were left out. */
  finish(): void {
    if (this.dropped === 0) return;
    this.findings.push({
      kind: "limit",
      message: `${this.dropped} more findings were left out`,
      entry: null,
      resource: "findings",
      limit: LIMITS.findings.limit,
    });
  }
}

/** The path of a member inside content that itself has a path. */
export function memberPath(outer: string | null, member: string): string {
  return outer === null ? member : `${outer}!/${member}`;
}

/** A failure of a container, from what its reader found. */
export function failure(kind: string, message: string, offset: number): Failure {
  return { kind, message, offset };
}
