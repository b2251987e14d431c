/**
 * A file from the text that was kept of it: each head and each body is taken from there when it is first asked for, or else
 * read from the file, and kept with the rest. Boundary: the form of the text is `kept-unit.ts`'s, how a file is read `lower-module.ts`'s.
 */
import type { Binding, Body, Code, Instruction, Member, Parameter, Statement, TypeExpression, Unit } from "./code.ts";
import {
  type CodeStart,
  type KeepableCode,
  type KeptBinding,
  type KeptBody,
  type KeptHead,
  type KeptHeader,
  type KeptInstruction,
  keptBody,
  keptHead,
  MODULE,
  qualifiedName,
  startOf,
  type UnitContents,
  withNested,
} from "./kept-unit.ts";
import type { ImportEffects } from "./search-path.ts";

/** What can be read of a file again. */
export interface Rereader extends UnitContents {
  readonly code: KeepableCode;
  /** The code that starts there; undefined as long as what it is in was not read. */
  codeAt(start: number): KeepableCode | undefined;
}

/** What a kept text says of a file, and what is read beside it. */
export class KeptContents implements UnitContents {
  readonly code: Code;
  readonly bindings: ReadonlyMap<string, readonly Binding[]>;
  readonly starImports: readonly string[];
  readonly exports: readonly string[] | null;
  readonly hasMoreExports: boolean;
  readonly topClasses: readonly Code[];
  readonly importEffects: ImportEffects;
  private readonly codes = new Map<CodeStart, KeptCode>();
  private reread: Rereader | null = null;

  /** `parsedText` is what was parsed of the file, `readAgain` reads it. Throws where `kept` is no kept text. */
  constructor(
    readonly unit: Unit,
    kept: string,
    readonly parsedText: () => string,
    private readonly readAgain: () => Rereader,
  ) {
    let at = kept.indexOf("\n") + 1;
    const header: KeptHeader = JSON.parse(kept.slice(0, at));
    for (const [start, kind, name, line, parent, decorators, head, body] of header.codes) {
      const parts: [string | null, string | null] = [
        head === 0 ? null : kept.slice(at, at + head),
        body === 0 ? null : kept.slice(at + head, at + head + body),
      ];
      this.codes.set(start, new KeptCode(this, start, kind, name, line, parent, decorators, parts));
      at += head + body;
    }
    this.code = this.codeAt(MODULE);
    this.bindings = new Map(header.bindings.map(([name, each]) => [name, each.map((binding) => this.binding(binding))]));
    this.starImports = header.starImports;
    this.exports = header.exports;
    this.hasMoreExports = header.hasMoreExports;
    this.topClasses = header.topClasses.map((start) => this.codeAt(start));
    this.importEffects = header.importEffects;
  }

  get classes(): readonly Code[] {
    return withNested(this.topClasses);
  }

  get hasErrors(): boolean {
    return this.reread?.hasErrors ?? false;
  }

  get isNew(): boolean {
    return this.reread !== null;
  }

  codesSoFar(): Iterable<KeepableCode> {
    return this.codes.values();
  }

  private get again(): Rereader {
    this.reread ??= this.readAgain();
    return this.reread;
  }

  private binding(binding: KeptBinding): Binding {
    return "code" in binding ? { ...binding, code: this.codeAt(binding.code) } : binding;
  }

  codeAt(start: CodeStart): KeptCode {
    const known = this.codes.get(start);
    if (known) return known;
    const { kind, name, line, parent, decorators } = this.readCode(start, null);
    const code = new KeptCode(this, start, kind, name, line, parent && startOf(parent), decorators, [null, null]);
    this.codes.set(start, code);
    return code;
  }

  /** A body from its kept text. */
  bodyFrom(kept: string): Body {
    let at = kept.indexOf("\n") + 1;
    const body: KeptBody = JSON.parse(kept.slice(0, at));
    const statements = body.statements.map(([names, calls, length]): Statement => {
      const start = at;
      at += length;
      const read = once(() => this.instructionsFrom(JSON.parse(kept.slice(start, start + length))));
      return {
        names,
        calls,
        get instructions() {
          return read();
        },
      };
    });
    const rest = {
      ...body,
      statements,
      names: new Map(body.names),
      clearedAttributes: setOf(body.clearedAttributes),
      removedKeys: setOf(body.removedKeys),
    };
    if (statements.length === 0) return { ...rest, instructions: this.instructionsFrom(body.instructions) };
    const whole = once(() => statements.flatMap(({ instructions }) => instructions));
    return {
      ...rest,
      get instructions() {
        return whole();
      },
    };
  }

