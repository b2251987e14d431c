/** Every callable of the table of capabilities, in every form in which a pickle can get it called, under generous policies. */
import { describe, expect, it } from "vitest";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { CAPABILITIES } from "../../../analyzer/policy/capabilities.ts";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { policy } from "./traces.ts";

/** What real class policies allow of callables that act for the pickle, and a class of the library. */
const ALLOWED = [
  ...["builtins:getattr", "functools:partial", "copyreg:_reconstructor", "builtins:map", "collections:defaultdict", "builtins:object"],
  ...[
    "torch._tensor:_rebuild_from_type_v2",
    "operator:attrgetter",
    "brine.models:Tagger",
    "torch:serialization",
    "collections:OrderedDict",
  ],
];
const GENEROUS = policy(ALLOWED, ALLOWED);

/** Each gets a callable called, or puts it where the next opcode calls it. */
const FORMS: Readonly<Record<string, (module: string, name: string) => string>> = {
  REDUCE: (module, name) => `PROTO 2\nGLOBAL "${module}" "${name}"\nEMPTY_TUPLE\nREDUCE\nSTOP`,
  NEWOBJ: (module, name) => `PROTO 2\nGLOBAL "${module}" "${name}"\nEMPTY_TUPLE\nNEWOBJ\nNONE\nBUILD\nSTOP`,
  INST: (module, name) => `MARK\nINST "${module}" "${name}"\nSTOP`,
  OBJ: (module, name) => `MARK\nGLOBAL "${module}" "${name}"\nOBJ\nSTOP`,
  "STACK_GLOBAL, popped": (module, name) =>
    `PROTO 4\nSHORT_BINUNICODE "${module}"\nSHORT_BINUNICODE "${name}"\nSTACK_GLOBAL\nEMPTY_TUPLE\nREDUCE\nPOP\nNONE\nSTOP`,
  "a dotted name": (module, name) => `PROTO 4\nGLOBAL "torch" "serialization.${module}.${name}"\nEMPTY_TUPLE\nREDUCE\nSTOP`,
  getattr: (module, name) =>
    `PROTO 4\nGLOBAL "builtins" "getattr"\nGLOBAL "torch" "serialization"\nSHORT_BINUNICODE "${module}.${name}"\nTUPLE2\nREDUCE\nEMPTY_TUPLE\nREDUCE\nSTOP`,
  partial: (module, name) =>
    `PROTO 2\nGLOBAL "functools" "partial"\nGLOBAL "${module}" "${name}"\nTUPLE1\nREDUCE\nEMPTY_TUPLE\nREDUCE\nSTOP`,
  map: (module, name) => `PROTO 2\nGLOBAL "builtins" "map"\nGLOBAL "${module}" "${name}"\nEMPTY_LIST\nTUPLE2\nREDUCE\nSTOP`,
  defaultdict: (module, name) => `PROTO 2\nGLOBAL "collections" "defaultdict"\nGLOBAL "${module}" "${name}"\nTUPLE1\nREDUCE\nSTOP`,
  _rebuild_from_type_v2: (module, name) =>
    `PROTO 2\nGLOBAL "torch._tensor" "_rebuild_from_type_v2"\nMARK\nGLOBAL "${module}" "${name}"\nGLOBAL "builtins" "object"\nEMPTY_TUPLE\nNONE\nTUPLE\nREDUCE\nSTOP`,
  "a planted __setstate__": (module, name) =>
    `PROTO 2\nGLOBAL "brine.models" "Tagger"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "__setstate__"\nGLOBAL "${module}" "${name}"\nSETITEM\nBUILD\nBINUNICODE "x"\nBUILD\nSTOP`,
  "a changed function": (module, name) =>
    `PROTO 4\nGLOBAL "brine.models" "Tagger"\nEMPTY_DICT\nSHORT_BINUNICODE "${module}"\nGLOBAL "${module}" "${name}"\nSETITEM\nBUILD\nGLOBAL "brine.models" "Tagger.${module}"\nEMPTY_TUPLE\nREDUCE\nSTOP`,
  "a computed name": (module, name) =>
    `PROTO 4\nSHORT_BINUNICODE "${module}"\nGLOBAL "collections" "OrderedDict"\nSHORT_BINUNICODE "${name}"\nTUPLE1\nREDUCE\nSTACK_GLOBAL\nEMPTY_TUPLE\nREDUCE\nSTOP`,
};

const DANGEROUS = [...new Set(CAPABILITIES.flatMap(({ callables }) => callables.trim().split(/\s+/)))]
  .map((name) => name.replace(/\*$/, "anything"))
  .filter((name) => !ALLOWED.includes(name.replace(/\.(\w+)$/, ":$1")));

function traceOf(listing: string): Trace {
  const program = assemble(`${listing}\n`);
  if (!program.ok) throw new Error(`${program.error.message}:\n${listing}`);
  const facts = runPickle(program.value);
  return { size: 1, container: "pickle", outcome: facts.outcome, findings: [], pickles: [{ ...facts, entry: null, loader: "pickle" }] };
}

describe.each(Object.entries(FORMS))("%s", (_, form) => {
  it(`of each of ${DANGEROUS.length} dangerous callables is blocked, strictly and lazily, and by every torch`, () => {
    for (const callable of DANGEROUS) {
      const dot = callable.lastIndexOf(".");
      const trace = traceOf(form(callable.slice(0, dot), callable.slice(dot + 1)));
      const verdicts = [
        judgeTrace(trace, GENEROUS, "strict"),
        judgeTrace(trace, GENEROUS, "lazy"),
        ...WEIGHTS_ONLY.map((by) => judgeTrace(trace, by, "strict")),
      ];
      for (const { policy: by, mode, verdict } of verdicts)
        expect(`${callable} under ${by}, ${mode}: ${verdict}`).toBe(`${callable} under ${by}, ${mode}: blocked`);
    }
  });
});
