/**
 * The Python program that a pickle amounts to: a statement for every lookup and call, in the order in which they happen,
 * with the offset of its opcode. Valid for `ast.parse`; meant to be read, not run.
 *
 * A value is written where it is used, if that is once and it is complete by then. A shared one gets a variable, named
 * `v` and its offset; one that still changes after it was used is changed by statements of its own.
 */
import { Callables, type Name } from "./callables.ts";
import { FAILURES } from "./failures.ts";
import { type Happening, historyOf } from "./history.ts";
import * as kinds from "./kinds.ts";
import { advance } from "./machine.ts";
import { BYTE_OF_OPCODE as OP, OPCODE_OF_BYTE } from "./opcodes.ts";
import { lineEnd, utf8 } from "./operand-values.ts";
import { after, atom, call, container, inline, type Source, statement } from "./python-literals.ts";
import { reprString } from "./python-repr.ts";
import { itemsMade, LOOKED_UP_ONLY } from "./rare.ts";
import { type MachineState, startState } from "./state.ts";
import { allocateTables } from "./tables.ts";

type Row = Happening & { readonly kind: "row" };
type Filling = Happening & { readonly kind: "made" | "changed" };

/** Expressions nest no deeper: Python's parser gives up at 200 brackets, and readers before. */
const DEEPEST = 8;

/** A Python program that does what the pickle at `start` does, as far as it gets. */
export function decompile(bytes: Uint8Array, options: { readonly start?: number } = {}): string {
  const start = options.start ?? 0;
  const state = startState(start, "any", false, allocateTables(Math.max(0, bytes.length - start)));
  advance(state, bytes, true);
  return new Decompiler(state, bytes).program();
}

/** What is known of a value: how often it is used, and whether it changes after that. */
interface Use {
  count: number;
  /** Offset of the first opcode that uses it, and of the last that changes it. */
  first: number;
  lastChange: number;
  /** Brackets within it, written out. */
  depth: number;
  readonly items: number[];
}

class Decompiler {
  private readonly callables: Callables;
  private readonly uses = new Map<number, Use>();
  /** What values are called that have a name by now. */
  private readonly names = new Map<number, string>();
  /** What looked-up names are called, and which names are taken. */
  private readonly imported = new Map<string, string>();
  private readonly taken = new Set(["program", "result", "find_class", "persistent_load", "extension", "next_buffer", "readonly_buffer"]);
  private readonly lines: string[] = [];

  constructor(
    private readonly state: MachineState,
    private readonly data: Uint8Array,
  ) {
    this.callables = new Callables({ state, data, changesByValue: null, buildsByValue: null });
  }

  program(): string {
    const { state } = this;
    this.lines.push(`# Protocol ${state.highestProtocol}, bytes ${state.start} to ${state.position} of the program.`);
    for (const happening of historyOf(state)) this.count(happening);
    if (state.root >= 0) this.countUse(state.root, state.position);
    for (const happening of historyOf(state)) {
      if (happening.kind === "row") this.writeRow(happening);
      else this.writeFilling(happening);
    }
    if (state.root >= 0) {
      this.prepare(state.root);
      this.lines.push(...statement("result = ", this.source(state.root), this.place(state.position - 1)));
    }
    this.writeEnd();
    return `${this.lines.join("\n")}\n`;
  }

  private writeEnd(): void {
    const { state } = this;
    for (const [kind, { offset }] of state.divergences) this.lines.push(`# Loaders part ways at ${offset}: ${kind}.`);
    if (state.setByIndex !== null) this.lines.push("# Items that were set by index are not shown.");
    if (state.contentsLostAt < state.position) this.lines.push(`# From ${state.contentsLostAt} on, what containers hold is not known.`);
    if (state.halt?.kind === "failed") this.lines.push(`# Fails at ${state.position}: ${FAILURES[state.halt.failure].message}.`);
  }

  // How often each value is used, before anything is written.

  private count(happening: Happening): void {
    if (happening.kind === "row") {
      for (const operand of this.operands(happening)) this.countUse(operand, happening.at);
      return;
    }
    for (const item of happening.items) this.countUse(item, happening.at);
    if (happening.kind === "changed") this.usageOf(happening.owner).lastChange = happening.at;
  }

