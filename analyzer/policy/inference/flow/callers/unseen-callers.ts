/**
 * Functions that code may call which was not seen, with arguments that were not: those that a user calls, of which a call was not
 * followed, and that were handed to something that was not followed, alone or with their object. Boundary: that anything may be in their
 * parameters; what calls that are seen do is `calls.ts`.
 */
import type { Code, Instruction, Register } from "../../../../python/code.ts";
import { IS_UNKNOWN } from "../../../../python/constant-kinds.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import type { Value } from "../values.ts";

type Call = Extract<Instruction, { readonly op: "call" }>;

export class UnseenCallers {
  /** Activations that code may have called that was not seen, or with arguments that were not. */
  private readonly activations = new Set<Frame>();
  /** Functions of which a call was not followed. */
  private readonly functions = new Set<Code>();
  /** What was handed to something that was not followed. */
  private readonly functionsHanded = new Set<Code>();
  private readonly objectsHanded = new Set<Value>();
  private readonly calls = new Map<Code, readonly Call[]>();
  /** Of a module the same, of as many instructions as there were of it. */
  private readonly moduleCalls = new Map<Code, { readonly of: readonly Instruction[]; readonly calls: readonly Call[] }>();

  constructor(private readonly flow: Flow) {}

  /** Whether an activation is known to be called with arguments that were not seen. */
  mayCall(frame: Frame): boolean {
    return this.activations.has(frame) || this.functions.has(frame.code);
  }

  /** An activation that is new. */
  start(frame: Frame): void {
    const { code, receiver } = frame;
    if (this.functions.has(code) || this.functionsHanded.has(code) || (receiver !== null && this.objectsHanded.has(receiver)))
      this.openParameters(frame);
  }

  /** An activation may be called by code that was not seen. */
  call(frame: Frame): void {
    this.noteArguments(frame);
    this.openParameters(frame);
  }

  /** Some arguments of an activation were not seen: which is said of its parameters one by one. */
  noteArguments(frame: Frame): void {
    this.activations.add(frame);
  }

  /** A function is called where that is not followed. */
  callFunction(code: Code): void {
    if (this.functions.has(code)) return;
    this.functions.add(code);
    for (const frame of this.flow.framesOf(code)) this.openParameters(frame);
  }

  /** Anything may be in the parameters of an activation, but its receiver. */
  private openParameters({ base, code, receiver }: Frame): void {
    code.body.parameters.forEach((register, index) => {
      if (index > 0 || receiver === null) this.flow.graph.kinds.mark(base + register, IS_UNKNOWN);
    });
  }

  /**
   * Looks for functions and objects with closed branches among what calls that were not followed are handed: what is called may call the
   * functions, and methods of the objects. Whether there are any of which that was not known.
   */
  settle(): boolean {
    const { flow } = this;
    const functions = new Set<Code>();
    const objects = new Set<Value>();
    for (const { code, receiver } of flow.branches.closedFrames()) {
      if (!this.functionsHanded.has(code)) functions.add(code);
      if (receiver !== null && !this.objectsHanded.has(receiver)) objects.add(receiver);
    }
    if (functions.size === 0 && objects.size === 0) return false;
    const functionOf = (value: Value): Code | null => {
      const data = flow.data(value);
      const function_ = data.kind === "method" ? flow.data(data.function) : data;
      return function_.kind === "function" ? function_.code : null;
    };
    const holders = flow.graph.nodesWith((value) => {
      const code = functionOf(value);
      return objects.has(value) || (code !== null && functions.has(code));
    });
    let isFound = false;
    let ofReceiver: ReadonlyMap<Value, readonly Frame[]> | null = null;
    for (const frame of flow.everyFrame()) {
      for (const { callee, arguments: args } of this.callsIn(frame)) {
        let to: Called | null = null;
        for (const { from } of args) {
          if (holders[flow.graph.find(frame.base + from)] !== 1) continue;
          to ??= this.calledBy(frame, callee);
          if (to === NOBODY) break;
          flow.graph.eachValue(frame.base + from, (value) => {
            const code = functionOf(value);
            if (code !== null && functions.delete(code)) {
              isFound = true;
              this.handFunction(code);
            } else if (to === SOMEBODY && objects.delete(value)) {
              isFound = true;
              ofReceiver ??= framesByReceiver(flow.everyFrame());
              this.objectsHanded.add(value);
              for (const frame of ofReceiver.get(value) ?? []) this.openParameters(frame);
            }
          });
        }
      }
    }
    return isFound;
  }

  /** The calls of an activation that hand anything on. */
  private callsIn(frame: Frame): readonly Call[] {
    const { code } = frame;
    const known = this.calls.get(code);
    if (known) return known;
    const instructions = this.flow.instructionsOf(frame);
    // More of a module may be asked for.
    const ofModule = this.moduleCalls.get(code);
    if (ofModule?.of === instructions) return ofModule.calls;
    const calls = instructions.filter((each): each is Call => each.op === "call" && each.arguments.length > 0);
    if (code.kind === "module") this.moduleCalls.set(code, { of: instructions, calls });
    else this.calls.set(code, calls);
    return calls;
  }

  private handFunction(code: Code): void {
    this.functionsHanded.add(code);
    for (const frame of this.flow.framesOf(code)) this.openParameters(frame);
  }

  /** What an instruction calls that is not followed. */
  private calledBy(frame: Frame, callee: Register): Called {
    const { flow } = this;
    const isInFunction = frame.code.kind === "function";
    let called: Called = NOBODY;
    flow.graph.eachValue(frame.base + callee, (value) => {
      const data = flow.data(value);
      const function_ = data.kind === "method" ? flow.data(data.function) : data;
      if (function_.kind === "class") return;
      // What a decorator of the analysed source may fill in is known of what it decorates (`arguments.ts`).
      if (function_.kind === "function") {
        if (isInFunction && this.functions.has(function_.code)) called = SOMEBODY;
      } else if (data.kind === "unanalysed" && !isInFunction && flow.resolver.modules.has(data.name.replace(/\(\)$/, ""))) return;
      // Builtin functions call no methods of objects.
      else if (data.kind === "external" && data.name.startsWith("builtins.")) called = called === NOBODY ? BUILTIN : called;
      else called = SOMEBODY;
    });
    return called;
  }
}

function framesByReceiver(frames: readonly Frame[]): ReadonlyMap<Value, readonly Frame[]> {
  const found = new Map<Value, Frame[]>();
  for (const frame of frames) {
    if (frame.receiver === null) continue;
    const known = found.get(frame.receiver);
    if (known) known.push(frame);
    else found.set(frame.receiver, [frame]);
  }
  return found;
}

const NOBODY = 0;
const BUILTIN = 1;
const SOMEBODY = 2;
type Called = typeof NOBODY | typeof BUILTIN | typeof SOMEBODY;
