/**
 * Programs for the fuzzer: made by structure, so that most of them load, then mutated, so that they break in every way.
 * The same seed makes the same programs.
 */
import { BYTE_OF_OPCODE as OP, OPCODES } from "../../analyzer/pickle/opcodes.ts";

/** A stream of numbers from a seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** An integer in `[0, below)`. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** One program: half of them as made, half mutated, a tenth a soup of opcodes. */
export function makeProgram(random: Random): Uint8Array {
  const kind = random.below(10);
  if (kind === 0) return soup(random);
  const program = new Maker(random).program();
  return kind < 6 ? program : mutate(random, program);
}

type Choice = () => void;

/** Writes a program value by value. What it writes would load, but for the odd thing it does on purpose. */
class Maker {
  private bytes: number[] = [];
  private memo = 0;
  private protocol = 0;
  /** Whether nothing is broken on purpose: two programs in three. */
  private readonly isSound: boolean;

  constructor(private readonly random: Random) {
    this.isSound = random.chance(66);
  }

  /** One of the choices, of which those from `sound` on are broken. */
  private choose<T>(choices: readonly T[], sound: number): T {
    return choices[this.random.below(this.isSound ? sound : choices.length)]!;
  }

  program(): Uint8Array {
    const { random } = this;
    if (random.chance(70)) this.proto();
    const frame = this.beginFrame(25);
    for (let extra = random.below(3); extra > 0; extra--) {
      const inner = this.beginFrame(12);
      this.value(3);
      if (random.chance(60)) this.op(OP.POP);
      this.endFrame(inner);
    }
    const inner = this.beginFrame(frame >= 0 ? 3 : 12);
    this.value(4);
    if (random.chance(97)) this.op(OP.STOP);
    this.endFrame(inner);
    this.endFrame(frame);
    if (random.chance(5)) this.op(random.below(256), random.below(256));
    return Uint8Array.from(this.bytes);
  }

  private proto(): void {
    this.protocol = this.random.below(!this.isSound && this.random.chance(6) ? 8 : 6);
    this.op(OP.PROTO, this.protocol);
  }

  /** Begins a frame, so many times in a hundred: where it lies, or -1. */
  private beginFrame(percent: number): number {
    if (!this.random.chance(percent)) return -1;
    const at = this.bytes.length;
    this.op(OP.FRAME, 0, 0, 0, 0, 0, 0, 0, 0);
    return at;
  }

  /** Mostly the right length; sometimes one that some opcode crosses. */
  private endFrame(at: number): void {
    if (at < 0) return;
    const rest = this.bytes.length - at - 9;
    const length =
      this.isSound || this.random.chance(30) ? rest : this.random.chance(80) ? this.random.below(rest + 1) : this.random.below(300);
    this.bytes[at + 1] = length & 0xff;
    this.bytes[at + 2] = length >> 8;
  }

  private op(...bytes: number[]): void {
    this.bytes.push(...bytes);
  }

  private value(depth: number): void {
    const { random } = this;
    if (depth <= 0 || random.chance(25)) this.atom();
    else
      random.pick([
        () => this.atom(),
        () => this.container(depth),
        () => this.container(depth),
        () => this.object(depth),
        () => this.object(depth),
        () => this.odd(depth),
      ])();
    if (random.chance(30)) this.put();
    if (random.chance(3)) this.op(OP.DUP, OP.POP);
    if (random.chance(2)) this.proto();
  }

  private put(): void {
    const key = this.memo++;
    const { random } = this;
    random.pick<Choice>([
      () => this.op(OP.BINPUT, key),
      () => this.op(OP.BINPUT, key),
      () => this.op(OP.MEMOIZE),
      () => this.op(OP.LONG_BINPUT, key, random.chance(10) ? 1 : 0, 0, 0),
      () =>
        this.line(
          OP.PUT,
          this.choose([`${key}`, `${key}`, ` ${key}`, `+${key}`, `0${key}`, `${key}\0x`, `1_${key}`, `-${key}`, "x", ""], 6),
        ),
    ])();
  }

  private get(): void {
    const { random } = this;
    const key = random.below(Math.max(1, this.memo + (!this.isSound && random.chance(10) ? 3 : 0)));
    random.pick<Choice>([
      () => this.op(OP.BINGET, key),
      () => this.op(OP.BINGET, key),
      () => this.op(OP.LONG_BINGET, key, 0, 0, 0),
      () => this.line(OP.GET, this.choose([`${key}`, `${key}`, `${key} `, `0${key}`, `${key}\0`, `-${key}`, "0x1", "", "9".repeat(30)], 5)),
    ])();
  }

