/**
 * Policies and programs for the loader's fuzzer: programs that look up inert names and callables that act for a pickle,
 * and do with them whatever opcodes can do. The same seed makes the same programs.
 */
import { BYTE_OF_OPCODE as OP } from "../../analyzer/pickle/opcodes.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import type { Name } from "./loader.ts";
import type { Random } from "./programs.ts";

/** Names of `inert.py`, each of another object. */
const CLASSES = ["C", "D", "L", "M"].map((name): Name => ["inert", name]);
const FUNCTIONS: readonly Name[] = [...["f", "g", "text", "make_class"].map((name): Name => ["inert", name]), ["inert.sub", "h"]];
const CONSTANTS = ["ITEMS", "TABLE", "WORD"].map((name): Name => ["inert", name]);
/** Of which a policy may say that others hold what they return. */
const SHARING: ReadonlySet<string> = new Set(FUNCTIONS.map((name) => name.join(".")));
const INERT = [...CLASSES, ...FUNCTIONS, ...CONSTANTS];
/** What is walked to: by a dotted name, or by getattr. */
const ATTRIBUTES: readonly Name[] = [
  ["inert", "C.N"],
  ["inert", "C.method"],
  ["inert", "C.N.append"],
  ["builtins", "dict.get"],
  ["builtins", "str.join"],
];
const ACTING: readonly Name[] = [
  ["builtins", "getattr"],
  ["builtins", "map"],
  ["builtins", "__import__"],
  ["builtins", "object"],
  ["functools", "partial"],
  ["functools", "reduce"],
  ["operator", "attrgetter"],
  ["operator", "methodcaller"],
  ["copyreg", "_reconstructor"],
  ["copyreg", "__newobj__"],
  ["collections", "defaultdict"],
  ["collections", "OrderedDict"],
  ["itertools", "starmap"],
  ["itertools", "accumulate"],
  ["types", "MethodType"],
  ["operator", "call"],
  ["copyreg", "__newobj_ex__"],
  ["builtins", "iter"],
  ["builtins", "max"],
  ["builtins", "setattr"],
  ["pydoc", "locate"],
  ["pickle", "loads"],
  ["io", "BytesIO"],
];
const UNIVERSE = [...INERT, ...ATTRIBUTES, ...ACTING];
/** As Python 2 spells some of them: mapped below protocol 3. */
const OLD: readonly Name[] = [
  ["__builtin__", "getattr"],
  ["__builtin__", "map"],
  ["itertools", "imap"],
  ["copy_reg", "_reconstructor"],
  ["__builtin__", "reduce"],
];
/** Names that no policy has. */
const OUTSIDE: readonly Name[] = [
  ["os", "system"],
  ["inert", "nothing"],
  ["inert", "sub.h"],
  ["inert.C", "N"],
  ["builtins", "eval"],
];

/** A policy of a random part of all names; of most of them mostly, so that programs get far. */
export function makePolicy(random: Random, name: string): Policy {
  const imports = random.pick([50, 90, 97, 100, 100]);
  const calls = random.pick([50, 80, 90, 97, 100]);
  return {
    name,
    class: null,
    library: null,
    imports: entries(UNIVERSE.filter(() => random.chance(imports))).map((entry) => (random.chance(20) ? { ...entry, bound: true } : entry)),
    calls: entries(UNIVERSE.filter(() => random.chance(calls))).map((entry) =>
      SHARING.has(entry.callable) && random.chance(20) ? { ...entry, returns: "shared" } : entry,
    ),
  };
}

function entries(names: readonly Name[]): PolicyEntry[] {
  const all = names.map(([module, name]): PolicyEntry => ({ callable: `${module}.${name}`, module, reasons: [] }));
  return [...new Map(all.map((entry) => [entry.callable, entry])).values()];
}

/** One program: a third does what picklers do, a third does anything, the rest is broken in one place. */
export function makeLoaderProgram(random: Random): Uint8Array {
  const kind = random.below(3);
  const program = new Maker(random, kind === 0).program();
  if (kind < 2) return program;
  const at = random.below(program.length);
  if (random.chance(30)) return program.slice(0, at);
  const opcode = random.pick(Object.values(OP));
  return Uint8Array.from([...program.slice(0, at), opcode, ...program.slice(at + random.below(2))]);
}

class Maker {
  private readonly bytes: number[] = [];
  private readonly protocol: number;
  private memo = 0;

  constructor(
    private readonly random: Random,
    /** Does what would go well if all names existed and were allowed. */
    private readonly isTame: boolean,
    private readonly nesting = 0,
  ) {
    this.protocol = random.pick([0, 1, 2, 2, 3, 4, 4, 5]);
  }

