/**
 * How an object of an analysed class is pickled: what its reduction looks up and calls, and what it saves. The order is
 * pickle's own: copyreg's table, `__reduce_ex__`, `__reduce__`, then `object`'s reduction by protocol (CPython's
 * Objects/typeobject.c, object___reduce_ex__, and Lib/copyreg.py). Boundary: one object; what it holds is `holding.ts`.
 */
import { alwaysRaises } from "../../../python/classes.ts";
import type { Code } from "../../../python/code.ts";
import { isForm } from "../../../python/text-forms.ts";
import { dangerOf } from "../../danger.ts";
import type { Reason } from "../../policy.ts";
import { openCall } from "../flow/calls.ts";
import { enumMembers, pickledNames } from "../flow/classes/enumerations.ts";
import { listenLocalNames } from "../flow/classes/local-classes.ts";
import { elementsFrom, holdsElements } from "../flow/containers.ts";
import { type NativeType, nativeType } from "../flow/models/natives.ts";
import type { Value } from "../flow/values.ts";
import { holdExtensionType } from "./extension-types.ts";
import type { Holding } from "./holding.ts";

/** Holds what the pickle of an object holds, and asks for the names that its reduction needs. */
export function holdReduction(holding: Holding, value: Value, code: Code): void {
  holdRegistered(holding, value, code);
  if (holding.flow.registered.has(code)) return;
  const order = holding.flow.classes.orderOf(code);
  const native = order.findIndex((base) => typeof base === "string" && nativeType(base)?.subclass);
  const before = native === -1 ? order : order.slice(0, native);
  for (const name of ["__reduce_ex__", "__reduce__"]) {
    const definer = before.find((base): base is Code => typeof base !== "string" && base.members.has(name));
    if (!definer) continue;
    holdReduceMethod(holding, value, definer, name);
    return;
  }
  holdDefault(holding, value, code);
}

/** `copyreg.pickle(C, function)`: the function is called with the object. */
function holdRegistered(holding: Holding, value: Value, code: Code): void {
  const { flow } = holding;
  flow.registerReductions();
  flow.graph.listen(flow.reductions.registeredReductions(code), (callee) => {
    const data = flow.data(callee);
    if (data.kind !== "function") return;
    const frame = openCall(flow, callee, value);
    if (frame) holdResult(holding, value, frame.result, { kind: "reduce", text: `copyreg calls ${data.code.qualifiedName}` }, data.code);
  });
}

function holdReduceMethod(holding: Holding, value: Value, definer: Code, name: string): void {
  const { flow } = holding;
  flow.graph.listen(flow.field(flow.classValue(definer), name), (member) => {
    const data = flow.data(member);
    const frame = openCall(flow, member, value);
    if (!frame || data.kind !== "function") return;
    holdResult(holding, value, frame.result, { kind: "reduce", text: `${definer.qualifiedName}.${name}` }, data.code);
  });
}

/** What a reduction returns: a string names a global, a tuple says what to call with what (`Lib/pickle.py`, save_reduce). */
function holdResult(holding: Holding, value: Value, result: number, reason: Reason, code: Code): void {
  const { flow } = holding;
  const at = { ...reason, file: code.unit.path, line: code.line };
  const instance = flow.data(value);
  flow.graph.listen(result, (returned) => {
    const data = flow.data(returned);
    if (data.kind === "text" && !isForm(data.text) && instance.kind === "instance") {
      const name = `${instance.code.unit.module}.${data.text}`;
      holding.need("imports", name, value, { ...at, text: `${reason.text} returns the name ${data.text}`, name });
      return;
    }
    if (data.kind !== "container" || data.type !== "builtins.tuple") return;
    if (data.site === `reduction:${value}` && instance.kind === "instance") {
      holdDefault(holding, value, instance.code);
      return;
    }
    // Of a tuple that is made of a list (`tuple(parts)`) it is not known what is where.
    for (const key of ["0", "5"]) for (const node of elementsFrom(flow, returned, key)) holdCallable(holding, value, node, at);
    const parts = { 1: "an argument", 2: "the state", 3: "the elements", 4: "the items" };
    for (const [key, part] of Object.entries(parts))
      for (const node of elementsFrom(flow, returned, key)) holding.holdNode(node, value, { ...at, text: `${reason.text}, ${part}` });
  });
}

