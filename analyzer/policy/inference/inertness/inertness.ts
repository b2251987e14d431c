/**
 * What loading an object of a class runs, beside storing what the pickle gives it. An object that is inert to load may
 * fill a slot that another class leaves open: the unpickler looks its class up, makes it without calling it, and stores.
 * Boundary: one class, from the graph as it was solved; whatever is not understood counts as acting.
 *
 * What is read: every function that CPython's unpickler can get to by way of an object (load_newobj, load_build,
 * load_appends, load_setitems and load_additems of Lib/pickle.py), every function those call, and what operators, truth tests, formats and
 * builtin functions run of objects. The source is read thoroughly for that: what gives nothing to keep is in it.
 */
import { type Code, type Condition, functionsNamed, type Instruction, isEmpty, isSlice, type Register } from "../../../python/code.ts";
import { isForm } from "../../../python/text-forms.ts";
import { ANY_ATTRIBUTE } from "../../policy.ts";
import { openCall } from "../flow/calls.ts";
import { isDescriptor } from "../flow/classes/descriptors.ts";
import { ANY, type Flow, KEYS } from "../flow/flow.ts";
import type { Frame } from "../flow/frame.ts";
import { isComputing } from "../flow/models/computing.ts";
import { isConstant, isContainer, nativeType } from "../flow/models/natives.ts";
import { Effects } from "../flow/names/effects.ts";
import { originsOf, type RegisterOrigin } from "../flow/register-origins.ts";
import type { Value } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import { Once } from "../graph/integer-tables.ts";
import { changesOfClass, isGivenElsewhere, isReplaced } from "./as-written.ts";
import { hasUnreadSpecials, isSpecialName, PLAIN_DECORATOR, READ } from "./asked-methods.ts";
import { EVERY, type Implicit, ITERATING, MAPPED, OF_KEY, ofBuiltin, ofContainerMethod, ofOperand } from "./implicit-calls.ts";
import { isFlag, isLateDecoration } from "./late-decoration.ts";
import { CONTAINER_METHODS, isSetInside, isWhole, nameInState, StatePlaces } from "./state-places.ts";

export interface Loading {
  /** Why it is more than storing; empty where the object is inert to load. */
  readonly acts: readonly string[];
  /** Attributes that loading calls, or whose methods it calls: nothing but a builtin container may be put there. */
  readonly touches: readonly string[];
  /**
   * By attribute, or ANY_ATTRIBUTE: the methods that loading calls of what is in the container there, by name or as Python does; and what it reads
   * (`.name`). No object that has one may be in it.
   */
  readonly touchesInside: ReadonlyMap<string, ReadonlySet<string>>;
  /** Attributes of which loading asks something by operators, truth tests, formats: nothing that has source may be there itself. */
  readonly asks: readonly string[];
  /** Attributes that loading computes with, as with numbers: nothing but data may be there, or in a container there. */
  readonly computes: readonly string[];
  /** Whether its reduction calls the class, as a recorded one of a class it derives from does: then its `__init__` was read too. */
  readonly isCalled: boolean;
}

/** What the unpickler may get to of any object. A property's setter runs for a state of slots, which fillers may not have. */
const REACHED = ["__setstate__", "__new__", "__dict__", "__class__", "__getattribute__", "__getattr__", "__del__", "__hash__", "__eq__"];
/** The same, where the object is made by a call, or is given items. */
const REACHED_OF_CONTAINERS = [...REACHED, "__init__", "__setattr__", "append", "extend", "add", "update", "__setitem__"];

type Call = Extract<Instruction, { readonly op: "call" }>;
type Load = Extract<Instruction, { readonly op: "load" }>;
type Store = Extract<Instruction, { readonly op: "store" }>;

/** Of those, the ones that take a name first. */
const NAMED_FIRST = new Set(["__getattribute__", "__getattr__", "__setattr__"]);

/** What `object` gives to every class, when no class in between defines it. */
const OBJECT_METHODS = new Set(["__setstate__", "__getstate__", "__init__", "__new__", "__setattr__", "__getattribute__", "__delattr__"]);
/** Functions that only compute, and the classes of exceptions. */
const PURE =
  /^(builtins\.((object|dict|list|set|tuple|str|frozenset)(\.\w+)?|abs|all|any|bool|bytes|callable|dir|enumerate|filter|float|getattr|hasattr|hash|id|int|isinstance|issubclass|iter|len|map|max|min|next|range|repr|reversed|round|setattr|sorted|sum|super|type|vars|zip|\w*(Error|Warning|Exception))|collections\.\w+|functools\.wraps|warnings\.warn|typing\.cast)$/;

/** Of those, the ones that read or set an attribute by its name. */
const READS = /^builtins\.(getattr|hasattr|setattr)$/;
/** Kinds of values whose code is read. */
const ANALYSED: ReadonlySet<string> = new Set(["function", "method", "class"]);
/** Special methods that are asked of the values of a dict: by its text, by comparing it. */
const ASKED_OF_VALUES: ReadonlySet<string> = new Set(["__repr__", "__eq__"]);
/** Methods of containers that go through what they are handed. */
const GOES_THROUGH = new Set(["difference", "extend", "intersection", "join", "sort", "union", "update"]);
/** Those that call a function which they are handed: by this keyword, or first of so many. */
const CALLS_KEY = /^builtins\.(max|min|sorted|list\.sort)$/;
const CALLS_FIRST = /^builtins\.(filter|map|iter)$/;