  private atom(): void {
    const { random } = this;
    random.pick<Choice>([
      () => this.op(random.pick([OP.NONE, OP.NEWTRUE, OP.NEWFALSE, OP.EMPTY_LIST, OP.EMPTY_TUPLE, OP.EMPTY_DICT, OP.EMPTY_SET])),
      () => this.integer(),
      () => this.integer(),
      () => this.float(),
      () => this.string(),
      () => this.string(),
      () => this.text(),
      () => this.raw(),
      () => (this.memo > 0 ? this.get() : this.integer()),
      () => (this.memo > 0 ? this.get() : this.string()),
    ])();
  }

  private integer(): void {
    const { random } = this;
    const byte = () => random.below(256);
    random.pick<Choice>([
      () => this.op(OP.BININT1, byte()),
      () => this.op(OP.BININT1, random.below(3)),
      () => this.op(OP.BININT2, byte(), byte()),
      () => this.op(OP.BININT, byte(), byte(), byte(), byte()),
      () => this.counted(OP.LONG1, 1, Array.from({ length: random.below(12) }, byte)),
      () => this.counted(OP.LONG4, 4, Array.from({ length: random.below(12) }, byte)),
      () => this.line(OP.INT, this.choose(INTEGERS, SOUND_INTEGERS)),
      () => this.line(OP.LONG, this.choose(LONGS, SOUND_LONGS)),
    ])();
  }

  private float(): void {
    const { random } = this;
    if (random.chance(50)) this.line(OP.FLOAT, this.choose(FLOATS, SOUND_FLOATS));
    else
      this.op(
        OP.BINFLOAT,
        ...random.pick([
          [0x3f, 0xf0],
          [0x7f, 0xf0],
          [0x7f, 0xf8],
          [0x80, 0],
          [0x40, 0x59],
          [random.below(256), random.below(256)],
        ]),
        0,
        0,
        0,
        0,
        0,
        random.below(2),
      );
  }

  private string(): void {
    const { random } = this;
    const content = [...Buffer.from(random.pick(TEXTS), "utf8")];
    if (!this.isSound && random.chance(8)) content.push(...random.pick(BAD_UTF8));
    if (random.chance(3)) for (let more = random.below(40); more > 0; more--) content.push(0x61, 0xc3, 0xa9);
    random.pick<Choice>([
      () => this.counted(OP.SHORT_BINUNICODE, 1, content),
      () => this.counted(OP.SHORT_BINUNICODE, 1, content),
      () => this.counted(OP.BINUNICODE, 4, content),
      () => this.counted(OP.BINUNICODE8, 8, content),
      () => this.line(OP.UNICODE, this.choose(ESCAPED, SOUND_ESCAPED)),
    ])();
  }

  private text(): void {
    const { random } = this;
    const content = [...Buffer.from(random.pick(TEXTS), this.isSound || random.chance(80) ? "ascii" : "utf8")];
    random.pick<Choice>([
      () => this.counted(OP.SHORT_BINSTRING, 1, content),
      () => this.counted(OP.BINSTRING, 4, content),
      () => this.line(OP.STRING, this.choose(QUOTED, SOUND_QUOTED)),
    ])();
  }

  private raw(): void {
    const { random } = this;
    const content = Array.from({ length: random.below(random.chance(5) ? 300 : 6) }, () => random.below(256));
    random.pick<Choice>([
      () => this.counted(OP.SHORT_BINBYTES, 1, content.slice(0, 255)),
      () => this.counted(OP.BINBYTES, 4, content),
      () => this.counted(OP.BINBYTES8, 8, content),
      () => this.counted(OP.BYTEARRAY8, 8, content),
      () => {
        this.counted(OP.BYTEARRAY8, 8, content);
        if (random.chance(50)) this.op(OP.READONLY_BUFFER);
      },
    ])();
  }

