/**
 * Pickles that a pickle holds as plain bytes or text and hands to no loader that is known: a class of the model may unpickle
 * them, or nobody. A constant is one if it begins as they do and runs, as a program of its own, from its first byte to its
 * last; or to a STOP before that, as whoever unpickles it asks for no more, if it looks something up. Boundary: bytes as they are,
 * hexadecimal, and base64; with the PROTO that begins every pickle from protocol 2 on. The loader to take away looks for the same (`policy/loader/constants.py`).
 */
import { decode } from "../pickle/decode.ts";
import { runPickle } from "../pickle/execution.ts";
import type { Fact, PickleFacts } from "../pickle/facts.ts";
import * as kinds from "../pickle/kinds.ts";
import { ARGUMENTS, BYTE_OF_OPCODE, OPCODE_OF_BYTE, OPCODES, type Opcode, type OpcodeName } from "../pickle/opcodes.ts";
import { textOf } from "../pickle/operand-values.ts";
import type { HandedContent } from "./nested-contents.ts";
import { KEPT_BYTES } from "./program-view.ts";
import type { EmbeddedName, Finding } from "./trace.ts";

/** A constant that is a pickle. */
export interface EmbeddedPickle {
  /** The opcode that pushes the constant, and where in the program it is; that of the call that unpickles what holds it where that is not in the program as it is. */
  readonly opcode: OpcodeName;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly facts: PickleFacts;
  /** Whether `bytes` are but the beginning, and run as far as they go. */
  readonly isCut: boolean;
}

/** How constants spell the first bytes of a pickle, PROTO and 0 to 5: as bytes, latin-1 in UTF-8, hexadecimal, base64. */
const BEGINNINGS: readonly { readonly text: string; readonly decode: (constant: Uint8Array) => Uint8Array | null }[] = [
  { text: "\x80", decode: (constant) => constant },
  { text: "\xc2\x80", decode: fromLatin1Text },
  { text: "800", decode: fromHexadecimal },
  { text: "gA", decode: fromBase64 },
];

const PROTO = BYTE_OF_OPCODE.PROTO;
const STOP = BYTE_OF_OPCODE.STOP;
/** PROTO, something that is made, STOP. */
const SHORTEST = 4;

/** Bytes of the count behind each opcode that pushes bytes or text; 0 where a line is. */
const CONSTANTS: ReadonlyMap<Opcode, number> = new Map(
  OPCODES.filter(({ code }) => [kinds.BYTES, kinds.BYTEARRAY, kinds.STR, kinds.STRING].includes(kinds.KIND[code]!)).map((opcode) => {
    const argument = ARGUMENTS[opcode.argument!];
    return [opcode, "count" in argument ? argument.count : 0];
  }),
);

/**
 * The pickles among the constants of a program that came to its STOP, and of the pickles that it hands to loaders, but for what
 * is `handed` to one itself; in the order in which they are pushed.
 */
export function embeddedPickles(program: Uint8Array, handed: readonly HandedContent[] = []): readonly EmbeddedPickle[] {
  const found = Array.from(pickleConstants(program), (embedded) => ({ ...embedded, pushed: embedded.at }));
  for (const { bytes, offset, call, isRun } of handed) {
    if (!isRun) continue;
    for (const embedded of pickleConstants(bytes))
      found.push({ ...embedded, at: offset === null ? call : offset + embedded.at, pushed: call });
  }
  if (found.length === 0) return [];
  const unpickled = new Set(handed.map(({ bytes }) => latin1(bytes)));
  return found
    .filter(({ bytes }) => !unpickled.has(latin1(bytes)))
    .sort((left, right) => left.pushed - right.pushed)
    .map(({ pushed: _, ...embedded }) => embedded);
}

/** The constants of a program, in its order, that are pickles. */
function* pickleConstants(program: Uint8Array): Iterable<EmbeddedPickle> {
  if (!mayHold(program)) return;
  for (const { opcode, offset, constant } of constantsOf(program)) {
    const bytes = contentOf(constant);
    if (bytes === null) continue;
    const facts = runPickle(bytes);
    const isCut = constant.length === KEPT_BYTES && facts.failure?.kind === "truncated";
    const isWhole = facts.length === bytes.length && bytes.at(-1) === STOP;
    if (isCut || isWhole || stopsEarlier(facts)) yield { opcode, at: offset, bytes, facts, isCut };
  }
}

/** Whether what begins a constant is a pickle beyond doubt, whatever lies behind it. */
function stopsEarlier({ outcome, facts }: PickleFacts): boolean {
  if (outcome !== "ok" && outcome !== "unsupported") return false;
  return facts.some((fact) => fact.kind === "import" && NAME.test(fact.module) && NAME.test(fact.name));
}

const NAME = /^[\p{L}\p{N}_.]+$/u;

/** What is told of a pickle in a constant, whose opcode is at `offset` of the content. */
export function findingOf({ opcode, bytes, facts, isCut }: EmbeddedPickle, entry: string | null, offset: number): Finding {
  const does = isCut ? null : namesIn(facts);
  const told = (does?.names ?? []).slice(0, NAMES_TOLD).map(({ callable }) => callable);
  const naming = told.length === 0 ? "" : `, naming ${told.join(", ")}`;
  const message = `${bytes.length} bytes of a constant are a pickle themselves${naming}: nothing here is seen to load them`;
  const names = does?.names ?? null;
  return { kind: "embedded-pickle", message, entry, offset, opcode, names, ...(does?.doesMore && { doesMore: true }) };
}

