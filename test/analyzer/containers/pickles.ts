/** Small programs for tests of containers. The one that calls something calls `os.system("true")`, which does nothing. */

/** Bytes of a string whose characters are bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Calls `os.system("true")`. */
export const PAYLOAD = latin1("cos\nsystem\n(S'true'\ntR.");
/** The same in protocol 4. */
export const PAYLOAD4 = latin1("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.");
/** The same, and then a byte that is no opcode instead of STOP. */
export const BROKEN_PAYLOAD = latin1("cos\nsystem\n(S'true'\ntR\xff");
/** Makes a dict, and calls nothing. */
export const HARMLESS = latin1("\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.");
