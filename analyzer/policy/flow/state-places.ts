/**
 * Where in the state that a pickle gives an object the functions that load it find something: `self.parts`, what is in it,
 * `state["parts"]`, a parameter that is handed one of them. Boundary: places, by the code's instructions; what may sit
 * there is for the verdict to look at.
 */
import type { Argument, Code, Instruction, Parameter, Register } from "../../python/code.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { originsOf, type RegisterOrigin } from "./register-origins.ts";
import type { Value } from "./values.ts";

/** A place in the state that a pickle gives an object. */
export interface StatePlace {
  readonly attribute: string;
  /** It is in a container there. */
  readonly isInside: boolean;
}

/** The places something may have come from; empty where the pickle has no part in it. */
export type StatePlaceSet = readonly StatePlace[] | "elsewhere";

/** Builtins that give a new value, or a class, whatever they are given. */
const VALUES = /^builtins\.(bool|bytes|float|hasattr|id|int|isinstance|issubclass|len|object|repr|str|super|type)$/;

type Call = Extract<Instruction, { readonly op: "call" }>;

export class StatePlaces {
  private readonly placing = new Set<Register>();
  private readonly passed = new Map<Code, Map<Register, StatePlaceSet>>();

  constructor(
    private readonly flow: Flow,
    /** The object that is loaded. */
    private readonly receiver: Value,
  ) {}

  /** Where in the state the pickle can have put what a register holds; `elsewhere` where that cannot be told. */
  of(frame: Frame, register: Register): StatePlaceSet {
    // `x = x.next`: where the first of them was.
    if (this.placing.has(register)) return [];
    this.placing.add(register);
    const places = union(originsOf(frame.code, register).map((origin) => this.ofOrigin(frame, origin)));
    this.placing.delete(register);
    return places;
  }

  /**
   * Notes what the parameters of a function are handed; those that nothing is said of take part of nothing. `given` is by
   * position. True where that is more than was known.
   */
  pass(code: Code, given: readonly (readonly [index: number, places: StatePlaceSet])[]): boolean {
    const isNew = !this.passed.has(code);
    const known = this.passed.get(code) ?? new Map(code.body.parameters.map((register) => [register, []]));
    this.passed.set(code, known);
    let isMore = isNew;
    for (const [index, places] of given) {
      const register = code.body.parameters[index];
      const before = register === undefined ? undefined : known.get(register);
      if (register === undefined || before === undefined) continue;
      const after = union([before, places]);
      if (sizeOf(after) === sizeOf(before)) continue;
      known.set(register, after);
      isMore = true;
    }
    return isMore;
  }

  /** The same for the arguments of a call, the first of which is for the parameter at `first`. */
  passArguments(frame: Frame, code: Code, args: readonly Argument[], first: number): boolean {
    const { parameters } = code;
    let next = first;
    const given = args.flatMap((argument): [number, StatePlaceSet][] => {
      const places = this.of(frame, argument.from);
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
        if (origin.attribute.startsWith("__")) return [];
        if (this.isReceiver(frame, origin.object)) return [{ attribute: origin.attribute, isInside: false }];
        return this.of(frame, origin.object);
      case "item":
      case "iterate": {
        const from = origin.op === "item" ? origin.object : origin.from;
        if (this.isState(frame, from))
          return origin.op === "item" && origin.key !== null ? [{ attribute: origin.key, isInside: false }] : "elsewhere";
        const places = this.of(frame, from);
        // What was handed over as one of many was gathered here, not by the pickle.
        return originsOf(code, from).every((each) => each.op === "parameter" && isGathering(code, each.register)) ? places : inside(places);
      }
      case "call":
        return this.ofTaken(frame, origin) ?? this.ofGiven(frame, origin);
      case "outer":
        return "elsewhere";
      default:
        return [];
    }
  }

  /** `state.pop("name")` and the like. */
  private ofTaken(frame: Frame, { callee, arguments: [key] }: Call): StatePlaceSet | null {
    const [method] = originsOf(frame.code, callee);
    const [name] = key === undefined ? [] : originsOf(frame.code, key.from);
    const isTaken = method?.op === "load" && /^(get|pop|setdefault)$/.test(method.attribute) && this.isState(frame, method.object);
    return isTaken && name?.op === "text" ? [{ attribute: name.value, isInside: false }] : null;
  }

  /** What calling a container's method or a builtin function gives may be what is in the container, or what it was given. */
  private ofGiven(frame: Frame, { callee, arguments: args }: Call): StatePlaceSet {
    const callees = this.flow.graph.valuesOf(frame.base + callee).map((value) => this.flow.data(value));
    const isMade = callees.every((data) => data.kind === "class" || (data.kind === "external" && VALUES.test(data.name)));
    if (callees.length > 0 && isMade) return [];
    if (callees.some(({ kind }) => kind !== "external" && kind !== "builtin-method" && kind !== "class")) return "elsewhere";
    const objects = originsOf(frame.code, callee).flatMap((origin) => (origin.op === "load" ? [origin.object] : []));
    return inside(union([...objects, ...args.map(({ from }) => from)].map((register) => this.of(frame, register))));
  }

  /** The dict of attributes: as the unpickler hands it to `__setstate__`, or as the object has it. */
  private isState(frame: Frame, register: Register): boolean {
    const { code } = frame;
    const origins = originsOf(code, register);
    return (
      origins.length > 0 &&
      origins.every((origin) =>
        origin.op === "parameter"
          ? code.name === "__setstate__" && origin.register === code.body.parameters[1]
          : origin.op === "load" && origin.attribute === "__dict__" && this.isReceiver(frame, origin.object),
      )
    );
  }

  /** Whether a register holds the object that is loaded, or another whose method this is. */
  isReceiver(frame: Frame, register: Register): boolean {
    if (frame.receiver !== null && register === frame.code.body.parameters[0]) return true;
    return this.flow.graph.valuesOf(frame.base + register).includes(this.receiver);
  }
}

function union(sets: readonly StatePlaceSet[]): StatePlaceSet {
  const places = new Map<string, StatePlace>();
  for (const set of sets) {
    if (set === "elsewhere") return set;
    for (const place of set) places.set(`${place.attribute} ${place.isInside}`, place);
  }
  return [...places.values()];
}

function inside(places: StatePlaceSet): StatePlaceSet {
  return places === "elsewhere" ? places : places.map((place) => ({ ...place, isInside: true }));
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
