/** Text in lines that a terminal shows whole, and lists that stay short. */

const WIDTH = 80;
/** Of a list, as many are named; the others are counted. */
const LISTED = 6;

/** Each name once, the first few of them. */
export function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  const more = distinct.length - LISTED;
  return distinct.slice(0, LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Text in lines that fit behind an indentation; a word that is longer stays whole. */
export function wrap(text: string, indentation: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH - indentation) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

export function cut(text: string, indentation: number): string {
  return text.length <= WIDTH - indentation ? text : `${text.slice(0, WIDTH - indentation - 1)}…`;
}
