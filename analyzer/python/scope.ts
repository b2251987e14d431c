/**
 * The frame that one code's instructions are written into: its registers, its variables, and where a name is looked up.
 * Boundary: it knows Python's scoping rules and nothing of what the instructions mean.
 */
import type { Body, Code, Condition, Instruction, Register, Statement } from "./code.ts";
import { isNumber, NOTHING, RESERVED } from "./code.ts";
import { IS_UNKNOWN, kindsOfRegister } from "./constant-kinds.ts";
import { constantKey, emit, isHeldBy, isKey, lineOf, lowerExpression, lowerKey, rootName } from "./lower-expression.ts";
import { allocateRegisters } from "./registers.ts";
import type { Syntax } from "./syntax.ts";
import { LateNode, type SyntaxNode } from "./syntax-node.ts";
import { dottedPath, isBetween, operandsOf } from "./type-expression.ts";
import { callsUnread, computesMessage } from "./unread-calls.ts";

/** Makes the Code of a function, lambda or class that is found while lowering. */
export interface CodeMaker {
  /** The file that is read. */
  readonly syntax: Syntax;
  /** Whether what gives nothing to keep is read as well (`PythonParser`). */
  readonly isThorough: boolean;
  function(node: SyntaxNode, name: string, decorators: readonly string[], parent: Code): Code;
  class(node: SyntaxNode, decorators: readonly string[], parent: Code): Code;
  parse(text: string): SyntaxNode;
}

/** Methods that put something into the container they are called on. */
const WRITING_METHODS = new Set(["append", "add", "extend", "insert", "update", "setdefault", "appendleft", "extendleft", "__setitem__"]);

/** Methods that write what they are called on by what they are for, whoever else they have do it. */
const WRITERS = new Set(["__init__", "__new__", "__setstate__", "__iadd__", "__setitem__", "append", "extend", "insert"]);

/** Methods that Python calls without minding that they raise: to ask whether there is an attribute, an item, another element, a length. */
const WAITED_FOR =
  /^__(getattr|getattribute|get|del|iter|next|getitem|missing|contains|len|length_hint|set_name|instancecheck|subclasshook)__$/;

export class Scope {
  readonly instructions: Instruction[] = [];
  private readonly statements: (Omit<Statement, "instructions"> & { readonly start: number; readonly end: number })[] = [];
  isGenerator = false;
  /** Whether there is a `return`. */
  returns = false;
  /** Whether the last statement is a `raise`. */
  endsWithRaise = false;
  /** Whether it may end without a value. */
  mayGiveNone = false;
  /** How many guards what is being lowered is inside. */
  guards = 0;
  /** By register, the kinds of the constants that are written to it. */
  private readonly constants = new Map<Register, number>();
  /** Whether a function inside assigns variables of this one. */
  private isAssignedInside = false;
  private registers = RESERVED;
  private received: Register = NOTHING;
  private readonly names = new Map<string, Register>();
  private readonly bound = new Set<string>();
  private readonly globals = new Set<string>();
  private readonly nonlocals = new Set<string>();
  private readonly writtenUnseen = new Set<string>();
  /** Keys that the code takes out of a dict, whatever happens. */
  removedKeys: ReadonlySet<string> = new Set();
  private readonly clearedAttributes = new Set<string>();
  private readonly comprehensions: Map<string, Register>[] = [];
  private readonly parameters: Register[] = [];
  private readonly firstParameter: string | null;
  private writesReceiver: boolean;
  /** Registers of module names read in the statement being lowered, and the names it binds or changes. */
  private statementNames = new Map<string, Register>();
  private statementSubjects = new Set<string>();
  private statementCalls: string[][] = [];
  private statementStart = 0;
  private unreadCall = 0;
  private raisesLoudly = 0;
  /** How many `try` what is being lowered is inside. */
  tries = 0;
  /** How deep inside each other the expressions are that are being read. */
  depth = 0;

  constructor(
    readonly code: Code,
    readonly maker: CodeMaker,
  ) {
    for (const parameter of code.parameters) {
      this.parameters.push(this.named(parameter.name));
      this.bound.add(parameter.name);
    }
    const [first] = code.parameters;
    this.firstParameter = first && (first.kind === "positional" || first.kind === "positional-only") ? first.name : null;
    this.writesReceiver = WRITERS.has(code.name);
  }

