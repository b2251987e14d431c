/**
 * Python code as the inference reads it: for every module, class body and function a list of instructions over
 * registers, in which only what moves objects is left (no arithmetic, no control flow but branches that constants decide). Boundary: syntax is gone here,
 * and nothing has been resolved yet; a name is still a name.
 */

import type { ImportEffects } from "./search-path.ts";

/** A slot of a code's frame. The first few never hold anything, and are there to be told apart. */
export type Register = number;
/** Where numbers go of which nothing is told, and what is true or false: what can neither be a string nor carry an object. */
export const NOTHING: Register = 0;
/** Where constants go of which as much is told as tests ask (`constant-kinds.ts`). */
export const NONE: Register = 1;
/** 0 and False. */
export const ZERO: Register = 2;
/** 1 and True. */
export const ONE: Register = 3;
/** Any other number. */
export const NUMBER: Register = 4;
/** Where values go that are made while the program runs and that no pickle would name: strings of which nothing is known, for one. */
export const COMPUTED: Register = 5;
/** Where values go that nothing asks for. Nothing reads it. */
export const UNREAD: Register = 6;
/** How many registers have such a meaning; those after them are the code's own. */
export const RESERVED = 7;

/** Whether a register never holds anything. */
export function isEmpty(register: Register): boolean {
  return register <= COMPUTED;
}

/** Whether a register stands for numbers and None. */
export function isNumber(register: Register): boolean {
  return register < COMPUTED;
}

/** A type as it is written in an annotation, before any name in it is resolved. */
export type TypeExpression =
  /** `torch.nn.Module`: `["torch", "nn", "Module"]`. */
  | { readonly kind: "name"; readonly path: readonly string[]; readonly line: number }
  | { readonly kind: "subscript"; readonly base: TypeExpression; readonly items: readonly TypeExpression[]; readonly line: number }
  /** `A | B`. */
  | { readonly kind: "union"; readonly items: readonly TypeExpression[]; readonly line: number }
  /** `[A, B]`, as in `Callable[[A, B], C]`. */
  | { readonly kind: "list"; readonly items: readonly TypeExpression[]; readonly line: number };

export interface Argument {
  readonly kind: "positional" | "keyword" | "star" | "double-star";
  /** The keyword's name. */
  readonly name?: string;
  readonly from: Register;
}

/** An element of a container display. `key` is the constant key of a dict or the index in a tuple; null where it is not constant. */
export interface DisplayItem {
  readonly key: string | null;
  readonly keyFrom: Register;
  readonly from: Register;
  /** `*from` or `**from`. */
  readonly spread: boolean;
}

export type ContainerKind = "list" | "tuple" | "set" | "dict" | "generator";