  /** Instructions whose codes are where they start, as those codes are met here. */
  private instructionsFrom(kept: readonly KeptInstruction[]): readonly Instruction[] {
    for (const instruction of kept as readonly { code?: CodeStart | Code | undefined }[])
      if (instruction.code !== undefined) instruction.code = this.codeAt(instruction.code as CodeStart);
    return kept as readonly Instruction[];
  }

  /** The code as it is read again, after what it is in. */
  readCode(start: CodeStart, parent: Code | null): KeepableCode {
    if (start === MODULE) return this.again.code;
    if (this.again.codeAt(start) === undefined && parent !== null) {
      const outer = this.readCode(startOf(parent), parent.parent);
      // Whoever reads them meets the codes in them.
      void [outer.nested, outer.body];
    }
    return this.again.codeAt(start)!;
  }
}

/** Makes something when it is first asked for. */
function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Most codes have none. */
function setOf(names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? NO_NAMES : new Set(names);
}

type Head = Omit<KeptHead, "nested" | "members"> & Pick<Code, "nested" | "members">;

const NO_HEAD: Head = { parameters: [], returns: null, bases: [], metaclass: null, nested: [], members: new Map(), range: [0, 0] };

/** A code of which the head, the body or neither was kept. */
class KeptCode implements KeepableCode {
  private heldHead: Head | null = null;
  private heldBody: Body | null = null;
  private heldName: string | null = null;
  private heldFullName: string | null = null;

  constructor(
    private readonly contents: KeptContents,
    readonly start: CodeStart,
    readonly kind: Code["kind"],
    readonly name: string,
    readonly line: number,
    private readonly parentStart: CodeStart | null,
    readonly decorators: readonly string[],
    private readonly parts: [head: string | null, body: string | null],
  ) {}

  get unit(): Unit {
    return this.contents.unit;
  }

  get parent(): Code | null {
    return this.parentStart === null ? null : this.contents.codeAt(this.parentStart);
  }

  get qualifiedName(): string {
    this.heldName ??= qualifiedName(this.kind, this.name, this.parent);
    return this.heldName;
  }

  get fullName(): string {
    this.heldFullName ??= `${this.unit.module}.${this.qualifiedName}`;
    return this.heldFullName;
  }

  get headSoFar(): string | null {
    return this.parts[0];
  }

  get bodySoFar(): string | null {
    return this.parts[1];
  }

  get parameters(): readonly Parameter[] {
    return this.headOfFunction.parameters;
  }

  get returns(): TypeExpression | null {
    return this.headOfFunction.returns;
  }

  get bases(): readonly TypeExpression[] {
    return this.headOfClass.bases;
  }

  get metaclass(): TypeExpression | null {
    return this.headOfClass.metaclass;
  }

  get nested(): readonly Code[] {
    return this.headOfClass.nested;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.headOfClass.members;
  }

  get range(): readonly [number, number] {
    return this.head.range;
  }

  get text(): string {
    return this.contents.parsedText().slice(...this.range);
  }

  private get headOfFunction(): Head {
    return this.kind === "function" ? this.head : NO_HEAD;
  }

  private get headOfClass(): Head {
    return this.kind === "class" ? this.head : NO_HEAD;
  }

  private get head(): Head {
    if (this.heldHead) return this.heldHead;
    this.parts[0] ??= keptHead(this.contents.readCode(this.start, this.parent));
    const head: KeptHead = JSON.parse(this.parts[0]);
    const nested = head.nested.map((start) => this.contents.codeAt(start));
    this.heldHead = { ...head, nested, members: new Map(head.members) };
    return this.heldHead;
  }

  get body(): Body {
    if (this.heldBody) return this.heldBody;
    this.parts[1] ??= this.readBody();
    this.heldBody = this.contents.bodyFrom(this.parts[1]);
    return this.heldBody;
  }

  private readBody(): string {
    const { body } = this.contents.readCode(this.start, this.parent);
    // What is inside is kept with it, so that who asks for it later finds it.
    for (const instruction of body.instructions) if ("code" in instruction) this.contents.codeAt(instruction.code.start);
    return keptBody(body);
  }
}
