/**
 * Callables that act for the pickle, where it keeps one instead of calling it: in a container, in an object's arguments,
 * items or state; and any callable that is itself what the pickle returns. A call of one is judged by what it is handed;
 * whoever finds it in an object calls it with something else. Boundary: which callables act is `indirect-callables.ts`; what is handed over to be called is a
 * call, and `indirect-calls.ts` follows it.
 */
import type { Callables, Source } from "./callables.ts";
import type { Recording } from "./contents.ts";
import type { Fact, KeptFact } from "./facts.ts";
import { ACTING, INDIRECT_CALLABLES } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import type { ObjectState } from "./object-state.ts";
import { BYTE_OF_OPCODE as OP, OPCODE_OF_BYTE } from "./opcodes.ts";
import { itemsMade } from "./rare.ts";
import { CHANGE, ENTRY, ROW } from "./tables.ts";

/** The callable that a pickle returns, not what calling one made; null where it returns something else, or did not come that far. */
export function returned({ state, data }: Recording, callables: Callables): KeptFact | null {
  if (state.halt?.kind !== "stopped" || kinds.KIND[data[state.root]!] !== kinds.FOREIGN) return null;
  const { made, callable, module, name, origin } = callables.of(state.root);
  return made || origin === "computed"
    ? null
    : { kind: "kept", offset: state.position - 1, opcode: "STOP", callable, module, name, origin };
}

/** The facts with what the recording keeps among them, each callable once for an opcode, where it is first kept. */
export function withKept(facts: readonly Fact[], recording: Recording, callables: Callables, states: ObjectState): readonly Fact[] {
  const kept = new KeptReader(recording, callables, states).read();
  if (kept.length === 0) return facts;
  const merged: Fact[] = [];
  for (const fact of facts) {
    // What a pickle inside the pickle does is told at its own offsets, behind the call that loads it.
    while (kept.length > 0 && kept[0]!.offset < fact.offset && !isNested(fact)) merged.push(kept.shift()!);
    merged.push(fact);
  }
  return merged.concat(kept);
}

function isNested(fact: Fact): boolean {
  return "via" in fact && fact.via !== undefined && INDIRECT_CALLABLES.get(fact.via)?.does === "loads";
}

