/**
 * Where in the state that a pickle gives an object the functions that load it find something: `self.parts`, what is in it,
 * `state["parts"]`, a parameter that is handed one of them. Boundary: places, by the code's instructions; what may sit
 * there is for the verdict to look at.
 */
import { type Argument, type Code, type Instruction, isEmpty, type Parameter, type Register } from "../../../python/code.ts";
import { isForm } from "../../../python/text-forms.ts";
import { ANY_ATTRIBUTE } from "../../policy.ts";
import type { Flow } from "../flow/flow.ts";
import type { Frame } from "../flow/frame.ts";
import { isComputing } from "../flow/models/computing.ts";
import { originsOf, type RegisterOrigin } from "../flow/register-origins.ts";
import type { Value, ValueData } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import { isSpecialName } from "./asked-methods.ts";

/** A place in the state that a pickle gives an object. */
export interface StatePlace {
  readonly attribute: string;
  /** It is in a container there. */
  readonly isInside: boolean;
  /** It is what an object there, or in a container there, has: of whatever class that object is. */
  readonly isBeyond?: boolean;
}

/** The places something may have come from; empty where the pickle has no part in it. */
export type StatePlaceSet = readonly StatePlace[] | "elsewhere";

/** The object that is loaded, or its attributes, as a whole: what is done with that is known, what is found in it may have been anywhere. */
const WHOLE: StatePlace = { attribute: "", isInside: false };

/** In any attribute of it, or in a container there. */
const ANYWHERE: StatePlace = { attribute: ANY_ATTRIBUTE, isInside: true };

/** Builtins that give a new value, or a class, whatever they are given. */
const VALUES = /^builtins\.(bool|bytes|float|hasattr|id|int|isinstance|issubclass|len|object|repr|str|super|type)$/;

/** Of what is called, what gives nothing but what it is handed, or is read. */
const GIVING: ReadonlySet<string> = new Set(["external", "builtin-method", "class", "function", "method"]);

type Call = Extract<Instruction, { readonly op: "call" }>;

/** What every object or class has that says what it is: its class, texts. */
const DESCRIBES = /^__(class|doc|module|name|qualname)__$/;

/** Methods of builtin containers and strings. */
export const CONTAINER_METHODS = new Set(
  `add append clear copy count difference discard endswith extend format get index insert intersection items join keys lower pop
   popitem remove replace setdefault sort split startswith strip union update upper values`.split(/\s+/),
);
/** Functions and types that keep what they are handed in nothing but what they give. */
const KEEPS_NOTHING = /^(builtins\.(?!setattr$)\w+|collections\.\w+|numpy\.(core\.\w+\.)?\w+|warnings\.warn)$/;
/** Methods of containers that keep it in what they are called on. */
const KEEPS = /^(__\w+__|add|append|extend|insert|setdefault|update)$/;

export class StatePlaces {
  private readonly placing = new Set<Node>();
  /** Counts what becomes known of parameters, by which what functions give is known. */
  known = 0;
  private readonly giving = new Set<Code>();
  private readonly copying = new Set<Node>();
  private readonly passed = new Map<Code, Map<Register, StatePlaceSet>>();
  /** The parameters that some call hands something, by position. */
  private readonly handed = new Map<Code, Set<number>>();
  /** What was put anywhere else than where the pickle has it: into a container, another object, another attribute. It may be found anywhere. */
  private kept: StatePlaceSet = [];

  constructor(
    private readonly flow: Flow,
    /** The object that is loaded. */
    private readonly receiver: Value,
  ) {}

  /** Where in the state the pickle can have put what a register holds; `elsewhere` where that cannot be told. */
  of(frame: Frame, register: Register): StatePlaceSet {
    // `x = x.next`: where the first of them was. What the state's own methods do is known.
    const node = frame.base + register;
    if (this.placing.has(node) || this.isState(frame, register)) return [];
    this.placing.add(node);
    const origins = originsOf(frame.code, register);
    const places = union(origins.map((origin) => this.ofOrigin(frame, origin)));
    const isKnown = (origins.length > 0 || isEmpty(register)) && !isSetInside(frame.code, register);
    this.placing.delete(node);
    return isKnown ? places : union([places, this.kept]);
  }