/** What may go on after an exception, in a function that does not raise it itself. */
const CATCHES = /\b(try|with|suppress)\b/;

/** Decorators that make descriptors, by their last word. */
const PROPERTY = /(property|setter|getter|deleter)$/i;

/** What runs with an object that is made, beside its constructors: and when it is let go. */
const MADE_BY = ["__post_init__", "__attrs_pre_init__", "__attrs_post_init__", "_missing_", "__del__"];

/** Abstract classes of the standard library: their methods are Python's own, and none is one that loading gets to. */
const MIXINS = /^(collections\.abc|numbers|typing|abc)\.\w+$/;

/** Whether asking an object of a class that the object's own policy names for something may run code. */
export type IsAnswered = (asked: string) => boolean;

/**
 * What loading an object of the class runs; `flow` is one in which nothing was followed yet. What leads to more than `most` ways for values to
 * go counts as acting.
 */
export function loadingOf(flow: Flow, code: Code, isAnswered: IsAnswered, most: number): Loading {
  return new LoadReader(flow, code, most).read(isAnswered);
}

/** Why classes in this order act, as far as it takes no look into functions to know: before anything is followed for it. */
export function actsAtSight(order: readonly (Code | string)[]): readonly string[] {
  const native = nativeBase(order);
  return order.flatMap((base, index) => {
    if (typeof base === "string") return nativeType(base)?.subclass || MIXINS.test(base) ? [] : [`its base ${base} is not read`];
    const isRead = native === -1 || index < native;
    const reductions = isRead ? ["__reduce_ex__", "__reduce__"].filter((name) => base.members.has(name)) : [];
    return [
      ...reductions.map((name) => `${base.qualifiedName}.${name} is a reduction of its own`),
      ...(base.metaclass === null || isPlainMetaclass(base) ? [] : [`${base.qualifiedName} has a metaclass`]),
    ];
  });
}

/** Where in an order the first type is that is made as recorded; -1 where none is. */
function nativeBase(order: readonly (Code | string)[]): number {
  return order.findIndex((base) => typeof base === "string" && nativeType(base)?.subclass);
}

class LoadReader {
  private readonly acts = new Set<string>();
  private readonly touches = new Set<string>();
  private readonly touchesInside = new Map<string, Set<string>>();
  private readonly computes = new Set<string>();
  private readonly asks = new Set<string>();
  private readonly seen = new Set<Code>();
  private keepsMore = false;
  /** Functions that compute something for what they raise, and whether anything catches what is raised. */
  private readonly raising = new Map<Code, number>();
  private catches = false;
  /** Functions that Python calls by itself, with what it likes. */
  private readonly ranByPython = new Set<Code>();
  private readonly receiver: Value;
  private readonly places: StatePlaces;
  private readonly ran = new Once();
  /** Nodes that something was left out of; null where that was not asked since the graph was solved last. */
  private partlyKnown: ReadonlySet<Node> | null = null;

  constructor(
    private readonly flow: Flow,
    private readonly code: Code,
    private readonly most: number,
  ) {
    this.receiver = flow.values.instance(code, null);
    this.places = new StatePlaces(flow, this.receiver);
  }

  read(isAnswered: IsAnswered): Loading {
    const order = this.flow.classes.orderOf(this.code);
    const isCalled = nativeBase(order) !== -1;
    if (this.flow.registered.has(this.code)) this.acts.add("its reduction is registered with copyreg");
    for (const act of actsAtSight(order)) this.acts.add(act);
    // Nothing fills a slot that acts: what else it does need not be found.
    if (this.acts.size > 0) return { acts: [...this.acts], touches: [], touchesInside: new Map(), asks: [], computes: [], isCalled };
    const isUnhashable = this.isUnhashable(order);
    // What is put somewhere may be found by what was read before.
    let known: number;
    do {
      known = this.places.known;
      this.keepsMore = false;
      this.seen.clear();
      for (const name of isCalled ? REACHED_OF_CONTAINERS : REACHED) if (!(name === "__eq__" && isUnhashable)) this.readMember(name);
    } while (this.keepsMore || this.places.known > known);
    for (const base of order) if (typeof base !== "string") this.flow.classValue(base);
    if (!this.flow.solve(this.most)) this.acts.add(`${this.code.qualifiedName} is not followed to its end`);
    for (const base of order) if (typeof base !== "string") this.readChanges(base);
    // What is in a container may be of any class that the object's own policy allows: where one answers, nothing but data may be there.
    for (const [attribute, asked] of this.touchesInside) if ([...asked].some(isAnswered)) this.computes.add(attribute);
    // Where nothing is caught nothing is loaded then.
    if (this.catches) for (const [code, line] of this.raising) this.act(code, line, "raises what it computes, and that may be caught");
    return {
      acts: [...this.acts],
      touches: [...this.touches].sort(),
      touchesInside: this.touchesInside,
      asks: [...this.asks].sort(),
      computes: [...this.computes].sort(),
      isCalled,
    };
  }

