/**
 * What a pickle of the class holds: starting from the class, every value that can be reached through the state that
 * pickling saves, and the names that each needs. It grows with the graph: to hold an object also lets the methods that
 * its user may call run. Boundary: how an object reduces is `reduction.ts`, how a reason is told `reasons.ts`.
 */
import type { Base } from "../../../python/classes.ts";
import type { Code } from "../../../python/code.ts";
import { dangerOf, JUDGED_BY_ARGUMENTS } from "../../danger.ts";
import type { Reason } from "../../policy.ts";
import { leaveOpen } from "../flow/callers/open-values.ts";
import { openCall } from "../flow/calls.ts";
import { readDescriptor, runDescriptor } from "../flow/classes/descriptors.ts";
import { listenMembers } from "../flow/classes/enumerations.ts";
import { argumentsOf } from "../flow/classes/exceptions.ts";
import { hasFields, isNoField, POST_INITS } from "../flow/classes/fields.ts";
import { listenLocalNames } from "../flow/classes/local-classes.ts";
import { fillFromDefaults } from "../flow/classes/made-fields.ts";
import { openMetaclassCall } from "../flow/classes/metaclasses.ts";
import { holdsElements } from "../flow/containers.ts";
import { ANY, type Flow, KEYS, SOME } from "../flow/flow.ts";
import { LOADED } from "../flow/models/loaders.ts";
import { CHAIN_MAP } from "../flow/models/mappings.ts";
import {
  holdsAttributes,
  isConstant,
  isPureBuiltin,
  looksLikeClass,
  nativeType,
  placesOf,
  type Reduction,
  routesText,
  typeOfValue,
} from "../flow/models/natives.ts";
import { zoneOf } from "../flow/models/time-zones.ts";
import { seedType } from "../flow/types.ts";
import type { Value, ValueData } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import { NestedPickles } from "./nested-pickles.ts";
import { holdReduction } from "./reduction.ts";

/** How a value came to be held: by whom, and through which node. */
export interface Link {
  readonly holder: Value | null;
  readonly node: Node | null;
  readonly reason: Reason;
}

/** A name that loading needs, and the value that needs it. */
export interface Need {
  readonly callable: string;
  /** The module within it, where the name in the module is dotted. */
  readonly module?: string;
  readonly value: Value;
  /** The last step: why this value needs that name. */
  readonly reason: Reason;
}

export class Holding {
  readonly links = new Map<Value, Link>();
  readonly imports = new Map<string, Need>();
  readonly calls = new Map<string, Need>();
  /** Classes and functions of the analysed source that the policy names. */
  readonly named = new Set<Code>();
  /** Classmethods that are called, by the name of the class that they are called on. */
  readonly methods = new Map<string, Code>();
  /** Functions and classes that partials which are held were made of. */
  readonly bound = new Set<Value>();
  readonly nested: NestedPickles;
  private readonly ran = new Set<string>();

  constructor(readonly flow: Flow) {
    this.nested = new NestedPickles(this);
    flow.objects.listenOpen((value) => {
      if (this.links.has(value)) this.runConstructor(value);
    });
  }

  need(kind: "imports" | "calls", callable: string, value: Value, reason: Reason, module?: string): void {
    if (this[kind].has(callable)) return;
    const isDotted = module !== undefined && callable.lastIndexOf(".") > module.length;
    this[kind].set(callable, { callable, ...(isDotted && { module }), value, reason });
  }

  /** An import and a call of the same name. */
  needCall(callable: string, value: Value, reason: Reason): void {
    this.need("imports", callable, value, reason);
    this.need("calls", callable, value, reason);
  }

  /** Everything that reaches `node` is held by `holder`. */
  holdNode(node: Node, holder: Value, reason: Reason): void {
    this.flow.graph.listen(node, (value) => this.hold(value, { holder, node, reason }));
  }