  /**
   * Notes what an instruction puts somewhere: an attribute, an item, a variable of another function, a container. True where more may be found
   * anywhere than was known.
   */
  keep(frame: Frame, instruction: Instruction): boolean {
    const before = sizeOf(this.kept);
    for (const places of this.putBy(frame, instruction)) this.kept = union([this.kept, inside(places)]);
    return sizeOf(this.kept) > before;
  }

  private putBy(frame: Frame, instruction: Instruction): readonly StatePlaceSet[] {
    switch (instruction.op) {
      case "store": {
        // What changes a class or a module acts, whatever it puts there.
        if (this.areConstant(frame, instruction.object)) return [];
        const places = this.ofAll(frame, instruction.from);
        return this.isLoaded(frame, instruction.object) && isAt(places, instruction.attribute) ? [] : [places];
      }
      case "set-item": {
        const places = this.ofAll(frame, instruction.from);
        const isOwn = instruction.key !== null && this.isState(frame, instruction.object) && isAt(places, instruction.key);
        return isOwn ? [] : [places, this.of(frame, instruction.keyFrom)];
      }
      case "set-outer":
        return [this.ofAll(frame, instruction.from)];
      case "call":
        return this.keptByCall(frame, instruction);
      default:
        return [];
    }
  }

  private keptByCall(frame: Frame, { callee, arguments: args }: Call): readonly StatePlaceSet[] {
    const callees = this.flow.graph.valuesOf(frame.base + callee).map((value) => this.flow.data(value));
    // What functions of the analysed source do with it is read there.
    if (callees.length > 0 && callees.every((data) => data.kind === "function" || data.kind === "method" || data.kind === "class"))
      return [];
    const methods = originsOf(frame.code, callee);
    const isOfContainer =
      methods.length > 0 &&
      methods.every((each) => each.op === "load" && CONTAINER_METHODS.has(each.attribute) && !KEEPS.test(each.attribute));
    const isPlain = callees.length > 0 && callees.every((data) => data.kind === "external" && KEEPS_NOTHING.test(data.name));
    if (isOfContainer || isPlain) return [];
    const objects = methods.flatMap((origin) => (origin.op === "load" ? [origin.object] : []));
    // `super().__setstate__(state)`, where no source has one: nothing becomes of the state, or what the unpickler would do with it.
    const isOfSuper = (object: Register) => originsOf(frame.code, object).every(({ op }) => op === "super");
    const isHandedOn =
      methods.length > 0 && methods.every((each) => each.op === "load" && each.attribute === "__setstate__" && isOfSuper(each.object));
    if (isHandedOn && args.every(({ from }) => this.isState(frame, from))) return [];
    // `self.__dict__.update(state)`
    const isOwn = objects.length > 0 && objects.every((object) => this.isState(frame, object));
    return args.flatMap(({ from, kind }) => (isOwn && kind === "positional" && this.isState(frame, from) ? [] : [this.ofAll(frame, from)]));
  }

  /** Whether a register holds the object that is loaded and nothing else. */
  private isLoaded(frame: Frame, register: Register): boolean {
    const values = this.flow.graph.valuesOf(frame.base + register);
    return values.length > 0 && values.every((value) => value === this.receiver);
  }

  /**
   * Notes what the parameters of a function are handed; those that nothing is said of take part of nothing. `given` is by
   * position. True where that is more than was known.
   */
  pass(code: Code, given: readonly (readonly [index: number, places: StatePlaceSet])[]): boolean {
    const isNew = !this.passed.has(code);
    const known = this.passed.get(code) ?? new Map(code.body.parameters.map((register) => [register, []]));
    this.passed.set(code, known);
    const handed = this.handed.get(code) ?? new Set();
    this.handed.set(code, handed);
    let isMore = isNew;
    for (const [index, places] of given) {
      if (!handed.has(index)) isMore = true;
      handed.add(index);
      const register = code.body.parameters[index];
      const before = register === undefined ? undefined : known.get(register);
      if (register === undefined || before === undefined) continue;
      const after = union([before, places]);
      if (sizeOf(after) === sizeOf(before)) continue;
      known.set(register, after);
      isMore = true;
      this.known++;
    }
    return isMore;
  }

  /** The same of the defaults of a function that is made here, in whose place nothing may be handed. */
  passDefaults(frame: Frame, { code, defaults }: Extract<Instruction, { readonly op: "function" }>): boolean {
    const given = defaults.flatMap((from, index): [number, StatePlaceSet][] => {
      const places = isEmpty(from) ? [] : this.ofAll(frame, from);
      return sizeOf(places) === 0 ? [] : [[index, places]];
    });
    return given.length > 0 && this.pass(code, given);
  }

