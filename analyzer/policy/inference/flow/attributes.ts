/**
 * `object.attribute`, read and written: an object's own fields, then its class in method resolution order, with
 * functions bound to what they were found on. Boundary: calls are `calls.ts`.
 */
import type { Code } from "../../../python/code.ts";
import { ALL_KINDS, IS_DEFINITION, IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import { runtimeName } from "../../../python/resolve.ts";
import type { Node } from "../graph/graph.ts";
import { MODULE_METHODS } from "./callers/unanalysed-calls.ts";
import { invoke } from "./calls.ts";
import { loadAncestors } from "./classes/class-methods.ts";
import { readDescriptor, writeDescriptor } from "./classes/descriptors.ts";
import { memberOf } from "./classes/enumerations.ts";
import { argumentsOf } from "./classes/exceptions.ts";
import { isNamedTuple } from "./classes/fields.ts";
import { loadFromMetaclass } from "./classes/metaclasses.ts";
import { copyElements } from "./containers.ts";
import { ANY, type Flow, SOME } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { givesContent, isContainerMethod, type NativeCall } from "./models/container-methods.ts";
import { hasModel } from "./models/functions.ts";
import { LOADED } from "./models/loaders.ts";
import { CHAIN_MAP } from "./models/mappings.ts";
import { attributeType, familyOf, holdsAttributes, isConstant } from "./models/natives.ts";
import { bindPartialMethod } from "./models/partials.ts";
import { globalsOf } from "./names/reflection.ts";
import type { Value, ValueData } from "./values.ts";

/** Lets what `object.attribute` gives flow to `into`. */
export function loadAttribute(flow: Flow, frame: Frame, object: Node, attribute: string, into: Node, line: number): void {
  if (!isReceiver(frame, object) || flow.graph.kinds.of(object) & IS_UNKNOWN) flow.graph.kinds.taint(object, into);
  flow.graph.listen(object, (value) => loadFrom(flow, frame, value, attribute, into, line, object));
}

/** Whether a node is the first parameter of a method that was called on an object. If it is anything else too, that is known from the start. */
function isReceiver({ receiver, base, code }: Frame, node: Node): boolean {
  return receiver !== null && node === base + (code.body.parameters[0] ?? 0);
}

/** The same for one value. `source` is the node it was found in. */
export function loadFrom(flow: Flow, frame: Frame, value: Value, attribute: string, into: Node, line: number, source: Node): void {
  const { graph, values } = flow;
  const data = flow.data(value);
  if (!KNOWN_ATTRIBUTES.has(data.kind)) graph.kinds.mark(into, IS_UNKNOWN);
  switch (data.kind) {
    case "instance":
      if (attribute === "__class__") graph.add(into, flow.classValue(data.code), source);
      else if (attribute === "__dict__") {
        flow.openAttributes.open(value);
        graph.add(into, values.namespace(value), source);
      } else {
        graph.edge(flow.field(attributesOf(flow, value), attribute), into);
        flow.assignedElements.noteRead(frame, value, data.code, attribute);
        loadFromClass(flow, frame, data.code, flow.classes.orderOf(data.code), value, attribute, into, line, source);
      }
      return;
    case "super": {
      const receiver = flow.data(data.receiver);
      if (receiver.kind !== "instance" && receiver.kind !== "class") return;
      const order = flow.classes.orderOf(receiver.code);
      if (receiver.kind === "class" && !order.includes(data.code)) {
        loadFromMetaclass(flow, frame, data.receiver, attribute, into, line, data.code);
        return;
      }
      const rest = order.slice(order.indexOf(data.code) + 1);
      loadFromClass(flow, frame, receiver.code, rest, data.receiver, attribute, into, line, source);
      return;
    }
    case "class": {
      if (attribute === "__class__" || loadAncestors(flow, frame, value, attribute, into, line)) return;
      if (attribute === "mro") graph.add(into, values.builtinMethod(attribute, value), source);
      const member = memberOf(flow, data.code, attribute);
      if (member !== null) graph.add(into, member, source);
      graph.edge(flow.field(value, attribute), into);
      loadFromClass(flow, frame, data.code, flow.classes.orderOf(data.code), value, attribute, into, line, source);
      return;
    }
    case "module":
      if (attribute === "__dict__") {
        graph.add(into, globalsOf(flow, frame, data.unit, line), source);
        return;
      }
      if (!flow.resolver.modules.lacks(data.unit.module, attribute))
        flow.computedAttributes.loadFromModule(data.unit.module, attribute, into);
      return;
    case "external":
      graph.add(into, attributeOfExternal(flow, data.name, attribute), source);
      return;
    case "native":
      // Nothing is known of what somebody else put there.
      if (holdsAttributes(data.type)) return;
      if (hasModel(`${data.type}.${attribute}`)) {
        graph.add(into, values.external(`${data.type}.${attribute}`), source);
        return;
      }
      // Called, it gives what calling a value of that type gives.
      graph.add(into, values.native(attributeType(data.type, attribute)), source);
      return;
    case "open":
      if (attribute === "__class__") graph.add(into, values.open(data.code, data.parameter, true), source);
      else {
        flow.asked.of(data).attributes.add(attribute);
        if (!data.isClass && givesContent(attribute)) graph.add(into, values.builtinMethod(attribute, value), source);
        if (!data.isClass && OF_ARRAYS.has(attribute))
          for (const package_ of ["numpy", "torch"])
            if (flow.libraryImports(package_)) for (const type of familyOf(package_)) graph.add(into, values.native(type), source);
      }
      return;
    case "unanalysed":
      if (MODULE_METHODS.has(attribute) && isCalled(frame, into)) flow.unanalysedCalls.note(data.name, attribute);
      graph.add(into, values.unanalysed(data.name, true), source);
      return;
    case "derived-class":
      // A member of an enumeration; a named tuple's class has nothing else that is kept.
      graph.add(into, attribute === "_make" ? values.builtinMethod(attribute, value) : values.derived(value), source);
      return;
    case "derived":
      if (attribute === "_replace" || attribute === "_asdict") graph.add(into, values.builtinMethod(attribute, value), source);
      graph.edge(flow.field(value, ANY), into);
      return;
    case "container":
      if (holdsAttributes(data.type)) {
        if (attribute === "__dict__") graph.add(into, values.namespace(value), source);
        else for (const name of [attribute, SOME]) graph.edge(flow.field(value, name), into);
      } else if (data.type === LOADED && !isContainerMethod(data.type, attribute)) {
        graph.edge(flow.field(value, attribute), into);
      } else if (attribute === "data" && giveContent(flow, value, data.type, into, source)) return;
      else if (isContainerMethod(data.type, attribute)) graph.add(into, values.builtinMethod(attribute, value), source);
      else if (data.type === CHAIN_MAP && attribute === "maps") graph.edge(flow.field(value, attribute), into);
      if (attribute === "args") addArguments(flow, value, into, source);
      return;
    case "namespace":
    case "descriptor":
      graph.add(into, values.builtinMethod(attribute, value), source);
      return;
    case "function":
      graph.edge(flow.field(value, attribute), into);
      return;
    case "method":
      if (attribute === "__self__") graph.add(into, data.receiver, source);
      else if (attribute === "__func__") graph.add(into, data.function, source);
      else graph.edge(flow.field(data.function, attribute), into);
      return;
    case "partial":
      graph.edge(flow.field(value, attribute === "func" ? "[0]" : attribute), into);
      return;
    default:
      return;
  }
}

/** Methods that arrays and tensors have and little else: what a user passes is one where the library works with arrays and calls them. */
const OF_ARRAYS: ReadonlySet<string> = new Set(
  "argmax argmin argsort astype cumsum flatten max mean median min quantile ravel reshape std sum to_numpy transpose var".split(" "),
);

/** What holds under a name what was seen to be put there, or what its class has. */
const KNOWN_ATTRIBUTES: ReadonlySet<ValueData["kind"]> = new Set(["instance", "super", "class", "module"]);

/** Whether a node is a register that is called. */
function isCalled({ base, code }: Frame, node: Node): boolean {
  return code.body.instructions.some((instruction) => instruction.op === "call" && base + instruction.callee === node);
}

/** The object under which the attributes of one are kept. */
function attributesOf(flow: Flow, value: Value): Value {
  const data = flow.data(value);
  return data.kind === "instance" && data.member !== null ? flow.values.instance(data.code, null) : value;
}

/**
 * An attribute of something whose source is not given has a name while that may be looked up: not what a constant has, nor what an attribute of
 * a class has. Through a variable that holds everything dozens of attributes are read of each.
 */
function attributeOfExternal({ values }: Flow, name: string, attribute: string): Value {
  const isData = isConstant(name) || ATTRIBUTE_OF_CLASS.test(name);
  return isData ? values.unanalysed(`${name.split(".")[0]}()`, true) : values.external(runtimeName(capped(`${name}.${attribute}`)));
}

const ATTRIBUTE_OF_CLASS = /\.[A-Z]\w*\.[a-z_]\w*$/;

/** Names of chains of attributes are cut here: their number has no bound, and nothing is looked up under longer ones. */
function capped(name: string): string {
  return name.split(".").slice(0, 5).join(".");
}

function loadFromClass(
  flow: Flow,
  frame: Frame,
  code: Code,
  order: readonly (Code | string)[],
  receiver: Value,
  attribute: string,
  into: Node,
  line: number,
  source: Node,
): void {
  const { graph, values } = flow;
  for (const base of order) {
    if (typeof base === "string") {
      if (base !== "builtins.object") graph.kinds.mark(into, IS_UNKNOWN);
      if (attribute === "data" && giveContent(flow, receiver, base, into, source)) continue;
      if (attribute === "args") addArguments(flow, receiver, into, source);
      graph.add(into, values.builtinMethod(attribute, receiver), source);
      if (isNamedTuple(base)) graph.edge(flow.field(receiver, ANY), into);
      for (const type of familyOf(base)) graph.add(into, values.native(type), source);
      continue;
    }
    if (!base.members.has(attribute)) continue;
    const member = flow.field(flow.classValue(base), attribute);
    if (base.members.get(attribute)!.isAssigned) {
      shareConstants(flow, member, into);
      shareLate(flow, order.slice(0, order.indexOf(base)), attribute, into);
    }
    bindFrom(flow, frame, member, receiver, code, attribute, into, line);
    return;
  }
  if (order.some((base) => typeof base !== "string" && (base.members.has("__getattr__") || base.metaclass !== null)))
    graph.kinds.mark(into, IS_UNKNOWN);
  flow.computedAttributes.noteRead(receiver, source, order, attribute, into);
  loadFromMetaclass(flow, frame, receiver, attribute, into, line);
  if (attribute.startsWith("__")) graph.add(into, values.builtinMethod(attribute, receiver), source);
  bindLate(flow, frame, order, receiver, code, attribute, into, line);
}

/** `self.data` of a `UserDict` or `UserList`: the container that it has its elements in. */
function giveContent(flow: Flow, value: Value, type: string, into: Node, source: Node): boolean {
  const inner = USER_CONTAINERS[type];
  if (inner === undefined || flow.data(value).kind === "class") return false;
  const content = flow.values.container(inner, `content of ${value}`);
  copyElements(flow, content, value);
  copyElements(flow, value, content);
  flow.graph.add(into, content, source);
  return true;
}

const USER_CONTAINERS: Readonly<Record<string, string>> = {
  "collections.UserDict": "builtins.dict",
  "collections.UserList": "builtins.list",
};

/** The arguments that an exception was made with. */
function addArguments(flow: Flow, value: Value, into: Node, source: Node): void {
  const args = argumentsOf(flow, value);
  if (args !== null) flow.graph.add(into, args, source);
}

/** What code outside the class puts on it: `Class.attribute = ...`. */
function bindLate(
  flow: Flow,
  frame: Frame,
  order: readonly (Code | string)[],
  receiver: Value,
  code: Code,
  attribute: string,
  into: Node,
  line: number,
): void {
  const bind = (member: Node) => {
    shareConstants(flow, member, into);
    bindFrom(flow, frame, member, receiver, code, attribute, into, line);
  };
  for (const base of order) {
    const member = typeof base === "string" ? null : flow.knownField(flow.values.class(base), attribute);
    if (member !== null) bind(member);
  }
  flow.lateMembers.wait(attribute, order, bind);
}

/** What a property gives is not what its class holds. */
function shareConstants(flow: Flow, member: Node, into: Node): void {
  flow.graph.kinds.share(member, into, ALL_KINDS & ~IS_DEFINITION);
}

/** The same of what code outside puts on classes that have none of their own. */
function shareLate(flow: Flow, order: readonly (Code | string)[], attribute: string, into: Node): void {
  for (const base of order) {
    const member = typeof base === "string" ? null : flow.knownField(flow.values.class(base), attribute);
    if (member !== null) shareConstants(flow, member, into);
  }
  if (order.length > 0) flow.lateMembers.wait(attribute, order, (member) => shareConstants(flow, member, into));
}

function bindFrom(flow: Flow, frame: Frame, member: Node, receiver: Value, code: Code, attribute: string, into: Node, line: number): void {
  flow.graph.listen(member, (value) => bindMember(flow, frame, value, receiver, code, attribute, into, line, member));
}

/** A class attribute, as it is seen through the receiver. */
function bindMember(
  flow: Flow,
  frame: Frame,
  value: Value,
  receiver: Value,
  code: Code,
  attribute: string,
  into: Node,
  line: number,
  source: Node,
): void {
  const { graph, values } = flow;
  const data = flow.data(value);
  if (data.kind !== "function") {
    if (data.kind === "partial" && data.type === "functools.partialmethod" && flow.data(receiver).kind === "instance") {
      bindPartialMethod(flow, value, receiver, into, source);
      return;
    }
    const class_ = flow.data(receiver).kind === "instance" ? flow.classValue(code) : receiver;
    if (readDescriptor(flow, frame, value, { receiver, class: class_, attribute, into, line })) graph.kinds.mark(into, IS_UNKNOWN);
    else graph.add(into, value, source);
    return;
  }
  const { decorators } = data.code;
  const isInstance = flow.data(receiver).kind === "instance";
  if (decorators.some((decorator) => /(^|\.)staticmethod$/.test(decorator))) graph.add(into, value, source);
  else if (decorators.some((decorator) => /(^|\.)classmethod$/.test(decorator)))
    graph.add(into, values.method(value, isInstance ? flow.classValue(code) : receiver), source);
  else if (!isInstance)
    graph.add(into, attribute === "__new__" || attribute === "__init_subclass__" ? values.method(value, receiver) : value, source);
  else if (decorators.some((decorator) => /(property|\.getter)$/.test(decorator))) {
    // cached_property keeps what it gives in the instance, where it becomes state.
    const result = invoke(flow, frame, values.method(value, receiver), [], into, line);
    if (result !== null && decorators.some((decorator) => /cached_?property$/.test(decorator)))
      flow.store(result, flow.field(receiver, attribute), data.code, data.code.line);
  } else if (decorators.some((decorator) => decorator.endsWith(".setter") || decorator.endsWith(".deleter"))) return;
  else graph.add(into, values.method(value, receiver), source);
}

/** Lets `from` flow to `object.attribute`. */
export function storeAttribute(flow: Flow, frame: Frame, object: Node, attribute: string, from: Node, line: number): void {
  flow.graph.listen(object, (value) => storeInto(flow, frame, value, attribute, from, line));
}

export function storeInto(flow: Flow, frame: Frame, value: Value, attribute: string, from: Node, line: number): void {
  const data = flow.data(value);
  switch (data.kind) {
    case "instance": {
      if (attribute === "__class__") return;
      if (attribute === "__dict__") {
        flow.namedStores.note(value, null, from);
        flow.graph.listen(from, (namespace) => updateNamespace(flow, value, namespace, from));
        return;
      }
      const setter = propertySetter(flow, data.code, attribute);
      if (setter)
        invoke(flow, frame, flow.values.method(flow.values.function(setter, null), value), [{ kind: "positional", from }], null, line);
      else {
        flow.store(from, flow.field(attributesOf(flow, value), attribute), frame.code, line);
        writeDescriptor(flow, frame, value, data.code, attribute, from, line);
      }
      return;
    }
    case "super":
      storeInto(flow, frame, data.receiver, attribute, from, line);
      return;
    case "class":
    case "function":
      flow.store(from, flow.field(value, attribute), frame.code, line);
      return;
    case "module":
      flow.graph.edge(from, flow.variable(data.unit, attribute));
      return;
    case "container":
      if (!holdsAttributes(data.type) && data.type !== LOADED) return;
      if (attribute === "__dict__") flow.graph.listen(from, (namespace) => updateNamespace(flow, value, namespace, from));
      else flow.store(from, flow.field(value, attribute), frame.code, line);
      return;
    case "open":
      if (!data.isClass) flow.openStores.note(attribute, { open: data, from, code: frame.code, line });
      return;
    default:
      return;
  }
}

/** `Namespace(mapping, **mapping, name=value)`: what it is called with becomes attributes. */
export function fillNamespace(flow: Flow, frame: Frame, owner: Value, { args, line }: NativeCall): void {
  for (const { kind, name, from } of args) {
    if (kind === "keyword") flow.store(from, flow.field(owner, name ?? SOME), frame.code, line);
    else if (kind !== "star") flow.graph.listen(from, (namespace) => updateNamespace(flow, owner, namespace, from));
  }
}

/** `owner.__dict__ = namespace`: everything in it becomes an attribute. */
export function updateNamespace(flow: Flow, owner: Value, namespace: Value, source: Node): void {
  const data = flow.data(namespace);
  if (data.kind === "instance") flow.graph.edge(source, flow.field(owner, "__dict__"));
  else if (!flow.updated.isNew(owner, namespace)) return;
  else if (data.kind === "namespace") {
    flow.listenFields(data.owner, (name, node) => {
      if (!data.without?.has(name)) flow.graph.edge(node, flow.field(owner, name));
    });
  } else if (data.kind === "container") {
    flow.listenFields(namespace, (name, node) => {
      const key = /^\[(.+)\]$/.exec(name)?.[1];
      if (key && key !== "keys") flow.graph.edge(node, flow.field(owner, name === SOME ? SOME : key));
    });
  }
}

/** The setter of a property, if storing to the attribute runs one. */
function propertySetter(flow: Flow, code: Code, attribute: string): Code | null {
  const definer = flow.classes.definerOf(code, attribute);
  if (!definer) return null;
  const found = definer.body.instructions.find(
    (instruction) =>
      instruction.op === "function" &&
      instruction.code.name === attribute &&
      instruction.code.decorators.some((decorator) => decorator.endsWith(".setter")),
  );
  return found?.op === "function" ? found.code : null;
}
