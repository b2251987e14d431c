/**
 * One file of a source tree under its module's name: what its text says without being parsed is asked of it once and, where an
 * earlier run asked the same, not at all. Boundary: one file; what several say together is `modules.ts`'s, and how a text
 * is searched `text-facts.ts`'s.
 */
import { absoluteModule } from "./imports.ts";
import type { SourceFile } from "./lower-module.ts";
import {
  boundNames,
  type ClassHeads,
  classesAtTop,
  classHeads,
  definesAnything,
  literalExports,
  makesNames,
  mayBind,
  onlyMention,
  starTargets,
} from "./text-facts.ts";
import { type CallsAtTop, callsAtTop } from "./top-calls.ts";
import { Words } from "./words.ts";

/** A file of a distribution. */
export interface SourceFileText {
  /** Relative, with `/`. */
  readonly path: string;
  /** May be a getter: only what is needed is read. */
  readonly text: string;
  /** sha256 (hex) of its text; not given where the text would have to be read for that alone. */
  readonly sha256?: string | undefined;
  /**
   * The text from the line of the only place on where a word stands; null where it stands nowhere or more than once. Where
   * there is one, it is quicker than to read the whole text.
   */
  onlyMention?(word: string): string | null;
  /** What `ask` says of the text, or what it said when it was asked the same question of the same text in an earlier run. */
  recall?<Answer extends Answers>(question: string, ask: () => Answer): Answer;
}

/** What an answer may be made of, so that it can be kept: JSON. */
export type Answers = null | boolean | string | readonly Answers[] | { readonly [key: string]: Answers };

/** A distribution's source, as in a wheel, a repository or just the package's folder. */
export interface SourceTree {
  /** The distribution's (or the folder's) name. */
  readonly name: string;
  readonly version: string | null;
  /** Only `.py`, `.pyi` and `.pyx` files are read, and only those that are needed. */
  readonly files: readonly SourceFileText[];
  /** sha256 (hex) over the files, if whoever read them computed it. */
  readonly sha256?: string | null;
}

export class ModuleFile implements SourceFile {
  private heldText: string | null = null;
  private heldSha256: string | undefined;
  private heldWords: Words | null = null;
  private heldStarTargets: readonly string[] | null = null;
  private heldExports: ReadonlySet<string> | null | undefined;
  private heldNames: string | null = null;

  constructor(
    readonly module: string,
    readonly path: string,
    readonly isPackage: boolean,
    readonly tree: SourceTree,
    private readonly source: SourceFileText,
  ) {}

  get text(): string {
    this.heldText ??= this.source.text;
    return this.heldText;
  }

  get sha256(): string | undefined {
    this.heldSha256 ??= this.source.sha256;
    return this.heldSha256;
  }

  /** The text, without keeping it. */
  private get passingText(): string {
    return this.heldText ?? this.source.text;
  }

  private answer<Answer extends Answers>(question: string, ask: () => Answer): Answer {
    return this.source.recall ? this.source.recall(question, ask) : ask();
  }

  /** False only if the text does not have the word. */
  mayHave(word: string): boolean {
    this.heldWords ??= this.source.recall ? Words.read(this.answer("words", () => Words.of(this.text).written)) : Words.of(this.text);
    return this.heldWords.mayHave(word);
  }

  /** Whether the text may bind a name: see `text-facts.ts`. */
  mayBind(name: string): boolean {
    if (!this.source.recall || !/^\w+$/.test(name)) return this.mayHave(name) && mayBind(this.text, name);
    this.heldNames ??= this.answer("names", () => `\n${[...boundNames(this.text)].join("\n")}\n`);
    return this.heldNames.includes(`\n${name}\n`);
  }

  /** The names of `__all__` where the text writes it once, as a list of plain strings; null where it says nothing, or more. */
  get literalExports(): ReadonlySet<string> | null {
    if (this.heldExports === undefined) {
      const names = this.answer("exports", () => {
        const mention = this.heldText === null ? this.source.onlyMention?.(EXPORTS) : undefined;
        return literalExports(mention === undefined ? onlyMention(this.passingText, EXPORTS) : mention);
      });
      this.heldExports = names && new Set(names);
    }
    return this.heldExports;
  }

  /** Absolute names of the modules that are imported with `*`, as the text spells them. */
  get starTargets(): readonly string[] {
    this.heldStarTargets ??= this.answer("stars", () => starTargets(this.text)).map((target) => absoluteModule(target, this));
    return this.heldStarTargets;
  }

  get definesAnything(): boolean {
    return this.answer("defines", () => definesAnything(this.text));
  }

  get makesNames(): boolean {
    return this.answer("makes", () => makesNames(this.text));
  }

  get classesAtTop(): readonly string[] {
    return this.answer("classes", () => classesAtTop(this.passingText));
  }

  get classHeads(): ClassHeads {
    return this.answer("heads", () => classHeads(this.text));
  }

  get callsAtTop(): CallsAtTop {
    return this.answer("calls", () => callsAtTop(this.text));
  }
}

const EXPORTS = "__all__";