  /** Whether a parameter has its default in every call. */
  isLeftOut(code: Code, register: Register): boolean {
    const index = code.body.parameters.indexOf(register);
    const parameter = code.parameters[index];
    return parameter !== undefined && parameter.default !== 0 && this.handed.get(code)?.has(index) === false;
  }

  /** The same for the arguments of a call, the first of which is for the parameter at `first`. */
  passArguments(frame: Frame, code: Code, args: readonly Argument[], first: number): boolean {
    const { parameters } = code;
    let next = first;
    const given = args.flatMap((argument): [number, StatePlaceSet][] => {
      const places = this.ofAll(frame, argument.from);
      if (argument.kind === "positional") {
        const index = next++;
        return [[isPositional(parameters[index]) ? index : parameters.findIndex(({ kind }) => kind === "star"), places]];
      }
      if (argument.kind === "keyword") {
        const index = parameters.findIndex(({ name }) => name === argument.name);
        return [[index === -1 ? parameters.findIndex(({ kind }) => kind === "double-star") : index, places]];
      }
      return parameters.slice(first).map((_, index) => [first + index, inside(places)]);
    });
    return this.pass(code, given);
  }

  private ofOrigin(frame: Frame, origin: RegisterOrigin): StatePlaceSet {
    const { code } = frame;
    switch (origin.op) {
      case "parameter":
        if (this.isState(frame, origin.register) || this.isReceiver(frame, origin.register)) return [];
        return this.passed.get(code)?.get(origin.register) ?? "elsewhere";
      case "load":
        if (DESCRIBES.test(origin.attribute)) return [];
        if (this.isReceiver(frame, origin.object))
          return isSpecialName(origin.attribute)
            ? []
            : union([[{ attribute: nameInState(code, origin.attribute), isInside: false }], this.kept]);
        return this.isOfModule(frame, origin.object) ? [] : union([ofPart(this.of(frame, origin.object)), this.kept]);
      case "name":
        return this.isOfModule(frame, origin.into) ? [] : this.kept;
      case "item":
      case "iterate": {
        const from = origin.op === "item" ? origin.object : origin.from;
        if (this.isState(frame, from))
          return origin.op === "item" && origin.key !== null
            ? union([[{ attribute: origin.key, isInside: false }], this.kept])
            : "elsewhere";
        const places = union([this.of(frame, from), this.kept]);
        // What was handed over as one of many was gathered here, not by the pickle.
        return originsOf(code, from).every((each) => each.op === "parameter" && isGathering(code, each.register)) ? places : inside(places);
      }
      case "call":
        return this.ofTaken(frame, origin) ?? this.ofGiven(frame, origin);
      case "make":
        return inside(union(origin.items.flatMap(({ keyFrom, from }) => [this.ofAll(frame, keyFrom), this.ofAll(frame, from)])));
      case "operate":
        return union([origin.left, origin.right].map((register) => this.ofAll(frame, register)));
      case "outer": {
        let outer: Frame | null = frame;
        for (let hop = 0; hop < origin.hops && outer; hop++) outer = outer.outer;
        return outer ? union([this.ofAll(outer, origin.register), this.kept]) : "elsewhere";
      }
      case "result":
      case "enter":
        return "elsewhere";
      default:
        return [];
    }
  }

  /** `state.pop("name")` and the like. */
  private ofTaken(frame: Frame, { callee, arguments: [key, ...more] }: Call): StatePlaceSet | null {
    const [method] = originsOf(frame.code, callee);
    const [name, ...others] = key === undefined ? [] : originsOf(frame.code, key.from);
    const isTaken = method?.op === "load" && /^(get|pop|setdefault)$/.test(method.attribute) && this.isState(frame, method.object);
    if (!isTaken || name?.op !== "text" || isForm(name.value) || others.length > 0) return null;
    return union([[{ attribute: name.value, isInside: false }], this.kept, ...more.map(({ from }) => this.ofAll(frame, from))]);
  }

