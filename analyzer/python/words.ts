/**
 * Which words a text has, told at once and now and then wrongly (Bloom, "Space/Time Trade-offs in Hash Coding with
 * Allowable Errors", 1970): hundreds of names are looked for in every file of a library, and most files have few of them.
 * Boundary: words as `\w` and `\b` of regular expressions see them.
 */

export class Words {
  private readonly bits: Uint32Array;
  private readonly mask: number;

  constructor(text: string) {
    // A word in thirty characters or so: of words that are not there, one in thirty is taken to be.
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(text.length + 1)));
    this.bits = new Uint32Array(size / 32);
    this.mask = size - 1;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text.charCodeAt(at);
      if (character < 128 && IS_WORD[character] === 1) hash = Math.imul(hash, 31) + character + 1;
      else if (hash !== 0) {
        this.add(hash);
        hash = 0;
      }
    }
    if (hash !== 0) this.add(hash);
  }

  private add(hash: number): void {
    const bit = placeOf(hash) & this.mask;
    this.bits[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** False only if the text does not have the word. */
  mayHave(word: string): boolean {
    if (!/^\w+$/.test(word)) return true;
    let hash = 0;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash, 31) + word.charCodeAt(at) + 1;
    const bit = placeOf(hash) & this.mask;
    return hash === 0 || (this.bits[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }
}

function placeOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}

const IS_WORD = Uint8Array.from({ length: 128 }, (_, code) => (/\w/.test(String.fromCharCode(code)) ? 1 : 0));