  fresh(): Register {
    return this.registers++;
  }

  /** The register of what is sent to this generator. */
  receive(): Register {
    if (this.received === NOTHING) {
      this.received = this.fresh();
      this.constants.set(this.received, IS_UNKNOWN);
    }
    return this.received;
  }

  private named(name: string): Register {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    const register = this.fresh();
    this.names.set(name, register);
    return register;
  }

  read(name: string, line: number): Register {
    for (let level = this.comprehensions.length - 1; level >= 0; level--) {
      const register = this.comprehensions[level]?.get(name);
      if (register !== undefined) return register;
    }
    if (this.code.kind !== "module") return this.named(name);
    const known = this.statementNames.get(name);
    if (known !== undefined) return known;
    const into = emit(this, { op: "name", into: this.fresh(), name, line });
    this.statementNames.set(name, into);
    return into;
  }

  write(name: string, from: Register, line: number): void {
    if (this.code.kind === "module" || this.globals.has(name)) {
      this.statementSubjects.add(name);
      this.instructions.push({ op: "bind", name, from, line });
      return;
    }
    if (this.code.kind === "class") this.instructions.push({ op: "bind", name, from, line });
    const into = this.named(name);
    // Of a receiver it is not asked again what it is.
    if (into === this.parameters[0] && this.code.parent?.kind === "class") this.noteConstant(into, NOTHING);
    if (!this.nonlocals.has(name)) this.bound.add(name);
    if (isNumber(from)) this.noteConstant(into, from);
    else this.instructions.push({ op: "move", into, from, line });
  }

  /** A register may hold what a reserved register stands for. */
  noteConstant(into: Register, from: Register): void {
    this.constants.set(into, (this.constants.get(into) ?? 0) | kindsOfRegister(from));
  }

  /** Variables of that name are written, and with what is not told. */
  noteUnseenWrite(name: string): void {
    this.writtenUnseen.add(name);
  }

  /** What `lower` lowers runs only if the condition can hold. */
  guarded<T>(condition: Condition | null, line: number, lower: () => T): T {
    if (condition === null) return lower();
    const place = this.instructions.length;
    this.instructions.push({ op: "guard", condition, length: 0, line });
    this.guards++;
    const result = lower();
    this.guards--;
    const length = this.instructions.length - place - 1;
    if (length === 0) this.instructions.pop();
    else this.instructions[place] = { op: "guard", condition, length, line };
    return result;
  }

  declareGlobal(name: string): void {
    this.globals.add(name);
  }

  declareNonlocal(name: string): void {
    this.nonlocals.add(name);
  }

  /** The receiver that `super()` without arguments stands for. */
  receiver(line: number): Register {
    return this.firstParameter === null ? NOTHING : this.read(this.firstParameter, line);
  }

  enterComprehension(): void {
    this.comprehensions.push(new Map());
  }

  leaveComprehension(): void {
    this.comprehensions.pop();
  }

  /** `target = from`, for every shape of target. `isComprehension`: its names are seen only inside the comprehension. */
  assign(target: SyntaxNode, from: Register, isComprehension = false): void {
    const line = lineOf(target);
    switch (target.type) {
      case "identifier":
        if (isComprehension) this.comprehensions.at(-1)?.set(target.text, from);
        else this.write(target.text, from, line);
        return;
      case "attribute": {
        const object = target.childForFieldName("object");
        const attribute = target.childForFieldName("attribute")?.text;
        if (!object || !attribute) return;
        this.noteWrite(target);
        this.instructions.push({ op: "store", object: lowerExpression(object, this), attribute, from, line });
        return;
      }
      case "subscript": {
        const object = target.childForFieldName("value");
        const key = target.childForFieldName("subscript");
        if (!object) return;
        this.noteWrite(target);
        const subscripts = target.childrenForFieldName("subscript");
        if (key?.type === "slice" || subscripts.length > 1) for (const part of subscripts) this.noteUnread(part, line);
        const constant = constantKey(key);
        const keyFrom = this.maker.isThorough
          ? lowerKey(subscripts, this)
          : key && isKey(key) && constant === null
            ? lowerExpression(key, this)
            : NOTHING;
        // What a slice is given is gone through.
        if (this.maker.isThorough && key?.type === "slice") emit(this, { op: "iterate", into: this.fresh(), from, line });
        this.instructions.push({ op: "set-item", object: lowerExpression(object, this), key: constant, keyFrom, from, line });
        return;
      }
      case "list_splat_pattern":
      case "list_splat": {
        const [inner] = target.namedChildren;
        const items = [{ key: null, keyFrom: NOTHING, from, spread: true }];
        if (inner) this.assign(inner, emit(this, { op: "make", into: this.fresh(), container: "list", items, line }), isComprehension);
        return;
      }
      default: {
        // Patterns of several targets: `a, (b, *c) = ...`.
        const parts = operandsOf(target);
        const splat = parts.findIndex((part) => part.type === "list_splat_pattern");
        parts.forEach((part, index) => {
          const key = splat === -1 || index < splat ? String(index) : null;
          const value =
            part.type === "list_splat_pattern"
              ? from
              : emit(this, { op: "item", into: this.fresh(), object: from, key, keyFrom: NOTHING, line });
          this.assign(part, value, isComprehension);
        });
      }
    }
  }

