/**
 * Programs that try to get a callable invoked which their policy only lets them look up: it is hidden as an argument, a
 * keyword, a state, an item, in a pickle inside the pickle, behind attributes, as deep as it goes, in calls that the
 * policy allows. The same seed makes the same programs.
 */
import { BYTE_OF_OPCODE as OP } from "../../analyzer/pickle/opcodes.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import type { Name } from "./loader.ts";
import type { Random } from "./programs.ts";

/** What a callable takes: something to call, a class, anything, things to iterate over, a name, pickled bytes, a state ... */
type Takes = "call" | "class" | "any" | "items" | "pairs" | "name" | "path" | "pickle" | "state" | "tuple" | "dict" | "none" | "object";

/** What may be called, with what it takes. */
const CALLABLES: readonly (readonly [module: string, name: string, ...takes: Takes[]])[] = [
  ["lair", "Plain", "any"],
  ["lair", "Slotted"],
  ["lair", "List"],
  ["lair", "Table"],
  ["lair", "Attributes"],
  ["lair", "Within"],
  ["lair", "Keeps"],
  ["lair", "make", "any"],
  ["builtins", "getattr", "object", "name"],
  ["builtins", "setattr", "object", "name", "call"],
  ["builtins", "map", "call", "items"],
  ["builtins", "filter", "call", "items"],
  ["builtins", "sorted", "items"],
  ["builtins", "max", "items"],
  ["builtins", "list", "items"],
  ["builtins", "tuple", "items"],
  ["builtins", "set", "items"],
  ["builtins", "frozenset", "items"],
  ["builtins", "dict", "pairs"],
  ["builtins", "zip", "items", "items"],
  ["builtins", "sum", "items"],
  ["builtins", "object"],
  ["builtins", "property", "call"],
  ["builtins", "type", "any"],
  ["builtins", "str", "any"],
  ["builtins", "bytearray", "items"],
  ["builtins", "Exception", "any"],
  ["functools", "partial", "call", "any"],
  ["functools", "reduce", "call", "items", "any"],
  ["functools", "cmp_to_key", "call"],
  ["functools", "lru_cache", "call"],
  ["functools", "singledispatch", "call"],
  ["itertools", "starmap", "call", "pairs"],
  ["itertools", "accumulate", "items", "call"],
  ["itertools", "takewhile", "call", "items"],
  ["itertools", "groupby", "items", "call"],
  ["itertools", "chain", "items", "items"],
  ["itertools", "islice", "items", "none"],
  ["operator", "call", "call", "any"],
  ["operator", "attrgetter", "name"],
  ["operator", "methodcaller", "name"],
  ["operator", "itemgetter", "none"],
  ["collections", "OrderedDict", "pairs"],
  ["collections", "defaultdict", "call"],
  ["collections", "Counter", "items"],
  ["collections", "deque", "items"],
  ["collections", "ChainMap", "dict"],
  ["collections", "UserDict", "dict"],
  ["copy", "copy", "object"],
  ["copy", "deepcopy", "object"],
  ["copy", "_reconstruct", "object", "none", "call", "tuple", "state"],
  ["copyreg", "_reconstructor", "class", "class", "any"],
  ["copyreg", "__newobj__", "class", "any"],
  ["copyreg", "__newobj_ex__", "class", "tuple", "dict"],
  ["heapq", "nlargest", "none", "items", "call"],
  ["types", "MethodType", "call", "any"],
  ["types", "SimpleNamespace"],
  ["weakref", "ref", "object", "call"],
  ["weakref", "finalize", "object", "call"],
  ["_codecs", "encode", "name", "name"],
  ["io", "BytesIO", "pickle"],
  ["pickle", "loads", "pickle"],
  ["importlib", "import_module", "path"],
  ["pydoc", "locate", "path"],
  ["torch._tensor", "Special"],
  ["torch._tensor", "_rebuild_from_type_v2", "call", "class", "tuple", "state"],
];
/** What may be looked up only. */
const LOOKED_UP: readonly Name[] = [
  ["lair", "danger"],
  ["lair", "Danger"],
  ["lair", "Plain.method"],
];
const CLASSES = new Set([
  ...["Plain", "Slotted", "List", "Table", "Attributes", "Within", "Keeps", "object", "map", "filter", "list", "tuple", "set", "frozenset"],
  ...["dict", "zip", "property", "type", "str", "bytearray", "Exception", "partial", "starmap", "accumulate", "takewhile", "groupby"],
  ...["chain", "islice", "attrgetter", "methodcaller", "itemgetter", "OrderedDict", "defaultdict", "Counter", "deque", "ChainMap"],
  ...["UserDict", "MethodType", "SimpleNamespace", "ref", "finalize", "BytesIO", "Special", "Danger"],
]);
/** Callables that run what they are given to iterate over. */
const CONSUMERS = ["list", "tuple", "set", "sorted", "deque", "max", "Counter"].map((name) => CALLABLES.find(([, of]) => of === name)!);
const NAMES = ["danger", "method", "__setstate__", "__call__", "append", "extend", "a", "default_factory", "func", "__class__", "__dict__"];
const KEYS = ["a", "b", "__setstate__", "append", "extend", "add", "default_factory", "func", "key", "__class__", "__call__"];
const PATHS = ["lair", "lair.danger", "lair.Plain", "functools.partial"];