/** The first element of a reduction: it is looked up and called. */
function holdCallable(holding: Holding, value: Value, node: number, reason: Reason): void {
  const { flow } = holding;
  const instance = flow.data(value);
  flow.graph.listen(node, (callee) => {
    const data = flow.data(callee);
    switch (data.kind) {
      case "class":
      case "function": {
        const name = flow.nameOf(data.code);
        holding.named.add(data.code);
        holding.nested.noteLoader(value, data.code);
        if (!name.includes("<")) holding.needCall(name, value, { ...reason, text: `${reason.text} returns ${data.code.name}`, name });
        return;
      }
      case "external": {
        noteDanger(holding, value, data.name, reason);
        holding.needCall(data.name, value, { ...reason, text: `${reason.text} returns ${data.name}`, name: data.name });
        // What makes an object of a class that is an argument calls that class.
        if (data.name.startsWith("copyreg.")) {
          holdNewClass(holding, value, reason);
          // A method that takes apart what `super().__reduce__()` gave returns what that calls.
          if (data.name === "copyreg.__newobj__" && instance.kind === "instance") holdDefaultNames(holding, value, instance.code);
        }
        return;
      }
      case "method":
        holding.needMethodCall(value, data, reason);
        holding.hold(callee, { holder: value, node, reason });
        return;
      case "partial":
        holding.hold(callee, { holder: value, node, reason });
        return;
      default:
        return;
    }
  });
}

/** The library's own reduction is believed even where it returns something dangerous; whoever reads the policy is told. */
function noteDanger(holding: Holding, value: Value, callable: string, reason: Reason): void {
  const data = holding.flow.data(value);
  const danger = dangerOf(callable);
  if (danger === null || callable.startsWith("copyreg.") || data.kind !== "instance") return;
  const { code } = data;
  holding.flow.notice(
    `${reason.text} of ${code.qualifiedName} returns ${callable} (${danger}): the policy lets it be called`,
    code,
    reason.line ?? code.line,
  );
}

function holdNewClass(holding: Holding, value: Value, reason: Reason): void {
  const data = holding.flow.data(value);
  if (data.kind !== "instance") return;
  const name = holding.flow.nameOf(data.code);
  holding.needCall(name, value, { ...reason, text: `${reason.text} makes a ${data.code.name}`, name });
}

/** `object`'s reduction, or that of the native type the class derives from. */
function holdDefault(holding: Holding, value: Value, code: Code): void {
  const { flow } = holding;
  if (nativeBase(flow.classes.externalBases(code)) === null && refusesState(holding, code)) return;
  holdDefaultNames(holding, value, code);
  holding.holdArguments(value);
  holdNewArguments(holding, value, code);
  noteSetState(holding, value, code);
  holdState(holding, value, code);
}

/** What it looks up and calls. */
function holdDefaultNames(holding: Holding, value: Value, code: Code): void {
  const { flow } = holding;
  const name = flow.nameOf(code);
  if (name.includes("<")) listenLocalNames(flow, code, (given) => holdDefaultName(holding, value, code, given));
  else if (!holdExtensionType(holding, value, code)) holdDefaultName(holding, value, code, name);
}

function holdDefaultName(holding: Holding, value: Value, code: Code, name: string): void {
  const { flow } = holding;
  const native = nativeBase(flow.classes.externalBases(code));
  if (native?.subclass) {
    holding.needReduction(value, native.subclass, name, native.type);
    holdContent(holding, value, native.type);
    if ("builtins.getattr" in native.subclass.imports) holdEnumMembers(holding, value, code);
    return;
  }
  const at = { name, file: code.unit.path, line: code.line };
  holding.needCall(name, value, { kind: "class", text: `an object of ${code.qualifiedName}`, ...at });
  const text = "object's own reduction below protocol 2";
  holding.needCall("copyreg._reconstructor", value, { kind: "protocol", text, name: "copyreg._reconstructor" });
  holding.need("imports", "builtins.object", value, { kind: "protocol", text, name: "builtins.object" });
}

