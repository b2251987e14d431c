/**
 * Pickles that a pickle holds as plain bytes or text and hands to no loader that is known: a class of the model may unpickle
 * them, or nobody. Found by their first bytes where a constant begins, and believed only if they run, as programs of
 * their own, from the first byte of the constant to its last. Boundary: bytes as they are, hexadecimal, and base64; from
 * protocol 2 on, which begins every pickle of its own with PROTO.
 */
import { LIMITS } from "../limits.ts";
import { runPickle } from "../pickle/execution.ts";
import type { PickleFacts } from "../pickle/facts.ts";
import { OPCODE_OF_BYTE } from "../pickle/opcodes.ts";
import { KEPT_BYTES } from "./program-view.ts";
import type { EmbeddedName } from "./trace.ts";

/** A constant that is a pickle. */
export interface EmbeddedPickle {
  /** Where the constant's first byte is in the program. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly facts: PickleFacts;
}

/** How constants spell the first bytes of a pickle, PROTO and 2 to 5: as bytes, latin-1 in UTF-8, hexadecimal, base64. */
const BEGINNINGS: readonly { readonly text: string; readonly decode: (constant: Uint8Array) => Uint8Array | null }[] = [
  { text: "\x80\x02", decode: (constant) => constant },
  { text: "\x80\x03", decode: (constant) => constant },
  { text: "\x80\x04", decode: (constant) => constant },
  { text: "\x80\x05", decode: (constant) => constant },
  { text: "\xc2\x80", decode: fromLatin1Text },
  { text: "800", decode: fromHexadecimal },
  { text: "gA", decode: fromBase64 },
];

const STOP = 0x2e;
/** PROTO, something that is made, STOP. */
const SHORTEST = 4;

/**
 * The pickles among the constants of a program, by their places. Where a constant is cut to its beginning, that has to run to
 * the cut. Null where looking for them takes too much.
 */
export function embeddedPickles(program: Uint8Array): readonly EmbeddedPickle[] | null {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  const found: EmbeddedPickle[] = [];
  let left = LIMITS.nestedBytes.limit;
  for (const { text, decode } of BEGINNINGS) {
    const beginning = Buffer.from(text, "latin1");
    for (let at = bytes.indexOf(beginning, 2); at !== -1; at = bytes.indexOf(beginning, at + 1)) {
      const end = endOfConstant(bytes, at);
      if (end === null) continue;
      left -= end - at;
      if (left < 0) return null;
      const content = decode(bytes.subarray(at, end));
      if (content === null || !couldBePickle(content)) continue;
      const facts = runPickle(content);
      const isWhole = facts.outcome !== "malformed" && facts.length === content.length;
      if (isWhole || (content.length === KEPT_BYTES && facts.failure?.kind === "truncated")) found.push({ at, bytes: content, facts });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** What a pickle looks up and calls, each once; null where it does more than that, or breaks. */
export function namesIn({ outcome, facts }: PickleFacts): readonly EmbeddedName[] | null {
  const names = new Map<string, EmbeddedName>();
  for (const fact of facts) {
    if (fact.kind !== "import" && fact.kind !== "call") return null;
    const isPlain =
      fact.origin === "named" && !(fact.kind === "call" && (fact.effectUnknown || fact.planted || fact.onCallable || fact.overrides));
    if (!isPlain) return null;
    const { kind, callable, module } = fact;
    names.set(`${kind} ${module} ${callable}`, { kind, callable, module });
  }
  return outcome === "ok" && names.size <= MOST_NAMES ? [...names.values()] : null;
}

/** Beyond it a finding would be too long to keep; real pickles name some dozens. */
const MOST_NAMES = 500;

/** Where the constant ends that begins at `at`: behind an opcode and a count of what there is, or a quote. Null where none begins there. */
function endOfConstant(bytes: Buffer, at: number): number | null {
  for (const width of [1, 4, 8] as const) {
    const opcode = OPCODE_OF_BYTE[bytes[at - width - 1] ?? 0]?.name;
    if (opcode === undefined || COUNTED[width].has(opcode) === false) continue;
    const length = width === 1 ? bytes[at - 1]! : bytes.readUInt32LE(at - width);
    if (width === 8 && bytes.readUInt32LE(at - 4) !== 0) continue;
    if (length >= SHORTEST && at + length <= bytes.length) return at + length;
  }
  const quote = bytes[at - 1];
  const isQuoted = (quote === 0x22 || quote === 0x27) && OPCODE_OF_BYTE[bytes[at - 2] ?? 0]?.name === "STRING";
  if (!isQuoted && OPCODE_OF_BYTE[quote ?? 0]?.name !== "UNICODE") return null;
  const newline = bytes.indexOf(0x0a, at);
  return newline === -1 ? null : newline - (isQuoted ? 1 : 0);
}

/** Opcodes with a constant behind a count, by the bytes of the count. */
const COUNTED: Readonly<Record<1 | 4 | 8, ReadonlySet<string>>> = {
  1: new Set(["SHORT_BINBYTES", "SHORT_BINSTRING", "SHORT_BINUNICODE"]),
  4: new Set(["BINBYTES", "BINSTRING", "BINUNICODE"]),
  8: new Set(["BINBYTES8", "BINUNICODE8", "BYTEARRAY8"]),
};

function couldBePickle(content: Uint8Array): boolean {
  const [proto, protocol] = content;
  if (proto !== 0x80 || protocol === undefined || protocol < 2 || protocol > 5 || content.length < SHORTEST) return false;
  return content.at(-1) === STOP || content.length === KEPT_BYTES;
}

/** Bytes that protocol 2 spells as text (`_codecs.encode(text, "latin1")`). */
function fromLatin1Text(constant: Uint8Array): Uint8Array | null {
  const text = Buffer.from(constant).toString("utf8");
  const bytes = Buffer.from(text, "latin1");
  return bytes.toString("latin1") === text ? bytes : null;
}

function fromHexadecimal(constant: Uint8Array): Uint8Array | null {
  const text = Buffer.from(constant).toString("latin1");
  return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, "hex") : null;
}

function fromBase64(constant: Uint8Array): Uint8Array | null {
  const text = Buffer.from(constant).toString("latin1");
  return /^[\w+/-]+={0,2}\s*$/.test(text) ? Buffer.from(text, "base64") : null;
}
