/** Python literals, as numpy's file header holds one: parsed, never evaluated. What `ast.literal_eval` takes of it. */

/** A literal: a mapping's keys are strings in every header that numpy reads. */
export type Literal =
  | { readonly kind: "str"; readonly value: string }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "name"; readonly value: "True" | "False" | "None" }
  | { readonly kind: "tuple" | "list"; readonly items: readonly Literal[] }
  | { readonly kind: "dict"; readonly items: ReadonlyMap<string, Literal> };

/** Nesting of a dtype's description; numpy itself gives up at a like depth. */
const DEEPEST = 32;

/** Parses `text`, which may have space around the literal; null where it is none, or holds anything else. */
export function parseLiteral(text: string): Literal | null {
  const reader = { text, at: 0 };
  const value = readLiteral(reader, 0);
  skipSpace(reader);
  return value && reader.at === text.length ? value : null;
}

interface Reader {
  readonly text: string;
  at: number;
}

function skipSpace(reader: Reader): void {
  while (" \t\r\n\f".includes(reader.text[reader.at] ?? "x")) reader.at++;
}

function accept(reader: Reader, token: string): boolean {
  skipSpace(reader);
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}

function readLiteral(reader: Reader, depth: number): Literal | null {
  if (depth > DEEPEST) return null;
  if (accept(reader, "{")) return readDict(reader, depth);
  if (accept(reader, "[")) return readItems(reader, "list", "]", depth);
  if (accept(reader, "(")) return readItems(reader, "tuple", ")", depth);
  for (const value of ["True", "False", "None"] as const) if (accept(reader, value)) return { kind: "name", value };
  return readString(reader) ?? readInteger(reader);
}

function readDict(reader: Reader, depth: number): Literal | null {
  const items = new Map<string, Literal>();
  while (!accept(reader, "}")) {
    const key = readString(reader);
    if (!key || !accept(reader, ":")) return null;
    const value = readLiteral(reader, depth + 1);
    if (!value) return null;
    items.set(key.value, value);
    if (!accept(reader, ",")) return accept(reader, "}") ? { kind: "dict", items } : null;
  }
  return { kind: "dict", items };
}

function readItems(reader: Reader, kind: "list" | "tuple", close: string, depth: number): Literal | null {
  const items: Literal[] = [];
  let commas = 0;
  while (!accept(reader, close)) {
    const item = readLiteral(reader, depth + 1);
    if (!item) return null;
    items.push(item);
    if (accept(reader, ",")) {
      commas++;
      continue;
    }
    if (!accept(reader, close)) return null;
    break;
  }
  // Parentheses around one value make no tuple.
  if (kind === "tuple" && items.length === 1 && commas === 0) return items[0]!;
  return { kind, items };
}

/** Names of dtype fields may hold escapes; they are kept as written, since only their length and place matter. */
const STRING = /[uUbB]?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/y;

function readString(reader: Reader): { kind: "str"; value: string } | null {
  skipSpace(reader);
  STRING.lastIndex = reader.at;
  const match = STRING.exec(reader.text);
  if (!match) return null;
  reader.at = STRING.lastIndex;
  return { kind: "str", value: match[1] ?? match[2] ?? "" };
}

/** Python 2 wrote its long integers with an L. */
const INTEGER = /-?[0-9]+(?:_[0-9]+)*[lL]?/y;

function readInteger(reader: Reader): Literal | null {
  skipSpace(reader);
  INTEGER.lastIndex = reader.at;
  const match = INTEGER.exec(reader.text);
  if (!match) return null;
  reader.at = INTEGER.lastIndex;
  return { kind: "int", value: Number(match[0].replace(/[_lL]/g, "")) };
}