  program(): Uint8Array {
    const { random } = this;
    if (this.protocol > 0) this.op(OP.PROTO, this.protocol);
    for (let more = random.below(3); more > 0; more--) {
      this.object(4);
      if (random.chance(70)) this.op(OP.POP);
    }
    this.object(4);
    this.op(OP.STOP);
    return Uint8Array.from(this.bytes);
  }

  /** Whether to do something odd, in so many of a hundred cases. */
  private odd(percent: number): boolean {
    return !this.isTame && this.random.chance(percent);
  }

  private op(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }

  private text(text: string): void {
    const { random } = this;
    if (random.chance(80)) this.op(OP.SHORT_BINUNICODE, text.length, ...Buffer.from(text));
    else if (random.chance(50)) this.op(OP.UNICODE, ...Buffer.from(text), 0x0a);
    else this.op(OP.STRING, ...Buffer.from(`'${text}'`), 0x0a);
  }

  private lookup(names?: readonly Name[]): void {
    const { random } = this;
    const [module, name] = random.pick(names ?? this.names());
    if (random.chance(60)) this.op(OP.GLOBAL, ...Buffer.from(`${module}\n${name}\n`));
    else {
      if (this.odd(5)) this.call([["inert", "text"]], 1);
      else this.text(module);
      if (this.odd(3)) this.lookup([["inert", "WORD"]]);
      else if (this.odd(2)) this.value(1);
      else this.text(name);
      this.op(OP.STACK_GLOBAL);
    }
    this.store();
  }

  /** Names to look up. Below protocol 4 none has a dot. */
  private names(): readonly Name[] {
    if (this.odd(4)) return OUTSIDE;
    if (this.protocol < 3 && this.random.chance(10)) return OLD;
    return this.protocol < 4 && !this.odd(5) ? [...INERT, ...ACTING] : UNIVERSE;
  }

  private store(): void {
    if (this.random.chance(25)) this.op(OP.BINPUT, this.memo++);
  }

  private value(depth: number): void {
    const { random } = this;
    if (random.chance(3)) return void this.constant();
    const kind = random.below(depth > 0 ? 12 : 5);
    if (kind === 0) this.op(random.pick([OP.NONE, OP.NEWTRUE, OP.EMPTY_LIST, OP.EMPTY_TUPLE, OP.EMPTY_DICT, OP.EMPTY_SET]));
    else if (kind === 1) this.op(OP.BININT1, random.below(3));
    else if (kind <= 3) this.text(random.pick(TEXTS));
    else if (kind === 4) this.op(...(this.memo > 0 ? [OP.BINGET, random.below(this.memo)] : [OP.NONE]));
    else if (kind === 5) this.tuple(random.below(3), depth - 1);
    else if (kind === 6) this.list(depth - 1);
    else if (kind === 7) this.state(depth - 1);
    else if (kind === 8) this.lookup();
    else this.object(depth - 1);
  }

  /** A pickle that nothing here unpickles, more often than not, however it is spelt. */
  private constant(): void {
    const { random } = this;
    const program = Buffer.from(new Maker(random, this.isTame || random.chance(50), 2).program());
    const content = random.chance(80) ? program : Buffer.concat([program, Buffer.from(random.pick(["", ".", "x."]))]);
    const text = random.pick([content.toString("latin1"), content.toString("hex"), content.toString("base64")]);
    const form = random.below(5);
    const bytes = random.chance(60) ? content : Buffer.from(text, "latin1");
    if (form === 0) this.op(OP.BINBYTES, ...counted(bytes), ...bytes);
    else if (form === 1) this.op(random.pick([OP.BINBYTES8, OP.BYTEARRAY8]), ...counted(bytes), 0, 0, 0, 0, ...bytes);
    else if (form === 2 && bytes.length < 256) this.op(OP.SHORT_BINBYTES, bytes.length, ...bytes);
    else if (form === 3) this.op(OP.UNICODE, ...Buffer.from(text.replaceAll(/[\\\n]/g, escaped), "latin1"), 0x0a);
    else if (form === 4 && /^[\w+/=]*$/.test(text)) this.op(OP.STRING, ...Buffer.from(`'${text}'`), 0x0a);
    else this.op(OP.BINUNICODE, ...counted(Buffer.from(text)), ...Buffer.from(text));
    this.store();
  }

  private tuple(length: number, depth: number): void {
    this.op(OP.MARK);
    for (let index = 0; index < length; index++) this.value(depth);
    this.op(OP.TUPLE);
  }

  private list(depth: number): void {
    this.op(OP.EMPTY_LIST, OP.MARK);
    for (let count = this.random.below(3); count > 0; count--) this.value(depth);
    this.op(OP.APPENDS);
  }

