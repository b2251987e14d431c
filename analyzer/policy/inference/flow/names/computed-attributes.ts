/**
 * Names that nothing writes: what a module makes while it runs (`globals()[name] = ...`, `setattr(sys.modules[__name__], name, ...)`), and what
 * `__getattr__` gives, of modules (PEP 562) and of objects, asked once for each name, each in an activation of its own. Boundary: what a module binds is the
 * resolver's, and attributes that are there are `attributes.ts`'s.
 */
import type { Code, Unit } from "../../../../python/code.ts";
import type { Definition } from "../../../../python/resolve.ts";
import type { Node } from "../../graph/graph.ts";
import { bindArguments } from "../arguments.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { saysField } from "../models/functions.ts";
import type { Value } from "../values.ts";

/** A name that is looked up in a module which does not bind it. */
interface LookUp {
  /** What may be found. */
  readonly nodes: readonly Node[];
  readonly into: Node;
  /** What the name means where nothing is. */
  readonly otherwise: readonly Definition[];
}

/** An attribute that is read of an object whose class has a `__getattr__`. */
interface Read {
  readonly object: Value;
  /** The node that the object was found in. */
  readonly source: Node;
  readonly attribute: string;
  readonly getter: Node;
  readonly own: Node;
  readonly into: Node;
}

export class ComputedAttributes {
  private lookUps: LookUp[] = [];
  private reads: Read[] = [];
  private readonly activations = new Set<Frame>();

  constructor(private readonly flow: Flow) {}

  /** Puts what `name` of a module means into a node: what the module binds, what it makes while it runs, or what its `__getattr__` gives. */
  loadFromModule(module: string, name: string, into: Node): void {
    const { flow } = this;
    const found = flow.resolver.member(module, name);
    const unit = flow.resolver.modules.unit(module);
    if (unit && !flow.isOfLibrary(unit.code) && saysField(`${module}.${name}`)) {
      flow.define({ kind: "external", name: `${module}.${name}` }, into);
      return;
    }
    if (unit && flow.isOfLibrary(unit.code) && found.every(({ kind }) => kind === "external"))
      this.compute(unit, name, into, found, functionOf(unit, GETTER));
    else for (const definition of found) flow.define(definition, into);
    // The variable also holds what statements beside its definition put there.
    if (unit?.bindings.has(name)) flow.graph.edge(flow.variable(unit, name), into);
  }

  /** The same of a name that code of the module itself looks up, and that the module does not bind. */
  loadGlobal(unit: Unit, name: string, into: Node): void {
    this.compute(unit, name, into, [{ kind: "external", name: `builtins.${name}` }], null);
  }

  private compute(unit: Unit, name: string, into: Node, otherwise: readonly Definition[], getter: Code | null): void {
    const { flow } = this;
    const nodes: Node[] = [];
    if (this.mayMake(unit, name)) nodes.push(flow.variable(unit, name));
    if (getter !== null) nodes.push(this.ask(flow.values.function(getter, null), null, name));
    if (nodes.length === 0) for (const definition of otherwise) flow.define(definition, into);
    else this.lookUps.push({ nodes, into, otherwise });
    for (const node of nodes) flow.graph.edge(node, into);
  }

  /** Whether a name that a module does not bind may be one that it makes while it runs. */
  mayMake(unit: Unit, name: string): boolean {
    return !BUILTINS.has(name) && !name.startsWith("__") && this.flow.isOfLibrary(unit.code) && makersOf(unit).length > 0;
  }

  /** Adds the statements to the graph that may make names of a module. */
  makeNames(unit: Unit): void {
    if (this.flow.isOfLibrary(unit.code)) for (const index of makersOf(unit)) this.flow.evaluateStatement({ unit, index });
  }

  /** Whether objects of a class compute attributes that nobody set: what by may be in texts that they hold. */
  areOf(code: Code): boolean {
    return this.getterIn(this.flow.classes.orderOf(code)) !== null;
  }

  /** Notes that an attribute is read of an object which has none of that name in its class; `order` are the classes that are looked through. */
  noteRead(object: Value, source: Node, order: readonly (Code | string)[], attribute: string, into: Node): void {
    const { flow } = this;
    const definer = flow.data(object).kind === "instance" ? this.getterIn(order) : null;
    if (definer === null) return;
    const getter = flow.field(flow.classValue(definer), GETTER);
    this.reads.push({ object, source, attribute, getter, own: flow.field(object, attribute), into });
  }

  /**
   * The class of the library that has the `__getattr__`. One that has a `__setattr__` too, as torch's modules, gives back what was assigned, which the flow
   * has under the name that it was assigned to.
   */
  private getterIn(order: readonly (Code | string)[]): Code | null {
    const definer = order.find((base): base is Code => typeof base !== "string" && base.members.has(GETTER));
    return definer && !definer.members.has("__setattr__") && this.flow.isOfLibrary(definer) ? definer : null;
  }

  /** Asks for what nobody set, and lets names of modules for which nothing was given mean what they would otherwise. Whether there was one. */
  settle(): boolean {
    const { flow } = this;
    const { graph } = flow;
    const empty = this.lookUps.filter(({ nodes }) => nodes.every((node) => graph.isEmpty(node)));
    this.lookUps = [];
    for (const { into, otherwise } of empty) for (const definition of otherwise) flow.define(definition, into);
    const missing = this.reads.filter(({ own, source }) => graph.isEmpty(own) && graph.valuesOf(source).length <= FEW);
    this.reads = [];
    for (const { object, attribute, getter, into } of missing)
      graph.listen(getter, (function_) => {
        if (flow.data(function_).kind === "function") graph.edge(this.ask(function_, object, attribute), into);
      });
    return empty.length + missing.length > 0;
  }

  private ask(getter: Value, object: Value | null, name: string): Node {
    const { flow } = this;
    const data = flow.data(getter);
    if (data.kind !== "function") throw new TypeError(`${data.kind} is no function`);
    const text = flow.values.text(name);
    const activation = flow.frame(data.code, data.outer, object, text);
    if (this.activations.has(activation)) return activation.result;
    this.activations.add(activation);
    const from = flow.graph.allocate(1);
    flow.graph.add(from, text, flow.graph.origins.made(data.code.unit.path, data.code.line));
    bindArguments(flow, activation, getter, object, [{ kind: "positional", from }]);
    return activation.result;
  }
}

const GETTER = "__getattr__";

/** Where more than so many objects come together, an attribute that is read is meant for some of them, and of the others asked in vain. */
const FEW = 8;

function functionOf(unit: Unit, name: string): Code | null {
  for (const binding of unit.bindings.get(name) ?? []) if (binding.kind === "function") return binding.code;
  return null;
}

/** The statements at the top of a module that may make names which its text does not bind. */
function makersOf({ code }: Unit): readonly number[] {
  const known = MAKERS.get(code);
  if (known) return known;
  const found = code.body.statements.flatMap(({ calls }, index) =>
    calls.some((path) => path.length === 1 && MAKES.has(path[0]!)) ? [index] : [],
  );
  MAKERS.set(code, found);
  return found;
}

const MAKERS = new WeakMap<Code, readonly number[]>();
const MAKES = new Set(["globals", "locals", "vars", "setattr"]);

/** What every module has without binding it: `dir(builtins)` of Python 3.11. */
const BUILTINS = new Set(
  (
    "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError BufferError " +
    "BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError " +
    "DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup False FileExistsError " +
    "FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError " +
    "InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None " +
    "NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError " +
    "ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration " +
    "SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError " +
    "UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter " +
    "all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict " +
    "dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance " +
    "issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr " +
    "reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip"
  ).split(" "),
);
