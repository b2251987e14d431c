/**
 * What was read of a file as text, to be kept between runs. Boundary: the form of the text; `kept-contents.ts` makes a unit of
 * one, and where it is kept is injected (`KeptUnits`).
 *
 * The form: a line of JSON with what the unit says and which codes it has, then the heads and bodies of those that were
 * read, each JSON. `JSON.parse` is native: in a process that just started no decoder written here is as fast.
 */
import type { Binding, Body, Code, Instruction, Member, Statement, Unit } from "./code.ts";
import type { SourceFile } from "./lower-module.ts";

/** Where the texts are kept between runs. */
export interface KeptUnits {
  /** What was kept of a file; null where nothing was. */
  get(file: SourceFile): string | null;
  put(file: SourceFile, kept: string): void;
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
export type CodeStart = Code["start"];
/** The module itself starts before all that is in it. */
export const MODULE: CodeStart = -1;

type WithStart<T extends { readonly code: Code }> = Omit<T, "code"> & { readonly code: CodeStart };
type BindingWithCode = Extract<Binding, { readonly code: Code }>;
export type KeptBinding = Exclude<Binding, BindingWithCode> | WithStart<BindingWithCode>;

export interface KeptHeader extends Pick<Unit, "starImports" | "exports" | "hasMoreExports" | "importEffects"> {
  readonly codes: readonly KeptPlace[];
  readonly bindings: readonly (readonly [string, readonly KeptBinding[]])[];
  readonly topClasses: readonly CodeStart[];
}

/** What is known of a code before its head is read, and how long its head and its body are in the text; 0 is not read. */
type KeptPlace = readonly [CodeStart, Code["kind"], string, number, CodeStart | null, readonly string[], number, number];

export interface KeptHead extends Pick<KeepableCode, "parameters" | "returns" | "bases" | "metaclass" | "range"> {
  readonly nested: readonly CodeStart[];
  readonly members: readonly (readonly [string, Member])[];
}

export type KeptInstruction = Omit<Instruction, "code"> & { readonly code?: CodeStart };

/** Of a module the instructions are kept statement by statement, after a line with the rest: few of its statements are asked for. */
export interface KeptBody extends Omit<Body, "instructions" | "statements" | "names" | "clearedAttributes" | "removedKeys"> {
  readonly instructions: readonly KeptInstruction[];
  /** The names, the calls, and how long the text of its instructions is. */
  readonly statements: readonly (readonly [Statement["names"], Statement["calls"], number])[];
  readonly names: readonly (readonly [string, number])[];
  readonly clearedAttributes: readonly string[];
  readonly removedKeys: readonly string[];
}

/** What was read of a file so far. */
export function keptText(contents: UnitContents): string {
  const { starImports, exports, hasMoreExports, topClasses, importEffects } = contents;
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
    hasMoreExports,
    topClasses: topClasses.map(startOf),
    importEffects,
  };
  return `${asJson(header)}\n${parts.join("")}`;
}

export function startOf({ start }: Code): CodeStart {
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
  return asJson(head);
}

/** A body as it is kept. */
export function keptBody(body: Body): string {
  const texts = body.statements.map(({ instructions }) => asJson(instructions.map(keptInstruction)));
  const kept: KeptBody = {
    ...body,
    instructions: texts.length > 0 ? [] : body.instructions.map(keptInstruction),
    statements: body.statements.map(({ names, calls }, index) => [names, calls, texts[index]!.length]),
    names: [...body.names],
    clearedAttributes: [...body.clearedAttributes],
    removedKeys: [...body.removedKeys],
  };
  return `${asJson(kept)}\n${texts.join("")}`;
}

function keptInstruction(instruction: Instruction): KeptInstruction {
  return "code" in instruction ? { ...instruction, code: startOf(instruction.code) } : instruction;
}

/** In ASCII: one other character would double the memory of the whole text, and the time to read it. */
function asJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
