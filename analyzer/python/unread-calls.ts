/**
 * Calls that no instruction is made of, as what they give is never kept: in `assert` and `del`, in slices, in the test of a conditional
 * expression, between the braces of an f-string, and in what Python 2 has as statements. Whoever asks what running a code does has to know
 * that there are any. What a `raise` computes for its message is not counted: nothing is loaded then. Boundary: texts only; what calls that are read
 * do is the flow's.
 */

/** What is called with nothing done but computing, and the classes of exceptions. */
const HARMLESS = new Set(
  `abs all any bool dict endswith enumerate float format hasattr id int isinstance issubclass join keys len list lower max min range repr round set
   sorted split startswith str strip sum tuple type upper values zip`.split(/\s+/),
);
const EXCEPTION = /^(\w*(Error|Exception|Warning)|KeyboardInterrupt|StopIteration|SystemExit)$/;

const LITERAL = /([A-Za-z]{0,2})("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/g;
const WORDS_BEFORE_BRACKETS = new Set([
  "and",
  "assert",
  "del",
  "else",
  "for",
  "from",
  "if",
  "in",
  "is",
  "not",
  "or",
  "print",
  "raise",
  "await",
  "lambda",
]);

/** Whether a part of a program calls anything that may do more than compute. */
export function callsUnread(text: string): boolean {
  if (!text.includes("(")) return false;
  const bare = text.replace(LITERAL, (_, prefix: string, literal: string) => (/f/i.test(prefix) ? ` ${bracedIn(literal)} ` : " "));
  for (const [, before = ""] of bare.matchAll(/([\w.)\]]*)\s*\(/g)) {
    const called = before.split(".").at(-1) ?? "";
    if (before !== "" && !WORDS_BEFORE_BRACKETS.has(before) && !HARMLESS.has(called) && !EXCEPTION.test(called)) return true;
  }
  return false;
}

/** What stands between the braces of an f-string. */
function bracedIn(literal: string): string {
  return Array.from(literal.replaceAll(/\{\{|\}\}/g, "").matchAll(/\{([^}]*)/g), ([, inside]) => inside).join(" ");
}
