/**
 * The 68 opcodes of pickle protocols 0 to 5, as data: what the machine, the disassembler, the assembler and the pages
 * read. Names, codes, argument kinds and stack effects are those of CPython's `pickletools`, tested row by row against
 * it; the sentences say what the C unpickler does, which is not always what `pickletools` says.
 */

/**
 * How an argument is written. Lines end at a newline and exclude it; counts and integers are little-endian; a number in
 * the name is the width in bytes of the count (or of the integer itself).
 */
export const ARGUMENTS = {
  uint1: { width: 1, doc: "an unsigned byte" },
  uint2: { width: 2, doc: "two bytes, unsigned" },
  uint4: { width: 4, doc: "four bytes, unsigned" },
  uint8: { width: 8, doc: "eight bytes, unsigned" },
  int4: { width: 4, doc: "four bytes, two's complement" },
  float8: { width: 8, doc: "an IEEE 754 double, big-endian" },
  decimalnl_short: { width: "line", doc: "a line holding an integer in decimal" },
  decimalnl_long: { width: "line", doc: "a line holding an integer in decimal, and an L if Python 2 wrote it" },
  floatnl: { width: "line", doc: "a line holding a float in decimal" },
  stringnl: { width: "line", doc: "a line holding a quoted string with Python's escapes" },
  stringnl_noescape: { width: "line", doc: "a line taken as it is" },
  stringnl_noescape_pair: { width: "lines", doc: "two lines taken as they are" },
  unicodestringnl: { width: "line", doc: "a line in raw-unicode-escape" },
  string1: { width: "counted", count: 1, doc: "bytes of a Python 2 str behind a one-byte count" },
  string4: { width: "counted", count: 4, doc: "bytes of a Python 2 str behind a four-byte count" },
  bytes1: { width: "counted", count: 1, doc: "bytes behind a one-byte count" },
  bytes4: { width: "counted", count: 4, doc: "bytes behind a four-byte count" },
  bytes8: { width: "counted", count: 8, doc: "bytes behind an eight-byte count" },
  bytearray8: { width: "counted", count: 8, doc: "bytes behind an eight-byte count" },
  unicodestring1: { width: "counted", count: 1, doc: "UTF-8 behind a one-byte count" },
  unicodestring4: { width: "counted", count: 4, doc: "UTF-8 behind a four-byte count" },
  unicodestring8: { width: "counted", count: 8, doc: "UTF-8 behind an eight-byte count" },
  long1: { width: "counted", count: 1, doc: "a two's complement integer behind a one-byte count" },
  long4: { width: "counted", count: 4, doc: "a two's complement integer behind a four-byte count" },
} as const satisfies Record<string, { width: number | "line" | "lines" | "counted"; count?: 1 | 4 | 8; doc: string }>;

export type ArgumentName = keyof typeof ARGUMENTS;

/** What an opcode finds and leaves on the stack; `stackslice` is everything above the topmost mark. */
export type StackObject =
  | "any"
  | "bool"
  | "buffer"
  | "bytearray"
  | "bytes"
  | "bytes_or_str"
  | "dict"
  | "float"
  | "frozenset"
  | "int"
  | "int_or_bool"
  | "list"
  | "mark"
  | "None"
  | "set"
  | "stackslice"
  | "str"
  | "tuple";

/** One opcode. `protocol` is the first that has it; nothing stops a program from using it under an earlier one. */
export interface Opcode<Name extends string = OpcodeName> {
  readonly name: Name;
  readonly code: number;
  readonly argument: ArgumentName | null;
  readonly before: readonly StackObject[];
  readonly after: readonly StackObject[];
  readonly protocol: number;
  readonly doc: string;
}

function row<Name extends string>(
  name: Name,
  code: number,
  argument: ArgumentName | null,
  before: readonly StackObject[],
  after: readonly StackObject[],
  protocol: number,
  doc: string,
): Opcode<Name> {
  return { name, code, argument, before, after, protocol, doc };
}