  hold(value: Value, link: Link): void {
    if (this.links.has(value)) return;
    const { flow } = this;
    const data = flow.data(value);
    if (data.kind === "text" || data.kind === "module" || data.kind === "super" || data.kind === "builtin-method" || data.kind === "open")
      return;
    this.links.set(value, link);
    switch (data.kind) {
      case "instance":
        // A stub of a dependency tells what a compiled type has, and nothing of how it pickles: that is in the table or nowhere.
        if (data.code.unit.path.endsWith(".pyi") && !flow.isOfLibrary(data.code)) return;
        if (!ASKED_FOR.has(link.reason.kind) && dangerOf(flow.nameOf(data.code)) !== null) return;
        flow.objects.noteMade(value, data.code);
        this.named.add(data.code);
        this.runMethods(value, data.code);
        holdReduction(this, value, data.code);
        return;
      case "native":
        this.holdNative(value, data.type, data.constant);
        this.holdZone(value);
        return;
      case "unanalysed":
        this.holdTensorsOf(value, data.name);
        // Of `io` what pickles is in the table: open files do not.
        if (
          !data.isPart &&
          looksLikeClass(data.name) &&
          !data.name.startsWith("io.") &&
          this.isNearby(data.name) &&
          dangerOf(data.name) === null
        )
          this.need("imports", data.name, value, { kind: "unanalysed", text: `${data.name}: its source is not given`, name: data.name });
        return;
      case "class":
        this.holdReference(value, data.code, "class");
        return;
      case "function":
        this.holdReference(value, data.code, "function");
        return;
      case "method":
        this.holdNative(value, "types.MethodType");
        this.needMethod(value, data.function, data.receiver);
        this.hold(data.receiver, { holder: value, node: null, reason: { kind: "attribute", text: "the object whose method it is" } });
        return;
      case "derived-class":
        this.need("imports", data.name, value, { kind: "attribute", text: "the class itself is a value", name: data.name }, data.module);
        return;
      case "derived": {
        const native = nativeType(data.base);
        if (native?.subclass) this.needReduction(value, native.subclass, data.name, data.base, data.module);
        listenMembers(flow, flow.values.derivedClass(data.name, data.base, data.module), (member) => {
          const name = `${data.name}.${member}`;
          this.need("imports", name, value, { kind: "protocol", text: `getattr looks up the member ${member}`, name }, data.module);
        });
        this.holdNode(flow.field(value, ANY), value, { kind: "element", text: "an element" });
        return;
      }
      case "external":
        this.holdExternal(value, data.name);
        return;
      case "container":
        if (data.type === LOADED) {
          this.holdFields(value, value, null);
          this.holdElements(value);
        }
        // A queue, a pool: no pickle has one.
        if (nativeType(data.type) === null) return;
        this.holdNative(value, data.type);
        if (holdsAttributes(data.type)) this.holdFields(value, value, null);
        else this.holdElements(value);
        this.holdArguments(value);
        return;
      case "partial":
        if (nativeType(data.type) === null) return;
        this.holdNative(value, data.type);
        this.holdNode(flow.field(value, "[0]"), value, { kind: "argument", text: "the function of a partial" });
        if (data.type === "functools.partial") flow.graph.listen(flow.field(value, "[0]"), (function_) => void this.bound.add(function_));
        this.holdNode(flow.field(value, ANY), value, { kind: "argument", text: "an argument of a partial" });
        return;
      case "namespace":
        this.holdFields(data.owner, value, data.without);
        return;
    }
  }

  holdElements(value: Value): void {
    const { flow } = this;
    this.holdNode(flow.field(value, ANY), value, { kind: "element", text: "an element" });
    this.holdNode(flow.field(value, KEYS), value, { kind: "element", text: "a key" });
    const data = flow.data(value);
    if (data.kind !== "container") return;
    if (data.type === "collections.defaultdict") this.holdFactory(value, flow.field(value, "default_factory"));
    if (data.type === CHAIN_MAP) this.holdNode(flow.field(value, "maps"), value, { kind: "attribute", text: "the maps of a ChainMap" });
  }

  /** What an exception was made with. */
  holdArguments(value: Value): void {
    const args = argumentsOf(this.flow, value);
    const reason = { kind: "argument" as const, text: "what the exception was made with" };
    if (args !== null) this.hold(args, { holder: value, node: null, reason });
  }

  private holdZone(value: Value): void {
    const zones = zoneOf(this.flow, value);
    if (zones !== null) this.holdNode(zones, value, { kind: "argument", text: "the zone of a datetime" });
  }

  /** What a defaultdict calls for a missing key: looked up with it, and called by whatever reads that key while loading. */
  private holdFactory(value: Value, factories: Node): void {
    const { flow } = this;
    this.holdNode(factories, value, { kind: "argument", text: "the factory of a defaultdict" });
    flow.graph.listen(factories, (factory) => {
      const data = flow.data(factory);
      const name = data.kind === "class" || data.kind === "function" ? flow.nameOf(data.code) : data.kind === "external" ? data.name : null;
      // Only what may be looked up: `hold` has left out what is dangerous or has no name.
      if (name === null || !this.imports.has(name)) return;
      this.need("calls", name, value, { kind: "argument", text: "the factory of a defaultdict, which calls it", name });
    });
  }