const MAPPINGS = new Set(["Table", "Attributes", "OrderedDict", "Counter", "defaultdict", "dict", "UserDict", "ChainMap"]);
const HAVE_ATTRIBUTES = new Set([
  "Plain",
  "Slotted",
  "List",
  "Table",
  "Attributes",
  "Within",
  "Keeps",
  "make",
  "OrderedDict",
  "SimpleNamespace",
]);

/** Every name that a program may look up. */
export const NAMES_LOOKED_UP: readonly Name[] = [...CALLABLES.map(([module, name]): Name => [module, name]), ...LOOKED_UP];

/** Lets all of them be looked up, and all but the dangerous be called. */
export const ADVERSARYS_POLICY: Policy = {
  name: "class:lair.Plain",
  class: "lair.Plain",
  library: null,
  imports: NAMES_LOOKED_UP.map(entry),
  calls: CALLABLES.map(([module, name]) => entry([module, name])),
};

function entry([module, name]: Name) {
  return { callable: `${module}.${name}`, module, reasons: [] };
}

/** One program. */
export function makeAdversary(random: Random): Uint8Array {
  return new Maker(random, 0).program();
}

class Maker {
  private readonly bytes: number[] = [];
  private memo = 0;
  /** Does little that would fail of itself, so that most of the program is run. */
  private readonly isTame: boolean;

  constructor(
    private readonly random: Random,
    private readonly nesting: number,
  ) {
    this.isTame = random.chance(70);
  }

  program(): Uint8Array {
    const { random } = this;
    this.op(OP.PROTO, random.pick([2, 4, 4, 5]));
    if (random.chance(10)) this.plant();
    for (let more = random.below(3); more > 0; more--) {
      this.object(2);
      this.op(OP.POP);
    }
    this.object(this.isTame ? 2 : 4);
    this.op(OP.STOP);
    return Uint8Array.from(this.bytes);
  }

  /** Gets hold of a class by way of a call, puts the danger into it, and uses an object of the class. */
  private plant(): void {
    const { random } = this;
    const plain: Name = ["lair", "Plain"];
    const method = random.pick(["__setstate__", "append", "extend", "add"]);
    const make = () => {
      this.lookUp(plain);
      this.op(OP.EMPTY_TUPLE, OP.REDUCE);
    };
    random.pick([
      () => this.wrap(["builtins", "type"], make),
      () => this.wrap(["copy", "copy"], () => this.lookUp(plain)),
      () => this.wrap(["builtins", "max"], () => this.listOf(() => this.lookUp(plain), 1)),
      () => this.wrap(["operator", "call"], () => this.lookUp(["builtins", "type"]), make),
      () =>
        this.wrap(
          ["functools", "reduce"],
          () => this.lookUp(["lair", "make"]),
          () => this.listOf(() => this.lookUp(plain), 1),
        ),
      () => this.wrap(["pickle", "loads"], () => this.op(OP.SHORT_BINBYTES, 13, ...Buffer.from("clair\nPlain\n."))),
      () => this.lookUp(plain),
    ])();
    this.op(OP.NONE, OP.EMPTY_DICT);
    this.text(method);
    this.lookUp(random.pick(LOOKED_UP));
    this.op(OP.SETITEM, OP.TUPLE2, OP.BUILD, OP.POP);
    make();
    if (method === "__setstate__") this.op(OP.NONE, OP.BUILD, OP.POP);
    else this.op(OP.MARK, OP.NONE, method === "add" ? OP.ADDITEMS : OP.APPENDS, OP.POP);
  }

