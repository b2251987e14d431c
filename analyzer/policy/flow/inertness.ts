/**
 * What loading an object of a class runs, beside storing what the pickle gives it. An object that is inert to load may
 * fill a slot that another class leaves open: the unpickler looks its class up, makes it without calling it, and stores.
 * Boundary: one class, from the graph as it was solved; whatever is not understood counts as acting.
 *
 * What is read: every function that CPython's unpickler can get to by way of an object (load_newobj, load_build,
 * load_appends, load_setitems and load_additems of Lib/pickle.py) and every function those call. What a comparison, a
 * truth test or an index runs on what the object holds is not followed.
 */
import type { Code, Instruction, Register } from "../../python/code.ts";
import { openCall } from "./calls.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { isContainer, nativeType } from "./natives.ts";
import type { Value } from "./values.ts";

export interface Loading {
  /** Why it is more than storing; empty where the object is inert to load. */
  readonly acts: readonly string[];
  /** Attributes that loading calls, or whose methods it calls: nothing but a builtin container may be put there. */
  readonly touches: readonly string[];
  /** Whether its reduction calls the class, as a recorded one of a class it derives from does: then its `__init__` was read too. */
  readonly isCalled: boolean;
}

/** What the unpickler may get to of any object. A property's setter runs for a state of slots, which fillers may not have. */
const REACHED = ["__setstate__", "__new__", "__dict__", "__class__", "__getattribute__", "__getattr__", "__del__", "__hash__"];
/** The same, where the object is made by a call, or is given items. */
const REACHED_OF_CONTAINERS = [...REACHED, "__init__", "__setattr__", "append", "extend", "add", "update", "__setitem__"];

/** Methods of builtin containers and strings. */
const CONTAINER_METHODS = new Set(
  `add append clear copy count difference discard endswith extend format get index insert intersection items join keys lower pop
   popitem remove replace setdefault sort split startswith strip union update upper values`.split(/\s+/),
);
/** What `object` gives to every class, when no class in between defines it. */
const OBJECT_METHODS = new Set(["__setstate__", "__getstate__", "__init__", "__new__", "__setattr__", "__getattribute__", "__delattr__"]);
/** Functions that only compute, and the classes of exceptions. */
const PURE =
  /^(builtins\.((object|dict|list|set|tuple|str|frozenset)(\.\w+)?|abs|all|any|bool|bytes|callable|dir|enumerate|filter|float|getattr|hasattr|hash|id|int|isinstance|issubclass|iter|len|map|max|min|next|range|repr|reversed|round|setattr|sorted|sum|super|type|vars|zip|\w*(Error|Warning|Exception))|collections\.\w+|warnings\.warn|typing\.cast)$/;

/** Abstract classes of the standard library: their methods are Python's own, and none is one that loading gets to. */
const MIXINS = /^(collections\.abc|numbers|typing|abc)\.\w+$/;

/** What loading an object of the class runs. */
export function loadingOf(flow: Flow, code: Code): Loading {
  return new LoadReader(flow, code).read();
}

class LoadReader {
  private readonly acts = new Set<string>();
  private readonly touches = new Set<string>();
  private readonly seen = new Set<Code>();
  private readonly receiver: Value;

  constructor(
    private readonly flow: Flow,
    private readonly code: Code,
  ) {
    this.receiver = flow.values.instance(code, null);
  }

  read(): Loading {
    const order = this.flow.classes.orderOf(this.code);
    const native = order.findIndex((base) => typeof base === "string" && nativeType(base)?.subclass);
    this.readReduction(native === -1 ? order : order.slice(0, native));
    const isCalled = native !== -1;
    for (const base of order) {
      if (typeof base === "string") {
        if (!nativeType(base)?.subclass && !MIXINS.test(base)) this.acts.add(`its base ${base} is not read`);
      } else if (base.metaclass !== null && !isPlainMetaclass(base)) this.acts.add(`${base.qualifiedName} has a metaclass`);
    }
    for (const name of isCalled ? REACHED_OF_CONTAINERS : REACHED) this.readMember(name);
    return { acts: [...this.acts], touches: [...this.touches].sort(), isCalled };
  }