/** Every opcode, in the order in which `pickletools` lists them. */
export const OPCODES = [
  row("INT", 0x49, "decimalnl_short", [], ["int_or_bool"], 0, "Push an int; 00 and 01 are False and True."),
  row("BININT", 0x4a, "int4", [], ["int"], 1, "Push a signed four-byte int."),
  row("BININT1", 0x4b, "uint1", [], ["int"], 1, "Push a one-byte int."),
  row("BININT2", 0x4d, "uint2", [], ["int"], 1, "Push a two-byte int."),
  row("LONG", 0x4c, "decimalnl_long", [], ["int"], 0, "Push an int of any size; the L is optional."),
  row("LONG1", 0x8a, "long1", [], ["int"], 2, "Push an int of up to 255 bytes."),
  row("LONG4", 0x8b, "long4", [], ["int"], 2, "Push an int of any size; a negative count fails."),
  row("STRING", 0x53, "stringnl", [], ["bytes_or_str"], 0, "Push a Python 2 str: a str, or bytes if the loader asks for them."),
  row("BINSTRING", 0x54, "string4", [], ["bytes_or_str"], 1, "Push a Python 2 str: a str, or bytes if the loader asks for them."),
  row("SHORT_BINSTRING", 0x55, "string1", [], ["bytes_or_str"], 1, "Push a Python 2 str: a str, or bytes if the loader asks for them."),
  row("BINBYTES", 0x42, "bytes4", [], ["bytes"], 3, "Push bytes."),
  row("SHORT_BINBYTES", 0x43, "bytes1", [], ["bytes"], 3, "Push bytes."),
  row("BINBYTES8", 0x8e, "bytes8", [], ["bytes"], 4, "Push bytes."),
  row("BYTEARRAY8", 0x96, "bytearray8", [], ["bytearray"], 5, "Push a bytearray."),
  row("NEXT_BUFFER", 0x97, null, [], ["buffer"], 5, "Push the loader's next out-of-band buffer."),
  row("READONLY_BUFFER", 0x98, null, ["buffer"], ["buffer"], 5, "Make the buffer on top read-only."),
  row("NONE", 0x4e, null, [], ["None"], 0, "Push None."),
  row("NEWTRUE", 0x88, null, [], ["bool"], 2, "Push True."),
  row("NEWFALSE", 0x89, null, [], ["bool"], 2, "Push False."),
  row("UNICODE", 0x56, "unicodestringnl", [], ["str"], 0, "Push a str written in raw-unicode-escape."),
  row("SHORT_BINUNICODE", 0x8c, "unicodestring1", [], ["str"], 4, "Push a str of up to 255 bytes; surrogates pass."),
  row("BINUNICODE", 0x58, "unicodestring4", [], ["str"], 1, "Push a str; surrogates pass."),
  row("BINUNICODE8", 0x8d, "unicodestring8", [], ["str"], 4, "Push a str; surrogates pass."),
  row("FLOAT", 0x46, "floatnl", [], ["float"], 0, "Push a float written in decimal."),
  row("BINFLOAT", 0x47, "float8", [], ["float"], 1, "Push a float."),
  row("EMPTY_LIST", 0x5d, null, [], ["list"], 1, "Push an empty list."),
  row("APPEND", 0x61, null, ["list", "any"], ["list"], 0, "Append the top to the list below, or call its extend or append."),
  row("APPENDS", 0x65, null, ["list", "mark", "stackslice"], ["list"], 1, "Append all above the mark to the list below it, likewise."),
  row("LIST", 0x6c, null, ["mark", "stackslice"], ["list"], 0, "Make a list of all above the mark."),
  row("EMPTY_TUPLE", 0x29, null, [], ["tuple"], 1, "Push the empty tuple."),
  row("TUPLE", 0x74, null, ["mark", "stackslice"], ["tuple"], 0, "Make a tuple of all above the mark."),
  row("TUPLE1", 0x85, null, ["any"], ["tuple"], 2, "Make a tuple of the top."),
  row("TUPLE2", 0x86, null, ["any", "any"], ["tuple"], 2, "Make a tuple of the top two."),
  row("TUPLE3", 0x87, null, ["any", "any", "any"], ["tuple"], 2, "Make a tuple of the top three."),
  row("EMPTY_DICT", 0x7d, null, [], ["dict"], 1, "Push an empty dict."),
  row("DICT", 0x64, null, ["mark", "stackslice"], ["dict"], 0, "Make a dict of the keys and values above the mark."),
  row("SETITEM", 0x73, null, ["dict", "any", "any"], ["dict"], 0, "Set an item of the dict (or of whatever takes items) below."),
  row("SETITEMS", 0x75, null, ["dict", "mark", "stackslice"], ["dict"], 1, "Set the items above the mark on what lies below it."),
  row("EMPTY_SET", 0x8f, null, [], ["set"], 4, "Push an empty set."),
  row("ADDITEMS", 0x90, null, ["set", "mark", "stackslice"], ["set"], 4, "Add all above the mark to the set below it, or call its add."),
  row("FROZENSET", 0x91, null, ["mark", "stackslice"], ["frozenset"], 4, "Make a frozenset of all above the mark."),
  row("POP", 0x30, null, ["any"], [], 0, "Drop the top, or the mark if that is on top."),
  row("DUP", 0x32, null, ["any"], ["any", "any"], 0, "Push the top once more."),
  row("MARK", 0x28, null, [], ["mark"], 0, "Push a mark."),
  row("POP_MARK", 0x31, null, ["mark", "stackslice"], [], 1, "Drop all above the mark, and the mark."),
  row("GET", 0x67, "decimalnl_short", [], ["any"], 0, "Push what the memo holds."),
  row("BINGET", 0x68, "uint1", [], ["any"], 1, "Push what the memo holds."),
  row("LONG_BINGET", 0x6a, "uint4", [], ["any"], 1, "Push what the memo holds."),
  row("PUT", 0x70, "decimalnl_short", [], [], 0, "Store the top in the memo."),
  row("BINPUT", 0x71, "uint1", [], [], 1, "Store the top in the memo."),
  row("LONG_BINPUT", 0x72, "uint4", [], [], 1, "Store the top in the memo."),
  row("MEMOIZE", 0x94, null, ["any"], ["any"], 4, "Store the top in the memo at the number of its entries."),
  row("EXT1", 0x82, "uint1", [], ["any"], 2, "Push what copyreg's extension registry names."),
  row("EXT2", 0x83, "uint2", [], ["any"], 2, "Push what copyreg's extension registry names."),
  row("EXT4", 0x84, "int4", [], ["any"], 2, "Push what copyreg's extension registry names."),
  row("GLOBAL", 0x63, "stringnl_noescape_pair", [], ["any"], 0, "Look up a name in a module and push what is found."),
  row("STACK_GLOBAL", 0x93, null, ["str", "str"], ["any"], 4, "Look up the name on top in the module below and push what is found."),
  row("REDUCE", 0x52, null, ["any", "any"], ["any"], 0, "Call what lies below with the tuple on top and push the result."),
  row("BUILD", 0x62, null, ["any", "any"], ["any"], 0, "Give the object below its state: __setstate__, or its __dict__ and slots."),
  row("INST", 0x69, "stringnl_noescape_pair", ["mark", "stackslice"], ["any"], 0, "Look up a class and call it with all above the mark."),
  row("OBJ", 0x6f, null, ["mark", "any", "stackslice"], ["any"], 1, "Call the first above the mark with the rest."),
  row("NEWOBJ", 0x81, null, ["any", "any"], ["any"], 2, "Call __new__ of the class below with the tuple on top."),
  row("NEWOBJ_EX", 0x92, null, ["any", "any", "any"], ["any"], 4, "Call __new__ of a class with a tuple and a dict of keywords."),
  row("PROTO", 0x80, "uint1", [], [], 2, "Set the protocol in force; beyond 5 fails."),
  row("STOP", 0x2e, null, ["any"], [], 0, "End, and return the top; what lies below it is dropped."),
  row("FRAME", 0x95, "uint8", [], [], 4, "Announce that so many bytes follow, to be read at once."),
  row("PERSID", 0x50, "stringnl_noescape", [], ["any"], 0, "Hand a line to the loader's persistent_load and push what it returns."),
  row("BINPERSID", 0x51, null, ["any"], ["any"], 1, "Hand the top to the loader's persistent_load and push what it returns."),
] as const;

export type OpcodeName = (typeof OPCODES)[number]["name"];

/** The opcode of each byte; `undefined` where a byte is none. */
export const OPCODE_OF_BYTE: readonly (Opcode | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  OPCODES.find((opcode) => opcode.code === code),
);

/** The byte of each opcode, by name. */
export const BYTE_OF_OPCODE = Object.fromEntries(OPCODES.map((opcode) => [opcode.name, opcode.code])) as Readonly<
  Record<OpcodeName, number>
>;
