/**
 * The whole program as it is known so far: activations, fields of objects, variables of modules. Boundary: this file
 * makes and finds them; what instructions do is `execute.ts`, what calls do `calls.ts`.
 */
import type { Classes } from "../../../python/classes.ts";
import { type Code, type Instruction, UNREAD, type Unit } from "../../../python/code.ts";
import { IS_NONE, IS_UNKNOWN, kindsOfRegister } from "../../../python/constant-kinds.ts";
import type { Definition, Resolver } from "../../../python/resolve.ts";
import { Graph, type Node } from "../graph/graph.ts";
import { Once, Pairs } from "../graph/integer-tables.ts";
import type { Passed } from "./arguments.ts";
import { Branches } from "./branches.ts";
import { OpenAttributes } from "./callers/open-attributes.ts";
import { AskedOfCallers } from "./callers/open-values.ts";
import { UnanalysedCalls } from "./callers/unanalysed-calls.ts";
import { UnknownArguments } from "./callers/unknown-arguments.ts";
import { UnseenCallers } from "./callers/unseen-callers.ts";
import { mayNameAnother } from "./classes/decorators.ts";
import { DerivedClasses } from "./classes/derived-classes.ts";
import { EnumerationCalls } from "./classes/enumerations.ts";
import { runInitSubclass } from "./classes/init-subclass.ts";
import { LateMembers } from "./classes/late-members.ts";
import type { madeFields } from "./classes/made-fields.ts";
import { runMetaclass } from "./classes/metaclasses.ts";
import { AssignedElements } from "./classes/setattr.ts";
import { execute } from "./execute.ts";
import { FieldTable } from "./field-table.ts";
import type { Frame } from "./frame.ts";
import { familyOf, nativeType } from "./models/natives.ts";
import { Reductions } from "./models/reductions.ts";
import { Saves } from "./models/saves.ts";
import { CalledNames } from "./names/called-names.ts";
import { ComputedAttributes } from "./names/computed-attributes.ts";
import { ComputedNames } from "./names/computed-names.ts";
import { Effects, type Statement } from "./names/effects.ts";
import { NamedStores } from "./names/named-stores.ts";
import { Objects } from "./objects.ts";
import { areDecoratorsPlain, kindsOfValue } from "./value-kinds.ts";
import { type Value, type ValueData, Values } from "./values.ts";
import { CompletingMethods } from "./writers/completing-methods.ts";
import { OpenStores } from "./writers/open-stores.ts";

/** Something the analysis could not follow, and what it did instead. */
export interface Notice {
  readonly text: string;
  readonly file: string;
  readonly line: number;
  /**
   * Of what is noticed at many places alike: `left`, that of a family of classes which is too wide to mean anything only those count that
   * the library makes or names; `widened`, that every class counts which a computed name may mean.
   */
  readonly kind?: "left" | "widened";
}

/** The element of a container under a key that is not constant, and under any key. */
export const SOME = "[*]";
export const ANY = "[]";
/** The keys of a dict. */
export const KEYS = "[keys]";