class KeptReader {
  /** Tuples with an acting callable in them, at any depth. A tuple of arguments is not kept, nor what is called of it. */
  private readonly carriers = new Map<number, Source>();
  private readonly kept: { readonly offset: number; readonly source: Source }[] = [];

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    private readonly states: ObjectState,
  ) {}

  /** By offset. */
  read(): KeptFact[] {
    this.readMade();
    this.readChanged();
    this.readRows();
    const { halt, position, root } = this.recording.state;
    // What is returned itself, `returned` tells.
    if (halt?.kind === "stopped" && this.carriers.has(root)) this.keep(position - 1, [root]);
    return this.told();
  }

  private readMade(): void {
    const { state, data } = this.recording;
    const { made, arena } = state.tables;
    for (let entry = 0; entry < state.madeTop; entry += ENTRY) {
      const container = made[entry]!;
      const from = made[entry + 1]!;
      const to = entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
      const opcode = data[container];
      if (opcode === OP.LIST || opcode === OP.DICT || opcode === OP.FROZENSET) this.keep(container, arena, from, to);
      else if (kinds.KIND[opcode!] === kinds.TUPLE) {
        const source = this.firstOf(arena, from, to);
        if (source !== null) this.carriers.set(container, source);
      }
    }
  }

  private readChanged(): void {
    const { setByIndex, changedTop, changesTop, tables } = this.recording.state;
    const { changed, changes } = tables;
    for (let entry = 0; entry < changedTop; entry += CHANGE) {
      const to = entry + CHANGE < changedTop ? changed[entry + CHANGE + 1]! : changesTop;
      this.keep(changed[entry + 2]!, changes, changed[entry + 1]!, to);
    }
    // What was put into a list by index is not known: it may be what was looked up before.
    const first = setByIndex === null ? null : this.firstLookedUp();
    if (first === null) return;
    for (const [list, offset] of setByIndex ?? [])
      if (kinds.KIND[this.recording.data[list]!] === kinds.LIST && offset > first) this.keep(offset, [first]);
  }

  private readRows(): void {
    const { state, data } = this.recording;
    const { rows } = state.tables;
    for (let row = 0; row < state.rowTop; row += ROW) {
      const offset = rows[row]!;
      const [first, second] = [rows[row + 1]!, rows[row + 2]!];
      switch (data[offset]) {
        case OP.REDUCE:
        case OP.NEWOBJ:
        case OP.NEWOBJ_EX:
          if (this.carriers.has(second)) this.keepArguments(offset, this.callables.of(first), second);
          break;
        case OP.OBJ:
          this.keepArguments(offset, this.callables.of(first), offset);
          break;
        case OP.INST:
          this.keepArguments(offset, { ...this.callables.nameOf(row), made: false }, offset);
          break;
        case OP.BUILD:
          if (this.carriers.has(second)) this.keep(offset, this.states.withoutCallee(second));
          else this.keep(offset, [second]);
          break;
        case OP.BINPERSID:
          this.keep(offset, [first]);
          break;
        default:
          break;
      }
    }
  }

  /** What a call is given, but for what it calls in its turn. */
  private keepArguments(call: number, { made, callable }: Source, given: number): void {
    const indirection = made ? undefined : INDIRECT_CALLABLES.get(callable);
    const called = indirection?.does === "calls" ? indirection.positions : [];
    this.keep(
      call,
      (itemsMade(this.recording.state, given) ?? []).filter((value, position) => this.carriers.has(value) || !called.includes(position)),
    );
  }

  private keep(offset: number, values: ArrayLike<number>, from = 0, to = values.length): void {
    const source = this.firstOf(values, from, to);
    if (source !== null) this.kept.push({ offset, source });
  }

  private firstLookedUp(): number | null {
    const { state, data } = this.recording;
    for (let row = 0; row < state.rowTop; row += ROW) {
      const value = state.tables.rows[row]!;
      if ((data[value] === OP.GLOBAL || data[value] === OP.STACK_GLOBAL) && this.firstOf([value]) !== null) return value;
    }
    return null;
  }

  /** The first acting callable among the values at `from` and before `to`, and in tuples there. */
  private firstOf(values: ArrayLike<number>, from = 0, to = values.length): Source | null {
    const { data } = this.recording;
    for (let index = from; index < to; index++) {
      const value = values[index]!;
      const kind = kinds.KIND[data[value]!];
      if (kind === kinds.TUPLE) {
        const carried = this.carriers.get(value);
        if (carried !== undefined) return carried;
      } else if (kind === kinds.FOREIGN && mayBeCallable(data[value]!)) {
        const source = this.callables.of(value);
        if (!source.made && ACTING.has(source.callable)) return source;
      }
    }
    return null;
  }

  private told(): KeptFact[] {
    const { data } = this.recording;
    const facts = new Map<string, KeptFact>();
    for (const { offset, source } of this.kept.sort((left, right) => left.offset - right.offset)) {
      const { callable, module, name, origin } = source;
      const opcode = OPCODE_OF_BYTE[data[offset]!]!.name;
      const key = `${opcode} ${callable}`;
      const known = facts.get(key);
      if (known === undefined) facts.set(key, { kind: "kept", offset, opcode, callable, module, name, origin });
      else facts.set(key, { ...known, repeats: (known.repeats ?? 0) + 1 });
    }
    return [...facts.values()];
  }
}

/** Whether what an opcode leaves may be a callable that was looked up, not what one made. */
function mayBeCallable(opcode: number): boolean {
  return opcode === OP.GLOBAL || opcode === OP.STACK_GLOBAL || opcode === OP.REDUCE || opcode === OP.BINPERSID;
}
