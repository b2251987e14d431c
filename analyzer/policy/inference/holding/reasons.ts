/**
 * The chain from the class to a name, told as steps that a person can follow to lines of the source. Boundary: it reads
 * what the graph and the holding recorded while solving, and decides nothing.
 */
import type { Reason } from "../../policy.ts";
import type { Flow } from "../flow/flow.ts";
import type { Value } from "../flow/values.ts";
import type { Node } from "../graph/graph.ts";
import type { Holding, Need } from "./holding.ts";

/** Longest way back through the graph that is looked at for the place a value came from. */
const HOPS = 200;

/** The steps from the class to the name. */
export function reasonsFor(holding: Holding, need: Need): Reason[] {
  const chain: Reason[] = [];
  const seen = new Set<Value>();
  for (let value: Value | null = need.value; value !== null && !seen.has(value); ) {
    seen.add(value);
    const link = holding.links.get(value);
    if (!link) break;
    chain.unshift(...steps(holding.flow, link.node, value, link.reason));
    value = link.holder;
  }
  const last = chain.at(-1);
  if (last && last.name === need.reason.name && last.kind === need.reason.kind) return chain;
  return [...chain, need.reason];
}

/** One link of the chain: the attribute, and where its value came from. */
function steps(flow: Flow, node: Node | null, value: Value, reason: Reason): Reason[] {
  if (node === null) return [named(flow, value, reason)];
  let { file, line, text } = reason;
  const extra: Reason[] = [];
  let current = node;
  for (let hop = 0; hop < HOPS; hop++) {
    const arrival = flow.graph.arrivalOf(current, value);
    if (arrival === undefined) break;
    const { source, into } = arrival;
    const owner = flow.fieldOwner(into);
    if (hop > 0 && reason.kind === "element" && owner && /^\[[^*\]]/.test(owner.name)) text = `element ${owner.name}`;
    if (source < 0) {
      const origin = flow.graph.origins.of(source);
      if (origin.kind === "annotation") extra.push({ kind: "annotation", text: origin.text, file: origin.file, line: origin.line });
      else if (file === undefined && origin.line > 0) ({ file, line } = origin);
      break;
    }
    const store = file === undefined ? flow.storeOf(source, into) : undefined;
    if (store) ({ file, line } = store);
    current = source;
  }
  const step: Reason = { ...reason, text, ...(file !== undefined && line !== undefined ? { file, line } : {}) };
  if (extra.length === 0) return [named(flow, value, step)];
  return [step, ...extra.map((each) => named(flow, value, each))];
}

/** The step, with the name of what it arrives at. */
function named(flow: Flow, value: Value, reason: Reason): Reason {
  if (reason.name !== undefined) return reason;
  const data = flow.data(value);
  switch (data.kind) {
    case "instance":
    case "class":
    case "function":
      return { ...reason, name: flow.nameOf(data.code) };
    case "native":
    case "container":
      return { ...reason, name: data.type };
    case "external":
    case "unanalysed":
    case "derived":
    case "derived-class":
      return { ...reason, name: data.name };
    default:
      return reason;
  }
}
