/** How a run of `census` can end: the one table that commands, `docs/command-line.md` and tests read. */
export const EXIT_CODES = {
  done: { code: 0, meaning: "Everything loads, or the command is done." },
  blocked: { code: 1, meaning: "Something is blocked; of policy lint: something is dangerous." },
  usage: { code: 2, meaning: "The command was not understood, what it names is not there, or the file it is to write cannot be written." },
  undecided: {
    code: 3,
    meaning:
      "Nothing is blocked, but at least one file could not be decided: malformed, unsupported, unavailable or unfinished. Or nothing was judged: no file holds a pickle.",
  },
  network: { code: 4, meaning: "The network gave up. What was stored stays; the same command goes on from there." },
  bug: { code: 70, meaning: "A bug of ours. Please report what was printed." },
  interrupted: { code: 130, meaning: "Interrupted. The same command goes on where a survey stopped." },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type Ending = keyof typeof EXIT_CODES;

/** The ending that counts of several: what is blocked before what is not known, both before success. */
export function worstEnding(endings: Iterable<Ending>): Ending {
  const all = new Set(endings);
  return all.has("blocked") ? "blocked" : all.has("undecided") ? "undecided" : "done";
}
