/**
 * Abstract values: what a variable can hold, as small integers, so that sets of them are cheap. Boundary: this file
 * says which values are the same; what can be done with one is in the files beside it.
 */
import type { Code, Unit } from "../../../python/code.ts";
import { Integers, Pairs } from "../graph/integer-tables.ts";
import type { Value } from "../graph/node-table.ts";
import type { Frame } from "./frame.ts";

export type { Value };

/** What makes a descriptor of functions, in Python itself. */
export type DescriptorType = "property" | "cached_property" | "staticmethod" | "classmethod";

export type ValueData =
  /**
   * Every object of an analysed class. `maker` is the class whose method made it, kept apart for classes of
   * dependencies only: without it all the `Sequential`s of a program would hold each other's layers. `member` is which
   * member of an enumeration it is, where that is known; attributes are kept of all members together.
   */
  | { readonly kind: "instance"; readonly code: Code; readonly maker: Code | null; readonly member: string | null }
  /** An object of a type in the table of recorded reductions; `constant` is which of the type's constants it is, where that is known. */
  | { readonly kind: "native"; readonly type: string; readonly constant: string | null }
  /** An object of a class whose source is not given; with `isPart`, what one of its attributes holds, whatever that is. */
  | { readonly kind: "unanalysed"; readonly name: string; readonly isPart: boolean }
  | { readonly kind: "class"; readonly code: Code }
  | { readonly kind: "function"; readonly code: Code; readonly outer: Frame | null }
  /** A class made by a call, `namedtuple("Name", ...)`, under its dotted name; and an object of it. */
  | { readonly kind: "derived-class" | "derived"; readonly name: string; readonly base: string; readonly module: string }
  | { readonly kind: "method"; readonly function: Value; readonly receiver: Value }
  | { readonly kind: "module"; readonly unit: Unit }
  /** Something reached by name in a module whose source is not given, or in the builtins. */
  | { readonly kind: "external"; readonly name: string }
  /** A builtin or recorded container, by where it was made. `type` is its dotted name. */
  | { readonly kind: "container"; readonly type: string; readonly site: string }
  /** A method of something that is not written in Python. */
  | { readonly kind: "builtin-method"; readonly name: string; readonly receiver: Value }
  /** A callable made of another or of names, `functools.partial(...)`, by where it was made. `type` is the dotted name of what made it. */
  | { readonly kind: "partial"; readonly type: string; readonly site: string }
  /** What `property(get)` and the like give, where they are called. */
  | { readonly kind: "descriptor"; readonly type: DescriptorType; readonly site: string }
  | { readonly kind: "super"; readonly code: Code; readonly receiver: Value }
  /** `owner.__dict__`; with `without`, a copy from which those keys were taken. */
  | { readonly kind: "namespace"; readonly owner: Value; readonly without: ReadonlySet<string> | null; readonly site: string }
  | { readonly kind: "text"; readonly text: string }
  /** What a caller passes as a parameter, or anything inside it: nothing is known of it but what the code does with it. */
  | { readonly kind: "open"; readonly code: Code; readonly parameter: string; readonly isClass: boolean };

/** Values that are told apart by two numbers. */
class PairedValues {
  private readonly pairs = new Pairs();
  private readonly values = new Integers();

  /** The value of a pair; -1 if there is none yet. */
  find(first: number, second: number): Value {
    const index = this.pairs.find(first, second);
    return index === -1 ? -1 : this.values.items[index]!;
  }

  add(first: number, second: number, value: Value): Value {
    this.pairs.add(first, second);
    this.values.push(value);
    return value;
  }
}

export class Values {
  private readonly data: ValueData[] = [];
  private readonly ids = new Map<string, Value>();
  private readonly codes = new Map<Code | Unit, number>();
  private readonly names = new Map<string, number>();
  private readonly instances = new PairedValues();
  private readonly natives = new PairedValues();
  private readonly unanalysedNames = new PairedValues();
  private readonly functions = new PairedValues();
  private readonly methods = new PairedValues();
  private readonly builtinMethods = new PairedValues();
  private readonly supers = new PairedValues();
  private readonly classes = new Map<Code, Value>();

  get(value: Value): ValueData {
    const data = this.data[value];
    if (!data) throw new Error(`no value ${value}`);
    return data;
  }

  /** From 1 up; 0 is none. */
  private codeId(code: Code | Unit | null): number {
    if (!code) return 0;
    const known = this.codes.get(code);
    if (known !== undefined) return known;
    this.codes.set(code, this.codes.size + 1);
    return this.codes.size;
  }