  private wrap(callable: Name, ...given: (() => void)[]): void {
    this.lookUp(callable);
    this.op(OP.MARK);
    for (const each of given) each();
    this.op(OP.TUPLE, OP.REDUCE);
  }

  private op(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }

  private text(text: string): void {
    this.op(OP.SHORT_BINUNICODE, text.length, ...Buffer.from(text));
  }

  private lookUp([module, name]: readonly [string, string, ...unknown[]]): void {
    if (this.random.chance(30) && !name.includes(".")) this.op(OP.GLOBAL, ...Buffer.from(`${module}\n${name}\n`));
    else {
      this.text(module);
      this.text(name);
      this.op(OP.STACK_GLOBAL);
    }
    this.store();
  }

  private store(): void {
    if (this.random.chance(20)) this.op(OP.BINPUT, this.memo++);
  }

  /** Something to be called: the danger, what hides it, or a decoy. */
  private callable(depth: number): void {
    const { random } = this;
    const kind = random.below(10);
    if (kind < 4) this.lookUp(random.pick(LOOKED_UP));
    else if (kind < 8 || depth <= 0) this.lookUp(random.pick(CALLABLES));
    else this.object(depth - 1);
  }

  private value(depth: number): void {
    const { random } = this;
    const kind = random.below(depth > 0 ? 11 : 5);
    if (kind === 0) this.op(random.pick([OP.NONE, OP.NEWTRUE, OP.EMPTY_LIST, OP.EMPTY_TUPLE, OP.EMPTY_DICT]));
    else if (kind === 1) this.op(OP.BININT1, random.below(3));
    else if (kind === 2) this.text(random.pick(NAMES));
    else if (kind === 3) this.lookUp(random.pick(LOOKED_UP));
    else if (kind === 4) this.op(...(this.memo > 0 ? [OP.BINGET, random.below(this.memo)] : [OP.NONE]));
    else if (kind === 5) this.take("tuple", depth - 1);
    else if (kind === 6) this.take("items", depth - 1);
    else if (kind === 7) this.take("dict", depth - 1);
    else this.object(depth - 1);
  }

  /** A call, and what is done to what it made. */
  private object(depth: number): void {
    const { random } = this;
    if (random.chance(12)) {
      // Run what an iterator would call.
      this.lookUp(random.pick(CONSUMERS));
      this.object(depth - 1);
      this.op(OP.TUPLE1, OP.REDUCE);
      return;
    }
    const name = this.call(depth);
    for (let changes = random.pick([0, 0, 1, 1, 2, 3]); changes > 0; changes--) {
      if (this.isTame) this.changeAsFits(name, depth - 1);
      else this.change(depth - 1);
    }
  }

  /** Something that an object of such a class takes. */
  private changeAsFits(name: string, depth: number): void {
    const { random } = this;
    if (name === "List" || name === "deque") {
      this.callable(depth);
      this.op(OP.APPEND);
    } else if (MAPPINGS.has(name) && random.chance(60)) {
      this.text(random.pick(KEYS));
      this.callable(depth);
      this.op(OP.SETITEM);
    } else if (name === "partial") {
      this.stateOfPartial(depth);
      this.op(OP.BUILD);
    } else if (name === "defaultdict") {
      this.op(OP.NONE, OP.EMPTY_DICT);
      this.text("default_factory");
      this.callable(depth);
      this.op(OP.SETITEM, OP.TUPLE2, OP.BUILD);
    } else if (HAVE_ATTRIBUTES.has(name)) {
      this.attributes(depth);
      if (name === "Within") this.op(OP.TUPLE1);
      this.op(OP.BUILD);
    }
  }

  private call(depth: number): string {
    const { random } = this;
    const [module, name, ...takes] = random.pick(CALLABLES);
    const given = () => {
      for (const kind of takes) this.take(kind, depth - 1);
      if (!this.isTame && random.chance(8)) this.value(depth - 1);
    };
    const form = random.below(10);
    if (form === 0) {
      this.op(OP.MARK);
      given();
      this.op(OP.INST, ...Buffer.from(`${module}\n${name}\n`));
    } else if (form === 1) {
      this.op(OP.MARK);
      this.lookUp([module, name]);
      given();
      this.op(OP.OBJ);
    } else {
      this.lookUp([module, name]);
      this.op(OP.MARK);
      given();
      this.op(OP.TUPLE);
      if (!CLASSES.has(name) || form < 6) this.op(OP.REDUCE);
      else if (form < 8) this.op(OP.NEWOBJ);
      else {
        this.keywords(depth - 1);
        this.op(OP.NEWOBJ_EX);
      }
    }
    this.store();
    if (this.random.chance(this.isTame ? 3 : 8)) {
      // What a call returned is called.
      this.op(OP.MARK);
      this.value(depth - 1);
      this.op(OP.TUPLE, OP.REDUCE);
    }
    return name;
  }