  /** The state that `object`'s reduction saves: every attribute. `holder` is the object, or its namespace. */
  holdFields(owner: Value, holder: Value, without: ReadonlySet<string> | null): void {
    const { flow } = this;
    const data = flow.data(owner);
    const name = data.kind === "instance" ? data.code.name : "object";
    flow.listenFields(owner, (field, node) => {
      if (field.startsWith("[") ? field !== "[*]" : without?.has(field)) return;
      const text = field === "[*]" ? `${name}, under a computed name` : `${name}.${field}`;
      const isNumber = data.kind === "instance" && isAnnotatedNumber(flow.classes.orderOf(data.code), field);
      flow.graph.listen(node, (value) => {
        if (!isNumber || !NAMED.has(flow.data(value).kind)) this.hold(value, { holder, node, reason: { kind: "attribute", text } });
      });
    });
    if (holder === owner && holdsElements(flow, owner)) this.holdElements(owner);
  }

  private holdNative(value: Value, type: string, constant: string | null = null): void {
    const native = nativeType(type);
    const looked = constant === null ? undefined : native?.constants.get(constant);
    if (native && looked) this.needReduction(value, { imports: looked, calls: {} }, null, `${native.type} ${constant}`);
    else if (native?.own && !isDangerous(native.own)) this.needReduction(value, native.own, null, native.type);
  }

  /** The names of a recorded reduction; `{class}` is `class_`. */
  needReduction(value: Value, reduction: Reduction, class_: string | null, type: string, module?: string): void {
    for (const kind of ["imports", "calls"] as const) {
      for (const [name, routes] of Object.entries(reduction[kind])) {
        const callable = class_ === null ? name : name.replace("{class}", class_);
        const text = `how ${type} pickles, as recorded (${routesText(routes)})`;
        this.need(kind, callable, value, { kind: "native", text, name: callable }, name === callable ? moduleOfAttribute(name) : module);
      }
    }
  }

  /**
   * Whether a type whose source is not given is of the library itself (compiled), or of a package that the library
   * imports: what optional back-ends of its dependencies bring is no part of its objects.
   */
  private isNearby(name: string): boolean {
    const { flow } = this;
    const { modules } = flow.resolver;
    const package_ = name.split(".")[0] ?? "";
    return modules.isLibraryPackage(package_) || (!modules.has(package_) && flow.libraryImports(package_));
  }

  /**
   * An unknown object of which methods of torch modules are called holds tensors, whatever its class: its state is saved with theirs,
   * and often alone (`model.state_dict()`).
   */
  private holdTensorsOf(value: Value, name: string): void {
    const { flow } = this;
    flow.unanalysedCalls.listen(name, (method) => {
      if (!flow.libraryImports("torch")) return;
      const text = `${name} is unknown; .${method}() is called on it, as on a torch module, which holds tensors`;
      const reason = { kind: "unanalysed" as const, text };
      this.hold(flow.values.native("torch.Tensor"), { holder: value, node: null, reason });
      this.hold(flow.values.native("torch.nn.parameter.Parameter"), { holder: value, node: null, reason });
    });
  }

  /** The same of a classmethod that a reduction returns, which is called. What a method of an object is, only a run would tell. */
  needMethodCall(value: Value, { function: function_, receiver }: Extract<ValueData, { readonly kind: "method" }>, reason: Reason): void {
    const { flow } = this;
    const [method, class_] = [flow.data(function_), flow.data(receiver)];
    if (method.kind !== "function" || class_.kind !== "class") return;
    const name = `${flow.nameOf(class_.code)}.${method.code.name}`;
    if (name.includes("<")) return;
    this.methods.set(name, method.code);
    this.nested.noteLoader(value, method.code);
    this.need("calls", name, value, { ...reason, text: `${reason.text} returns ${method.code.name}`, name }, class_.code.unit.module);
  }

  /** What a method is looked up as: an attribute of its object, by the name of the object's class, or of the class it is bound to. */
  private needMethod(value: Value, function_: Value, receiver: Value): void {
    const { flow } = this;
    const [method, object] = [flow.data(function_), flow.data(receiver)];
    if (method.kind !== "function" || (object.kind !== "instance" && object.kind !== "class")) return;
    // A function that was put on the class under another name than its own is not found again; what a decorator makes of one may be no method.
    if (flow.classes.definerOf(object.code, method.code.name) === null || !method.code.decorators.every(isMethodDecorator)) return;
    const name = `${flow.nameOf(object.code)}.${method.code.name}`;
    if (name.includes("<") || dangerOf(name) !== null) return;
    const { path } = method.code.unit;
    const reason = {
      kind: "protocol" as const,
      text: `getattr looks up the method ${method.code.name}`,
      name,
      file: path,
      line: method.code.line,
    };
    this.need("imports", name, value, reason, object.code.unit.module);
  }