  private nameId(name: string): number {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    this.names.set(name, this.names.size);
    return this.names.size - 1;
  }

  private make(data: ValueData): Value {
    return this.data.push(data) - 1;
  }

  private intern(key: string, data: ValueData): Value {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const value = this.make(data);
    this.ids.set(key, value);
    return value;
  }

  instance(code: Code, maker: Code | null): Value {
    const [first, second] = [this.codeId(code), this.codeId(maker)];
    const known = this.instances.find(first, second);
    return known !== -1 ? known : this.instances.add(first, second, this.make({ kind: "instance", code, maker, member: null }));
  }

  member(code: Code, name: string): Value {
    return this.intern(`e${this.codeId(code)}:${name}`, { kind: "instance", code, maker: null, member: name });
  }

  native(type: string, constant: string | null = null): Value {
    const [first, second] = [this.nameId(type), constant === null ? 0 : this.nameId(constant) + 1];
    const known = this.natives.find(first, second);
    return known !== -1 ? known : this.natives.add(first, second, this.make({ kind: "native", type, constant }));
  }

  unanalysed(name: string, isPart = false): Value {
    const [first, second] = [this.nameId(name), isPart ? 1 : 0];
    const known = this.unanalysedNames.find(first, second);
    return known !== -1 ? known : this.unanalysedNames.add(first, second, this.make({ kind: "unanalysed", name, isPart }));
  }

  class(code: Code): Value {
    const known = this.classes.get(code);
    if (known !== undefined) return known;
    const value = this.make({ kind: "class", code });
    this.classes.set(code, value);
    return value;
  }

  derivedClass(name: string, base: string, module: string): Value {
    return this.intern(`l${name}:${base}`, { kind: "derived-class", name, base, module });
  }

  /** An object of a class made by a call. */
  derived(class_: Value): Value {
    const data = this.get(class_);
    if (data.kind !== "derived-class") throw new Error(`value ${class_} is no class made by a call`);
    return this.intern(`o${data.name}:${data.base}`, { ...data, kind: "derived" });
  }

  function(code: Code, outer: Frame | null): Value {
    const [first, second] = [this.codeId(code), outer === null ? 0 : outer.id + 1];
    const known = this.functions.find(first, second);
    return known !== -1 ? known : this.functions.add(first, second, this.make({ kind: "function", code, outer }));
  }

  method(function_: Value, receiver: Value): Value {
    const known = this.methods.find(function_, receiver);
    return known !== -1 ? known : this.methods.add(function_, receiver, this.make({ kind: "method", function: function_, receiver }));
  }

  module(unit: Unit): Value {
    return this.intern(`m${unit.module}`, { kind: "module", unit });
  }

  external(name: string): Value {
    return this.intern(`x${name}`, { kind: "external", name });
  }

  container(type: string, site: string): Value {
    return this.intern(`k${type}@${site}`, { kind: "container", type, site });
  }

  builtinMethod(name: string, receiver: Value): Value {
    const first = this.nameId(name);
    const known = this.builtinMethods.find(first, receiver);
    return known !== -1 ? known : this.builtinMethods.add(first, receiver, this.make({ kind: "builtin-method", name, receiver }));
  }

  /**
   * Containers of one builtin type are alike. Others are not: an `OrderedDict` of layers says which object it is of, and few
   * of them are in one place.
   */
  groupOf(value: Value): number {
    const data = this.get(value);
    return data.kind === "container" && data.type.startsWith("builtins.") ? this.nameId(data.type) + 1 : 0;
  }

  partial(type: string, site: string): Value {
    return this.intern(`p${type}@${site}`, { kind: "partial", type, site });
  }

  descriptor(type: DescriptorType, site: string): Value {
    return this.intern(`y${type}@${site}`, { kind: "descriptor", type, site });
  }

  super(code: Code, receiver: Value): Value {
    const first = this.codeId(code);
    const known = this.supers.find(first, receiver);
    return known !== -1 ? known : this.supers.add(first, receiver, this.make({ kind: "super", code, receiver }));
  }

  namespace(owner: Value, without: ReadonlySet<string> | null = null, site = ""): Value {
    return this.intern(`d${owner}:${site}`, { kind: "namespace", owner, without, site });
  }

  /** `isClass`: the class of what is passed, of which the code makes more. */
  open(code: Code, parameter: string, isClass = false): Value {
    return this.intern(`q${this.codeId(code)}:${parameter}:${isClass}`, { kind: "open", code, parameter, isClass });
  }

  text(text: string): Value {
    return this.intern(`t${text}`, { kind: "text", text });
  }
}
