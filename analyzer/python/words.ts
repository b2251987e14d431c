/**
 * Which words a text has, told at once and now and then wrongly (Bloom, "Space/Time Trade-offs in Hash Coding with
 * Allowable Errors", 1970): hundreds of names are looked for in every file of a library, and most files have few of them.
 * Boundary: words as `\w` and `\b` of regular expressions see them.
 */

export class Words {
  private constructor(
    /** Five bits a character, so that they can be kept as they are. */
    readonly written: string,
    private readonly mask: number,
  ) {}

  static of(text: string): Words {
    // A word in thirty characters or so: of words that are not there, one in thirty is taken to be.
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(text.length + 1)));
    const bits = new Uint8Array(Math.ceil(size / BITS)).fill(FIRST);
    const add = (hash: number) => {
      const bit = placeOf(hash) & (size - 1);
      const at = Math.floor(bit / BITS);
      bits[at] = FIRST + ((bits[at]! - FIRST) | (1 << (bit % BITS)));
    };
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text.charCodeAt(at);
      if (character < 128 && IS_WORD[character] === 1) hash = Math.imul(hash, 31) + character + 1;
      else if (hash !== 0) {
        add(hash);
        hash = 0;
      }
    }
    if (hash !== 0) add(hash);
    return new Words(new TextDecoder().decode(bits), size - 1);
  }

  /** The same again, from what was `written` of it. */
  static read(written: string): Words {
    return new Words(written, 2 ** Math.floor(Math.log2(written.length * BITS)) - 1);
  }

  /** False only if the text does not have the word. */
  mayHave(word: string): boolean {
    if (!/^\w+$/.test(word)) return true;
    let hash = 0;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash, 31) + word.charCodeAt(at) + 1;
    const bit = placeOf(hash) & this.mask;
    return hash === 0 || ((this.written.charCodeAt(Math.floor(bit / BITS)) - FIRST) & (1 << (bit % BITS))) !== 0;
  }
}

const BITS = 5;
/** The character for no bits. It and those for others need no escape in JSON. */
const FIRST = "#".charCodeAt(0);

function placeOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}

const IS_WORD = Uint8Array.from({ length: 128 }, (_, code) => (/\w/.test(String.fromCharCode(code)) ? 1 : 0));
