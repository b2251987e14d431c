/**
 * What was read of a file as text, to be kept on a disk, and a unit from such a text: what was not read before is read
 * when it is asked for, and kept with the rest. Boundary: the form of the text; where it is kept is injected (`KeptUnits`).
 *
 * The form: a line of JSON with what the unit says and which codes it has, then the heads and bodies of those that were
 * read, each JSON. `JSON.parse` is native: in a process that just started no decoder written here is as fast.
 */
import type { Binding, Body, Code, Instruction, Member, Parameter, TypeExpression, Unit } from "./code.ts";
import type { ImportEffects } from "./search-path.ts";

/** Where the texts are kept between runs. */
export interface KeptUnits {
  /** What was kept of a file; null where nothing was. */
  get(file: KeptFile): string | null;
  put(file: KeptFile, kept: string): void;
}

/** What a kept text depends on. */
export interface KeptFile {
  readonly module: string;
  readonly path: string;
  readonly isPackage: boolean;
  readonly text: string;
}

/** What a unit says, apart from what it is called. */
export interface UnitContents extends Omit<Unit, "module" | "path" | "isPackage" | "isParsed"> {
  /** Those at the top; each knows those inside it. */
  readonly topClasses: readonly Code[];
  /** Whether something was read that is not kept yet. */
  readonly isNew: boolean;
  /** Every code that was met so far. */
  codesSoFar(): Iterable<KeepableCode>;
}

/** A code whose parts can be written. */
export interface KeepableCode extends Code {
  /** What its head says, and its body, as JSON in which a code is where it starts; null where nothing of it was asked for yet. */
  readonly headSoFar: string | null;
  readonly bodySoFar: string | null;
  /** Where its text starts and ends in its file. */
  readonly range: readonly [number, number];
}

/** Where a code starts in its file: among the codes of a file that is which one it is. */
type CodeStart = Code["start"];
/** The module itself starts before all that is in it. */
export const MODULE: CodeStart = -1;

type WithStart<T extends { readonly code: Code }> = Omit<T, "code"> & { readonly code: CodeStart };
type BindingWithCode = Extract<Binding, { readonly code: Code }>;
type KeptBinding = Exclude<Binding, BindingWithCode> | WithStart<BindingWithCode>;

interface KeptHeader {
  readonly codes: readonly KeptPlace[];
  readonly bindings: readonly (readonly [string, readonly KeptBinding[]])[];
  readonly starImports: readonly string[];
  readonly exports: readonly string[] | null;
  readonly topClasses: readonly CodeStart[];
  readonly importEffects: ImportEffects;
}

/** What is known of a code before its head is read, and how long its head and its body are in the text; 0 is not read. */
type KeptPlace = readonly [CodeStart, Code["kind"], string, number, CodeStart | null, readonly string[], number, number];

interface KeptHead {
  readonly parameters: readonly Parameter[];
  readonly returns: TypeExpression | null;
  readonly bases: readonly TypeExpression[];
  readonly metaclass: TypeExpression | null;
  readonly nested: readonly CodeStart[];
  readonly members: readonly (readonly [string, Member])[];
  readonly range: readonly [number, number];
}

type Head = Omit<KeptHead, "nested" | "members"> & Pick<Code, "nested" | "members">;

const NO_HEAD: Head = { parameters: [], returns: null, bases: [], metaclass: null, nested: [], members: new Map(), range: [0, 0] };

interface KeptBody extends Omit<Body, "instructions" | "names" | "clearedAttributes" | "removedKeys"> {
  readonly instructions: readonly (Omit<Instruction, "code"> & { readonly code?: CodeStart })[];
  readonly names: readonly (readonly [string, number])[];
  readonly clearedAttributes: readonly string[];
  readonly removedKeys: readonly string[];
}

/** What was read of a file so far. */
export function keptText(contents: UnitContents): string {
  const { starImports, exports, topClasses, importEffects } = contents;
  const bindings = [...contents.bindings].map(
    ([name, each]) => [name, each.map((binding) => ("code" in binding ? { ...binding, code: startOf(binding.code) } : binding))] as const,
  );
  const parts: string[] = [];
  const codes: KeptPlace[] = [];
  for (const code of contents.codesSoFar()) {
    const { kind, name, line, parent, decorators, headSoFar, bodySoFar } = code;
    codes.push([startOf(code), kind, name, line, parent && startOf(parent), decorators, headSoFar?.length ?? 0, bodySoFar?.length ?? 0]);
    parts.push(headSoFar ?? "", bodySoFar ?? "");
  }
  const header: KeptHeader = {
    codes,
    bindings,
    starImports,
    exports,
    topClasses: topClasses.map(startOf),
    importEffects,
  };
  return `${JSON.stringify(header)}\n${parts.join("")}`;
}

function startOf({ start }: Code): CodeStart {
  return start;
}

/** The head of a code as it is kept. */
export function keptHead(code: KeepableCode): string {
  const { parameters, returns, bases, metaclass, nested, members, range } = code;
  const head: KeptHead = {
    parameters,
    returns,
    bases,
    metaclass,
    nested: nested.map(startOf),
    members: [...members],
    range,
  };
  return JSON.stringify(head);
}

/** A body as it is kept. */
export function keptBody(body: Body): string {
  const kept: KeptBody = {
    ...body,
    instructions: body.instructions.map((instruction) =>
      "code" in instruction ? { ...instruction, code: startOf(instruction.code) } : instruction,
    ),
    names: [...body.names],
    clearedAttributes: [...body.clearedAttributes],
    removedKeys: [...body.removedKeys],
  };
  return JSON.stringify(kept);
}

/** Every class of a file at its top or inside another class. */
export function withNested(classes: readonly Code[]): readonly Code[] {
  return classes.flatMap((code) => [code, ...withNested(code.nested)]);
}

/** Python's `__qualname__`. */
export function qualifiedName(kind: Code["kind"], name: string, parent: Code | null): string {
  if (kind === "module") return "<module>";
  if (!parent || parent.kind === "module") return name;
  return `${parent.qualifiedName}.${parent.kind === "function" ? "<locals>." : ""}${name}`;
}

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

  /** The code as it is read again, after what it is in. */
  readCode(start: CodeStart, parent: Code | null): KeepableCode {
    if (start === MODULE) return this.again.code;
    if (this.again.codeAt(start) === undefined && parent !== null) {
      const outer = this.readCode(startOf(parent), parent.parent);
      void [outer.nested, outer.body];
    }
    return this.again.codeAt(start)!;
  }
}

/** A code of which the head, the body or neither was kept. */
class KeptCode implements KeepableCode {
  private heldHead: Head | null = null;
  private heldBody: Body | null = null;
  private heldName: string | null = null;

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
    return `${this.unit.module}.${this.qualifiedName}`;
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
    this.parts[1] ??= keptBody(this.contents.readCode(this.start, this.parent).body);
    const body: KeptBody = JSON.parse(this.parts[1]);
    for (const instruction of body.instructions as readonly { code?: CodeStart | Code | undefined }[])
      if (instruction.code !== undefined) instruction.code = this.contents.codeAt(instruction.code as CodeStart);
    this.heldBody = {
      ...body,
      instructions: body.instructions as readonly Instruction[],
      names: new Map(body.names),
      clearedAttributes: new Set(body.clearedAttributes),
      removedKeys: new Set(body.removedKeys),
    };
    return this.heldBody;
  }
}