  private countUse(value: number, at: number): void {
    const use = this.usageOf(value);
    use.count++;
    use.first = Math.min(use.first, at);
  }

  private usageOf(value: number): Use {
    let use = this.uses.get(value);
    if (use === undefined) {
      use = { count: 0, first: Number.POSITIVE_INFINITY, lastChange: -1, depth: 0, items: [] };
      this.uses.set(value, use);
    }
    return use;
  }

  /** The values that a row is about. */
  private operands({ at, first, second }: Row): readonly number[] {
    switch (this.data[at]) {
      case OP.REDUCE:
      case OP.NEWOBJ:
      case OP.BUILD:
        return [first, second];
      case OP.NEWOBJ_EX:
      case OP.OBJ:
      case OP.BINPERSID:
        return [first];
      case OP.STACK_GLOBAL:
        return [first, second].filter((value) => this.isForeign(value));
      default:
        return [];
    }
  }

  // Statements, in the order in which things happen.

  private writeFilling({ kind, at, owner, items }: Filling): void {
    for (const item of items) this.prepare(item);
    const use = this.usageOf(owner);
    if (kind === "changed" && (this.isForeign(owner) || use.lastChange >= use.first)) {
      this.prepare(owner);
      this.writeChange(
        at,
        inline(this.source(owner)),
        Array.from(items, (item) => this.inline(item)),
      );
      return;
    }
    for (const item of items) {
      use.items.push(item);
      use.depth = Math.max(use.depth, this.names.has(item) ? 0 : this.usageOf(item).depth + 1);
    }
  }

  private writeChange(at: number, owner: string, items: readonly Source[]): void {
    const line = (source: Source) => this.lines.push(...statement("", source, this.place(at)));
    switch (this.data[at]) {
      case OP.APPEND:
        line(call(`${owner}.append`, items));
        return;
      case OP.APPENDS:
        line({ open: `${owner}.extend([`, items, close: "])" });
        return;
      case OP.ADDITEMS:
        for (const item of items) line(call(`${owner}.add`, [item]));
        return;
      default:
        for (let index = 0; index + 1 < items.length; index += 2) line(after(`${owner}[${inline(items[index]!)}] = `, items[index + 1]!));
    }
  }

  private writeRow(row: Row): void {
    const { at, first, second } = row;
    for (const operand of this.operands(row)) this.prepare(operand);
    switch (this.data[at]) {
      case OP.GLOBAL:
      case OP.STACK_GLOBAL:
        this.names.set(at, this.look(this.callables.nameOf(row.row), at));
        return;
      case OP.INST: {
        const looked = this.look(this.callables.nameOf(row.row), at);
        if (second !== LOOKED_UP_ONLY) this.assign(at, call(looked, this.given(at)));
        return;
      }
      case OP.OBJ:
        this.assign(at, call(this.inline(first), this.given(at)));
        return;
      case OP.REDUCE:
        this.assign(at, call(this.inline(first), this.unpacked(second)));
        return;
      case OP.NEWOBJ:
        this.assign(at, call(`${this.inline(first)}.__new__`, [this.inline(first), ...this.unpacked(second)]));
        return;
      case OP.NEWOBJ_EX: {
        const [given, keywords] = itemsMade(this.state, at) ?? [];
        const written = given === undefined || keywords === undefined ? ["..."] : [...this.unpacked(given), `**${this.inline(keywords)}`];
        this.assign(at, call(`${this.inline(first)}.__new__`, [this.inline(first), ...written]));
        return;
      }
      case OP.BUILD:
        this.lines.push(...statement("", call(`${this.inline(first)}.__setstate__`, [this.source(second)]), this.place(at)));
        return;
      case OP.PERSID:
        this.assign(at, call("persistent_load", [reprString(utf8(this.data, at + 1, lineEnd(this.data, at + 1)))]));
        return;
      case OP.BINPERSID:
        this.assign(at, call("persistent_load", [this.source(first)]));
        return;
      case OP.EXT1:
      case OP.EXT2:
      case OP.EXT4:
        this.assign(at, call("extension", [String(first)]));
        return;
      default:
        // Items put into an object: the change at the same offset says it.
        return;
    }
  }