  /** A class or function that is itself a value is pickled by its name. */
  private holdReference(value: Value, code: Code, what: "class" | "function"): void {
    const name = this.flow.nameOf(code);
    if (dangerOf(name) !== null) return;
    const { path } = code.unit;
    const reason = { kind: "attribute" as const, text: `the ${what} itself is a value`, file: path, line: code.line };
    if (name.includes("<")) {
      if (what === "class") listenLocalNames(this.flow, code, (given) => this.need("imports", given, value, { ...reason, name: given }));
      return;
    }
    this.named.add(code);
    if (what === "class") this.need("imports", name, value, { ...reason, name });
    else
      for (const { callable, module } of placesOf(name) ?? [{ callable: name, module: undefined }])
        this.need("imports", callable, value, { ...reason, name: callable }, module);
  }

  private holdExternal(value: Value, name: string): void {
    const type = typeOfValue(name);
    if (type !== null) {
      this.holdNative(value, type);
      return;
    }
    // A package's own name is a module, which does not pickle; of what is in typing objects hold `Any`, the type of what has none.
    if (!name.includes(".") || (/^(typing|typing_extensions|abc|__future__)\./.test(name) && name !== "typing.Any")) return;
    if (looksLikeClass(name) && !nativeType(name) && !this.isNearby(name)) return;
    // `print` is the default of many a callback, and writes where whoever calls it says.
    if (name.startsWith("builtins.") && !nativeType(name) && !isPureBuiltin(name) && name !== "builtins.print") return;
    if (isConstant(name)) return;
    if (dangerOf(name) !== null || isInsideType(name)) return;
    const text = `${name} itself is a value; its source is not given`;
    for (const { callable, module } of placesOf(name) ?? [{ callable: classOfPickles(name), module: undefined }])
      if (dangerOf(callable) === null) this.need("imports", callable, value, { kind: "unanalysed", text, name: callable }, module);
  }

  // -- methods that the user of an object may call

  private runMethods(value: Value, code: Code): void {
    const { flow } = this;
    const isLibrary = flow.isOfLibrary(code);
    if (flow.objects.isOpen(value)) this.runConstructor(value);
    if (isLibrary) this.seedAnnotatedMembers(value, code);
    const seen = new Set<string>(["__init__", "__new__"]);
    for (const base of flow.classes.orderOf(code)) {
      if (typeof base === "string") continue;
      const isRun = flow.isOfLibrary(base) || (flow.objects.isOpen(value) && !isLibrary);
      for (const name of base.members.keys()) {
        if (seen.has(name)) continue;
        seen.add(name);
        if (isRun || (isLibrary && flow.completing.has(code, name))) this.runMember(value, code, base, name);
      }
      if (!flow.isOfLibrary(base)) continue;
      // `Class.name = function`, outside of it; under SOME is what was put there by a name that is computed.
      flow.listenFields(flow.classValue(base), (name) => {
        if (!base.members.has(name) && (name === SOME || !name.startsWith("["))) this.runMember(value, code, base, name);
      });
    }
  }

  /** Runs a member that is a function as its user would call it. */
  private runMember(value: Value, code: Code, definer: Code, name: string): void {
    const { flow } = this;
    const key = `${value}:${name}`;
    if (this.ran.has(key)) return;
    this.ran.add(key);
    // Of the class asked for any method may change what its object holds (`entry = self.state[key]; entry[name] = ...`).
    const isAsked = this.links.get(value)?.holder === null;
    flow.graph.listen(flow.field(flow.classValue(definer), name), (member) => {
      const data = flow.data(member);
      if (data.kind === "descriptor") runDescriptor(flow, member, value, flow.classValue(code));
      else if (data.kind === "instance") this.readMember(member, value, code, definer, name);
      if (data.kind !== "function") return;
      if (!flow.isOfLibrary(definer) && !data.code.body.writesReceiver && !isAsked) return;
      const { decorators } = data.code;
      if (decorators.some((decorator) => decorator.endsWith("staticmethod"))) openCall(flow, member, null);
      else if (decorators.some((decorator) => decorator.endsWith("classmethod"))) openCall(flow, member, flow.classValue(code));
      else {
        const frame = openCall(flow, member, value);
        // What a cached property gives is kept in the object.
        if (frame && decorators.some((decorator) => /cached_?property$/.test(decorator)))
          flow.store(frame.result, flow.field(value, name), data.code, data.code.line);
      }
    });
  }