export type Instruction = { readonly line: number } & (
  | { readonly op: "move"; readonly into: Register; readonly from: Register }
  /** A string constant; or of what form a text is (`text-forms.ts`). */
  | { readonly op: "text"; readonly into: Register; readonly value: string }
  /** A constant of a builtin type that pickles by a name: `b"..."` is `bytes`, `1j` is `complex`. */
  | { readonly op: "constant"; readonly into: Register; readonly type: string }
  /** A name looked up in the module, then among the builtins. */
  | { readonly op: "name"; readonly into: Register; readonly name: string }
  /** A variable of an enclosing function, `hops` functions out. */
  | { readonly op: "outer"; readonly into: Register; readonly hops: number; readonly register: Register }
  | { readonly op: "set-outer"; readonly hops: number; readonly register: Register; readonly from: Register }
  /** A name bound in the module or class body that this code is, or declared `global`. */
  | { readonly op: "bind"; readonly name: string; readonly from: Register }
  | { readonly op: "load"; readonly into: Register; readonly object: Register; readonly attribute: string }
  | { readonly op: "store"; readonly object: Register; readonly attribute: string; readonly from: Register }
  /** `object[key]`; `key` is null where it is not a constant. */
  | { readonly op: "item"; readonly into: Register; readonly object: Register; readonly key: string | null; readonly keyFrom: Register }
  | { readonly op: "set-item"; readonly object: Register; readonly key: string | null; readonly keyFrom: Register; readonly from: Register }
  /** What iterating gives. */
  | { readonly op: "iterate"; readonly into: Register; readonly from: Register }
  /** What `yield from` and `await` give in the end. */
  | { readonly op: "result"; readonly into: Register; readonly from: Register }
  /** What `with from as into` binds. */
  | { readonly op: "enter"; readonly into: Register; readonly from: Register }
  | {
      readonly op: "call";
      readonly into: Register;
      readonly callee: Register;
      readonly arguments: readonly Argument[];
      /** Of a decorator: whether it is over a class, or over a function and one that says how that is bound (`property`). */
      readonly decorator?: "plain" | "binding" | "class";
    }
  | { readonly op: "super"; readonly into: Register; readonly object: Register }
  | { readonly op: "make"; readonly into: Register; readonly container: ContainerKind; readonly items: readonly DisplayItem[] }
  /** `left + right` and the like; `inPlace` for `left += right`. Of one operand nothing is on the right. */
  | {
      readonly op: "operate";
      readonly into: Register;
      /** As it is written, without the `=` of one in place; of one operand `unary -`, and SLICE. */
      readonly operator: string;
      readonly left: Register;
      readonly right: Register;
      readonly inPlace: boolean;
    }
  | { readonly op: "return"; readonly from: Register }
  | { readonly op: "yield"; readonly from: Register }
  /** `defaults` lie parallel to the code's parameters; there are none where no default can hold an object. */
  | { readonly op: "function"; readonly into: Register; readonly code: Code; readonly defaults: readonly Register[] }
  | { readonly op: "class"; readonly into: Register; readonly code: Code }
  /** `import module` (name null) or `from module import name`; `module` is absolute. */
  | { readonly op: "import"; readonly into: Register; readonly module: string; readonly name: string | null }
  /** The next `length` instructions run only if `condition` can hold. */
  | { readonly op: "guard"; readonly condition: Condition; readonly length: number }
  /** `into: type`: what the annotation says the register, or the attribute, holds. */
  | { readonly op: "annotate"; readonly into: Register; readonly type: TypeExpression; readonly what: string }
);

/** The functions of a name in the body of a class, in order: a property has several. */
export function functionsNamed({ body: { instructions } }: Code, name: string): readonly Code[] {
  let byName = FUNCTIONS.get(instructions);
  if (byName === undefined) {
    byName = new Map();
    for (const each of instructions) {
      if (each.op !== "function") continue;
      const known = byName.get(each.code.name);
      if (known) known.push(each.code);
      else byName.set(each.code.name, [each.code]);
    }
    FUNCTIONS.set(instructions, byName);
  }
  return byName.get(name) ?? [];
}

/** By the instructions of a class body. */
const FUNCTIONS = new WeakMap<readonly Instruction[], Map<string, Code[]>>();

/** The operator of `object[start:stop]`. */
export const SLICE = "slice";

/** What Python asks of an operand, and gives nothing to keep: instructions are made of it where everything is read. */
export const ASKING = {
  truth: "truth",
  membership: "in",
  format: "format",
  /** Of a key, an index, or a part of a slice. */
  key: "key",
  deleteItem: "del item",
  deleteAttribute: "del attribute",
} as const;

export function isSlice(instruction: Instruction): instruction is Extract<Instruction, { readonly op: "operate" }> {
  return instruction.op === "operate" && instruction.operator === SLICE;
}

/**
 * When a branch can run: if what a register holds may be of one of these kinds (`constant-kinds.ts`), if all of these
 * can hold, if any of them can.
 */
export type Condition =
  | { readonly register: Register; readonly kinds: number }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

export interface Parameter {
  readonly name: string;
  readonly kind: "positional-only" | "positional" | "keyword-only" | "star" | "double-star";
  readonly annotation: TypeExpression | null;
  /** Of which kind its default is (`constant-kinds.ts`); 0 where there is none. */
  readonly default: number;
  readonly line: number;
}

/** One statement at the top of a module. Classes and functions are not cut up. */
export interface Statement {
  /** The names that it binds or changes. */
  readonly names: readonly string[];
  /** Dotted names it calls, decorators among them, and attributes it stores to; `[]` ends that of what it stores an element to, or changes in place. */
  readonly calls: readonly (readonly string[])[];
  readonly instructions: readonly Instruction[];
}

