/**
 * The constant strings that can reach a node, where nothing else can: they are followed backwards through variables,
 * arguments, defaults, attributes and properties, and whatever is not understood on the way counts as unknown. Objects'
 * attributes hold no strings while the program is solved, for these are many and seldom asked for. Boundary: one question,
 * of a program that was solved as far as it is known.
 */
import { COMPUTED, type Code, type Instruction, isNumber } from "../../../../python/code.ts";
import { IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import { isForm } from "../../../../python/text-forms.ts";
import { Backwards } from "../../graph/backwards.ts";
import { type Node, TEXTS_PER_NODE } from "../../graph/graph.ts";
import { watchesAttributes } from "../callers/open-attributes.ts";
import { SEQUENCES } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { isFieldMaker } from "../models/functions.ts";
import { writersOf } from "../register-origins.ts";
import type { Value, ValueData } from "../values.ts";

type Op<Name> = Extract<Instruction, { readonly op: Name }>;

/** So many nodes may lie behind one; behind what everything flows through nothing is known anyway. */
const MOST_NODES = 1_000;

export class Constants {
  readonly backwards: Backwards;
  private readonly answers = new Map<string, ReadonlySet<string> | null>();
  /** By the node that holds the name: the attributes that were taken not to be among its names while these are asked for. */
  private readonly assumed = new Map<Node, Set<string>>();

  constructor(readonly flow: Flow) {
    this.backwards = new Backwards(flow.graph);
  }

  /**
   * The strings among what reaches a node; null where something may reach it that is not known. Numbers and None count as
   * known, and members of `enumeration`.
   */
  reaching(node: Node, enumeration: Code): ReadonlySet<string> | null {
    const isKnown = (data: ValueData) => data.kind === "instance" && data.code === enumeration;
    return new Walk(this, isKnown, enumeration).textsOf(node);
  }

  /** The same for what is asked on the way, with containers known that are of one of these types. What is asked within its own answer is unknown. */
  within(node: Node, types: ReadonlySet<string>): ReadonlySet<string> | null {
    return this.answer(`${node}:${types.size}`, () => new Walk(this, (data) => isOneOf(data, types), null).textsOf(node));
  }

  /**
   * Whether something may be stored under `attribute` where the name is what a node holds. Asked within its own answer it is not: before
   * the first such store nothing was stored by it. If that turns out to be wrong, nothing is known.
   */
  mayName(node: Node, attribute: string): boolean {
    const assumed = this.assumed.get(node);
    if (assumed) {
      assumed.add(attribute);
      return false;
    }
    const assumptions = new Set<string>();
    this.assumed.set(node, assumptions);
    const names = this.within(node, NO_CONTAINERS);
    this.assumed.delete(node);
    if (names === null) return true;
    if (![...assumptions].some((each) => names.has(each))) return names.has(attribute);
    this.answers.clear();
    this.answers.set(`${node}:0`, null);
    return true;
  }

  /** Whether all that reaches a node are texts, whole or of a form that is known. */
  areNames(node: Node): boolean {
    return new Walk(this, () => false, null, true).textsOf(node) !== null;
  }

  private answer(key: string, find: () => ReadonlySet<string> | null): ReadonlySet<string> | null {
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    this.answers.set(key, null);
    const found = find();
    this.answers.set(key, found);
    return found;
  }
}

const NO_CONTAINERS: ReadonlySet<string> = new Set();

function isOneOf(data: ValueData, types: ReadonlySet<string>): boolean {
  return data.kind === "container" && types.has(data.type);
}

class Walk {
  private readonly texts = new Set<string>();
  private readonly seen = new Set<Node>();

  /** `isKnown`: values that are no strings, and of which enough is known. */
  constructor(
    private readonly constants: Constants,
    private readonly isKnown: (data: ValueData) => boolean,
    private readonly enumeration: Code | null,
    /** Whether it is enough to know of what form a text is. */
    private readonly takesForms = false,
  ) {}

  private get flow(): Flow {
    return this.constants.flow;
  }

  textsOf(node: Node): ReadonlySet<string> | null {
    return this.reach(node) ? this.texts : null;
  }

  /** Whether all is known that reaches a node. */
  private reach(at: Node): boolean {
    const { graph } = this.flow;
    const node = graph.find(at);
    if (this.seen.has(node)) return true;
    if (this.seen.add(node).size > MOST_NODES) return false;
    const data = graph.valuesOf(node).map((value) => this.flow.data(value));
    const texts = data.flatMap((each) => (each.kind === "text" ? [each.text] : []));
    if (texts.length >= TEXTS_PER_NODE || !data.every((each) => each.kind === "text" || this.isKnown(each))) return false;
    // What escapes stand for is not told.
    if (texts.some((text) => text.includes("\\") || (!this.takesForms && isForm(text)))) return false;
    for (const text of texts) this.texts.add(text);
    const sources = this.constants.backwards.sourcesOf(node);
    const hasSource = sources.length > 0 || data.length > 0 || areConstants(graph.kinds.of(node));
    return (
      this.constants.backwards.membersOf(node).every((each) => this.isUnderstood(each, hasSource)) &&
      sources.every((each) => this.reach(each))
    );
  }

  /** Whether a node holds only what came along its edges. */
  private isUnderstood(node: Node, hasSource: boolean): boolean {
    const { flow } = this;
    const frame = flow.frameOf(node);
    if (frame) return this.isUnderstoodRegister(frame, node, hasSource);
    const owner = flow.fieldOwner(node);
    if (!owner) return hasSource && flow.isVariable(node);
    const data = flow.data(owner.value);
    switch (data.kind) {
      case "class":
        return hasSource || !data.code.members.has(owner.name);
      case "function":
        // A default that is not there is a number or None.
        return true;
      case "instance":
        return this.isUnderstoodAttribute(owner.value, data.code, owner.name);
      default:
        return isOneOf(data, SEQUENCES) && hasSource && flow.namedStores.of(owner.value).length === 0;
    }
  }

  private isUnderstoodRegister(frame: Frame, node: Node, hasSource: boolean): boolean {
    const { flow } = this;
    const register = node - frame.base;
    if (isNumber(register)) return true;
    if (register === COMPUTED || node === frame.yields) return false;
    if (node === frame.result) return hasSource;
    const writers = writersOf(frame.code, register);
    const closed = flow.branches.closedIn(frame);
    const isParameter = frame.code.body.parameters.includes(register);
    if (isParameter ? !hasSource || flow.unseen.mayCall(frame) : writers.length === 0) return false;
    if (this.takesForms && writers.some((writer) => writer.op === "text" && isForm(writer.value))) return true;
    return writers.every((writer) => closed.has(writer) || this.isUnderstoodWriter(frame, writer, hasSource));
  }

  private isUnderstoodWriter(frame: Frame, writer: Instruction, hasSource: boolean): boolean {
    switch (writer.op) {
      case "text":
      case "move":
      case "name":
      case "outer":
      case "import":
      case "annotate":
        return true;
      case "make":
        return writer.items.every(({ spread }) => !spread);
      case "load":
        return this.isUnderstoodLoad(frame, writer);
      case "call":
        return this.isUnderstoodCall(frame, writer, hasSource);
      case "iterate":
        return this.addWords(frame, writer) || this.isUnderstoodIteration(frame, writer);
      default:
        return false;
    }
  }

  /** `self.x`, `Class.x`, `module.x`. Of another object it is not known that it is the only one. */
  private isUnderstoodLoad(frame: Frame, { object, attribute }: Op<"load">): boolean {
    const { flow } = this;
    const values = flow.graph.valuesOf(frame.base + object);
    return (
      values.length > 0 &&
      values.every((value) => {
        const data = flow.data(value);
        if (data.kind === "module") return true;
        if (data.kind === "class") return this.isUnderstoodInClass(value, data.code, attribute);
        return data.kind === "instance" && isReceiver(frame, object, value) && this.isUnderstoodInClass(value, data.code, attribute);
      })
    );
  }

  /** What the classes of an order have under a name, seen through `value`. A property gives what came along an edge. */
  private isUnderstoodInClass(value: Value, code: Code, attribute: string): boolean {
    const { flow } = this;
    if (code === this.enumeration && code.members.has(attribute)) return true;
    const definer = flow.classes.definerOf(code, attribute);
    const own = flow.knownField(value, attribute);
    if (!definer && (own === null || this.constants.backwards.sourcesOf(flow.graph.find(own)).length === 0)) return false;
    return flow.classes.orderOf(code).every((base) => {
      if (typeof base === "string") return base === "builtins.object";
      const member = flow.knownField(flow.classValue(base), attribute);
      return member === null ? base !== definer : this.holdsFunctions(member) || this.reach(member);
    });
  }

  private holdsFunctions(node: Node): boolean {
    const values = this.flow.graph.valuesOf(node);
    return values.length > 0 && values.every((value) => this.flow.data(value).kind === "function");
  }

  /** Whether an attribute of an object is only ever stored under its own name, by code that was seen. */
  private isUnderstoodAttribute(value: Value, code: Code, attribute: string): boolean {
    const { flow } = this;
    const isPlain = flow.classes
      .orderOf(code)
      .every((base) => (typeof base === "string" ? base === "builtins.object" : !watchesAttributes(base)));
    if (!isPlain || flow.objects.isOpen(value)) return false;
    return flow.namedStores.of(value).every(({ name, from }) => {
      if (name === null) return false;
      return !this.constants.mayName(name, attribute) || this.reach(from);
    });
  }

  /** A dataclass's field gives its default, and the enumeration its members. */
  private isUnderstoodCall(frame: Frame, { callee, arguments: args }: Op<"call">, hasSource: boolean): boolean {
    const callees = this.flow.graph.valuesOf(frame.base + callee).map((value) => this.flow.data(value));
    if (callees.length === 0) return false;
    if (callees.every((data) => data.kind === "class" && data.code === this.enumeration)) return true;
    return (
      hasSource &&
      !args.some(({ name }) => name === "converter") &&
      callees.every((data) => data.kind === "external" && isFieldMaker(data.name))
    );
  }

  /** Iterating over `text.split()` gives the words of the text. What is no text has no such method. */
  private addWords(frame: Frame, { from }: Op<"iterate">): boolean {
    const [made, ...others] = writersOf(frame.code, from);
    if (made?.op !== "call" || others.length > 0 || made.arguments.length > 0) return false;
    const [method, ...more] = writersOf(frame.code, made.callee);
    if (method?.op !== "load" || more.length > 0 || method.attribute !== "split") return false;
    const texts = this.constants.within(frame.base + method.object, SEQUENCES);
    if (texts === null) return false;
    for (const text of texts) for (const word of text.split(/\s+/).filter((each) => each !== "")) this.texts.add(word);
    return true;
  }

  /** Iterating over a list gives what was seen to be put into it. */
  private isUnderstoodIteration(frame: Frame, { from }: Op<"iterate">): boolean {
    const texts = this.constants.within(frame.base + from, SEQUENCES);
    return texts !== null && texts.size === 0;
  }
}

/** Whether constants, and nothing else, are in a node. */
function areConstants(kinds: number): boolean {
  return kinds !== 0 && (kinds & IS_UNKNOWN) === 0;
}

/** Whether a register is the object that the method was called on, and never anything else. */
function isReceiver({ code, receiver }: Frame, register: number, value: Value): boolean {
  return value === receiver && code.body.parameters[0] === register && writersOf(code, register).length === 0;
}
