/**
 * What is told of a value where a branch is decided by it: which constant it is, as far as tests ask. Boundary: a set of kinds is a
 * number, and what flows where is the flow's.
 */
import { COMPUTED, NONE, NOTHING, NUMBER, ONE, type Register, ZERO } from "./code.ts";

export const IS_NONE = 1;
/** 0, 0.0 and False. */
export const IS_ZERO = 2;
/** 1, 1.0 and True. */
export const IS_ONE = 4;
/** Any other number. */
export const IS_NUMBER = 8;
export const IS_EMPTY_TEXT = 16;
export const IS_TEXT = 32;
/** A function or a module: true, and equal to no constant. */
export const IS_DEFINITION = 64;
/** Any other object: not None, and whether it is true, or equal to something, its class says. */
export const IS_OBJECT = 128;
/** Something of which nothing is known. */
export const IS_UNKNOWN = 256;
/** Beside `IS_TEXT`: it is not told which. */
export const IS_LOST_TEXT = 512;
/** A value without source: which it is is known, and nothing of it. */
export const IS_EXTERNAL = 1024;
export const ALL_KINDS = 2047;

const ANY_OBJECT = IS_OBJECT | IS_EXTERNAL | IS_UNKNOWN;
export const TRUE_KINDS = IS_ONE | IS_NUMBER | IS_TEXT | IS_DEFINITION | ANY_OBJECT;
export const FALSE_KINDS = IS_NONE | IS_ZERO | IS_EMPTY_TEXT | ANY_OBJECT;

/** What values equal to a constant of one kind may be; and those that are not equal to it. */
export function equalTo(kind: number): number {
  return kind | ANY_OBJECT;
}

export function unequalTo(kind: number): number {
  // Other numbers and texts are many.
  return kind === IS_NUMBER || kind === IS_TEXT ? ALL_KINDS : ALL_KINDS & ~kind;
}

/** The register for a number that is written out. */
export function numberRegister(text: string): Register {
  const number = /^[\d.]+$/.test(text) ? Number(text) : Number.NaN;
  return number === 0 ? ZERO : number === 1 ? ONE : number > 0 ? NUMBER : NOTHING;
}

/** The kinds that a string may be of that is written so between its quotes. */
export function textKinds(text: string): number {
  if (text === "") return IS_EMPTY_TEXT;
  // A backslash at the end of a line is nothing.
  return text.includes("\\\n") ? IS_EMPTY_TEXT | IS_TEXT : IS_TEXT;
}

/** The kinds of what a reserved register stands for. */
export function kindsOfRegister(register: Register): number {
  switch (register) {
    case NONE:
      return IS_NONE;
    case ZERO:
      return IS_ZERO;
    case ONE:
      return IS_ONE;
    case NUMBER:
      return IS_NUMBER;
    case NOTHING:
    case COMPUTED:
      return IS_UNKNOWN;
    default:
      return 0;
  }
}