export class Flow {
  readonly values = new Values();
  readonly graph: Graph = new Graph({
    kindOf: (value) => this.values.get(value).kind,
    constantsOf: (value) => kindsOfValue(this.values, value),
    groupOf: (value) => this.values.groupOf(value),
    unite: (values, into) => this.unite(values, into),
  });
  readonly branches = new Branches(this);
  private readonly root = this.graph.origins.add({ kind: "root", text: "", file: "", line: 0 });
  readonly notices: Notice[] = [];
  readonly asked = new AskedOfCallers();
  readonly openStores = new OpenStores();
  readonly objects = new Objects(this.values);
  readonly saves = new Saves();
  readonly called = new CalledNames(this);
  readonly reductions = new Reductions(this);
  readonly derivedClasses = new DerivedClasses(this);
  readonly lateMembers = new LateMembers();
  readonly computedNames = new ComputedNames(this);
  readonly computedAttributes = new ComputedAttributes(this);
  readonly assignedElements = new AssignedElements(this);
  readonly enumerations = new EnumerationCalls(this);
  readonly namedStores = new NamedStores((object, name) => this.openAttributes.noteStore(object, name));
  readonly unanalysedCalls = new UnanalysedCalls();
  /** What is done once: containers copied into others, nodes iterated over, objects asked for an iterator, what nodes hold gathered, attributes taken from a namespace. */
  readonly copied = new Once();
  readonly iterated = new Once();
  readonly iterators = new Once();
  readonly gathered = new Once();
  readonly paired = new Once();
  readonly converted = new Once();
  readonly plain = new Once();
  readonly updated = new Once();
  readonly madeFields = new Map<Code, ReturnType<typeof madeFields>>();
  readonly unseen = new UnseenCallers(this);
  readonly completing: CompletingMethods;
  private readonly unknownArguments = new UnknownArguments(this);
  readonly openAttributes = new OpenAttributes(this);
  private readonly effects: Effects;
  private readonly frames = new Pairs();
  private readonly framesByKey: Frame[] = [];
  /** Code and outer activation, receiver and context: the two halves of what tells activations apart. */
  private readonly frameCodes = new Pairs();
  private readonly frameObjects = new Pairs();
  private readonly frameList: Frame[] = [];
  private readonly framesByCode = new Map<Code, Frame[]>();
  private readonly codes = new Map<Code, number>();
  private readonly fields = new FieldTable();
  private readonly moduleFrames = new Map<Unit, Frame>();
  private readonly evaluated = new Map<Unit, Set<number>>();
  /** The instructions of as many statements of a module. */
  private readonly evaluatedInstructions = new Map<Unit, { readonly statements: number; readonly instructions: readonly Instruction[] }>();
  private readonly statementsByName = new Map<Unit, ReadonlyMap<string, readonly number[]>>();
  private readonly variables = new Map<Unit, Map<string, Node>>();
  private readonly variableNodes = new Set<Node>();
  private readonly bodies = new Set<Code>();
  private readonly classValues = new Map<Code, Value>();
  private readonly imported = new Map<string, boolean>();
  private readonly partials = new Map<Value, readonly Passed[]>();
  private readonly stores = new Pairs();
  private readonly storePlaces: { file: string; line: number }[] = [];

  constructor(
    readonly resolver: Resolver,
    readonly classes: Classes,
    /** Classes whose reduction is registered with copyreg. */
    readonly registered: ReadonlySet<Code> = new Set(),
  ) {
    this.effects = Effects.of(resolver);
    this.completing = new CompletingMethods(classes);
  }

  data(value: Value): ValueData {
    return this.values.get(value);
  }

  isOfLibrary(code: Code): boolean {
    return this.resolver.modules.isOfLibrary(code.unit);
  }

  /** Whether any module of the library imports that package. */
  libraryImports(package_: string): boolean {
    const known = this.imported.get(package_);
    if (known !== undefined) return known;
    const { modules } = this.resolver;
    const found = modules.libraryModulesWith(new RegExp(`^\\s*(import|from)\\s+${package_}\\b`, "m"), [package_]).length > 0;
    this.imported.set(package_, found);
    return found;
  }

  /**
   * The types that a function which is not written in Python may give. Compiled functions of the library itself give
   * arrays, if it works with arrays at all.
   */
  familyOf(name: string): readonly string[] {
    const types = familyOf(name);
    if (types.length > 0) return types;
    const package_ = name.split(".")[0] ?? "";
    const isOwn = this.resolver.modules.isLibraryPackage(package_);
    return isOwn && this.libraryImports("numpy") ? familyOf("numpy") : [];
  }

  notice(text: string, code: Code, line: number, kind?: Notice["kind"]): void {
    if (this.notices.some((known) => known.text === text && known.file === code.unit.path && known.line === line)) return;
    this.notices.push({ text, file: code.unit.path, line, ...(kind && { kind }) });
  }

  /**
   * Works until nothing changes; stops, and gives false, where there are more than `most` edges. What calls of enumerations
   * give is said when all that reaches them is known.
   */
  solve(most?: number): boolean {
    let isEnded: boolean;
    do isEnded = this.graph.solve(most);
    while (
      (isEnded && this.branches.settle()) ||
      (this.enumerations.settle() && isEnded) ||
      (isEnded &&
        (this.computedAttributes.settle() || this.computedNames.settle() || this.unseen.settle() || this.unknownArguments.settle()))
    );
    return isEnded;
  }

