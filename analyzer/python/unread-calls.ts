/**
 * Calls that no instruction is made of, as what they give is never kept: in `assert` and `del`, in slices, in the test of a conditional
 * expression, between the braces of an f-string, and in what Python 2 has as statements. Whoever asks what running a code does has to know
 * that there are any. What a `raise` computes for its message is not counted: nothing is loaded then. Boundary: texts only; what calls that are read
 * do is the flow's.
 */

/** Builtin functions that only compute, and the classes of exceptions. */
const HARMLESS =
  /^(abs|all|any|bool|dict|enumerate|float|format|hasattr|id|int|isinstance|issubclass|len|list|max|min|range|repr|round|set|sorted|str|sum|tuple|type|zip|\w*(Error|Exception|Warning)|KeyboardInterrupt|StopIteration|SystemExit)$/;
/** Methods of a text that is written there. */
const OF_A_TEXT = /^\.(endswith|format|join|lower|split|startswith|strip|upper)$/;
const WORD = /^(and|assert|await|del|else|for|from|if|in|is|lambda|not|or|print)$/;

const LITERAL = /([A-Za-z]{0,2})("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/g;

/** Whether a part of a program calls anything that may do more than compute. */
export function callsUnread(text: string): boolean {
  if (!text.includes("(")) return false;
  const bare = text.replace(LITERAL, (_, prefix: string, literal: string) => (/f/i.test(prefix) ? ` ${bracedIn(literal)} ` : " "));
  for (const [, called = ""] of bare.matchAll(/([\w.)\]]*)\s*\(/g))
    if (called !== "" && !HARMLESS.test(called) && !OF_A_TEXT.test(called) && !WORD.test(called)) return true;
  return false;
}

/** Whether what is raised is more than an exception with texts that are written there, and names. */
export function computesMessage(text: string): boolean {
  return callsUnread(text) || FORMATS.test(text.replace(/\braise\b|\bfrom\b/g, ""));
}

/** `f"..."`, `.format(`, `%`, `+`, `str(`: texts are made of something. */
const FORMATS =
  /(^|[^A-Za-z])[rR]?[fF][rR]?["']|\.format\b|[%+[]|\b(str|repr|format|len|list|sorted|set|dict|tuple|print|sum|max|min|map|filter)\s*\(/;

/** What stands between the braces of an f-string. Where quotes stand in them, as Python 3.12 takes them, that is not seen, and may be a call. */
function bracedIn(literal: string): string {
  const isWhole = literal.split("{").length === literal.split("}").length;
  if (!isWhole) return "unseen()";
  return Array.from(literal.replaceAll("{{", "").matchAll(/\{([^}]*)/g), ([, inside]) => inside).join(" ");
}
