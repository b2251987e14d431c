/** Every way in which a pickle can get a callable called, and the callables that peers know to be dangerous. */
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { CAPABILITIES } from "../../../analyzer/policy/capabilities.ts";

/** Each gets a callable called, or puts it where the next opcode calls it. */
export const FORMS: Readonly<Record<string, (module: string, name: string) => string>> = {
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

/** By `module.name`; of a module that is dangerous as a whole, a name that it may have. */
export const DANGEROUS: readonly string[] = [...new Set(CAPABILITIES.flatMap(({ callables }) => callables.trim().split(/\s+/)))].map(
  (name) => name.replace(/\*$/, "anything"),
);

/** The trace of a program that gets a callable called in one of the forms. */
export function attackOf(form: (module: string, name: string) => string, callable: string): Trace {
  const dot = callable.lastIndexOf(".");
  return traceOf(form(callable.slice(0, dot), callable.slice(dot + 1)));
}

function traceOf(listing: string): Trace {
  const program = assemble(`${listing}\n`);
  if (!program.ok) throw new Error(`${program.error.message}:\n${listing}`);
  const facts = runPickle(program.value);
  return { size: 1, container: "pickle", outcome: facts.outcome, findings: [], pickles: [{ ...facts, entry: null, loader: "pickle" }] };
}
