/**
 * Functions that pickle, and the places where the library calls them: what it saves itself is what its checkpoints hold.
 * Boundary: which functions, and which argument; running the code around them is `checkpoint.ts`.
 */
import type { Code } from "../../../../python/code.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";
import { argument } from "./container-methods.ts";

/** The position and the name of the argument that is saved. */
const PICKLERS: Readonly<Record<string, readonly [number, string]>> = {
  "pickle.dump": [0, "obj"],
  "pickle.dumps": [0, "obj"],
  "pickle.Pickler.dump": [0, "obj"],
  "_pickle.dump": [0, "obj"],
  "_pickle.dumps": [0, "obj"],
  "cPickle.dump": [0, "obj"],
  "cPickle.dumps": [0, "obj"],
  "six.moves.cPickle.dump": [0, "obj"],
  "six.moves.cPickle.dumps": [0, "obj"],
  "dill.dump": [0, "obj"],
  "dill.dumps": [0, "obj"],
  "cloudpickle.dump": [0, "obj"],
  "cloudpickle.dumps": [0, "obj"],
  "joblib.dump": [0, "value"],
  "joblib.numpy_pickle.dump": [0, "value"],
  "numpy.save": [1, "arr"],
  "torch.save": [0, "obj"],
  "torch.serialization.save": [0, "obj"],
};

/** What a method of this name saves is the tensors of the object it is called on, under their names. */
export const SAVES_TENSORS = "save_pretrained";

/**
 * A method that Lightning's trainer calls with the dict that it is about to save, beside the tensors of the model, of a model or a callback:
 * what the method puts there is saved (`LightningModule.on_save_checkpoint`, in the documentation of Lightning 2).
 */
export const FILLS_CHECKPOINT = "on_save_checkpoint";

/** What their names end in, classes of picklers among them. */
export const PICKLING: ReadonlySet<string> = new Set([
  ...Object.keys(PICKLERS).map((name) => name.slice(name.lastIndexOf(".") + 1)),
  ...["Pickler", "_Pickler", "CloudPickler", "NumpyPickler"],
]);

/** Texts that may call one of them, hand it on or import it, or define the method. */
export const MAY_SAVE =
  /\b(?:dumps?|save|save_pretrained|on_save_checkpoint)\s*\(|\.(?:dumps?|save)\s*[),\]}\r\n]|\bimport\b[^\n]*\b(?:dumps?|save)\b|\b(?:dumps?|save)\s+as\s|Pickler\b/;

/** A call that saves something. */
export interface Save {
  readonly node: Node;
  /** The function it calls; `SAVES_TENSORS` where it saves only tensors. */
  readonly by: string;
  readonly code: Code;
  /** The object on whose behalf the code runs. */
  readonly context: Value | null;
  readonly line: number;
}

/** The saving calls that have been reached. */
export class Saves {
  private readonly found: Save[] = [];
  private readonly listeners: ((save: Save) => void)[] = [];

  /** Whether what is saved is asked for. */
  get isAsked(): boolean {
    return this.listeners.length > 0;
  }

  listen(listener: (save: Save) => void): void {
    this.listeners.push(listener);
    for (const save of this.found.slice()) listener(save);
  }

  note(save: Save): void {
    this.found.push(save);
    for (const listener of this.listeners.slice()) listener(save);
  }
}

/** Whether the function of that dotted name pickles, or the class of that name makes what does. */
export function isPickler(name: string): boolean {
  return Object.hasOwn(PICKLERS, name) || isPicklerClass(name);
}

/** The position and the name of the argument that the function of a dotted name saves; null where it is none of these. */
export function savedArgument(name: string): readonly [number, string] | null {
  return PICKLERS[name] ?? null;
}

/** The class of picklers, whichever module has it. */
export const PICKLER = "pickle.Pickler";

const PICKLER_CLASS = /^(c?pickle|_pickle|six\.moves\.cPickle|dill|cloudpickle|joblib)\.(\w+\.)*\w*Pickler$/i;

/** Whether objects of the class of that dotted name pickle what their `dump` is handed. */
export function isPicklerClass(name: string): boolean {
  return PICKLER_CLASS.test(name);
}

/** Notes that a call of `name` saves one of its arguments. */
export function noteSave(flow: Flow, frame: Frame, name: string, args: readonly Passed[], line: number): void {
  const position = PICKLERS[name];
  const node = position && argument({ args, into: null, line }, ...position);
  if (node !== undefined && node !== null) flow.saves.note({ node, by: name, code: frame.code, context: frame.context, line });
}