  private keywords(depth: number): void {
    this.op(OP.EMPTY_DICT);
    if (this.random.chance(40)) return;
    this.text(this.random.pick(["func", "key", "initial", "function", "iterable"]));
    this.callable(depth);
    this.op(OP.SETITEM);
  }

  private take(kind: Takes, depth: number): void {
    const { random } = this;
    switch (kind) {
      case "call":
        this.callable(depth);
        break;
      case "class":
        this.lookUp(random.pick(random.chance(20) ? LOOKED_UP : CALLABLES.filter(([, name]) => CLASSES.has(name))));
        break;
      case "object":
        if (random.chance(50) || depth <= 0) this.lookUp(random.pick(NAMES_LOOKED_UP));
        else this.object(depth - 1);
        break;
      case "name":
        this.text(random.pick(NAMES));
        break;
      case "path":
        this.text(random.pick(PATHS));
        break;
      case "none":
        this.op(...(random.chance(50) ? [OP.NONE] : [OP.BININT1, random.below(3)]));
        break;
      case "items":
        this.listOf(() => this.value(depth - 1));
        break;
      case "pairs":
        this.listOf(() => this.tupleOf(2, depth - 1));
        break;
      case "tuple":
        this.tupleOf(random.below(3), depth - 1);
        break;
      case "dict":
        this.attributes(depth - 1);
        break;
      case "state":
        this.state(depth - 1);
        break;
      case "pickle":
        this.pickle();
        break;
      case "any":
        this.value(depth - 1);
        break;
    }
  }

  private listOf(item: () => void, length = 1 + this.random.below(2)): void {
    this.op(OP.EMPTY_LIST, OP.MARK);
    for (let count = length; count > 0; count--) item();
    this.op(OP.APPENDS);
  }

  private tupleOf(count: number, depth: number): void {
    this.op(OP.MARK);
    for (let index = 0; index < count; index++) {
      if (this.random.chance(40)) this.callable(depth);
      else this.value(depth);
    }
    this.op(OP.TUPLE);
  }

  /** A dict of attributes, or a tuple of some shape that a `__setstate__` takes. */
  private state(depth: number): void {
    const { random } = this;
    const shape = random.below(10);
    if (shape < 5) this.attributes(depth);
    else if (shape < 7) {
      if (random.chance(50)) this.op(OP.NONE);
      else this.attributes(depth);
      this.attributes(depth);
      this.op(OP.TUPLE2);
    } else if (shape < 8) this.stateOfPartial(depth);
    else if (shape < 9) {
      this.attributes(depth);
      this.op(OP.TUPLE1);
    } else this.value(depth);
  }

  private stateOfPartial(depth: number): void {
    this.op(OP.MARK);
    this.callable(depth);
    this.tupleOf(this.random.below(2), depth);
    this.attributes(depth);
    this.op(OP.NONE, OP.TUPLE);
  }

  private attributes(depth: number): void {
    this.op(OP.EMPTY_DICT);
    this.store();
    for (let count = this.random.below(3); count > 0; count--) {
      this.text(this.random.pick(KEYS));
      this.callable(depth);
      this.op(OP.SETITEM);
    }
  }

  private change(depth: number): void {
    const { random } = this;
    const kind = random.below(8);
    if (kind < 4) {
      this.state(depth);
      this.op(OP.BUILD);
    } else if (kind < 6) {
      this.text(random.pick(KEYS));
      this.callable(depth);
      this.op(OP.SETITEM);
    } else if (kind === 6) {
      this.value(depth);
      this.op(OP.APPEND);
    } else {
      this.op(OP.MARK);
      this.value(depth);
      this.op(random.pick([OP.APPENDS, OP.ADDITEMS]));
    }
  }

  private pickle(): void {
    const program = this.nesting > 1 ? Uint8Array.of(OP.NONE, OP.STOP) : new Maker(this.random, this.nesting + 1).program();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(program.length);
    this.op(OP.BINBYTES, ...length, ...program);
  }
}