  /** A dict whose keys are attributes. */
  private state(depth: number): void {
    const { random } = this;
    if (random.chance(10)) this.orderedDict();
    else this.op(OP.EMPTY_DICT);
    this.op(OP.MARK);
    for (let count = random.below(3); count > 0; count--) {
      const isInside = depth > 0 && random.chance(10);
      if (isInside) this.text("__dict__");
      else if (this.odd(4)) this.value(depth);
      else this.text(random.pick(this.odd(12) ? OVERRIDING : KEYS));
      if (isInside) this.state(depth - 1);
      else this.value(depth);
    }
    this.op(OP.SETITEMS);
  }

  private orderedDict(): void {
    this.lookup([["collections", "OrderedDict"]]);
    this.op(OP.MARK, ...(this.odd(8) ? [OP.EMPTY_LIST] : []), OP.TUPLE, this.odd(8) ? OP.NEWOBJ : OP.REDUCE);
  }

  /** An object: something is looked up or called, and then changed. */
  private object(depth: number): void {
    const { random } = this;
    if (random.chance(10)) return void this.lookup();
    const names = random.pick([CLASSES, CLASSES, FUNCTIONS, ACTING, ...(this.isTame ? [] : [ACTING, this.names()])]);
    const name = this.call(names, depth);
    const changes = random.below(3);
    if (this.isTame) this.changeAsExpected(name, changes, depth - 1);
    else for (let count = 0; count < changes; count++) this.change(depth - 1);
  }

  /** A call of one of these, in any form, given what it takes more often than not. */
  private call(names: readonly Name[], depth: number): string {
    const { random } = this;
    const [module, name] = random.pick(names);
    const callable = () => (this.odd(8) ? this.value(depth - 1) : this.lookup([[module, name]]));
    const given = () => this.given(`${module}.${name}`, depth - 1);
    const isClass = CLASSES.some(([, of]) => of === name) || CLASSES_THAT_ACT.has(name);
    const isInstantiated = isClass || (name !== "loads" && this.odd(20));
    const form = random.below(8);
    if (form < 2) {
      this.op(OP.MARK);
      if (form === 0) callable();
      given();
      if (form === 0) this.op(OP.OBJ);
      else this.op(OP.INST, ...Buffer.from(`${module}\n${name}\n`));
    } else {
      callable();
      if (this.odd(3)) this.value(depth - 1);
      else {
        this.op(OP.MARK);
        given();
        this.op(OP.TUPLE);
      }
      if (form === 2 && isInstantiated) {
        if (this.odd(20)) this.state(depth - 1);
        else this.op(OP.EMPTY_DICT);
        this.op(OP.NEWOBJ_EX);
      } else this.op(form === 3 && isInstantiated ? OP.NEWOBJ : OP.REDUCE);
    }
    this.store();
    return name;
  }

  /** What a callable takes, or something else. */
  private given(callable: string, depth: number): void {
    const taken = this.odd(25) ? undefined : TAKEN[callable];
    if (taken === undefined) for (let count = this.random.below(3); count > 0; count--) this.value(depth);
    else for (const kind of taken) this.take(kind, depth);
  }

  private take(kind: Taken, depth: number): void {
    const { random } = this;
    if (this.odd(15)) this.value(depth);
    else if (kind === "callable") this.lookup(this.odd(10) ? ACTING : random.pick([CLASSES, FUNCTIONS]));
    else if (kind === "object") this.lookup(this.isTame ? CLASSES : INERT);
    else if (kind === "attribute") this.text(random.pick(this.isTame ? ["N", "method"] : ["N", "method", "append", "get", "__class__"]));
    else if (kind === "path") this.text(random.pick(["inert.f", "inert.sub.h", "inert.C.N", "inert", "os.system"]));
    else if (kind === "items") this.items(depth);
    else if (kind === "none") this.op(OP.NONE);
    else {
      const program = new Maker(random, this.isTame, this.nesting + 1).program();
      if (this.nesting > 1 || program.length > 255) this.op(OP.SHORT_BINBYTES, 2, OP.NONE, OP.STOP);
      else this.op(OP.SHORT_BINBYTES, program.length, ...program);
    }
  }

  /** A list of lists, which is something for a callable to be called with. */
  private items(depth: number): void {
    this.op(OP.EMPTY_LIST);
    for (let count = 1 + this.random.below(2); count > 0; count--) {
      this.list(depth);
      this.op(OP.APPEND);
    }
  }

  /** What a pickler does to an object of such a class. */
  private changeAsExpected(name: string, changes: number, depth: number): void {
    if (name === "L" || name === "C") {
      this.op(OP.MARK);
      for (let count = 0; count < changes; count++) this.value(depth);
      this.op(OP.APPENDS);
    }
    if (name === "M" || name === "C" || name === "OrderedDict" || name === "defaultdict") {
      this.op(OP.MARK);
      for (let count = 0; count < changes; count++) {
        this.text(KEYS[count]!);
        this.value(depth);
      }
      this.op(OP.SETITEMS);
    }
    if (changes > 0 && (CLASSES.some(([, of]) => of === name) || name === "OrderedDict")) {
      this.state(depth);
      this.op(OP.BUILD);
    }
  }

