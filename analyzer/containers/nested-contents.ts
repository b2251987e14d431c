/**
 * What a pickle hands to a loader as bytes and is no pickle: archives, arrays, compressed streams. The machine runs nested
 * pickles itself; these are content like any other, and are looked into as such.
 */
import { heldInMemory } from "../bytes/held-source.ts";
import { memorySource } from "../bytes/memory-source.ts";
import type { NestedContent } from "../pickle/tell.ts";
import { DETECTION_BYTES, detect, isZip } from "./detect.ts";
import { isNpy } from "./numpy/header.ts";
import { KEPT_BYTES, type ProgramView } from "./program-view.ts";
import { isTarHeader } from "./tar.ts";
import type { Loader } from "./trace.ts";
import { type Content, memberPath } from "./tracing.ts";

/** Libraries whose loaders open more than pickles; `pickle.loads` and its kin do not. */
const OPENERS: ReadonlyMap<string, Loader> = new Map([
  ["torch", "torch"],
  ["joblib", "joblib"],
  ["numpy", "numpy"],
]);

/** Constant bytes that a program, or a pickle inside it, hands to a loader. */
export interface HandedContent extends NestedContent {
  /** Run as a pickle inside the program; otherwise it is content of its own. */
  readonly isRun: boolean;
}

/** Collects what one program hands on. */
export class NestedContents {
  /** Something was handed on of which bytes were left out: the run has to be repeated with all of them. */
  wantsWhole = false;
  private readonly found: { readonly bytes: Uint8Array; readonly loader: string; readonly opener: Loader }[] = [];
  /** Constants that are in `found`: a program can hand on the same one a million times. */
  private readonly constants = new Set<string>();

  private readonly all = new Map<string, HandedContent>();

  constructor(private readonly view: ProgramView) {}

  /** Everything that is handed to a loader, constants once. */
  get handed(): readonly HandedContent[] {
    return [...this.all.values()];
  }

  /** Whether what is handed on is seen to here: it is no pickle, and its loader opens such things. */
  take(content: NestedContent): boolean {
    const isTaken = this.takes(content);
    this.all.set(`${content.offset ?? `at ${content.call}`}`, { ...content, isRun: !isTaken });
    return isTaken;
  }

  private takes({ bytes, offset, loader }: NestedContent): boolean {
    if (this.view.leavesOut && bytes.length === KEPT_BYTES) {
      this.wantsWhole = true;
      return true;
    }
    const opener = OPENERS.get(loader.slice(0, loader.indexOf(".")));
    if (opener === undefined || !isContainer(bytes)) return false;
    const constant = `${offset} ${loader}`;
    if (offset !== null && this.constants.has(constant)) return true;
    this.constants.add(constant);
    this.found.push({ bytes, loader, opener });
    return true;
  }

  /** What was handed on, as content inside that of the program. */
  contents(program: Content): Content[] {
    return this.found.map(({ bytes, loader, opener }, index) => ({
      source: heldInMemory(memorySource(bytes)),
      entry: memberPath(program.entry, `${loader}#${index + 1}`),
      depth: program.depth + 1,
      loader: opener,
    }));
  }
}

function isContainer(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, DETECTION_BYTES);
  return isZip(head) || isNpy(head) || isTarHeader(head) || detect(head, bytes.length) !== null;
}
