/**
 * Abstract values: what a variable can hold, as small integers, so that sets of them are cheap. Boundary: this file
 * says which values are the same; what can be done with one is in the files beside it.
 */
import type { Code, Unit } from "../../python/code.ts";
import type { Frame } from "./frame.ts";

export type Value = number;

export type ValueData =
  /**
   * Every object of an analysed class. `maker` is the class whose method made it, kept apart for classes of
   * dependencies only: without it all the `Sequential`s of a program would hold each other's layers.
   */
  | { readonly kind: "instance"; readonly code: Code; readonly maker: Code | null }
  /** An object of a type in the table of recorded reductions. */
  | { readonly kind: "native"; readonly type: string }
  /** An object of a class whose source is not given. */
  | { readonly kind: "unanalysed"; readonly name: string }
  | { readonly kind: "class"; readonly code: Code }
  | { readonly kind: "function"; readonly code: Code; readonly outer: Frame | null }
  /** A class made by a call, `namedtuple("Name", ...)`, under its dotted name; and an object of it. */
  | { readonly kind: "derived-class" | "derived"; readonly name: string; readonly base: string }
  | { readonly kind: "method"; readonly function: Value; readonly receiver: Value }
  | { readonly kind: "module"; readonly unit: Unit }
  /** Something reached by name in a module whose source is not given, or in the builtins. */
  | { readonly kind: "external"; readonly name: string }
  /** A builtin or recorded container, by where it was made. `type` is its dotted name. */
  | { readonly kind: "container"; readonly type: string; readonly site: string }
  /** A method of something that is not written in Python. */
  | { readonly kind: "builtin-method"; readonly name: string; readonly receiver: Value }
  | { readonly kind: "partial"; readonly site: string }
  | { readonly kind: "super"; readonly code: Code; readonly receiver: Value }
  /** `owner.__dict__`; with `without`, a copy from which those keys were taken. */
  | { readonly kind: "namespace"; readonly owner: Value; readonly without: ReadonlySet<string> | null; readonly site: string }
  | { readonly kind: "text"; readonly text: string }
  /** What a caller passes as a parameter, or anything inside it: nothing is known of it but what the code does with it. */
  | { readonly kind: "open"; readonly code: Code; readonly parameter: string; readonly isClass: boolean };

export class Values {
  private readonly data: ValueData[] = [];
  private readonly ids = new Map<string, Value>();
  private readonly codes = new Map<Code | Unit, number>();

  get(value: Value): ValueData {
    const data = this.data[value];
    if (!data) throw new Error(`no value ${value}`);
    return data;
  }

  private codeId(code: Code | Unit | null): number {
    if (!code) return -1;
    const known = this.codes.get(code);
    if (known !== undefined) return known;
    this.codes.set(code, this.codes.size);
    return this.codes.size - 1;
  }

  private intern(key: string, data: ValueData): Value {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.ids.set(key, this.data.length);
    return this.data.push(data) - 1;
  }

  instance(code: Code, maker: Code | null): Value {
    return this.intern(`i${this.codeId(code)}:${this.codeId(maker)}`, { kind: "instance", code, maker });
  }

  native(type: string): Value {
    return this.intern(`n${type}`, { kind: "native", type });
  }

  unanalysed(name: string): Value {
    return this.intern(`u${name}`, { kind: "unanalysed", name });
  }

  class(code: Code): Value {
    return this.intern(`c${this.codeId(code)}`, { kind: "class", code });
  }

  derivedClass(name: string, base: string): Value {
    return this.intern(`l${name}:${base}`, { kind: "derived-class", name, base });
  }

  derived(name: string, base: string): Value {
    return this.intern(`o${name}:${base}`, { kind: "derived", name, base });
  }

  function(code: Code, outer: Frame | null): Value {
    return this.intern(`f${this.codeId(code)}:${outer?.id ?? ""}`, { kind: "function", code, outer });
  }

  method(function_: Value, receiver: Value): Value {
    return this.intern(`b${function_}:${receiver}`, { kind: "method", function: function_, receiver });
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
    return this.intern(`w${receiver}.${name}`, { kind: "builtin-method", name, receiver });
  }

  partial(site: string): Value {
    return this.intern(`p${site}`, { kind: "partial", site });
  }

  super(code: Code, receiver: Value): Value {
    return this.intern(`s${this.codeId(code)}:${receiver}`, { kind: "super", code, receiver });
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