/** Whether every protocol asks the object for its state, and is told that it has none to give. */
function refusesState({ flow }: Holding, code: Code): boolean {
  const definer = flow.classes.definerOf(code, "__getstate__");
  return definer !== null && alwaysRaises(definer, "__getstate__");
}

/** What a subclass of `bytes` is made from is a `bytes`, which protocols 0 to 2 have no opcode for. */
function holdContent(holding: Holding, value: Value, type: string): void {
  if (type !== "builtins.bytes" && type !== "builtins.bytearray") return;
  const reason = { kind: "native" as const, text: `the ${type} that it is made from` };
  holding.hold(holding.flow.values.native(type), { holder: value, node: null, reason });
}

/** Some Pythons (3.11.2 among them) save a member of an enumeration as `getattr(Enumeration, name)`, others as a call of the class. */
function holdEnumMembers(holding: Holding, value: Value, code: Code): void {
  const { path, module } = code.unit;
  const data = holding.flow.data(value);
  const known = data.kind === "instance" ? data.member : null;
  for (const member of known === null ? enumMembers(holding.flow, code) : pickledNames(holding.flow, code, known)) {
    const name = `${holding.flow.nameOf(code)}.${member}`;
    const text = `getattr looks up the member ${member} of ${code.qualifiedName}`;
    const line = code.members.get(member)?.line ?? code.line;
    holding.need("imports", name, value, { kind: "protocol", text, name, file: path, line }, module);
  }
}

/**
 * The native base whose reduction an object has: the first with one of its own, else the first. `str`, `int` and the like
 * leave it to `object`, so that members of `class Mode(str, Enum)` pickle as members of enumerations do.
 */
function nativeBase(bases: readonly string[]): NativeType | null {
  const natives = bases.map(nativeType).filter((native) => native?.subclass);
  return natives.find((native) => native?.subclass && !("copyreg._reconstructor" in native.subclass.imports)) ?? natives[0] ?? null;
}

function holdNewArguments(holding: Holding, value: Value, code: Code): void {
  for (const name of ["__getnewargs__", "__getnewargs_ex__"]) holdMethodResult(holding, value, code, name);
}

/** `__setstate__` may load pickles that the state holds as bytes. */
function noteSetState(holding: Holding, value: Value, code: Code): void {
  const { flow } = holding;
  const definer = flow.classes.definerOf(code, "__setstate__");
  if (!definer) return;
  flow.graph.listen(flow.field(flow.classValue(definer), "__setstate__"), (member) => {
    const data = flow.data(member);
    if (data.kind === "function") holding.nested.noteLoader(value, data.code);
  });
}

/** What is saved as state: what `__getstate__` returns, else every attribute. */
function holdState(holding: Holding, value: Value, code: Code): void {
  const { flow } = holding;
  if (holdMethodResult(holding, value, code, "__getstate__")) {
    if (holdsElements(flow, value)) holding.holdElements(value);
  } else holding.holdFields(value, value, null);
}

function holdMethodResult(holding: Holding, value: Value, code: Code, name: string): boolean {
  const { flow } = holding;
  const definer = flow.classes.definerOf(code, name);
  if (!definer) return false;
  flow.graph.listen(flow.field(flow.classValue(definer), name), (member) => {
    const frame = openCall(flow, member, value);
    const data = flow.data(member);
    if (!frame || data.kind !== "function") return;
    const reason = { kind: "reduce" as const, text: `${definer.qualifiedName}.${name}`, file: data.code.unit.path, line: data.code.line };
    holding.holdNode(frame.result, value, reason);
  });
  return true;
}