  /** An attribute of the class with a `__get__`, read of an object as its user would. */
  private readMember(member: Value, value: Value, code: Code, definer: Code, attribute: string): void {
    const { flow } = this;
    const [frame] = flow.framesOf(definer);
    if (frame === undefined || !flow.isOfLibrary(definer)) return;
    const into = flow.graph.allocate(1);
    readDescriptor(flow, frame, member, { receiver: value, class: flow.classValue(code), attribute, into, line: definer.line });
  }

  private runConstructor(value: Value): void {
    const data = this.flow.data(value);
    if (data.kind !== "instance") return;
    openMetaclassCall(this.flow, data.code);
    for (const name of ["__init__", "__new__", ...(hasFields(this.flow, data.code) ? POST_INITS : [])]) {
      const definer = this.flow.classes.definerOf(data.code, name);
      const key = `${value}:${name}`;
      if (!definer || this.ran.has(key)) continue;
      this.ran.add(key);
      const receiver = name === "__new__" ? this.flow.classValue(data.code) : value;
      this.flow.graph.listen(this.flow.field(this.flow.classValue(definer), name), (member) => {
        const frame = openCall(this.flow, member, receiver);
        // The user calls the class: what a constructor takes is open, also where it is a dependency's.
        if (frame && !this.flow.isOfLibrary(definer)) leaveOpen(this.flow, frame);
      });
    }
  }

  /** `name: Type` in the body of a class says what its objects hold, whether or not anything is assigned there. */
  private seedAnnotatedMembers(value: Value, code: Code): void {
    const { flow } = this;
    const withFields = hasFields(flow, code);
    for (const base of flow.classes.orderOf(code)) {
      if (typeof base === "string") continue;
      const isForeign = !flow.isOfLibrary(base);
      if (!isForeign && withFields) fillFromDefaults(flow, null, value, base, NO_NAMES, true);
      for (const [name, member] of base.members) {
        const { annotation } = member;
        if (annotation === null || isNoField(annotation)) continue;
        seedType(flow, base, annotation, flow.field(value, name), { what: `attribute ${name} of ${base.qualifiedName}`, isForeign });
      }
    }
  }
}

/** Reasons that do not depend on what an object holds: the class that the policy is for may be one that runs something. */
const ASKED_FOR: ReadonlySet<Reason["kind"]> = new Set(["class", "subclass"]);

/** Whether a recorded reduction calls what could do more than make a value, and what that is handed is not looked at. */
function isDangerous({ imports, calls }: Reduction): boolean {
  return [...Object.keys(imports), ...Object.keys(calls)].some((name) => dangerOf(name) !== null && !JUDGED_BY_ARGUMENTS.has(name));
}

function isMethodDecorator(decorator: string): boolean {
  return /(^|\.)(classmethod|staticmethod|abstractmethod)$/.test(decorator);
}

/** The module of what a recorded reduction looks up in a recorded type (`zoneinfo.ZoneInfo._unpickle`). */
function moduleOfAttribute(name: string): string | undefined {
  const within = name.slice(0, name.lastIndexOf("."));
  const type = nativeType(within);
  const isClass = looksLikeClass(within) || type?.makers.includes(within);
  return type !== null && isClass ? within.slice(0, within.lastIndexOf(".")) : undefined;
}

/** The name that pickles have of a recorded type: one of it is where the source has it. */
function classOfPickles(name: string): string {
  const type = nativeType(name)?.type;
  return type?.endsWith(name.slice(name.lastIndexOf("."))) ? type : name;
}

/** Whether a name goes into a recorded type: what its attributes are is not known, nor that it has them. */
function isInsideType(name: string): boolean {
  for (let dot = name.lastIndexOf("."); dot !== -1; dot = name.lastIndexOf(".", dot - 1))
    if (nativeType(name.slice(0, dot)) !== null) return true;
  return false;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** What pickles by its name. */
const NAMED = new Set(["class", "function", "external", "derived-class"]);

/** `name: int` in the body of a class: whatever seems to get there, it is no class and no function. */
function isAnnotatedNumber(order: readonly Base[], name: string): boolean {
  const member = order.map((base) => (typeof base === "string" ? undefined : base.members.get(name))).find((each) => each?.annotation);
  const type = member?.annotation;
  return type?.kind === "name" && type.path.length === 1 && /^(int|float|bool)$/.test(type.path[0] ?? "");
}
