/**
 * The pickle machine: what CPython's C unpickler would do, opcode by opcode, without ever making an object.
 *
 * A value IS the byte offset of the opcode that made it. A program has no loops, so every offset runs at most once and
 * is an identity; the byte there tells the kind (`kinds.ts`), the bytes after it the operand, read again only when
 * somebody asks. Stack, memo and containers hold offsets (`tables.ts`): sharing, cycles and depth cost nothing.
 *
 * One function of some length, because the JIT wants it so (profiles, Node 20):
 *  - locals only, written back once at the end: no state object, closure, `this` or try/catch in the loop;
 *  - one bounds check for the fixed part of every opcode (`WIDTH`), and rare or textual work in small pure functions;
 *  - a case sets a few locals and breaks to one of the tails after the switch (make, change, get, put, row), so that
 *    each store exists once. Every case in line was 15 % faster at its peak, and five times slower to get warm;
 *  - rare opcodes in a second function, with the locals in an object, made protocol 0 twice as slow;
 *  - every local is a small integer, whatever the program says: `BEYOND` stands for a length that is none, `farKey` holds
 *    a memo key that is none. Arithmetic beyond 32 bits, such as that of an eight-byte length, leaves a boxed double even
 *    where the result is 2. The offset is a double from there on, and so is, in all code compiled later, every offset
 *    that came by: one file with BINBYTES8 made all others three times slower;
 *  - the loop is entered anew every `TURN` bytes. Code that is swapped in while the loop runs (on-stack replacement) knows
 *    nothing of the locals' types, takes twice the time, and would stay until the program ends.
 */
// biome-ignore-all lint/suspicious/noConfusingLabels: the tails of the switch are reached through labelled blocks
import type { Resource } from "../limits.ts";
import type { FailureKind } from "./failures.ts";
import * as kinds from "./kinds.ts";
import { ARGUMENTS, OPCODES } from "./opcodes.ts";
import * as check from "./operands.ts";
import * as rare from "./rare.ts";
import { diverge, type Halt, type MachineState, NO_FRAME, noteStraddle } from "./state.ts";
import { CHANGE, ENTRY, ROW } from "./tables.ts";

/** Bytes of an opcode, its fixed argument and its count. */
const WIDTH = new Uint8Array(256).fill(1);
for (const { code, argument } of OPCODES) {
  if (argument === null) continue;
  const { width } = ARGUMENTS[argument];
  if (typeof width === "number") WIDTH[code] = 1 + width;
  else if (width === "counted") WIDTH[code] = 1 + (ARGUMENTS[argument] as { count: number }).count;
}

const { KIND, HASHING } = kinds;
const { newlineAt } = check;
const STOPPED: Halt = { kind: "stopped" };

/** Bytes after which the loop is entered anew (see above). */
const TURN = 2 ** 16;

/** Longer than any program: a length that is no small integer. */
const BEYOND = 0x7fffffff;

/** The opcode needs the bytes that it counts, or a line whose end is not in sight. */
const NEEDS_COUNTED = -1;
const NEEDS_LINE = -2;

/**
 * Runs from `state.position` to STOP, to a failure, to a watched BUILD, or to the end of `data`, the program's bytes so
 * far; `complete` says that there are no more. How it ended is in `state.halt`.
 */
export function advance(state: MachineState, data: Uint8Array, complete: boolean): void {
  do runTurn(state, data, complete);
  while (state.halt === null);
}