  private container(depth: number): void {
    const { random } = this;
    const several = (step: number, make: (depth: number) => void) => {
      for (let count = step * random.below(random.chance(10) ? 9 : 4); count > 0; count--) make(depth - 1);
    };
    const value = (inner: number) => this.value(inner);
    const key = (inner: number) => (this.isSound || random.chance(80) ? this.key(inner) : this.value(inner));
    const pairs = () => {
      for (let count = random.below(4); count > 0; count--) {
        key(depth - 1);
        if (this.isSound || !random.chance(4)) value(depth - 1);
      }
    };
    random.pick<Choice>([
      () => {
        for (let count = 1 + random.below(3); count > 0; count--) value(depth - 1);
        this.op(random.pick([OP.TUPLE1, OP.TUPLE1, OP.TUPLE2, OP.TUPLE3]));
      },
      () => {
        this.op(OP.MARK);
        several(1, value);
        this.op(random.pick([OP.TUPLE, OP.TUPLE, OP.LIST, OP.POP_MARK]));
        if (this.bytes.at(-1) === OP.POP_MARK) this.atom();
      },
      () => {
        this.op(OP.EMPTY_LIST);
        if (random.chance(20)) this.put();
        value(depth - 1);
        this.op(OP.APPEND, OP.MARK);
        several(1, value);
        this.op(OP.APPENDS);
      },
      () => {
        this.op(OP.MARK);
        pairs();
        this.op(OP.DICT);
      },
      () => {
        this.op(OP.EMPTY_DICT);
        if (random.chance(20)) this.put();
        key(depth - 1);
        value(depth - 1);
        this.op(OP.SETITEM, OP.MARK);
        pairs();
        this.op(OP.SETITEMS);
      },
      () => {
        this.op(OP.EMPTY_SET, OP.MARK);
        several(1, key);
        this.op(OP.ADDITEMS);
      },
      () => {
        this.op(OP.MARK);
        several(1, key);
        this.op(OP.FROZENSET);
      },
    ])();
  }

  private key(depth: number): void {
    const { random } = this;
    random.pick<Choice>([
      () => this.string(),
      () => this.string(),
      () => this.integer(),
      () => this.atom(),
      () => {
        this.key(depth - 1);
        this.op(OP.TUPLE1);
      },
      () => (depth > 0 ? this.lookup() : this.string()),
    ])();
  }

  private lookup(): void {
    const { random } = this;
    const module = this.choose(MODULES, SOUND_MODULES);
    const name = this.choose(NAMES, SOUND_NAMES);
    random.pick<Choice>([
      () => this.lines(OP.GLOBAL, module, name),
      () => this.lines(OP.GLOBAL, module, name),
      () => {
        this.counted(OP.SHORT_BINUNICODE, 1, [...Buffer.from(module)]);
        if (random.chance(30)) this.put();
        this.counted(OP.SHORT_BINUNICODE, 1, [...Buffer.from(name)]);
        this.op(OP.STACK_GLOBAL);
      },
      () => {
        this.string();
        this.string();
        this.op(OP.STACK_GLOBAL);
      },
    ])();
  }

  private args(depth: number): void {
    const { random } = this;
    if (random.chance(30)) this.op(OP.EMPTY_TUPLE);
    else if (!this.isSound && random.chance(15)) this.value(depth);
    else {
      this.op(OP.MARK);
      for (let count = random.below(4); count > 0; count--) this.value(depth - 1);
      this.op(OP.TUPLE);
    }
  }

  private object(depth: number): void {
    const { random } = this;
    const callable = () =>
      this.isSound || random.chance(80) ? this.lookup() : random.chance(80) ? this.object(depth - 1) : this.value(depth - 1);
    random.pick<Choice>([
      () => this.lookup(),
      () => {
        callable();
        this.args(depth - 1);
        this.op(random.pick([OP.REDUCE, OP.REDUCE, OP.NEWOBJ]));
      },
      () => {
        callable();
        this.args(depth - 1);
        if (random.chance(60)) {
          this.op(OP.EMPTY_DICT, OP.MARK);
          for (let count = random.below(3); count > 0; count--) {
            this.string();
            this.value(depth - 1);
          }
          this.op(OP.SETITEMS);
        } else (this.isSound ? () => this.op(OP.EMPTY_DICT) : () => this.value(depth - 1))();
        this.op(OP.NEWOBJ_EX);
      },
      () => {
        this.op(OP.MARK);
        for (let count = random.below(3); count > 0; count--) this.value(depth - 1);
        this.lines(OP.INST, this.choose(MODULES, SOUND_MODULES), this.choose(NAMES, SOUND_NAMES));
      },
      () => {
        this.op(OP.MARK);
        callable();
        for (let count = random.below(3); count > 0; count--) this.value(depth - 1);
        this.op(OP.OBJ);
      },
      () => this.line(OP.PERSID, this.choose(["1", "", "a b", "caf\xe9"], 3)),
      () => {
        this.value(depth - 1);
        this.op(OP.BINPERSID);
      },
    ])();
    this.afterwards(depth);
  }