  private readReduction(order: readonly (Code | string)[]): void {
    if (this.flow.registered.has(this.code)) this.acts.add("its reduction is registered with copyreg");
    for (const base of order) {
      if (typeof base === "string") continue;
      for (const name of ["__reduce_ex__", "__reduce__"])
        if (base.members.has(name)) this.acts.add(`${base.qualifiedName}.${name} is a reduction of its own`);
    }
  }

  /** A method that the unpickler may get to: as the class has it. */
  private readMember(name: string): void {
    const definer = this.flow.classes.definerOf(this.code, name);
    const member = definer?.members.get(name);
    if (!definer || !member || member.isEmpty) return;
    const found = functionsOf(definer, name);
    if (found.length === 0) this.acts.add(`${definer.qualifiedName}.${name} is not a plain method`);
    for (const function_ of found) {
      if (function_.decorators.length > 0 && name !== "__new__") this.acts.add(`${definer.qualifiedName}.${name} is decorated`);
      openCall(this.flow, this.flow.values.function(function_, null), this.receiver);
      this.flow.graph.solve();
      this.readFunction(function_);
    }
  }

  private readFunction(code: Code): void {
    if (this.seen.has(code)) return;
    this.seen.add(code);
    // The grammar takes `type(self).attribute = value` for a `type` statement, of which no instructions are made.
    if (/^[ \t]*type[ \t]*\([^\n]*=(?!=)/m.test(code.text)) this.act(code, code.line, "changes a class");
    const frames = this.flow.framesOf(code);
    if (frames.length === 0) this.act(code, code.line, `calls ${code.qualifiedName}, which is not followed`);
    for (const frame of frames) for (const instruction of code.body.instructions) this.readInstruction(frame, instruction);
  }

  private act(code: Code, line: number, what: string): void {
    this.acts.add(`${code.qualifiedName} ${what} (${code.unit.path}:${line})`);
  }

  private readInstruction(frame: Frame, instruction: Instruction): void {
    const { code } = frame;
    switch (instruction.op) {
      case "call":
        this.readCall(frame, instruction);
        return;
      case "store":
        this.readStore(frame, instruction.object, instruction.attribute, instruction.line);
        return;
      case "load":
        this.readProperty(frame, instruction.object, instruction.attribute);
        return;
      case "item":
        this.readSpecial(frame, instruction.object, ["__getitem__"]);
        return;
      case "set-item":
        this.readSpecial(frame, instruction.object, ["__setitem__"]);
        return;
      case "iterate":
        this.readSpecial(frame, instruction.from, ["__iter__", "__next__"]);
        return;
      case "operate":
        for (const register of [instruction.left, instruction.right])
          this.readSpecial(frame, register, ["__add__", "__radd__", "__iadd__", "__or__", "__mul__"]);
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

  private readCall(frame: Frame, instruction: Extract<Instruction, { readonly op: "call" }>): void {
    const { code } = frame;
    const producer = producerOf(code, instruction.callee);
    if (producer?.op === "load") this.touch(frame, producer, instruction.line);
    const callees = this.flow.graph.valuesOf(frame.base + instruction.callee);
    if (callees.length === 0) {
      if (producer?.op !== "load" || !CONTAINER_METHODS.has(producer.attribute))
        this.act(code, instruction.line, `calls ${producer?.op === "load" ? `.${producer.attribute}` : "a value"}, which is not known`);
      return;
    }
    for (const callee of callees) this.readCallee(frame, callee, instruction.line);
  }

  /** A method called on something: of `self`, or of what an attribute of it holds, the pickle may have put another there. */
  private touch(frame: Frame, load: Extract<Instruction, { readonly op: "load" }>, line: number): void {
    const { code } = frame;
    if (this.isReceiver(frame, load.object)) {
      if (!load.attribute.startsWith("__")) this.touches.add(load.attribute);
      return;
    }
    const holder = producerOf(code, load.object);
    if (holder?.op === "load" && this.isReceiver(frame, holder.object)) this.touches.add(holder.attribute);
    else if (holder?.op === "item" && holder.key !== null) this.touches.add(holder.key);
    else if (holder?.op === "iterate" || holder?.op === "item") this.act(code, line, `calls .${load.attribute} of what it was given`);
  }

  private isReceiver(frame: Frame, register: Register): boolean {
    return this.flow.graph.valuesOf(frame.base + register).includes(this.receiver);
  }

  private readCallee(frame: Frame, callee: Value, line: number): void {
    const { flow } = this;
    const data = flow.data(callee);
    switch (data.kind) {
      case "function":
        this.readFunction(data.code);
        return;
      case "method": {
        const function_ = flow.data(data.function);
        if (function_.kind === "function") this.readFunction(function_.code);
        return;
      }
      case "class":
        this.readConstruction(frame, data.code, line);
        return;
      case "external":
        if (!PURE.test(data.name) && !isContainer(data.name)) this.act(frame.code, line, `calls ${data.name}`);
        return;
      case "builtin-method": {
        const ofNative = flow.data(data.receiver).kind === "native";
        if (ofNative || !(CONTAINER_METHODS.has(data.name) || OBJECT_METHODS.has(data.name)))
          this.act(frame.code, line, `calls .${data.name} of something that is not Python`);
        return;
      }
      case "text":
      case "derived-class":
        return;
      default:
        this.act(frame.code, line, `calls a value of kind ${data.kind}`);
    }
  }

  private readConstruction(frame: Frame, code: Code, line: number): void {
    for (const base of this.flow.classes.externalBases(code))
      if (!PURE.test(base) && !nativeType(base)?.subclass) this.act(frame.code, line, `makes a ${code.qualifiedName}, of ${base}`);
    for (const name of ["__init__", "__new__"]) {
      const definer = this.flow.classes.definerOf(code, name);
      if (definer) for (const function_ of functionsOf(definer, name)) this.readFunction(function_);
    }
  }

  private readStore(frame: Frame, object: Register, attribute: string, line: number): void {
    const { flow } = this;
    for (const value of flow.graph.valuesOf(frame.base + object)) {
      const data = flow.data(value);
      if (data.kind === "class" || data.kind === "module" || data.kind === "function" || data.kind === "external")
        this.act(frame.code, line, `changes ${data.kind === "external" ? data.name : `a ${data.kind}`}`);
      if (data.kind !== "instance") continue;
      this.readMethod(data.code, "__setattr__");
      const definer = flow.classes.definerOf(data.code, attribute);
      if (definer) for (const function_ of functionsOf(definer, attribute)) this.readFunction(function_);
    }
  }

  private readProperty(frame: Frame, object: Register, attribute: string): void {
    const { flow } = this;
    for (const value of flow.graph.valuesOf(frame.base + object)) {
      const data = flow.data(value);
      if (data.kind !== "instance") continue;
      const definer = flow.classes.definerOf(data.code, attribute);
      if (!definer) continue;
      for (const function_ of functionsOf(definer, attribute))
        if (function_.decorators.some((decorator) => !/(^|\.)(staticmethod|classmethod)$/.test(decorator))) this.readFunction(function_);
    }
  }

  /** Special methods that an operation runs on what a register holds. */
  private readSpecial(frame: Frame, register: Register, names: readonly string[]): void {
    for (const value of this.flow.graph.valuesOf(frame.base + register)) {
      const data = this.flow.data(value);
      if (data.kind === "instance") for (const name of names) this.readMethod(data.code, name);
    }
  }

  private readMethod(code: Code, name: string): void {
    const definer = this.flow.classes.definerOf(code, name);
    if (definer) for (const function_ of functionsOf(definer, name)) this.readFunction(function_);
  }
}

function functionsOf(class_: Code, name: string): Code[] {
  return class_.body.instructions.flatMap((instruction) =>
    instruction.op === "function" && instruction.code.name === name ? [instruction.code] : [],
  );
}

/** The instruction that a register was last written by. */
function producerOf(code: Code, register: Register): Instruction | undefined {
  return code.body.instructions.findLast((instruction) => "into" in instruction && instruction.into === register);
}

function isPlainMetaclass({ metaclass }: Code): boolean {
  return metaclass?.kind === "name" && /^(ABCMeta|type)$/.test(metaclass.path.at(-1) ?? "");
}