function runTurn(state: MachineState, data: Uint8Array, complete: boolean): void {
  const { stack, marks, memo, arena, made, changes, changed, rows, counts, firsts } = state.tables;
  const end = data.length;
  const turn = end - state.position > TURN ? state.position + TURN : end;
  // A value is pushed before the limit is looked at, hence the entry to spare.
  const stackLimit = stack.length - 1;
  const markLimit = marks.length - 1;
  const memoLimit = Math.min(memo.length, end - state.start);
  const rowLimit = rows.length - ROW;
  let arenaLimit = state.contentsLostAt === NO_FRAME ? arena.length : -1;
  let changesLimit = state.contentsLostAt === NO_FRAME ? changes.length : -1;
  const madeLimit = made.length - ENTRY;
  const changedLimit = changed.length - CHANGE;
  const lenient = state.encoding === "latin1" || state.encoding === "bytes";

  let pos = state.position;
  let sp = state.stackTop;
  let mp = state.markTop;
  let fence = mp > 0 ? marks[mp - 1]! : 0;
  let memoTop = state.memoTop;
  let memoCount = state.memoCount;
  let protocol = state.protocol;
  let frameEnd = state.frameEnd;
  let arenaTop = state.arenaTop;
  let madeTop = state.madeTop;
  let changesTop = state.changesTop;
  let changedTop = state.changedTop;
  let rowTop = state.rowTop;

  let at = pos;
  /** The last opcode that was counted: one that starves is counted when it runs. */
  let counted = -1;
  /** Bytes the view must hold for this opcode, where it does not: so many, or one of the `NEEDS_`. */
  let needed = 0;
  let failure: FailureKind | null = null;
  let resource: Resource = "stackValues";
  let halt: Halt | null = null;

  run: for (;;) {
    if (pos >= frameEnd) {
      if (pos > frameEnd) noteStraddle(state, at, frameEnd);
      frameEnd = NO_FRAME;
    }
    at = pos;
    // In this order: tables as long as the view are full when its bytes are used up.
    if (pos >= turn) {
      if (pos >= end) needed = pos + 1;
      break;
    }
    if (sp >= stackLimit) {
      failure = "limit";
      break;
    }
    const opcode = data[pos]!;
    pos += WIDTH[opcode]!;
    if (pos > end) {
      needed = pos;
      break;
    }
    counted = at;
    if (counts[opcode]++ === 0) firsts[opcode] = at;

    /** Items to take, a memo key, a length: always a small integer (see above); the operands of a row. */
    let n = 0;
    let a = 0;
    let b = 0;
    /** The memo key, where it is no small integer and `n` is negative. */
    let farKey = 0;
    /** Values below the items that a call takes off the stack too; -1 where a plain container is made. */
    let below = -1;

    row: {
      change: {
        make: {
          put: {
            get: {
              switch (opcode) {
                case 0x4e: // NONE
                case 0x88: // NEWTRUE
                case 0x89: // NEWFALSE
                case 0x4b: // BININT1
                case 0x4d: // BININT2
                case 0x4a: // BININT
                case 0x47: // BINFLOAT
                case 0x5d: // EMPTY_LIST
                case 0x29: // EMPTY_TUPLE
                case 0x7d: // EMPTY_DICT
                case 0x8f: // EMPTY_SET
                  stack[sp++] = at;
                  continue;

                case 0x8c: // SHORT_BINUNICODE
                case 0x58: // BINUNICODE
                case 0x8d: // BINUNICODE8
                  n = opcode === 0x8c ? data[at + 1]! : opcode === 0x58 ? length4(data, at + 1) : length8(data, at + 1);
                  if (n < 0) {
                    failure = "bad-length";
                    break run;
                  }
                  if (n > end - pos) {
                    needed = NEEDS_COUNTED;
                    break run;
                  }
                  if (!check.isUtf8OrSurrogates(data, pos, pos + n)) {
                    failure = "bad-utf8";
                    break run;
                  }
                  pos += n;
                  stack[sp++] = at;
                  continue;

                case 0x43: // SHORT_BINBYTES
                case 0x8a: // LONG1
                  n = data[at + 1]!;
                  if (n > end - pos) {
                    needed = NEEDS_COUNTED;
                    break run;
                  }
                  pos += n;
                  stack[sp++] = at;
                  continue;

                case 0x42: // BINBYTES
                case 0x8e: // BINBYTES8
                case 0x96: // BYTEARRAY8
                case 0x8b: // LONG4
                  n = opcode === 0x42 ? length4(data, at + 1) : opcode === 0x8b ? int4(data, at + 1) : length8(data, at + 1);
                  if (n < 0) {
                    failure = "bad-length";
                    break run;
                  }
                  if (n > end - pos) {
                    needed = NEEDS_COUNTED;
                    break run;
                  }
                  pos += n;
                  stack[sp++] = at;
                  continue;

                case 0x54: // BINSTRING
                case 0x55: // SHORT_BINSTRING
                  n = opcode === 0x55 ? data[at + 1]! : length4(data, at + 1);
                  if (n > end - pos) {
                    needed = NEEDS_COUNTED;
                    break run;
                  }
                  if (!lenient && !check.isAscii(data, pos, pos + n) && !rare.decodes(state, data, at, pos, pos + n)) {
                    failure = "bad-encoding";
                    break run;
                  }
                  pos += n;
                  stack[sp++] = at;
                  continue;

                case 0x68: // BINGET
                  n = data[at + 1]!;
                  break get;
                case 0x6a: // LONG_BINGET
                  n = int4(data, at + 1);
                  if (n < 0) farKey = n >>> 0;
                  break get;
                case 0x71: // BINPUT
                  n = data[at + 1]!;
                  break put;
                case 0x72: // LONG_BINPUT
                  n = int4(data, at + 1);
                  if (n < 0) farKey = n >>> 0;
                  break put;
                case 0x94: // MEMOIZE
                  n = memoCount;
                  break put;

                case 0x28: // MARK
                  if (mp >= markLimit) {
                    failure = "limit";
                    break run;
                  }
                  marks[mp++] = sp;
                  fence = sp;
                  continue;

                case 0x85: // TUPLE1
                  n = 1;
                  break make;
                case 0x86: // TUPLE2
                  n = 2;
                  break make;
                case 0x87: // TUPLE3
                  n = 3;
                  break make;

                case 0x74: // TUPLE
                case 0x6c: // LIST
                case 0x64: // DICT
                case 0x91: // FROZENSET
                  if (mp === 0) {
                    failure = "no-mark";
                    break run;
                  }
                  n = sp - marks[--mp]!;
                  fence = mp > 0 ? marks[mp - 1]! : 0;
                  if (opcode === 0x64 && (n & 1) === 1) {
                    failure = "odd-items";
                    break run;
                  }
                  break make;

                case 0x61: // APPEND
                  n = 1;
                  break change;
                case 0x73: // SETITEM
                  n = 2;
                  break change;
                case 0x65: // APPENDS
                case 0x75: // SETITEMS
                case 0x90: // ADDITEMS
                  if (mp === 0) {
                    failure = "no-mark";
                    break run;
                  }
                  n = sp - marks[--mp]!;
                  fence = mp > 0 ? marks[mp - 1]! : 0;
                  break change;

                case 0x30: // POP
                  if (mp > 0 && marks[mp - 1] === sp) {
                    mp--;
                    fence = mp > 0 ? marks[mp - 1]! : 0;
                  } else if (sp > fence) {
                    sp--;
                  } else {
                    failure = "stack-underflow";
                    break run;
                  }
                  continue;
                case 0x31: // POP_MARK
                  if (mp === 0) {
                    failure = "no-mark";
                    break run;
                  }
                  sp = marks[--mp]!;
                  fence = mp > 0 ? marks[mp - 1]! : 0;
                  continue;
                case 0x32: // DUP
                  if (sp <= fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  stack[sp] = stack[sp - 1]!;
                  sp++;
                  continue;

                case 0x52: // REDUCE
                case 0x81: // NEWOBJ
                  if (sp - 2 < fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - 2]!;
                  b = stack[sp - 1]!;
                  if (KIND[data[a]!] !== kinds.FOREIGN) {
                    failure = opcode === 0x52 ? "not-callable" : "not-a-type";
                    break run;
                  }
                  if (KIND[data[b]!] !== kinds.TUPLE && !rare.takesArguments(state, data, at, b)) {
                    failure = "bad-arguments";
                    break run;
                  }
                  stack[--sp - 1] = at;
                  break row;

                case 0x62: // BUILD
                  if (sp - 2 < fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - 2]!;
                  b = stack[--sp]!;
                  if (KIND[data[a]!] === kinds.FOREIGN) break row;
                  write(state, arenaTop, madeTop, changesTop, changedTop);
                  if (!rare.takesState(state, data, at, b)) {
                    failure = "bad-state";
                    break run;
                  }
                  continue;

                case 0x63: // GLOBAL
                case 0x69: // INST
                  n = newlineAt(data, pos, end);
                  b = n < 0 ? -1 : newlineAt(data, n + 1, end);
                  if (b < 0) {
                    needed = NEEDS_LINE;
                    break run;
                  }
                  if (opcode === 0x63 ? !check.isStrictUtf8(data, pos, b) : !check.isAscii(data, pos, b)) {
                    failure = opcode === 0x63 ? "bad-utf8" : "bad-ascii";
                    break run;
                  }
                  // The pure-Python unpickler looks these up before it fails.
                  if (opcode === 0x69 && mp === 0) failure = "no-mark";
                  else if (n === pos || b === n + 1) failure = "empty-line";
                  else if (protocol < 4 && isDotted(data, n + 1, b)) failure = "dotted-name";
                  pos = b + 1;
                  a = protocol;
                  b = failure === null ? 0 : rare.LOOKED_UP_ONLY;
                  if (failure !== null) break row;
                  if (opcode === 0x63) {
                    stack[sp++] = at;
                    break row;
                  }
                  n = sp - marks[--mp]!;
                  fence = mp > 0 ? marks[mp - 1]! : 0;
                  below = 0;
                  break make;

                case 0x93: // STACK_GLOBAL
                  if (sp - 2 < fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - 2]!;
                  b = stack[sp - 1]!;
                  if (!rare.isName(state, data, at, a) || !rare.isName(state, data, at, b)) {
                    failure = "bad-name";
                    break run;
                  }
                  if (protocol < 4 && rare.isDottedName(data, b)) failure = "dotted-name";
                  stack[--sp - 1] = at;
                  break row;

                case 0x6f: // OBJ
                  if (mp === 0) {
                    failure = "no-mark";
                    break run;
                  }
                  n = sp - marks[--mp]! - 1;
                  fence = mp > 0 ? marks[mp - 1]! : 0;
                  if (n < 0) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - n - 1]!;
                  b = -1;
                  if (KIND[data[a]!] !== kinds.FOREIGN) {
                    failure = "not-callable";
                    break run;
                  }
                  below = 1;
                  break make;

                case 0x92: // NEWOBJ_EX
                  if (sp - 3 < fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - 3]!;
                  b = stack[sp - 2]!;
                  if (KIND[data[a]!] !== kinds.FOREIGN) {
                    failure = "not-a-type";
                    break run;
                  }
                  if (
                    (KIND[data[b]!] !== kinds.TUPLE && !rare.takesArguments(state, data, at, b)) ||
                    (KIND[data[stack[sp - 1]!]!] !== kinds.DICT && !rare.takesKeywords(state, data, at, stack[sp - 1]!))
                  ) {
                    failure = "bad-arguments";
                    break run;
                  }
                  n = 2;
                  below = 1;
                  break make;

                case 0x50: // PERSID
                  n = newlineAt(data, pos, end);
                  if (n < 0) {
                    needed = NEEDS_LINE;
                    break run;
                  }
                  if (!check.isAscii(data, pos, n)) {
                    failure = "bad-ascii";
                    break run;
                  }
                  pos = n + 1;
                  a = -1;
                  stack[sp++] = at;
                  break row;
                case 0x51: // BINPERSID
                  if (sp <= fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = stack[sp - 1]!;
                  stack[sp - 1] = at;
                  break row;

                case 0x82: // EXT1
                case 0x83: // EXT2
                case 0x84: // EXT4
                  a = opcode === 0x82 ? data[at + 1]! : opcode === 0x83 ? data[at + 1]! | (data[at + 2]! << 8) : int4(data, at + 1);
                  if (a <= 0) {
                    failure = "bad-extension-code";
                    break run;
                  }
                  diverge(state, "extension-code", at);
                  stack[sp++] = at;
                  break row;

                case 0x49: // INT
                case 0x4c: // LONG
                case 0x46: // FLOAT
                case 0x67: // GET
                case 0x70: // PUT
                case 0x53: // STRING
                case 0x56: // UNICODE
                  n = newlineAt(data, pos, end);
                  if (n < 0) {
                    needed = NEEDS_LINE;
                    break run;
                  }
                  a = pos;
                  pos = n + 1;
                  if (opcode === 0x56) {
                    if (!check.isRawUnicodeEscape(data, a, n)) {
                      failure = "bad-escape";
                      break run;
                    }
                  } else if (opcode === 0x53) {
                    b = check.checkQuoted(data, a, n);
                    if (b >= check.NOT_QUOTED) {
                      failure = "bad-string";
                      break run;
                    }
                    if (b === check.QUOTED_LATIN && !lenient && !rare.decodesQuoted(state, data, at)) {
                      failure = "bad-encoding";
                      break run;
                    }
                  } else if (n === a) {
                    failure = "empty-line";
                    break run;
                  } else if (opcode === 0x67 || opcode === 0x70) {
                    farKey = check.memoIndex(data, a, n);
                    if (opcode === 0x67 ? farKey === check.NO_INDEX : farKey < 0) {
                      failure = opcode === 0x70 && sp <= fence ? "stack-underflow" : "bad-memo-key";
                      break run;
                    }
                    if (farKey >= check.BEYOND_C) diverge(state, "python-only", at);
                    n = farKey > BEYOND ? -1 : farKey | 0;
                    if (opcode === 0x67) break get;
                    break put;
                  } else {
                    b = opcode === 0x46 ? check.checkFloat(data, a, n) : check.checkInteger(data, a, n, opcode === 0x4c);
                    if (b === check.REFUSED) {
                      failure = opcode === 0x46 ? "bad-float" : "bad-integer";
                      break run;
                    }
                    if (b !== check.TAKEN) diverge(state, b === check.TAKEN_BY_SOME ? "text-number" : "python-only", at);
                  }
                  stack[sp++] = at;
                  continue;

                case 0x80: // PROTO
                  n = data[at + 1]!;
                  if (n > 5) {
                    failure = "unsupported-protocol";
                    break run;
                  }
                  protocol = n;
                  if (n > state.highestProtocol) state.highestProtocol = n;
                  continue;

                case 0x95: // FRAME
                  if (at < state.framesPassed) continue;
                  n = length8(data, at + 1);
                  if (n < 0) {
                    failure = "bad-length";
                    break run;
                  }
                  if (n > end - pos) {
                    if (!complete) {
                      needed = NEEDS_COUNTED;
                      break run;
                    }
                    // The pure-Python unpickler takes what there is of the frame.
                    diverge(state, "python-only", at);
                    continue;
                  }
                  // A frame inside a frame: pure Python refuses, C reads on in the outer one.
                  if (frameEnd !== NO_FRAME && pos !== frameEnd) {
                    if (pos + n > frameEnd) noteStraddle(state, at, frameEnd);
                    else {
                      diverge(state, "frame-straddled", at);
                      continue;
                    }
                  }
                  frameEnd = pos + n;
                  continue;

                case 0x97: // NEXT_BUFFER
                  diverge(state, "out-of-band-buffer", at);
                  stack[sp++] = at;
                  continue;
                case 0x98: // READONLY_BUFFER
                  if (sp <= fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  a = KIND[data[stack[sp - 1]!]!]!;
                  if (a === kinds.BYTEARRAY) stack[sp - 1] = at;
                  else if (a === kinds.FOREIGN) diverge(state, "depends-on-object", at);
                  else if (a !== kinds.BYTES && a !== kinds.VIEW && !(a === kinds.STRING && state.encoding === "bytes")) {
                    failure = "not-a-buffer";
                    break run;
                  }
                  continue;

                case 0x2e: // STOP
                  if (sp <= fence) {
                    failure = "stack-underflow";
                    break run;
                  }
                  if (pos < frameEnd && frameEnd !== NO_FRAME) diverge(state, "frame-straddled", at);
                  state.root = stack[--sp]!;
                  halt = STOPPED;
                  break run;

                default:
                  failure = "unknown-opcode";
                  break run;
              }
            }
            // get: push what the memo holds under n
            a = n >= 0 && n < memoLimit ? memo[n]! : rare.lookUpApart(state, n < 0 ? farKey : n) + 1;
            if (a === 0) {
              failure = "memo-key-missing";
              break;
            }
            stack[sp++] = a - 1;
            continue;
          }
          // put: store the top under n
          if (sp <= fence) {
            failure = "stack-underflow";
            break;
          }
          a = stack[sp - 1]!;
          if (n >= 0 && n < memoLimit) {
            if (memo[n] === 0) memoCount++;
            if (n >= memoTop) memoTop = n + 1;
            memo[n] = a + 1;
          } else {
            state.memoCount = memoCount;
            if (!rare.storeApart(state, n < 0 ? farKey : n, a)) {
              failure = "limit";
              resource = "sparseMemoEntries";
              break;
            }
            memoCount = state.memoCount;
          }
          continue;
        }
        // make: a container, or the arguments of a call, of the n on top
        let from = sp - n;
        if (from < fence) {
          failure = "stack-underflow";
          break;
        }
        let hashing = 0;
        if (n > arenaLimit - arenaTop || madeTop > madeLimit) {
          if (arenaLimit >= 0) state.contentsLostAt = at;
          arenaLimit = -1;
          changesLimit = -1;
          hashing = 3;
        } else {
          made[madeTop] = at;
          made[madeTop + 1] = arenaTop;
          madeTop += ENTRY;
          for (; from < sp; from++) {
            const item = stack[from]!;
            hashing |= HASHING[data[item]!]!;
            arena[arenaTop++] = item;
          }
        }
        if (hashing !== 0 && below < 0) {
          if (opcode === 0x64 || opcode === 0x91) {
            if (!rare.keysAreHashable(state, data, sp - n, sp, opcode === 0x64 ? 2 : 1)) {
              failure = "unhashable";
              break;
            }
          } else if (opcode !== 0x6c) {
            rare.judgeTuple(state, data, at, sp - n, sp);
          }
        }
        sp -= n;
        if (below < 0) {
          stack[sp++] = at;
          continue;
        }
        sp -= below;
        stack[sp++] = at;
        break row;
      }
      // change: put the n on top into what lies below them
      let from = sp - n;
      if (from <= fence) {
        failure = "stack-underflow";
        break;
      }
      if (n === 0) continue;
      a = stack[from - 1]!;
      b = KIND[data[a]!]!;
      const wanted = opcode === 0x61 || opcode === 0x65 ? kinds.LIST : opcode === 0x90 ? kinds.SET : kinds.DICT;
      if (wanted === kinds.DICT && (n & 1) === 1) {
        failure = "odd-items";
        // The pure-Python unpickler has set the items before by then.
        if (b === kinds.FOREIGN && n > 1) break row;
        break;
      }
      if (b !== wanted && b !== kinds.FOREIGN) {
        write(state, arenaTop, madeTop, changesTop, changedTop);
        const reception = rare.receiveItems(
          state,
          data,
          at,
          a,
          wanted === kinds.LIST ? "append" : wanted === kinds.SET ? "add" : "set",
          from,
          sp,
        );
        if (reception === "refused" || reception === "limit") {
          failure = reception === "limit" ? "limit" : "bad-items";
          resource = "listsSetByIndex";
          break;
        }
        if (reception === "unknown") diverge(state, "depends-on-object", at);
        if (wanted === kinds.DICT) {
          sp = from;
          continue;
        }
      }
      let hashing = 0;
      if (n > changesLimit - changesTop || changedTop > changedLimit) {
        if (changesLimit >= 0) state.contentsLostAt = at;
        arenaLimit = -1;
        changesLimit = -1;
        hashing = 3;
      } else {
        changed[changedTop] = a;
        changed[changedTop + 1] = changesTop;
        changed[changedTop + 2] = at;
        changedTop += CHANGE;
        for (; from < sp; from++) {
          const item = stack[from]!;
          hashing |= HASHING[data[item]!]!;
          changes[changesTop++] = item;
        }
      }
      if (hashing !== 0 && b > kinds.LIST && b <= kinds.SET && !rare.keysAreHashable(state, data, sp - n, sp, b === kinds.DICT ? 2 : 1)) {
        failure = "unhashable";
        break;
      }
      sp -= n;
      if (b !== kinds.FOREIGN) continue;
      b = n;
    }
    // row: a lookup, a call, a persistent id, an extension code
    rows[rowTop] = at;
    rows[rowTop + 1] = a;
    rows[rowTop + 2] = b;
    rows[rowTop + 3] = opcode === 0x93 ? protocol : changedTop;
    rowTop += ROW;
    if (failure !== null) break;
    if (rowTop > rowLimit) {
      failure = "limit";
      resource = "factRows";
      at = pos;
      break;
    }
    if (opcode === 0x62 && state.watchesBuilds) {
      halt = { kind: "built", value: a };
      break;
    }
  }

  write(state, arenaTop, madeTop, changesTop, changedTop);
  state.stackTop = sp;
  state.markTop = mp;
  state.memoTop = memoTop;
  state.memoCount = memoCount;
  state.protocol = protocol;
  state.frameEnd = frameEnd;
  state.position = halt === null ? at : pos;
  if (needed !== 0) {
    if (!complete) {
      if (counted === at) counts[data[at]!]!--;
      // A line whose end is not in sight: asking for as much again keeps the search linear.
      halt = {
        kind: "starved",
        needed: needed > 0 ? needed : needed === NEEDS_LINE ? end + Math.max(1, end - at) : pos + countOf(data, at),
      };
    } else {
      failure = "truncated";
      state.rowTop = rowTop;
      if (needed === NEEDS_LINE) rare.lookUpTruncated(state, data, at);
      rowTop = state.rowTop;
    }
  }
  state.rowTop = rowTop;
  // An opcode that fails may still cross the end of its frame, and be another one, read from a file.
  if (failure !== null && at < frameEnd && frameEnd !== NO_FRAME && rare.crosses(data, at, frameEnd)) noteStraddle(state, at, frameEnd);
  state.halt = halt ?? (failure && { kind: "failed", failure, ...(failure === "limit" && { resource }) });
}

/** What the rare functions read of a state in the middle of a run. */
function write(state: MachineState, arenaTop: number, madeTop: number, changesTop: number, changedTop: number): void {
  state.arenaTop = arenaTop;
  state.madeTop = madeTop;
  state.changesTop = changesTop;
  state.changedTop = changedTop;
}

function int4(data: Uint8Array, from: number): number {
  return data[from]! | (data[from + 1]! << 8) | (data[from + 2]! << 16) | (data[from + 3]! << 24);
}

/** A four-byte length, or `BEYOND`. */
function length4(data: Uint8Array, from: number): number {
  const length = int4(data, from);
  return length < 0 ? BEYOND : length;
}

/** An eight-byte length, or `BEYOND`; -1 where it is beyond `Py_ssize_t`. */
function length8(data: Uint8Array, from: number): number {
  if (data[from + 7]! >= 0x80) return -1;
  return int4(data, from + 4) === 0 ? length4(data, from) : BEYOND;
}

/** The length that the opcode at an offset counts, rounded beyond 2^53. */
function countOf(data: Uint8Array, at: number): number {
  let count = 0;
  for (let index = at + WIDTH[data[at]!]! - 1; index > at; index--) count = count * 256 + data[index]!;
  return count;
}

function isDotted(data: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (data[index] === 0x2e) return true;
  return false;
}