  /** What is done to an object once it is there: state, items. */
  private afterwards(depth: number): void {
    const { random } = this;
    if (random.chance(25)) {
      this.op(OP.MARK);
      for (let count = 2 * random.below(3) + (this.isSound ? 0 : random.below(2)); count > 0; count--) this.value(depth - 1);
      this.op(random.pick([OP.APPENDS, OP.SETITEMS, OP.ADDITEMS]));
    }
    if (random.chance(10)) {
      this.value(depth - 1);
      this.op(OP.APPEND);
    }
    if (random.chance(10)) {
      this.value(depth - 1);
      this.value(depth - 1);
      this.op(OP.SETITEM);
    }
    if (random.chance(25)) {
      this.value(depth - 1);
      this.op(OP.BUILD);
    }
  }

  /** What no pickler writes. */
  private odd(depth: number): void {
    const { random } = this;
    const onBuiltin = () =>
      random.pick<Choice>([() => this.op(OP.EMPTY_LIST), () => this.container(depth - 1), () => this.raw(), () => this.atom()])();
    random.pick<Choice>([
      () => {
        onBuiltin();
        random.pick<Choice>([
          () => this.op(OP.NONE),
          () => this.value(depth - 1),
          () => this.op(OP.NONE, OP.EMPTY_DICT, OP.TUPLE2),
          () => this.op(OP.NONE, OP.EMPTY_DICT, OP.BININT1, 1, OP.BININT1, 1, OP.SETITEM, OP.TUPLE2),
        ])();
        this.op(OP.BUILD);
      },
      () => {
        onBuiltin();
        this.afterwards(depth);
      },
      () => {
        this.op(OP.MARK, OP.POP);
        this.value(depth - 1);
      },
      () => {
        this.op(OP.EMPTY_LIST, OP.MARK);
        for (let count = random.below(3); count > 0; count--) this.value(depth - 1);
        this.op(OP.APPENDS, OP.BININT1, random.below(3));
        this.value(depth - 1);
        this.op(OP.SETITEM);
      },
      () => this.op(OP.EXT1, random.below(3)),
      () => this.op(OP.NEXT_BUFFER),
      () => {
        this.raw();
        this.op(OP.READONLY_BUFFER);
      },
      () => {
        const at = this.bytes.length;
        this.op(OP.FRAME, 0, 0, 0, 0, 0, 0, 0, 0);
        this.value(depth - 1);
        this.endFrame(at);
      },
      () => {
        this.value(depth - 1);
        this.op(OP.MARK);
        this.value(depth - 1);
        this.op(random.pick([OP.PUT, OP.POP, OP.DUP, OP.TUPLE2, OP.MEMOIZE, OP.APPEND, OP.BUILD, OP.REDUCE, OP.TUPLE]));
      },
    ])();
  }

  private line(opcode: number, text: string): void {
    this.op(opcode, ...Buffer.from(text, "latin1"), 0x0a);
  }

  private lines(opcode: number, first: string, second: string): void {
    this.op(opcode, ...Buffer.from(first), 0x0a, ...Buffer.from(second), 0x0a);
  }

  private counted(opcode: number, width: number, content: readonly number[]): void {
    this.op(opcode);
    for (let index = 0; index < width; index++) this.op(index < 2 ? (content.length >> (8 * index)) & 0xff : 0);
    this.op(...content);
  }
}

const MODULES = ["os", "m.n", "__builtin__", "copy_reg", "numpy.core", "a b", "x\0y", "caf\u00e9", ""];
const SOUND_MODULES = 7;
const NAMES = ["system", "C", "set", "_reconstructor", "d e", "C.D", "<locals>.f", "n\u00fcll", ""];
const SOUND_NAMES = 5;
const TEXTS = [
  "",
  "a",
  "os",
  "system",
  "__setstate__",
  "caf\u00e9",
  "\u4e2d\u6587\u5b57",
  "\u{1f600}",
  "x".repeat(70),
  "\u4e2d".repeat(30),
  "line\nline",
];
const BAD_UTF8 = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe0, 0x80, 0x80],
  [0xe2, 0x82],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xc3],
];