  /** A store to `target`: does it change what the first parameter holds, and which module name is it about? */
  noteWrite(target: SyntaxNode): void {
    if (this.firstParameter !== null && isHeldBy(target, this.firstParameter)) this.writesReceiver = true;
    this.noteSubject(target);
    if (target.type === "attribute") this.noteStatementCall(target);
    else if (target.type === "subscript") this.noteChange(target.childForFieldName("value"));
  }

  /** Something of the library is changed in place by a statement: it counts as a call of something that it has. */
  noteChange(node: SyntaxNode | null): void {
    const path = this.code.kind === "module" && node ? dottedPath(node) : null;
    if (path) this.statementCalls.push([...path, "[]"]);
  }

  noteSubject(node: SyntaxNode): void {
    const root = this.code.kind === "module" ? rootName(node) : null;
    if (root !== null) this.statementSubjects.add(root);
  }

  /** What a call says of the code, apart from what it returns. */
  noteCall(callee: SyntaxNode, list: SyntaxNode): void {
    const method = callee.type === "attribute" ? callee.childForFieldName("attribute")?.text : undefined;
    const object = callee.childForFieldName("object");
    const [first] = list.namedChildren;
    if (this.firstParameter !== null) {
      const writes = method !== undefined && WRITING_METHODS.has(method) && object && isHeldBy(object, this.firstParameter);
      const sets = callee.text === "setattr" && first && first.text === this.firstParameter;
      if (writes || sets) this.writesReceiver = true;
    }
    if (this.code.kind !== "module") return;
    this.noteSubject(callee);
    this.noteStatementCall(callee);
    if (callee.text === "setattr") this.noteChange(first ?? null);
    for (const argument of list.namedChildren) if (argument.type === "identifier") this.statementSubjects.add(argument.text);
  }

  /** `self.x = None`. */
  noteCleared(target: SyntaxNode): void {
    const attribute = target.childForFieldName("attribute")?.text;
    if (attribute && target.childForFieldName("object")?.text === this.firstParameter) this.clearedAttributes.add(attribute);
  }

  /** A module-level call or decorator: what it is about is known to whoever looks for it. */
  noteStatementCall(callee: SyntaxNode): void {
    const path = this.code.kind === "module" ? dottedPath(callee) : null;
    if (path) this.statementCalls.push(path);
  }

  declareFunction(node: SyntaxNode, name: string, decorators: readonly string[]): { code: Code; defaults: Register[] } {
    const code = this.maker.function(node, name, decorators, this.code);
    this.isAssignedInside ||= this.code.kind === "function" && /\bnonlocal\b/.test(node.text);
    if (node instanceof LateNode && !node.hasEquals) return { code, defaults: [] };
    const values = node.childForFieldName("parameters")?.namedChildren ?? [];
    const defaults = values
      .filter((child) => child.type !== "keyword_separator" && child.type !== "positional_separator" && !isBetween(child))
      .map((child) => child.childForFieldName("value"))
      .map((value) => (value ? lowerExpression(value, this) : NOTHING));
    return { code, defaults: defaults.every(isNumber) ? [] : defaults };
  }