  /** The same; where it stops, a notice says so of `what`, at `code`. */
  solveWithin(most: number, what: string, code: Code): boolean {
    if (this.solve(most)) return true;
    const text = `${what} was not followed to its end: more than ${most.toLocaleString("en-US")} ways for values to go`;
    this.notice(text, code, code.line);
    return false;
  }

  // -- activations

  private codeId(code: Code): number {
    const known = this.codes.get(code);
    if (known !== undefined) return known;
    this.codes.set(code, this.codes.size);
    return this.codes.size - 1;
  }

  /** The activation of `code` for a receiver; what it does is added to the graph when it is first asked for. */
  frame(code: Code, outer: Frame | null, receiver: Value | null, context = receiver): Frame {
    const first = this.frameCodes.add(this.codeId(code), outer === null ? 0 : outer.id + 1);
    const second = this.frameObjects.add(receiver === null ? 0 : receiver + 1, context === null ? 0 : context + 1);
    const index = this.frames.add(first, second);
    const known = this.framesByKey[index];
    if (known) return known;
    const frame = this.makeFrame(code, outer, receiver, context);
    this.framesByKey.push(frame);
    execute(this, frame, code.body.instructions);
    return frame;
  }

  private makeFrame(code: Code, outer: Frame | null, receiver: Value | null, context = receiver): Frame {
    const { registers } = code.body;
    const base = this.graph.allocate(registers + 2);
    this.graph.ignore(base + UNREAD);
    const id = this.frameList.length;
    const frame = { id, code, outer, receiver, context, base, result: base + registers, yields: base + registers + 1 };
    this.frameList.push(frame);
    const { graph } = this;
    graph.kinds.start(base, KINDS_OF_RESERVED);
    const { constants, mayGiveNone } = code.body;
    for (let index = 0; index < constants.length; index += 2) graph.kinds.mark(base + constants[index]!, constants[index + 1]!);
    if (mayGiveNone) graph.kinds.mark(frame.result, IS_NONE);
    if (!areDecoratorsPlain(code)) graph.kinds.mark(frame.result, IS_UNKNOWN);
    const frames = this.framesByCode.get(code);
    if (frames) frames.push(frame);
    else this.framesByCode.set(code, [frame]);
    this.unseen.start(frame);
    return frame;
  }

  /** Every activation there is now. */
  everyFrame(): readonly Frame[] {
    return this.frameList;
  }

  get frameCount(): number {
    return this.frameList.length;
  }

  /** Every activation of a code. */
  framesOf(code: Code): readonly Frame[] {
    return this.framesByCode.get(code) ?? [];
  }

