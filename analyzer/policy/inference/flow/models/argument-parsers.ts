/**
 * `argparse`: what parsers give, and what of their arguments' defaults and types is in it. Parsers themselves do not pickle. Boundary: the
 * methods; whoever calls them is `standard-objects.ts` and, of classes derived from the parser's, `container-methods.ts`.
 */
import { COMPUTED } from "../../../../python/code.ts";
import { invoke } from "../calls.ts";
import { addMade, elementInto, iterate, newContainer } from "../containers.ts";
import { type Flow, SOME } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { argument, listenTexts, type Method, type NativeCall } from "./container-methods.ts";

export const PARSER = "argparse.ArgumentParser";
const NAMESPACE = "argparse.Namespace";

/** Makes a parser; of its `parents` it has all arguments. */
export function makeParser(flow: Flow, frame: Frame, call: NativeCall): void {
  const { into, line } = call;
  if (into === null) return;
  const parser = newContainer(flow, frame, PARSER, line);
  addMade(flow, frame, into, parser, line);
  const parents = argument(call, -1, "parents");
  if (parents === null) return;
  const parent = flow.graph.allocate(1);
  iterate(flow, frame, parents, parent, line);
  flow.graph.listen(parent, (each) => copyFields(flow, namespaceOf(flow, each), namespaceOf(flow, parser)));
}

/** What a parser parses into: one object for all that it gives. */
function namespaceOf(flow: Flow, parser: Value): Value {
  return flow.values.container(NAMESPACE, `parsed by ${parser}`);
}

function copyFields(flow: Flow, from: Value, to: Value): void {
  flow.listenFields(from, (name, node) => flow.graph.edge(node, flow.field(to, name)));
}

/** `parse_args(arguments, namespace)`: what it fills is the namespace that it is handed, where it is handed one. */
const parse: Method = (flow, frame, parser, call) => {
  if (call.into === null) return;
  const handed = argument(call, 1, "namespace");
  if (handed === null) {
    addMade(flow, frame, call.into, namespaceOf(flow, parser), call.line);
    return;
  }
  flow.graph.edge(handed, call.into);
  flow.graph.listen(handed, (each) => copyFields(flow, namespaceOf(flow, parser), each));
};

/** `parse_known_args`: that, and a list of the arguments that it does not know. */
const parseKnown: Method = (flow, frame, parser, call) => {
  if (call.into === null) return;
  const pair = newContainer(flow, frame, "builtins.tuple", call.line, ":parsed");
  parse(flow, frame, parser, { ...call, into: elementInto(flow, pair, "0") });
  addMade(flow, frame, elementInto(flow, pair, "1"), newContainer(flow, frame, "builtins.list", call.line, ":rest"), call.line);
  addMade(flow, frame, call.into, pair, call.line);
};

/** `add_argument("--name", default=..., const=..., type=...)`: its value is one of those, or what the type makes of a text. */
const addArgument: Method = (flow, frame, parser, call) => {
  const value = flow.graph.allocate(1);
  for (const name of ["default", "const"]) {
    const from = argument(call, -1, name);
    if (from !== null) flow.graph.edge(from, value);
  }
  const type = argument(call, -1, "type");
  const text = [{ kind: "positional" as const, from: frame.base + COMPUTED }];
  if (type !== null) flow.graph.listen(type, (callee) => invoke(flow, frame, callee, text, value, call.line));
  if (argument(call, -1, "nargs") !== null || argument(call, -1, "action") !== null) {
    const list = newContainer(flow, frame, "builtins.list", call.line, ":arguments");
    flow.graph.edge(value, elementInto(flow, list, null));
    addMade(flow, frame, value, list, call.line);
  }
  const namespace = namespaceOf(flow, parser);
  const destination = argument(call, -1, "dest");
  const names = destination === null ? call.args.filter(({ kind }) => kind === "positional").map(({ from }) => from) : [destination];
  let isNamed = false;
  for (const name of names)
    listenTexts(flow, name, (text) => {
      isNamed = true;
      flow.store(value, flow.field(namespace, text.replace(/^-+/, "").replaceAll("-", "_")), frame.code, call.line);
    });
  if (!isNamed) flow.store(value, flow.field(namespace, SOME), frame.code, call.line);
};

const setDefaults: Method = (flow, frame, parser, call) => {
  const namespace = namespaceOf(flow, parser);
  for (const { kind, name, from } of call.args) {
    if (kind === "keyword") flow.store(from, flow.field(namespace, name ?? SOME), frame.code, call.line);
    else
      flow.graph.listen(from, (named) => {
        flow.listenFields(named, (field, node) => {
          if (/^\[.+\]$/.test(field) && field !== "[keys]")
            flow.graph.edge(node, flow.field(namespace, field === SOME ? SOME : field.slice(1, -1)));
        });
      });
  }
};

/** Groups of arguments and parsers of sub-commands fill the same object as the parser. */
const giveItself: Method = (flow, frame, parser, call) => {
  if (call.into !== null) addMade(flow, frame, call.into, parser, call.line);
};

export const PARSER_METHODS: Readonly<Record<string, Method>> = {
  parse_args: parse,
  parse_intermixed_args: parse,
  parse_known_args: parseKnown,
  parse_known_intermixed_args: parseKnown,
  add_argument: addArgument,
  add_argument_group: giveItself,
  add_mutually_exclusive_group: giveItself,
  add_subparsers: giveItself,
  add_parser: giveItself,
  set_defaults: setDefaults,
};