  /** Of a part of the code no instructions are made: whether it calls anything is said, at least. Where everything is read, they are. */
  noteUnread(part: SyntaxNode, line: number): void {
    if (!this.maker.isThorough && this.unreadCall === 0 && (part.type === "exec_statement" || callsUnread(part.text)))
      this.unreadCall = line;
  }

  /** Whether what is raised here goes on in this function, or is waited for by who calls it. */
  get isCaught(): boolean {
    return this.tries > 0 || this.code.decorators.length > 0 || WAITED_FOR.test(this.code.name);
  }

  /** A `raise` of which no instructions are made. */
  noteRaise(part: SyntaxNode, line: number): void {
    if (this.maker.isThorough && this.raisesLoudly === 0 && computesMessage(part.text)) this.raisesLoudly = line;
  }

  /** Something is not understood where everything is to be read. */
  noteNotRead(line: number): void {
    if (this.maker.isThorough && this.unreadCall === 0) this.unreadCall = line;
  }

  endStatement(): void {
    const end = this.instructions.length;
    if (end > this.statementStart) {
      const names = [...this.statementSubjects];
      this.statements.push({ names, calls: this.statementCalls, start: this.statementStart, end });
    }
    this.statementCalls = [];
    this.statementStart = end;
    this.statementNames = new Map();
    this.statementSubjects = new Set();
  }

  /** The finished body. Names that were only read are looked up where Python would: enclosing functions, module, builtins. */
  finish(): Body {
    const lookups: Instruction[] = [];
    const line = this.code.line;
    for (const [name, register] of this.names) {
      if (this.bound.has(name)) continue;
      const outer = this.globals.has(name) ? null : enclosing(this.code, name);
      if (!outer) lookups.push({ op: "name", into: register, name, line });
      else {
        lookups.push({ op: "outer", into: register, ...outer, line });
        if (this.nonlocals.has(name)) lookups.push({ op: "set-outer", from: register, ...outer, line });
      }
    }
    const variables = [...this.names.values()];
    const { instructions, registers, registerOf } = allocateRegisters(
      [...lookups, ...this.instructions],
      this.registers,
      [...(this.isAssignedInside ? variables : this.parameters), this.received],
      variables,
      this.code.kind === "module",
    );
    const bound = [...this.names].filter(([name]) => this.bound.has(name));
    // A function inside writes what it likes.
    for (const [name, register] of this.names)
      if (this.isAssignedInside || this.writtenUnseen.has(name)) this.constants.set(register, IS_UNKNOWN);
    return {
      registers,
      instructions,
      names: new Map(bound.map(([name, register]) => [name, registerOf(register)])),
      parameters: this.parameters.map(registerOf),
      statements: this.statements.map(({ names, calls, start, end }) => ({ names, calls, instructions: instructions.slice(start, end) })),
      constants: constantsIn(this.constants, registerOf),
      mayGiveNone: this.mayGiveNone,
      isGenerator: this.isGenerator,
      received: registerOf(this.received),
      alwaysRaises: this.endsWithRaise && !this.returns && !this.isGenerator,
      writesReceiver: this.writesReceiver,
      unreadCall: this.unreadCall,
      raisesLoudly: this.raisesLoudly,
      clearedAttributes: this.clearedAttributes,
      removedKeys: this.removedKeys,
    };
  }
}

function constantsIn(constants: ReadonlyMap<Register, number>, registerOf: (register: Register) => Register): number[] {
  const kinds = new Map<Register, number>();
  for (const [register, each] of constants) {
    const into = registerOf(register);
    if (into >= RESERVED) kinds.set(into, (kinds.get(into) ?? 0) | each);
  }
  return [...kinds].flat();
}

/** The variable of an enclosing function that `name` means inside `code`; class bodies are not looked into. */
function enclosing(code: Code, name: string): { hops: number; register: Register } | null {
  let hops = 0;
  for (let parent = code.parent; parent && parent.kind !== "module"; parent = parent.parent) {
    if (parent.kind !== "function") continue;
    hops++;
    const register = parent.body.names.get(name);
    if (register !== undefined) return { hops, register };
  }
  return null;
}