/** In a message. */
const NAMES_TOLD = 3;

/** What a pickle looks up, each once, and whether it does more than that and call it; null where that is not told, or differs between loaders. */
function namesIn({ outcome, divergences, facts }: PickleFacts): { names: readonly EmbeddedName[]; doesMore: boolean } | null {
  if (outcome !== "ok" || divergences !== undefined) return null;
  const names = new Map<string, EmbeddedName>();
  let doesMore = false;
  for (const fact of facts) {
    if (fact.kind === "import" && (fact.origin === "computed" || fact.module === "" || fact.name === "")) return null;
    doesMore ||= !isPlain(fact);
    if (fact.kind === "import" && fact.via === undefined)
      names.set(`${fact.module} ${fact.callable}`, { callable: fact.callable, module: fact.module });
  }
  return names.size <= MOST_NAMES ? { names: [...names.values()], doesMore } : null;
}

/** Whether a fact is a lookup by a constant name, or a call of what was looked up, and no more. */
function isPlain(fact: Fact): boolean {
  if (fact.kind === "import") return fact.origin === "named";
  if (fact.kind !== "call" || fact.origin !== "named") return false;
  return !fact.effectUnknown && !fact.planted && !fact.onCallable && fact.overrides === undefined;
}

/** Beyond it a finding would be too long to keep; real pickles name some dozens. */
const MOST_NAMES = 500;

/** Whether it is worth taking a program apart: some constant begins as a pickle does, or is spelt with escapes. */
function mayHold(program: Uint8Array): boolean {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  for (const { text } of BEGINNINGS) {
    const beginning = Buffer.from(text, "latin1");
    for (let at = bytes.indexOf(beginning, 2); at !== -1; at = bytes.indexOf(beginning, at + 1))
      if ((text.length > 1 || isProtocol(bytes[at + 1])) && beginsConstant(bytes, at)) return true;
  }
  for (let at = bytes.indexOf("\\", 2); at !== -1; at = bytes.indexOf("\\", at + 1)) if (beginsConstant(bytes, at)) return true;
  return false;
}

/** Whether an opcode that pushes a constant, and what is between it and its content, may lie before `at`. */
function beginsConstant(bytes: Buffer, at: number): boolean {
  const countAt = (distance: number) => CONSTANTS.get(OPCODE_OF_BYTE[bytes[at - distance] ?? 0]!);
  for (const width of [1, 4, 8]) {
    if (countAt(width + 1) !== width) continue;
    const length = width === 1 ? bytes[at - 1]! : bytes.readUInt32LE(at - width);
    if (length >= SHORTEST && at + length <= bytes.length) return true;
  }
  // A line, or a quote and a line.
  return countAt(1) === 0 || countAt(2) === 0;
}

/** Every constant of a program, as its opcodes come: bytes as they are, text as UTF-8. */
function* constantsOf(program: Uint8Array): Iterable<{ opcode: OpcodeName; offset: number; constant: Uint8Array }> {
  for (let at = 0; ; ) {
    const decoded = decode(program, at);
    if (!decoded.ok) return;
    const { opcode, offset, argumentStart, argumentEnd, end } = decoded.value;
    const count = CONSTANTS.get(opcode);
    if (count !== undefined && argumentEnd - argumentStart >= SHORTEST) {
      const line = () => Buffer.from(textOf(program, offset, program.length).text, "utf8");
      yield { opcode: opcode.name, offset, constant: count === 0 ? line() : program.subarray(argumentStart, argumentEnd) };
    }
    at = end;
  }
}

/** The bytes that a constant spells, if a pickle could begin like them. */
function contentOf(constant: Uint8Array): Uint8Array | null {
  for (const { text, decode: decoded } of BEGINNINGS) {
    if (!isAt(constant, text)) continue;
    const content = decoded(constant);
    return content !== null && couldBePickle(content) ? content : null;
  }
  return null;
}

function isAt(constant: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (constant[index] !== text.charCodeAt(index)) return false;
  return true;
}

function isProtocol(byte: number | undefined): boolean {
  return byte !== undefined && byte <= 5;
}

function couldBePickle(content: Uint8Array): boolean {
  return content[0] === PROTO && isProtocol(content[1]) && content.length >= SHORTEST;
}

/** Bytes that protocol 2 spells as text (`_codecs.encode(text, "latin1")`). */
function fromLatin1Text(constant: Uint8Array): Uint8Array | null {
  const text = Buffer.from(constant).toString("utf8");
  const bytes = Buffer.from(text, "latin1");
  return bytes.toString("latin1") === text ? bytes : null;
}

function fromHexadecimal(constant: Uint8Array): Uint8Array | null {
  const text = latin1(constant);
  return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, "hex") : null;
}

function fromBase64(constant: Uint8Array): Uint8Array | null {
  const [, digits] = /^([0-9A-Za-z_+/-]+)={0,2}[ \t\r\n]*$/.exec(latin1(constant)) ?? [];
  return digits === undefined || digits.length % 4 === 1 ? null : Buffer.from(digits, "base64");
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