  /** What calling a container's method or a builtin function gives may be what is in the container, or what it was given. */
  private ofGiven(frame: Frame, { callee, arguments: args }: Call): StatePlaceSet {
    const callees = this.flow.graph.valuesOf(frame.base + callee).map((value) => this.flow.data(value));
    if (callees.length > 0 && callees.every((data) => this.makes(data))) return [];
    const results = callees.flatMap((data) => this.resultsOf(data));
    if (callees.some(({ kind }) => !GIVING.has(kind))) return "elsewhere";
    const objects = originsOf(frame.code, callee).flatMap((origin) => (origin.op === "load" ? [origin.object] : []));
    if (callees.length > 0 && callees.every(({ kind }) => kind === "function" || kind === "method")) return union([this.kept, ...results]);
    const given = [...objects, ...args.map(({ from }) => from)].map((register) => this.ofAll(frame, register));
    // What `getattr` gives is a part of what it was handed.
    const isPart = callees.some((data) => data.kind === "external" && /^builtins\.(getattr|vars)$/.test(data.name));
    const parts = isPart && args[0] !== undefined ? [ofPart(this.ofAll(frame, args[0].from))] : [];
    return union([this.kept, ...results, ...parts, inside(union(given))]);
  }

  /** What a function of the analysed source gives, of what its parameters are handed by all calls. */
  private resultsOf(callee: ValueData): readonly StatePlaceSet[] {
    const function_ = callee.kind === "method" ? this.flow.data(callee.function) : callee;
    if (function_.kind !== "function") return callee.kind === "method" ? ["elsewhere"] : [];
    const { code } = function_;
    const { instructions } = code.body;
    const frames = this.flow.framesOf(code);
    if (frames.length === 0 || this.giving.has(code) || code.decorators.length > 0 || instructions.some(({ op }) => op === "yield"))
      return ["elsewhere"];
    this.giving.add(code);
    const given = instructions.flatMap((each) => (each.op === "return" ? [each.from] : []));
    const found = frames.flatMap((frame) => given.map((register) => this.ofAll(frame, register)));
    this.giving.delete(code);
    return found;
  }

  /** Whether a call gives something new: a value, or an object, which holds what was put into it (`keep`). */
  private makes(callee: ValueData): boolean {
    switch (callee.kind) {
      case "class":
        return true;
      case "external":
        return VALUES.test(callee.name) || isComputing(callee.name);
      case "function":
        return isComputing(this.flow.nameOf(callee.code)) || this.givesValues(callee.code);
      default:
        return false;
    }
  }

  /** Whether a function gives nothing but texts that it writes, and what calls make. */
  private givesValues(code: Code): boolean {
    if (this.giving.has(code) || code.decorators.length > 0 || code.body.instructions.some(({ op }) => op === "yield")) return false;
    this.giving.add(code);
    const given = code.body.instructions.flatMap((each) => (each.op === "return" ? [each.from] : []));
    const isValue = (frame: Frame, register: Register) => {
      const origins = originsOf(code, register);
      const isMade = (origin: RegisterOrigin) => {
        if (origin.op !== "call") return origin.op === "text";
        const callees = this.flow.graph.valuesOf(frame.base + origin.callee).map((value) => this.flow.data(value));
        return callees.length > 0 && callees.every((data) => data.kind !== "class" && this.makes(data));
      };
      return isEmpty(register) || (origins.length > 0 && origins.every(isMade));
    };
    const frames = this.flow.framesOf(code);
    const isGiving = frames.length > 0 && frames.every((frame) => given.every((register) => isValue(frame, register)));
    this.giving.delete(code);
    return isGiving;
  }

  /** Where all that can be got at by what a register holds may have come from: by the object that is loaded, or its state, anything. */
  ofAll(frame: Frame, register: Register): StatePlaceSet {
    return this.isState(frame, register) || this.isReceiver(frame, register) ? [WHOLE] : this.of(frame, register);
  }

  /** The dict of attributes: as the unpickler hands it to `__setstate__`, or as the object has it; or a copy of it. */
  isState(frame: Frame, register: Register): boolean {
    const { code } = frame;
    // `state = dict(state)`
    const node = frame.base + register;
    if (this.copying.has(node)) return true;
    this.copying.add(node);
    const origins = originsOf(code, register);
    const isState = origins.length > 0 && origins.every((origin) => this.isStateBy(frame, origin));
    this.copying.delete(node);
    return isState;
  }