  /** What is done to a class that its text does not say: by then all is known that the flow has seen. */
  private readChanges(class_: Code): void {
    for (const reason of changesOfClass(this.flow, class_)) this.acts.add(reason);
    for (const name of [...REACHED_OF_CONTAINERS, "__reduce__", "__reduce_ex__"])
      if (name.startsWith("__") && isGivenElsewhere(this.flow, class_, name))
        this.acts.add(`${class_.qualifiedName}.${name} is given to it elsewhere`);
  }

  /**
   * Whether Python gives the class `__hash__ = None`, as one of a class with an `__eq__` alone: then an object of it is no key, and nothing is
   * compared with it on the way.
   */
  private isUnhashable(order: readonly (Code | string)[]): boolean {
    const first = order.find((base) => typeof base === "string" || base.members.has("__eq__") || base.members.has("__hash__"));
    if (first === undefined || typeof first === "string" || first.members.has("__hash__")) return false;
    const classes = order.slice(0, order.indexOf(first) + 1) as Code[];
    // What changes one of another distribution is not looked for.
    const { modules } = this.flow.resolver;
    const isWritten = (code: Code) =>
      modules.treeOf(code.unit) === modules.treeOf(this.code.unit) &&
      code.decorators.length === 0 &&
      code.metaclass === null &&
      Effects.of(this.flow.resolver).onClass(code).length === 0;
    // Somebody may give it one: `Class.__hash__ = object.__hash__`.
    if (this.flow.resolver.modules.libraryModulesWith(/\.__hash__\s*=(?!=)|["']__hash__["']/, ["__hash__"]).length > 0) return false;
    return classes.every(isWritten) && this.flow.classes.definerOf(this.code, "__init_subclass__") === null;
  }

  /** A method that the unpickler may get to: as the class has it. */
  private readMember(name: string): void {
    const definer = this.flow.classes.definerOf(this.code, name);
    const member = definer?.members.get(name);
    if (!definer || !member || member.isEmpty) return;
    const found = functionsNamed(definer, name);
    if (found.length === 0 || member.isAssigned) this.acts.add(`${definer.qualifiedName}.${name} is not a plain method`);
    for (const function_ of found) {
      if (function_.decorators.length > 0 && name !== "__new__") this.acts.add(`${definer.qualifiedName}.${name} is decorated`);
      this.run(function_, this.receiver);
      // The state is the pickle's dict, a name is a name; anything else is whatever the pickle hands over.
      const known = NAMED_FIRST.has(name) ? 2 : 1;
      this.places.pass(
        function_,
        function_.parameters.flatMap((_, index) =>
          index < known || (name === "__setstate__" && index === 1) ? [] : [[index, "elsewhere"]],
        ),
      );
      this.readFunction(function_);
    }
  }

  /** Lets a method that Python calls by itself run on an object: once, however often it is read. */
  private run(method: Code, receiver: Value): void {
    this.ranByPython.add(method);
    const function_ = this.flow.values.function(method, null);
    if (!this.ran.isNew(function_, receiver)) return;
    openCall(this.flow, function_, receiver);
    if (!this.flow.solve(this.most)) this.acts.add(`${method.qualifiedName} is not followed to its end`);
    this.partlyKnown = null;
  }

  /** A function that is called with these arguments: read again where they are more than it was known to be handed. */
  private readCalled(frame: Frame, code: Code, args: Call["arguments"], first: number): void {
    if (this.places.passArguments(frame, code, args, first)) this.seen.delete(code);
    this.readFunction(code);
  }

  /** A method that a store into `object` runs. `index` is the position of the parameter that takes what is stored. */
  private readStored(frame: Frame, code: Code, object: Value, from: Register, index: number): void {
    if (!this.seen.has(code)) this.run(code, object);
    if (this.places.pass(code, [[index, this.places.ofAll(frame, from)]])) this.seen.delete(code);
    this.readFunction(code);
  }

  private readFunction(code: Code): void {
    if (this.seen.has(code)) return;
    this.seen.add(code);
    if (code.decorators.some((decorator) => !PLAIN_DECORATOR.test(decorator) && !PROPERTY.test(decorator)))
      this.act(code, code.line, "is decorated");
    if (isReplaced(this.flow, code)) this.act(code, code.line, "may be another function");
    // The grammar takes `type(self).attribute = value` for a `type` statement, of which no instructions are made.
    if (/^[ \t]*type[ \t]*\([^\n]*=(?!=)/m.test(code.text)) this.act(code, code.line, "changes a class");
    const frames = this.flow.framesOf(code);
    if (frames.length === 0) this.act(code, code.line, `calls ${code.qualifiedName}, which is not followed`);
    for (const frame of frames) {
      // The state of an object that is loaded is whatever the pickle says: then another branch may run.
      const isDecided = this.flow.branches.closingIn(frame).every((condition) => this.isDecided(code, condition));
      if (!isDecided) this.act(code, code.line, "has a branch that was not followed");
      const closed = isDecided ? this.flow.branches.closedIn(frame) : new Set();
      if (code.body.raisesLoudly !== 0) this.raising.set(code, code.body.raisesLoudly);
      this.catches ||= CATCHES.test(code.text);
      if (code.body.unreadCall !== 0) this.act(code, code.body.unreadCall, "calls something of which nothing is kept");
      if (code.unit.hasErrors) this.act(code, code.line, "is in a file with syntax that was not understood");
      if (this.isPartlyKnown(frame)) this.act(code, code.line, "holds more than is known of");
      for (const instruction of code.body.instructions) if (!closed.has(instruction)) this.readInstruction(frame, instruction);
    }
  }

  /** Whether a test goes by nothing but parameters that have their defaults in every call: no pickle has a part in that. */
  private isDecided(code: Code, condition: Condition): boolean {
    if (!("register" in condition)) return ("all" in condition ? condition.all : condition.any).every((each) => this.isDecided(code, each));
    if (this.ranByPython.has(code)) return false;
    const origins = originsOf(code, condition.register);
    return origins.length > 0 && origins.every((origin) => origin.op === "parameter" && this.places.isLeftOut(code, origin.register));
  }

  /** Whether something was left out of what a variable holds, as everything flows through it. */
  private isPartlyKnown({ base, yields }: Frame): boolean {
    const partlyKnown = this.partlyKnown ?? this.flow.graph.partlyKnown();
    this.partlyKnown = partlyKnown;
    if (partlyKnown.size === 0) return false;
    for (let node = base; node <= yields; node++) if (partlyKnown.has(this.flow.graph.find(node))) return true;
    return false;
  }

  private act(code: Code, line: number, what: string): void {
    this.acts.add(`${code.qualifiedName} ${what} (${code.unit.path}:${line})`);
  }

  private readInstruction(frame: Frame, instruction: Instruction): void {
    const { code } = frame;
    if (this.places.keep(frame, instruction)) this.keepsMore = true;
    switch (instruction.op) {
      case "call":
        this.readCall(frame, instruction);
        return;
      case "store":
        this.readStore(frame, instruction);
        return;
      case "load":
        this.readProperty(frame, instruction.object, instruction.attribute);
        this.askRead(frame, instruction.object, instruction.attribute, instruction.line);
        return;
      case "item":
        // An index of a pattern, `a, b = x`, goes through what it is taken from.
        this.readSpecial(frame, instruction.object, ["__getitem__", "__missing__", "__iter__", "__next__"]);
        this.touchPlace(frame, instruction.object, "__getitem__", instruction.line);
        this.askInside(frame, instruction.object, ITERATING);
        this.ask(frame, instruction.keyFrom, OF_KEY, instruction.line);
        for (const value of this.flow.graph.valuesOf(frame.base + instruction.object)) {
          const data = this.flow.data(value);
          const definer = data.kind === "class" ? this.flow.classes.definerOf(data.code, "__class_getitem__") : null;
          if (definer) this.act(code, instruction.line, `asks ${definer.qualifiedName} for an item`);
        }
        if (this.flow.graph.valuesOf(frame.base + instruction.object).includes(this.flow.values.external("sys.modules")))
          this.act(code, instruction.line, "looks a module up");
        return;
      case "set-item":
        this.readSpecial(frame, instruction.object, ["__setitem__"]);
        this.touchPlace(frame, instruction.object, "__setitem__", instruction.line);
        this.ask(frame, instruction.keyFrom, OF_KEY, instruction.line);
        return;
      case "iterate":
        this.goThrough(frame, instruction.from, instruction.line);
        return;
      case "result":
        this.act(code, instruction.line, "waits for what something gives in the end");
        return;
      case "function":
        // What a default holds is known to who calls the function without.
        if (this.places.passDefaults(frame, instruction)) this.seen.delete(instruction.code);
        return;
      case "make":
        for (const { keyFrom, from, spread } of instruction.items) {
          if (spread) this.goThrough(frame, from, instruction.line, instruction.container === "dict" ? MAPPED : ITERATING);
          if (instruction.container === "set") this.ask(frame, from, OF_KEY, instruction.line);
          this.ask(frame, keyFrom, OF_KEY, instruction.line);
        }
        return;
      case "operate":
        this.ask(frame, instruction.left, ofOperand(instruction.operator, instruction.inPlace, "left"), instruction.line);
        this.ask(frame, instruction.right, ofOperand(instruction.operator, instruction.inPlace, "right"), instruction.line);
        if (isSlice(instruction)) this.touchPlace(frame, instruction.left, "__getitem__", instruction.line);
        return;
      case "enter":
        this.act(code, instruction.line, "enters a context");
        return;
      case "class":
        this.act(code, instruction.line, "makes a class");
        return;
      case "bind":
        this.act(code, instruction.line, `sets the global ${instruction.name}`);
        return;
      default:
        return;
    }
  }

  private readCall(frame: Frame, instruction: Call): void {
    const { code } = frame;
    const callees = this.flow.graph.valuesOf(frame.base + instruction.callee);
    const isKnown = callees.length > 0;
    const origins = originsOf(code, instruction.callee);
    for (const origin of origins) {
      if (origin.op === "load") this.touch(frame, origin, isKnown);
      else if (origin.op === "call" && this.isComputed(frame, origin)) this.act(code, instruction.line, "calls what has a computed name");
      else if (!isKnown && !this.decorates(frame, origin, instruction))
        this.act(code, instruction.line, "calls a value, which is not known");
    }
    if (!isKnown && origins.length === 0) this.act(code, instruction.line, "calls a value, which is not known");
    for (const { kind, from } of instruction.arguments)
      if (kind === "star" || kind === "double-star") this.goThrough(frame, from, instruction.line, kind === "star" ? ITERATING : MAPPED);
    if (!isKnown || !callees.every((callee) => ANALYSED.has(this.flow.data(callee).kind)))
      for (const origin of origins)
        if (origin.op === "load" && CONTAINER_METHODS.has(origin.attribute)) this.askContainer(frame, origin, instruction);
    for (const callee of callees) this.readCallee(frame, callee, instruction);
  }

  /** What a method of a container runs of what is in it, and of what it is handed. */
  private askContainer(frame: Frame, { object, attribute }: Load, { arguments: args, line }: Call): void {
    const { own, handed } = ofContainerMethod(attribute);
    this.ask(frame, object, { direct: [], inside: own }, line);
    for (const { from } of args) this.ask(frame, from, handed, line);
    // `"{0.name}"` reads an attribute, which may be computed.
    if (attribute !== "format") return;
    const isPlain = (origin: RegisterOrigin) => origin.op === "text" && !isForm(origin.value) && !/\{[^}]*[.[]/.test(origin.value);
    const origins = originsOf(frame.code, object);
    if (origins.length === 0 || !origins.every(isPlain)) for (const { from } of args) this.askNames(frame, from, ["*"], line);
  }

  /** What goes through something: a loop, `*x`, `**x`. */
  private goThrough(frame: Frame, register: Register, line: number, methods = ITERATING): void {
    if (isEmpty(register)) return;
    this.readSpecial(frame, register, methods);
    this.touchPlace(frame, register, "__iter__", line);
    this.askInside(frame, register, methods);
  }

  /** The same of what is in a container in the state, where that is gone through itself. */
  private askInside(frame: Frame, register: Register, methods: readonly string[]): void {
    const places = this.places.of(frame, register);
    if (places === "elsewhere") return;
    for (const place of places) if (place.isInside && !place.isBeyond && !isWhole(place)) this.noteAsked(place.attribute, methods);
  }

  /**
   * Special methods that Python runs of what a register holds, and of what is in it: those of objects that the code makes are read; an object that
   * has one may not be where it comes from in the state.
   */
  private ask(frame: Frame, register: Register, { direct, inside }: Implicit, line: number): void {
    if (isEmpty(register) || direct.length + inside.length === 0) return;
    this.readSpecial(frame, register, direct);
    this.readSpecialInside(frame, this.flow.graph.valuesOf(frame.base + register), inside);
    // A state is a dict whose keys are names: what looks at its values asks them.
    if (this.places.isState(frame, register)) {
      if (inside.some((name) => ASKED_OF_VALUES.has(name)) && !inside.includes("__iter__")) this.noteAsked(ANY_ATTRIBUTE, inside);
      return;
    }
    const origins = originsOf(frame.code, register);
    const isMade = origins.length > 0 && origins.every(({ op }) => op === "make") && !isSetInside(frame.code, register);
    this.askPlaces(frame, register, { direct: isMade ? [] : direct, inside }, line);
  }

  private askPlaces(frame: Frame, register: Register, { direct, inside }: Implicit, line: number): void {
    if (isEmpty(register)) return;
    const places = this.places.of(frame, register);
    if (places === "elsewhere") {
      this.act(frame.code, line, `asks what it was given (${direct[0] ?? inside[0]})`);
      return;
    }
    for (const place of places) {
      if (isWhole(place)) continue;
      if (place.isBeyond) this.computes.add(place.attribute);
      else {
        if (!place.isInside && direct.length > 0) this.asks.add(place.attribute);
        this.noteAsked(place.attribute, place.isInside ? [...direct, ...inside] : inside);
      }
    }
  }

  private noteAsked(attribute: string, methods: readonly string[]): void {
    if (methods.length === 0) return;
    const known = this.touchesInside.get(attribute) ?? new Set();
    for (const method of methods) known.add(method);
    this.touchesInside.set(attribute, known);
  }

  /** An attribute of what a register holds is read or set: where that is of the state, no object may be there whose class computes it. */
  private askRead(frame: Frame, register: Register, attribute: string, line: number): void {
    if (isSpecialName(attribute) || this.places.isReceiver(frame, register) || this.places.isState(frame, register)) return;
    this.askPlaces(frame, register, { direct: [READ + attribute], inside: [] }, line);
  }

  /** The same of attributes by names that are handed over, where `*` is any. */
  private askNames(frame: Frame, register: Register, names: readonly string[], line: number): void {
    for (const name of names) {
      this.askRead(frame, register, name, line);
      for (const each of name === "*" ? this.namesIn(frame, register) : [name]) this.readProperty(frame, register, each);
    }
  }

  /** The names that the classes of what a register holds compute, as properties and descriptors do. */
  private namesIn(frame: Frame, register: Register): Set<string> {
    const names = new Set<string>();
    for (const value of this.flow.graph.valuesOf(frame.base + register)) {
      const data = this.flow.data(value);
      const order = data.kind === "instance" ? this.flow.classes.orderOf(data.code) : [];
      for (const base of order)
        if (typeof base !== "string") for (const name of base.members.keys()) if (this.isComputedBy(base, name)) names.add(name);
    }
    return names;
  }

  private isComputedBy(class_: Code, name: string): boolean {
    if (functionsNamed(class_, name).some(({ decorators }) => decorators.some((decorator) => PROPERTY.test(decorator)))) return true;
    const held = this.flow.graph.valuesOf(this.flow.field(this.flow.classValue(class_), name));
    return held.some((value) => isDescriptor(this.flow, value));
  }

  /** `getattr(object, name)`, where it is not a constant that says the name: it may be another than those that are known. */
  private isComputed(frame: Frame, { callee, arguments: args }: Call): boolean {
    const callees = this.flow.graph.valuesOf(frame.base + callee).map((value) => this.flow.data(value));
    if (!callees.some((data) => data.kind === "external" && data.name === "builtins.getattr")) return false;
    const origins = args[1] === undefined ? [] : originsOf(frame.code, args[1].from);
    return origins.length === 0 || !origins.every((origin) => origin.op === "text" && !isForm(origin.value));
  }

  /** `functools.wraps(function)(wrapper)`: names the wrapper, made here, after the function. */
  private decorates(frame: Frame, maker: RegisterOrigin, { arguments: args }: Call): boolean {
    if (maker.op !== "call" || args.length !== 1) return false;
    const makers = this.flow.graph.valuesOf(frame.base + maker.callee).map((value) => this.flow.data(value));
    const isMadeHere = originsOf(frame.code, args[0]!.from).every(({ op }) => op === "function");
    return isMadeHere && makers.length > 0 && makers.every((data) => data.kind === "external" && data.name === "functools.wraps");
  }

  /** A method called on something: of `self`, or of what an attribute of it holds, the pickle may have put another there. */
  private touch(frame: Frame, load: Load, isKnown: boolean): void {
    const { code } = frame;
    const { attribute, line } = load;
    if (!isKnown && !CONTAINER_METHODS.has(attribute)) this.act(code, line, `calls .${attribute}, which is not known`);
    if (this.places.isReceiver(frame, load.object)) {
      if (!isSpecialName(attribute)) this.touches.add(nameInState(code, attribute));
      return;
    }
    this.touchPlace(frame, load.object, attribute, line);
  }

  /** A method that an instruction calls of what a register holds. */
  private touchPlace(frame: Frame, register: Register, attribute: string, line: number): void {
    const { code } = frame;
    const origins = originsOf(code, register);
    if (origins.length > 0 && origins.every(({ op }) => op === "make") && !isSetInside(code, register)) return;
    const places = this.places.of(frame, register);
    if (places === "elsewhere") {
      this.act(code, line, `calls .${attribute} of what it was given`);
      return;
    }
    for (const place of places) {
      if (place.isBeyond) this.computes.add(place.attribute);
      else if (place.isInside) {
        const methods = this.touchesInside.get(place.attribute) ?? new Set();
        this.touchesInside.set(place.attribute, methods.add(attribute));
      } else if (!isWhole(place)) this.touches.add(place.attribute);
      else if (!attribute.startsWith("__")) this.touches.add(attribute);
    }
  }

  private readCallee(frame: Frame, callee: Value, instruction: Call): void {
    const { flow } = this;
    const { line, arguments: args } = instruction;
    const data = flow.data(callee);
    switch (data.kind) {
      case "function":
        if (isComputing(flow.nameOf(data.code))) this.readComputed(frame, flow.nameOf(data.code), instruction);
        else if (!PURE.test(flow.nameOf(data.code))) this.readCalled(frame, data.code, args, 0);
        return;
      case "method": {
        const function_ = flow.data(data.function);
        if (function_.kind === "function") this.readCalled(frame, function_.code, args, 1);
        return;
      }
      case "class":
        this.readConstruction(frame, data.code, instruction);
        return;
      case "external":
        if (data.name === "builtins.type" && args.length > 1) this.act(frame.code, line, "makes a class");
        else if (isComputing(data.name)) this.readComputed(frame, data.name, instruction);
        else if (!PURE.test(data.name) && !isContainer(data.name)) this.act(frame.code, line, `calls ${data.name}`);
        else this.readHanded(frame, data.name, instruction);
        return;
      case "builtin-method": {
        const ofNative = flow.data(data.receiver).kind === "native";
        if (GOES_THROUGH.has(data.name)) this.readHanded(frame, `builtins.list.${data.name}`, instruction);
        if (!CONTAINER_METHODS.has(data.name) && !OBJECT_METHODS.has(data.name))
          for (const { from } of args) this.ask(frame, from, { direct: EVERY, inside: EVERY }, line);
        if (!(CONTAINER_METHODS.has(data.name) || (!ofNative && OBJECT_METHODS.has(data.name))))
          this.act(frame.code, line, `calls .${data.name} of something that is not Python`);
        return;
      }
      case "native": {
        // A method of recorded data: where a container has one of that name, it computes as well, or there is none.
        const methods = originsOf(frame.code, instruction.callee);
        if (methods.every((origin) => origin.op === "load" && CONTAINER_METHODS.has(origin.attribute))) return;
        this.act(frame.code, line, `calls a ${data.type}`);
        return;
      }
      case "text":
      case "derived-class":
        return;
      default:
        this.act(frame.code, line, `calls a value of kind ${data.kind}`);
    }
  }

  /** What a builtin function, or a container, asks of what it is handed: to be gone through, or for its keys. */
  private readHanded(frame: Frame, name: string, { line, arguments: args }: Call): void {
    const isCalling = CALLS_FIRST.test(name)
      ? args.length > 1
      : (CALLS_KEY.test(name) && args.some((each) => each.name === "key")) ||
        (name === "collections.defaultdict" && !this.isFactory(frame, args[0]));
    if (isCalling) this.act(frame.code, line, `hands ${name} what it calls`);
    const implicit = ofBuiltin(name);
    const [object, read] = args;
    if (name === "builtins.setattr" && (read === undefined || !this.isOrdinary(frame, read.from)))
      this.act(frame.code, line, "sets an attribute that Python has a meaning for");
    if (READS.test(name) && object !== undefined) {
      const origins = read === undefined ? [] : originsOf(frame.code, read.from);
      const isKnown = origins.length > 0 && origins.every((origin) => origin.op === "text" && !isForm(origin.value));
      const names = origins.flatMap((origin) => (origin.op === "text" ? [origin.value] : []));
      this.askNames(frame, object.from, isKnown ? names : ["*"], line);
    }
    for (const { from } of args) {
      if (implicit.direct.includes("__iter__")) this.goThrough(frame, from, line, implicit.direct);
      this.ask(frame, from, implicit, line);
    }
  }

  /** Whether the name of an attribute is none of Python's own; of one that is not known the verdict sees that a state has none. */
  private isOrdinary(frame: Frame, name: Register): boolean {
    return originsOf(frame.code, name).every((origin) => origin.op !== "text" || (!isForm(origin.value) && !isSpecialName(origin.value)));
  }

  /** Whether it is none, or one that makes an empty container or a number. */
  private isFactory(frame: Frame, factory: Call["arguments"][number] | undefined): boolean {
    if (factory === undefined || isEmpty(factory.from)) return true;
    const values = this.flow.graph.valuesOf(frame.base + factory.from).map((value) => this.flow.data(value));
    return factory.kind === "positional" && values.length > 0 && values.every((data) => data.kind === "external" && PURE.test(data.name));
  }

  /** What a function that computes is handed has to be data: what the code itself hands over, and what the pickle has where that comes from. */
  private readComputed(frame: Frame, name: string, { line, arguments: args }: Call): void {
    for (const { from } of args) {
      if (!this.isData(this.flow.graph.valuesOf(frame.base + from))) this.act(frame.code, line, `hands ${name} what is no data`);
      const places = this.places.ofAll(frame, from);
      if (places === "elsewhere" || places.some((place) => isWhole(place) || place.attribute === ANY_ATTRIBUTE))
        this.act(frame.code, line, `hands ${name} what it was given`);
      else for (const { attribute } of places) this.computes.add(attribute);
    }
  }

  private isData(values: readonly Value[], seen = new Set<Value>()): boolean {
    const { flow } = this;
    return values.every((value) => {
      if (seen.has(value)) return true;
      seen.add(value);
      const data = flow.data(value);
      if (data.kind === "external") return PURE.test(data.name) || isComputing(data.name) || isConstant(data.name);
      // What is open is what the pickle has: its places tell of that.
      if (data.kind !== "container") return data.kind === "text" || data.kind === "native" || data.kind === "open";
      const inside = [...flow.fieldNames(value), ANY, KEYS].map((field) => flow.knownField(value, field));
      return inside.every((node) => node === null || this.isData(flow.graph.valuesOf(node), seen));
    });
  }

  private readConstruction(frame: Frame, code: Code, { line, arguments: args }: Call): void {
    for (const base of this.flow.classes.orderOf(code)) {
      if (typeof base === "string") continue;
      for (const reason of changesOfClass(this.flow, base)) this.act(frame.code, line, `makes a ${code.qualifiedName}: ${reason}`);
      // Fields may be made by whatever their class says.
      if (base.decorators.length > 0 && /\b(default_factory|factory|default|converter|validator)\b/.test(base.text))
        this.act(frame.code, line, `makes a ${code.qualifiedName}, whose fields are computed`);
    }
    const value = this.flow.values.instance(code, null);
    for (const name of MADE_BY) {
      const definer = this.flow.classes.definerOf(code, name);
      if (definer === null || definer.members.get(name)?.isEmpty) continue;
      const found = functionsNamed(definer, name);
      if (found.length === 0) this.act(frame.code, line, `makes a ${code.qualifiedName}, whose ${name} is no plain method`);
      for (const function_ of found) this.readRun(function_, value);
    }
    if (this.flow.derivedClasses.has(code)) this.act(frame.code, line, `makes a ${code.qualifiedName}, a class that a call makes`);
    for (const base of this.flow.classes.externalBases(code))
      if (!PURE.test(base) && !nativeType(base)?.subclass) this.act(frame.code, line, `makes a ${code.qualifiedName}, of ${base}`);
    for (const name of ["__init__", "__new__"]) {
      const definer = this.flow.classes.definerOf(code, name);
      if (definer && functionsNamed(definer, name).length === 0)
        this.act(frame.code, line, `makes a ${code.qualifiedName} by what is no plain method`);
      if (definer) for (const function_ of functionsNamed(definer, name)) this.readCalled(frame, function_, args, 1);
    }
  }

  private readStore(frame: Frame, store: Store): void {
    const { flow } = this;
    const { object, attribute, line } = store;
    if (attribute === "__class__") this.act(frame.code, line, "changes what class an object is of");
    if (!this.places.isReceiver(frame, object) && !isSpecialName(attribute))
      this.askPlaces(frame, object, { direct: ["__setattr__", READ + attribute], inside: [] }, line);
    for (const value of flow.graph.valuesOf(frame.base + object)) {
      const data = flow.data(value);
      if (data.kind === "class" && isLateDecoration(flow, frame, store)) continue;
      if (data.kind === "function" && isFlag(frame.code, store)) continue;
      if (data.kind === "class" || data.kind === "module" || data.kind === "function" || data.kind === "external")
        this.act(frame.code, line, `changes ${data.kind === "external" ? data.name : `a ${data.kind}`}`);
      if (data.kind !== "instance") continue;
      for (const [name, index] of [
        ["__setattr__", 2],
        [attribute, 1],
      ] as const) {
        const definer = flow.classes.definerOf(data.code, name);
        if (definer) for (const function_ of functionsNamed(definer, name)) this.readStored(frame, function_, value, store.from, index);
        if (definer) this.readDescriptors(frame, definer, name);
        if (definer && name === "__setattr__" && functionsNamed(definer, name).length === 0)
          this.act(frame.code, line, "sets attributes by what is no plain method");
      }
    }
  }

  private readProperty(frame: Frame, object: Register, attribute: string): void {
    const { flow } = this;
    for (const value of flow.graph.valuesOf(frame.base + object)) {
      const data = flow.data(value);
      if (data.kind !== "instance") continue;
      const definer = flow.classes.definerOf(data.code, attribute);
      // What an object lacks, or has, a method of its class may be asked for.
      if (value !== this.receiver)
        for (const name of definer ? ["__getattribute__"] : ["__getattribute__", "__getattr__"])
          if (flow.classes.definerOf(data.code, name)) this.readSpecialMethod(frame, value, data.code, name);
      if (!definer) continue;
      this.readDescriptors(frame, definer, attribute);
      for (const function_ of functionsNamed(definer, attribute))
        if (function_.decorators.some((decorator) => !PLAIN_DECORATOR.test(decorator))) this.readRun(function_, value);
    }
  }

  /** What is no function under a decorator, and runs some all the same where the attribute is read or set. */
  private readDescriptors(frame: Frame, definer: Code, attribute: string): void {
    const held = this.flow.graph.valuesOf(this.flow.field(this.flow.classValue(definer), attribute));
    if (held.some((value) => isDescriptor(this.flow, value) || this.deletes(value)))
      this.act(frame.code, definer.line, `uses a descriptor of ${definer.qualifiedName}`);
  }

  private deletes(value: Value): boolean {
    const data = this.flow.data(value);
    return data.kind === "instance" && this.flow.classes.definerOf(data.code, "__delete__") !== null;
  }

  /** Special methods that an operation runs on what a register holds. */
  private readSpecial(frame: Frame, register: Register, names: readonly string[]): void {
    this.readSpecialOf(frame, this.flow.graph.valuesOf(frame.base + register), names);
  }

  private readSpecialOf(frame: Frame, values: readonly Value[], names: readonly string[]): void {
    const { flow } = this;
    for (const value of values) {
      const data = flow.data(value);
      // A class is asked for those of its metaclass.
      const class_ = data.kind === "instance" ? data.code : data.kind === "class" ? flow.classes.metaclassOf(data.code) : null;
      if (class_ === null) continue;
      for (const name of names) this.readSpecialMethod(frame, value, class_, name);
      const isUnread = names.some((name) => flow.classes.definerOf(class_, name) === null) && hasUnreadSpecials(flow.classes, class_);
      if (isUnread) this.act(frame.code, class_.line, `asks a ${class_.qualifiedName}, whose special methods are not all read`);
    }
  }

  private readSpecialMethod(frame: Frame, value: Value, class_: Code, name: string): void {
    const definer = this.flow.classes.definerOf(class_, name);
    if (definer === null || definer.members.get(name)?.isEmpty) return;
    const found = functionsNamed(definer, name);
    const isPlain = found.length > 0 && found.every(({ decorators }) => decorators.length === 0);
    if (!isPlain) this.act(frame.code, definer.line, `runs ${definer.qualifiedName}.${name}, which is no plain method`);
    for (const function_ of found) this.readRun(function_, value);
  }

  /** The same of what is in containers. */
  private readSpecialInside(frame: Frame, values: readonly Value[], names: readonly string[], seen = new Set<Value>()): void {
    if (names.length === 0) return;
    for (const value of values) {
      if (seen.has(value) || this.flow.data(value).kind !== "container") continue;
      seen.add(value);
      for (const field of [...this.flow.fieldNames(value), ANY, KEYS]) {
        const node = this.flow.knownField(value, field);
        if (node === null) continue;
        const inside = this.flow.graph.valuesOf(node);
        this.readSpecialOf(frame, inside, names);
        this.readSpecialInside(frame, inside, names, seen);
      }
    }
  }

  private readRun(method: Code, receiver: Value): void {
    if (!this.seen.has(method)) this.run(method, receiver);
    this.readFunction(method);
  }
}

function isPlainMetaclass({ metaclass }: Code): boolean {
  return metaclass?.kind === "name" && /^(ABCMeta|type)$/.test(metaclass.path.at(-1) ?? "");
}