// Operands in text: first those that C takes, up to the number below each, then those that it, or everyone, refuses.
const ESCAPED = [
  "",
  "abc",
  "caf\\u00e9",
  "\xe9",
  "\\U0001F600",
  "\\ud800",
  "\\\\u0041",
  "\\",
  "a\\",
  "\\x41",
  "\\U0010ffff",
  "\\\\\\u0041",
  "\\u12",
  "\\U00110000",
  "\\u00E9\\u0",
  "\\uzzzz",
];
const SOUND_ESCAPED = 12;
const QUOTED = [
  "'a'",
  '"a"',
  "''",
  "'\\x41'",
  "'\\\\'",
  "'a'b'",
  "'\\101'",
  "'\\q'",
  "'\\n\\0'",
  "'",
  "a",
  "'a\"",
  "'\\x4'",
  "'\\xe9'",
  "'\\'",
  "'\\777'",
  "'\\8'",
  "'\xe9'",
  " 'a'",
  "'a' ",
  "'\\",
];
const SOUND_QUOTED = 9;
const INTEGERS = [
  "0",
  "1",
  "00",
  "01",
  "-1",
  "42",
  "007",
  "0x1f",
  "0X1F",
  "0o7",
  "0b1",
  "1_0",
  " 1",
  "1 ",
  "+0",
  "-0",
  "1\0z",
  "\0",
  "9223372036854775808",
  "-9223372036854775809",
  "0777777777777777777777",
  "1\r",
  "0_0",
  "000",
  "08",
  "_1",
  "1_",
  "",
  "x",
  "1.5",
  "01777777777777777777777",
  "00_0",
  "0x_f",
];
const SOUND_INTEGERS = 24;
const LONGS = [
  "0",
  "1L",
  "-1L",
  "42",
  "0x1fL",
  "0o7",
  "1_0L",
  " 1L",
  "+0",
  "00L",
  "9223372036854775808L",
  "0777777777777777777777",
  "08L",
  "L",
  "",
  "1LL",
  "1\0L",
  "x",
];
const SOUND_LONGS = 11;
const FLOATS = [
  "1.5",
  "-0",
  "1e5",
  "1E-5",
  ".5",
  "5.",
  "inf",
  "-Infinity",
  "nan",
  "NaN",
  "1\0x",
  "+1",
  "123456789012345678901234567890",
  "1e-400",
  ".",
  "",
  "infi",
  "1e400",
  "-1e400",
  "1_0",
  " 1",
  "1 ",
  "0x1p3",
  "1e",
  "1e+",
  "1.5.5",
  "--1",
];
const SOUND_FLOATS = 14;

/** Opcodes and small operands at random. */
function soup(random: Random): Uint8Array {
  const bytes: number[] = [];
  for (let count = 2 + random.below(25); count > 0; count--) {
    bytes.push(random.chance(96) ? random.pick(OPCODES).code : random.below(256));
    if (random.chance(30)) bytes.push(random.pick([0, 1, 2, 0x0a, 0x30, 0x31]));
  }
  bytes.push(OP.STOP);
  return Uint8Array.from(bytes);
}

/** A program with one to three things changed: opcodes, operands, lengths; cut, joined or doubled. */
function mutate(random: Random, program: Uint8Array): Uint8Array {
  let bytes = [...program];
  for (let count = 1 + random.below(3); count > 0 && bytes.length > 0; count--) {
    const at = random.below(bytes.length);
    random.pick<Choice>([
      () => bytes.splice(at, 1, random.pick(OPCODES).code),
      () => bytes.splice(at, 0, random.pick(OPCODES).code),
      () => bytes.splice(at, 1),
      () => bytes.splice(at, 1, random.below(256)),
      () => bytes.splice(at, 1, (bytes[at]! + random.pick([1, 255])) & 0xff),
      () => (bytes = bytes.slice(0, at)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random.below(12))),
      () => bytes.splice(at, random.below(8)),
      () => bytes.splice(at, 0, ...new Maker(random).program()),
    ])();
  }
  return Uint8Array.from(bytes);
}