  private isStateBy(frame: Frame, origin: RegisterOrigin): boolean {
    const { code } = frame;
    switch (origin.op) {
      case "parameter":
        return code.name === "__setstate__" && origin.register === code.body.parameters[1];
      case "load":
        return origin.attribute === "__dict__" && this.isReceiver(frame, origin.object);
      case "call": {
        const [copied, ...others] = origin.arguments;
        const callees = this.flow.graph.valuesOf(frame.base + origin.callee).map((value) => this.flow.data(value));
        const isCopied = callees.length > 0 && callees.every((data) => data.kind === "external" && data.name === "builtins.dict");
        return isCopied && copied?.kind === "positional" && others.length === 0 && this.isState(frame, copied.from);
      }
      default:
        return false;
    }
  }

  /** Whether all that is known of a register is classes, functions and what modules have. */
  private areConstant(frame: Frame, register: Register): boolean {
    const kinds = this.flow.graph.valuesOf(frame.base + register).map((value) => this.flow.data(value).kind);
    return kinds.length > 0 && kinds.every((kind) => kind === "module" || kind === "class" || kind === "function" || kind === "external");
  }

  /** Whether a register holds a module, or a class, function or value of one that the pickle has no part in. */
  private isOfModule(frame: Frame, register: Register): boolean {
    const origins = originsOf(frame.code, register);
    return (
      this.areConstant(frame, register) &&
      origins.length > 0 &&
      origins.every(
        (origin) => origin.op === "import" || origin.op === "name" || (origin.op === "load" && this.isOfModule(frame, origin.object)),
      )
    );
  }

  /** Whether a register holds the object that is loaded, or another whose method this is. */
  isReceiver(frame: Frame, register: Register): boolean {
    if (frame.receiver !== null && register === frame.code.body.parameters[0]) return true;
    return this.flow.graph.valuesOf(frame.base + register).includes(this.receiver);
  }
}

/** The key under which the state of an object has an attribute: a private one with its class before it. */
export function nameInState(code: Code, attribute: string): string {
  if (!attribute.startsWith("__") || attribute.endsWith("__")) return attribute;
  for (let parent = code.parent; parent; parent = parent.parent)
    if (parent.kind === "class") return `_${parent.name.replace(/^_+/, "")}${attribute}`;
  return attribute;
}

/** Whether it is the object itself, or all its attributes. */
export function isWhole({ attribute }: StatePlace): boolean {
  return attribute === WHOLE.attribute;
}

function union(sets: readonly StatePlaceSet[]): StatePlaceSet {
  const places = new Map<string, StatePlace>();
  for (const set of sets) {
    if (set === "elsewhere") return set;
    for (const place of set) places.set(`${place.attribute} ${place.isInside} ${place.isBeyond ?? false}`, place);
  }
  return [...places.values()];
}

/** Whether a function inside another sets a variable of that, `hops` functions out. */
export function isSetInside(code: Code, register: Register, hops = 1): boolean {
  return code.body.instructions.some(
    (each) =>
      each.op === "function" &&
      (each.code.body.instructions.some((inner) => inner.op === "set-outer" && inner.hops === hops && inner.register === register) ||
        isSetInside(each.code, register, hops + 1)),
  );
}

/** Whether it is what the pickle put under that name. */
function isAt(places: StatePlaceSet, attribute: string): boolean {
  return places !== "elsewhere" && places.every((place) => place.attribute === attribute && !place.isInside && !place.isBeyond);
}

function inside(places: StatePlaceSet): StatePlaceSet {
  return places === "elsewhere" ? places : union([places.map((place) => (isWhole(place) ? ANYWHERE : { ...place, isInside: true }))]);
}

/** What is got from something there. */
function ofPart(places: StatePlaceSet): StatePlaceSet {
  return places === "elsewhere" ? places : union([places.map((place) => (isWhole(place) ? ANYWHERE : { ...place, isBeyond: true }))]);
}

function sizeOf(places: StatePlaceSet): number {
  return places === "elsewhere" ? Number.POSITIVE_INFINITY : places.length;
}

function isPositional(parameter: Parameter | undefined): boolean {
  return parameter?.kind === "positional" || parameter?.kind === "positional-only";
}

/** `*args` and `**kwargs`. */
function isGathering(code: Code, register: Register): boolean {
  const { kind } = code.parameters[code.body.parameters.indexOf(register)]!;
  return kind === "star" || kind === "double-star";
}