  /** The activation that a node is a register of. */
  frameOf(node: Node): Frame | null {
    let low = 0;
    let high = this.frameList.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const frame = this.frameList[middle]!;
      if (node < frame.base) high = middle - 1;
      else if (node > frame.yields) low = middle + 1;
      else return frame;
    }
    return null;
  }

  // -- fields

  /** What an object (a class, a container) holds under a name. */
  field(of: Value, name: string): Node {
    const value = this.graph.valueOf(of);
    const known = this.fields.known(value, name);
    if (known !== null) return known;
    const node = this.graph.allocate(1);
    const data = this.data(value);
    if (data.kind === "instance" && !this.computedAttributes.areOf(data.code)) this.graph.refuseTexts(node);
    if (this.openAttributes.isOpen(value)) this.graph.kinds.mark(node, IS_UNKNOWN);
    this.fields.add(value, name, node);
    if (data.kind === "class") this.lateMembers.note(data.code, name, node);
    return node;
  }

  fieldOwner(node: Node): { readonly value: Value; readonly name: string } | undefined {
    return this.fields.ownerOf(node);
  }

  /** Calls `listener` with every field of a value, now or when it is first written or read. */
  listenFields(value: Value, listener: (name: string, node: Node) => void): void {
    this.fields.listen(this.graph.valueOf(value), listener);
  }

  /** Containers became another: what one of them holds under a name, all hold. */
  private unite(values: readonly Value[], into: Value): void {
    const nodes = new Map<string, Node[]>();
    for (const value of values)
      for (const [name, node] of this.fields.of(value)) {
        const same = nodes.get(name);
        if (same) same.push(node);
        else nodes.set(name, [this.field(into, name), node]);
      }
    for (const same of nodes.values()) this.graph.unite(same);
    for (const value of values) this.fields.moveListeners(value, into);
  }

  /** `from` is stored into `to` at a place in the source, which the reasons will name. */
  store(from: Node, to: Node, code: Code, line: number): void {
    if (this.stores.add(from, to) === this.storePlaces.length) this.storePlaces.push({ file: code.unit.path, line });
    this.graph.edge(from, to);
  }

  storeOf(from: Node, to: Node): { file: string; line: number } | undefined {
    return this.storePlaces[this.stores.find(from, to)];
  }

  // -- modules

  private moduleFrame(unit: Unit): Frame {
    const known = this.moduleFrames.get(unit);
    if (known) return known;
    const frame = this.makeFrame(unit.code, null, null);
    this.moduleFrames.set(unit, frame);
    return frame;
  }

  /** A module's variable. The statements that bind or change it are added to the graph when it is first asked for. */
  variable(unit: Unit, name: string): Node {
    let names = this.variables.get(unit);
    if (!names) {
      names = new Map();
      this.variables.set(unit, names);
    }
    const known = names.get(name);
    if (known !== undefined) return known;
    const node = this.graph.allocate(1);
    // Whoever imports the module may set it.
    if (unit.bindings.get(name)?.some(({ kind }) => kind === "assignment") ?? true) this.graph.kinds.mark(node, IS_UNKNOWN);
    names.set(name, node);
    this.variableNodes.add(node);
    this.evaluate(unit, name);
    if (unit.bindings.has(name)) return node;
    const found = this.resolver.name(unit, name);
    for (const definition of found) this.define(definition, node);
    if (found.length === 0) this.computedAttributes.makeNames(unit);
    return node;
  }

  /** Whether a node is a module's variable. */
  isVariable(node: Node): boolean {
    return this.variableNodes.has(node);
  }

  private evaluate(unit: Unit, name: string): void {
    for (const index of this.statementsAbout(unit).get(name) ?? []) this.evaluateStatement({ unit, index });
    if (!this.isOfLibrary(unit.code)) return;
    for (const statement of this.effects.onVariable(unit, name)) this.evaluateStatement(statement);
  }

  evaluateStatement({ unit, index }: Statement): void {
    const done = this.evaluated.get(unit) ?? new Set<number>();
    this.evaluated.set(unit, done);
    const statement = unit.code.body.statements[index];
    if (!statement || done.has(index)) return;
    done.add(index);
    execute(this, this.moduleFrame(unit), statement.instructions);
  }

  /** Follows what the library registers with copyreg. */
  registerReductions(): void {
    for (const statement of this.effects.onReductions()) this.evaluateStatement(statement);
  }

  /** The statements of a module that bind or change a name of it, by that name. */
  private statementsAbout(unit: Unit): ReadonlyMap<string, readonly number[]> {
    const known = this.statementsByName.get(unit);
    if (known) return known;
    const found = new Map<string, number[]>();
    unit.code.body.statements.forEach(({ names }, index) => {
      for (const name of names) {
        const others = found.get(name);
        if (others) others.push(index);
        else found.set(name, [index]);
      }
    });
    this.statementsByName.set(unit, found);
    return found;
  }

  /** The instructions of an activation that are in the graph, or will be when a branch opens: of a module, of what was asked for. */
  instructionsOf({ code }: Frame): readonly Instruction[] {
    if (code.kind !== "module") return code.body.instructions;
    const evaluated = this.evaluated.get(code.unit);
    const known = this.evaluatedInstructions.get(code.unit);
    if (known && known.statements === evaluated?.size) return known.instructions;
    const ordered = [...(evaluated ?? [])].sort((one, other) => one - other);
    const instructions = ordered.flatMap((index) => code.body.statements[index]!.instructions);
    this.evaluatedInstructions.set(code.unit, { statements: ordered.length, instructions });
    return instructions;
  }

  /** Whether a module-level name is bound in the module, or comes from a module it imports with `*`. */
  binds(unit: Unit, name: string): boolean {
    return unit.bindings.has(name) || this.resolver.name(unit, name).length > 0;
  }

  /** Puts what a name means into a node. */
  define(definition: Definition, into: Node): void {
    const source = this.root;
    switch (definition.kind) {
      case "class":
        this.graph.add(into, this.classValue(definition.code), source);
        if (mayNameAnother(this, definition.code)) this.graph.edge(this.variable(definition.code.unit, definition.code.name), into);
        return;
      case "function":
        this.graph.add(into, this.values.function(definition.code, null), source);
        // The variable holds what decorators make of it, and brings the defaults of its parameters.
        if (hasMore(definition.code)) this.graph.edge(this.variable(definition.code.unit, definition.code.name), into);
        return;
      case "module":
        this.graph.add(into, this.values.module(definition.unit), source);
        return;
      case "variable":
        this.graph.edge(this.variable(definition.unit, definition.name), into);
        return;
      default:
        this.graph.add(into, this.values.external(definition.name), source);
    }
  }

  // -- classes

  /** The fully qualified name under which a class or function is pickled. */
  nameOf(code: Code): string {
    return code.fullName;
  }

  /** The value of a class. A class whose instances pickle natively is known by name only, whether or not it has Python source. */
  classValue(code: Code): Value {
    const known = this.classValues.get(code);
    if (known !== undefined) return known;
    const name = this.nameOf(code);
    const isNative = nativeType(name)?.own != null;
    if (!isNative) this.classBody(code);
    const value = isNative ? this.values.external(name) : this.values.class(code);
    this.classValues.set(code, value);
    return value;
  }

  /** The field of that name, if anything has been asked of it. */
  knownField(value: Value, name: string): Node | null {
    return this.fields.known(this.graph.valueOf(value), name);
  }

  fieldNames(value: Value): string[] {
    return this.fieldsOf(value).flatMap(([name]) => (name.startsWith("[") ? [] : [name]));
  }

  /** The attributes that an object has: its own, and those of its class. */
  attributeNames(object: Value): ReadonlySet<string> {
    const data = this.data(object);
    const order = data.kind === "instance" ? this.classes.orderOf(data.code) : [];
    return new Set([...this.fieldNames(object), ...order.flatMap((base) => (typeof base === "string" ? [] : [...base.members.keys()]))]);
  }

  /** Every field of a value that anything was asked of. */
  fieldsOf(value: Value): readonly (readonly [string, Node])[] {
    return this.fields.of(this.graph.valueOf(value));
  }

  /** The fields of a container that hold elements: by key, SOME and ANY. */
  elementFields(container: Value): (readonly [string, Node])[] {
    return this.fieldsOf(container).filter(([name]) => name.startsWith("[") && name !== KEYS);
  }

  partialArguments(partial: Value): readonly Passed[] {
    return this.partials.get(partial) ?? [];
  }

  setPartialArguments(partial: Value, args: readonly Passed[]): void {
    if (!this.partials.has(partial)) this.partials.set(partial, args);
  }

  /** Adds what the body of a class does to the graph, once. */
  classBody(code: Code, outer: Frame | null = null): void {
    if (this.bodies.has(code)) return;
    this.bodies.add(code);
    // Its other names for the module (decorators, `Class.attribute = ...`) are evaluated with the variable.
    if (code.parent?.kind === "module") this.variable(code.unit, code.name);
    const frame = this.makeFrame(code, outer, null);
    execute(this, frame, code.body.instructions);
    if (this.isOfLibrary(code)) for (const statement of this.effects.onClass(code)) this.evaluateStatement(statement);
    runInitSubclass(this, code);
    runMetaclass(this, code);
  }
}

const KINDS_OF_RESERVED = Array.from({ length: UNREAD }, (_, register) => kindsOfRegister(register));

/** Whether a function at the top of a module is more than its definition: decorated, or with defaults that are no constants. */
function hasMore({ parent, decorators, parameters }: Code): boolean {
  return parent?.kind === "module" && (decorators.length > 0 || parameters.some((parameter) => (parameter.default & IS_UNKNOWN) !== 0));
}