export interface Body {
  readonly registers: number;
  readonly instructions: readonly Instruction[];
  /** Registers of named variables, parameters among them. Empty for a module, whose names are looked up by name. */
  readonly names: ReadonlyMap<string, Register>;
  readonly parameters: readonly Register[];
  /** Of a module: its instructions, statement by statement. */
  readonly statements: readonly Statement[];
  /** Registers that constants are written to, each followed by their kinds. */
  readonly constants: readonly number[];
  /** Whether it may end without a value. */
  readonly mayGiveNone: boolean;
  readonly isGenerator: boolean;
  /** What is sent to a generator where it waits at a `yield`; NOTHING where it does not look. */
  readonly received: Register;
  /** Whether calling it can only end with an exception that it raises itself: there is no `return`, and the last statement is a `raise`. */
  readonly alwaysRaises: boolean;
  /** Whether the code writes what its first parameter holds: `self.x = ...`, `self.x[k] = ...`, `self.x.append(...)`. */
  readonly writesReceiver: boolean;
  /** The first line with a call that no instruction was made of (`unread-calls.ts`); 0 where there is none. */
  readonly unreadCall: number;
  /** The first line that raises what it computes, of which no instructions are made either; 0 where there is none. Told where all else is read. */
  readonly raisesLoudly: number;
  /** Attributes of its first parameter that it sets to None. */
  readonly clearedAttributes: ReadonlySet<string>;
  /** Constant keys that the code takes out of the dict of an object's attributes, whatever happens (`removed-keys.ts`). */
  readonly removedKeys: ReadonlySet<string>;
}

/** A module, a class body, a function or a lambda. Like CPython's code objects, without what is done to numbers. */
export interface Code {
  readonly kind: "module" | "class" | "function";
  readonly name: string;
  /** Python's `__qualname__`. */
  readonly qualifiedName: string;
  /** With its module before it: the name under which a class or function is pickled. */
  readonly fullName: string;
  readonly line: number;
  readonly parent: Code | null;
  readonly unit: Unit;
  /** Dotted text of each decorator, without its arguments. */
  readonly decorators: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly returns: TypeExpression | null;
  /** Of a class. */
  readonly bases: readonly TypeExpression[];
  readonly metaclass: TypeExpression | null;
  /** Classes directly in the body of a class, in order. */
  readonly nested: readonly Code[];
  /** Names a class body binds, and annotated names with their types. */
  readonly members: ReadonlyMap<string, Member>;
  readonly body: Body;
  /** The text it was read from. */
  readonly text: string;
  /** Where it starts in its file; -1 for a module. */
  readonly start: number;
}

/** A constant that is written out; `auto` is `enum.auto()`, which counts, or takes the member's name. */
export type Literal =
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "auto" };

/** A name in a class body. */
export interface Member {
  readonly annotation: TypeExpression | null;
  readonly hasValue: boolean;
  /** It is assigned to, and not (only) a function, a class or an import of that name. */
  readonly isAssigned: boolean;
  /** Its value is None: a place for someone else to fill. */
  readonly isEmpty: boolean;
  /** What it is assigned, where that is a constant and it is assigned once. */
  readonly literal: Literal | null;
  readonly line: number;
}

/** How a module comes by a name. A name may have several: `try: import a except: a = None`. */
export type Binding =
  | { readonly kind: "import"; readonly module: string; readonly name: string | null; readonly line: number }
  | { readonly kind: "class" | "function"; readonly code: Code; readonly line: number }
  /** `path` where the value is itself a (dotted) name: `Old = New`. `type` where it is a type: `Union[A, B]`, `TypeVar("T", bound=A)`. */
  | { readonly kind: "assignment"; readonly path: readonly string[] | null; readonly type: TypeExpression | null; readonly line: number };

/** One source file, read. */
export interface Unit {
  /** Dotted name under which the file is imported. */
  readonly module: string;
  readonly path: string;
  readonly isPackage: boolean;
  /** Whether anything below has been asked for yet: a module that is only named is not parsed. */
  readonly isParsed: boolean;
  readonly code: Code;
  readonly bindings: ReadonlyMap<string, readonly Binding[]>;
  /** Absolute names of modules imported with `*`, in order. */
  readonly starImports: readonly string[];
  /** The strings that are listed in `__all__`; null where nothing is put into it. */
  readonly exports: readonly string[] | null;
  /** Whether `__all__` may have others: those of another module's (`[*other.__all__, "x"]`), those that are computed. */
  readonly hasMoreExports: boolean;
  /** Every class of the file at its top or inside another class. */
  readonly classes: readonly Code[];
  /** What importing it does to the names of modules. */
  readonly importEffects: ImportEffects;
  /** The file had syntax that the grammar does not know; what lay around it was still read. */
  readonly hasErrors: boolean;
}