  /** What is done to whatever is on top. */
  private change(depth: number): void {
    const { random } = this;
    const kind = random.below(8);
    if (kind === 0) {
      this.value(depth);
      this.op(OP.APPEND);
    } else if (kind === 1) {
      this.text(random.pick(KEYS));
      this.value(depth);
      this.op(OP.SETITEM);
    } else if (kind === 2) {
      this.op(OP.MARK);
      for (let count = random.below(3); count > 0; count--) this.text(random.pick(KEYS));
      this.op(random.pick([OP.APPENDS, OP.SETITEMS, OP.ADDITEMS]));
    } else if (kind === 3) {
      if (random.chance(50)) this.op(OP.NONE);
      else this.state(depth);
      this.state(depth);
      this.op(OP.TUPLE2, OP.BUILD);
    } else if (kind === 4 && random.chance(50)) this.stateOfPartial(depth);
    else {
      if (kind === 4) this.persistent();
      else if (kind === 5) this.tuple(random.below(4), depth);
      else this.state(depth);
      this.op(OP.BUILD);
    }
  }

  /** The state that `functools.partial` takes: its callable, arguments, keywords and attributes. */
  private stateOfPartial(depth: number): void {
    this.op(OP.MARK);
    this.lookup(this.random.pick([CLASSES, FUNCTIONS, ACTING]));
    this.tuple(this.random.below(3), depth);
    this.state(depth);
    this.op(OP.NONE, OP.TUPLE, OP.BUILD);
  }

  /** `("module", class, file, source)`, and what is near to it. */
  private moduleId(): void {
    this.op(OP.MARK);
    this.text(this.random.pick(["module", "module", "module", "storage", "Module"]));
    if (this.odd(8)) this.value(1);
    else this.lookup(this.random.pick([CLASSES, FUNCTIONS, ACTING]));
    for (let count = this.odd(8) ? 1 : 2; count > 0; count--) {
      if (this.odd(8)) this.value(1);
      else if (this.random.chance(50)) this.op(OP.NONE);
      else this.text("model.py");
    }
    this.op(OP.TUPLE);
  }

  private persistent(): void {
    const kind = this.random.below(6);
    if (kind === 0) this.op(OP.EXT1, 1 + this.random.below(9));
    else if (kind === 1) this.op(OP.PERSID, 0x31, 0x0a);
    else {
      if (kind < 4) this.moduleId();
      else this.value(1);
      this.op(OP.BINPERSID);
    }
  }
}

function counted(bytes: Uint8Array): readonly number[] {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(bytes.length);
  return [...count];
}

/** As the pickler writes it in a line. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const CLASSES_THAT_ACT: ReadonlySet<string> = new Set([
  ...["map", "object", "partial", "attrgetter", "methodcaller", "defaultdict", "OrderedDict"],
  ...["starmap", "accumulate", "MethodType", "BytesIO"],
]);
const TEXTS = ["inert", "f", "C", "C.N", "a", "__setstate__"];
const KEYS = ["a", "b", "slot", "method"];
const OVERRIDING = ["__setstate__", "__class__", "__x__", "__dict__", "__deepcopy__", "append", "extend", "add", "update"];

type Taken = "callable" | "object" | "attribute" | "path" | "items" | "pickle" | "none";

/** What each acting callable takes. */
const TAKEN: Readonly<Record<string, readonly Taken[]>> = {
  "builtins.getattr": ["object", "attribute"],
  "builtins.map": ["callable", "items"],
  "builtins.__import__": ["path"],
  "builtins.object": [],
  "functools.partial": ["callable"],
  "functools.reduce": ["callable", "items"],
  "operator.attrgetter": ["attribute"],
  "operator.methodcaller": ["attribute"],
  "copyreg._reconstructor": ["callable", "object", "none"],
  "copyreg.__newobj__": ["callable"],
  "collections.defaultdict": ["callable"],
  "collections.OrderedDict": [],
  "itertools.starmap": ["callable", "items"],
  "itertools.accumulate": ["items", "callable"],
  "types.MethodType": ["callable", "object"],
  "operator.call": ["callable"],
  "copyreg.__newobj_ex__": ["callable", "items", "none"],
  "builtins.iter": ["callable", "none"],
  "builtins.max": ["object", "object"],
  "builtins.setattr": ["object", "attribute", "none"],
  "pydoc.locate": ["path"],
  "pickle.loads": ["pickle"],
  "io.BytesIO": ["none"],
};
