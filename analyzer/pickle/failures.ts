/**
 * Why a program does not load, or not everywhere: every kind of failure and of divergence between loaders, with what
 * it makes of the outcome. Pages and messages read this one table.
 */
import type { Outcome } from "./facts.ts";

interface Row {
  readonly message: string;
  /**
   * What the run's outcome is when this is the first thing to stand in the way. `ok`: some CPython reads on, and what
   * it does is understood.
   */
  readonly outcome: Outcome;
}

/** No unpickler gets past these. */
export const FAILURES = {
  truncated: { message: "the program ends before its STOP", outcome: "malformed" },
  "unknown-opcode": { message: "the byte is no opcode", outcome: "malformed" },
  "unsupported-protocol": { message: "the protocol is beyond 5", outcome: "malformed" },
  "stack-underflow": { message: "the opcode takes more from the stack than there is above the mark", outcome: "malformed" },
  "no-mark": { message: "the opcode needs a mark and there is none", outcome: "malformed" },
  "memo-key-missing": { message: "nothing is stored in the memo under this key", outcome: "malformed" },
  "bad-memo-key": { message: "the memo key is no integer, is negative, or is beyond 2^63", outcome: "malformed" },
  "bad-integer": { message: "the text is no integer", outcome: "malformed" },
  "bad-float": { message: "the text is no float", outcome: "malformed" },
  "bad-string": { message: "the string is not quoted, or has a broken escape", outcome: "malformed" },
  "bad-escape": { message: "the text has a broken \\u or \\U escape", outcome: "malformed" },
  "bad-utf8": { message: "the text is not UTF-8", outcome: "malformed" },
  "bad-encoding": { message: "the bytes of a Python 2 str are not in the loader's encoding", outcome: "malformed" },
  "bad-ascii": { message: "the text is not ASCII", outcome: "malformed" },
  "bad-length": { message: "the length is negative or beyond 2^63", outcome: "malformed" },
  "empty-line": { message: "the text line is empty", outcome: "malformed" },
  "odd-items": { message: "a key has no value", outcome: "malformed" },
  unhashable: { message: "a key or member is a list, dict, set or bytearray, or holds one", outcome: "malformed" },
  "not-callable": { message: "what is to be called is no callable", outcome: "malformed" },
  "not-a-type": { message: "what is to be instantiated is no class", outcome: "malformed" },
  "bad-arguments": { message: "the arguments are no tuple, or the keywords no dict", outcome: "malformed" },
  "bad-state": { message: "the object cannot take this state", outcome: "malformed" },
  "bad-items": { message: "the object cannot take these items", outcome: "malformed" },
  "bad-name": { message: "module or name are no str", outcome: "malformed" },
  "dotted-name": { message: "below protocol 4 a dotted name is one attribute, and no object has it", outcome: "malformed" },
  "bad-extension-code": { message: "the extension code is zero or negative", outcome: "malformed" },
  "not-a-buffer": { message: "the object is no buffer", outcome: "malformed" },
  limit: { message: "a limit of the analyzer was reached", outcome: "unfinished" },
} as const satisfies Record<string, Row>;

/** Loaders part ways at these; the facts go on with what the worse of them does. */
export const DIVERGENCES = {
  "python-only": {
    message: "the C unpickler fails here; the pure-Python one, which joblib and dill use, goes on",
    outcome: "malformed",
  },
  "frame-straddled": {
    message: "an opcode crosses the end of its frame, or STOP comes before it: unpicklers refuse, ignore it, or lose what is left",
    outcome: "malformed",
  },
  "string-encoding": {
    message: "a Python 2 str is not ASCII: it loads only where the loader names an encoding",
    outcome: "unsupported",
  },
  "extension-code": { message: "what an extension code stands for is known only to the application", outcome: "unsupported" },
  "out-of-band-buffer": { message: "the buffer comes from the loader, beside the pickle", outcome: "unsupported" },
  "text-number": { message: "versions of CPython differ in whether, and as what, they read this number", outcome: "ok" },
  "depends-on-object": {
    message: "whether this works depends on what a call returned; the facts go on as if it does",
    outcome: "ok",
  },
  "foreign-state": {
    message: "a builtin object is given the items of an object, which says itself what they are",
    outcome: "unsupported",
  },
  "nested-unknown": { message: "a loader is handed bytes that are not constant, or hold no pickle", outcome: "unsupported" },
  "nested-broken": { message: "a loader is handed a pickle that does not load", outcome: "malformed" },
  "nested-unfinished": { message: "a limit was reached in a pickle inside the pickle", outcome: "unfinished" },
} as const satisfies Record<string, Row>;

export type FailureKind = keyof typeof FAILURES;
export type DivergenceKind = keyof typeof DIVERGENCES;