  /** The arguments that lay on the stack of INST and OBJ. */
  private given(at: number): Source[] {
    return Array.from(itemsMade(this.state, at) ?? [], (item) => this.source(item));
  }

  /** The arguments in a tuple, or `*` what is none. */
  private unpacked(tuple: number): Source[] {
    if (kinds.KIND[this.data[tuple]!] !== kinds.TUPLE || this.names.has(tuple)) return [`*${this.inline(tuple)}`];
    return this.usageOf(tuple).items.map((item) => this.source(item));
  }

  /** The result of a call: a variable, or nothing where nobody uses it. */
  private assign(at: number, source: Source): void {
    if (this.usageOf(at).count === 0 && this.usageOf(at).lastChange < 0) this.lines.push(...statement("", source, this.place(at)));
    else this.name(at, source);
  }

  private name(value: number, source: Source): void {
    this.names.set(value, `v${value}`);
    this.lines.push(...statement(`v${value} = `, source, this.place(value)));
  }

  /** What a looked-up name is called from here on: an import, where Python's grammar has one for it. */
  private look(name: Name, at: number): string {
    const known = this.imported.get(name.callable);
    if (known !== undefined && name.origin !== "computed") return known;
    const isPlain = name.origin === "named" && isIdentifier(name.name) && name.module.split(".").every(isIdentifier);
    const written = isPlain && !this.taken.has(name.name) ? name.name : `v${at}`;
    this.taken.add(written);
    this.imported.set(name.callable, written);
    if (isPlain) {
      const as = written === name.name ? "" : ` as ${written}`;
      this.lines.push(`from ${name.module} import ${name.name}${as}  # ${this.place(at)}`);
    } else {
      const spelt = name.origin === "computed" ? this.computedName(at) : [reprString(name.module), reprString(name.name)];
      this.lines.push(...statement(`${written} = `, call("find_class", spelt), this.place(at)));
    }
    return written;
  }

  private computedName(at: number): string[] {
    for (const happening of historyOf(this.state)) {
      if (happening.kind === "row" && happening.at === at) return [this.inline(happening.first), this.inline(happening.second)];
    }
    return ["...", "..."];
  }

  /** Gives a value its variable, if it needs one and has none yet. */
  private prepare(value: number): void {
    const kind = kinds.KIND[this.data[value]!]!;
    if (this.names.has(value) || (kind < kinds.TUPLE && kind !== kinds.FOREIGN)) return;
    if (kind === kinds.FOREIGN) {
      if (this.data[value] === OP.NEXT_BUFFER) this.name(value, "next_buffer()");
      return;
    }
    const { count, depth, first, lastChange, items } = this.usageOf(value);
    const isShared = count > 1 && (kind !== kinds.TUPLE || items.length > 0);
    if (isShared || depth >= DEEPEST || lastChange >= first) this.name(value, this.source(value));
  }

  private inline(value: number): string {
    return inline(this.source(value));
  }

  /** A value as source: its name, or what it is. */
  private source(value: number): Source {
    const name = this.names.get(value);
    if (name !== undefined) return name;
    const kind = kinds.KIND[this.data[value]!]!;
    if (kind === kinds.FOREIGN) return `v${value}`;
    if (kind < kinds.TUPLE || kind > kinds.SET) return atom(this.data, value);
    if (value >= this.state.contentsLostAt) return "...";
    return container(
      kind,
      this.usageOf(value).items.map((item) => this.source(item)),
    );
  }

  private isForeign(value: number): boolean {
    return kinds.KIND[this.data[value]!] === kinds.FOREIGN;
  }

  private place(at: number): string {
    return `${at} ${OPCODE_OF_BYTE[this.data[at]!]!.name}`;
  }
}

/** Python's keywords, which cannot be names. */
const KEYWORDS = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);

function isIdentifier(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text) && !/^v\d+$/.test(text) && !KEYWORDS.has(text);
}
