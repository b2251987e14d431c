/**
 * What each object, class, function and container holds under which names: a node for every field that anything was asked
 * of. Boundary: which node it is; what flows into it is the graph's.
 */
import type { Node } from "../graph/graph.ts";
import { Integers, Pairs } from "../graph/integer-tables.ts";
import type { Value } from "./values.ts";

type FieldListener = (name: string, node: Node) => void;

export class FieldTable {
  private readonly names: string[] = [];
  private readonly nameIds = new Map<string, number>();
  /** Value and name of each field. */
  private readonly fields = new Pairs();
  private readonly nodes = new Integers();
  /** By field: the next of the same value, and 1; of the last, the first. */
  private readonly next = new Integers();
  /** By value: its last field, and 1. */
  private readonly lasts = new Integers();
  /** By node: its field, and 1. */
  private readonly fieldOfNode = new Integers();
  private readonly listeners = new Map<Value, FieldListener[]>();

  /** The node of a field; null if nothing was asked of it yet. */
  known(value: Value, name: string): Node | null {
    const id = this.nameIds.get(name);
    const field = id === undefined ? -1 : this.fields.find(value, id);
    return field === -1 ? null : this.nodes.items[field]!;
  }

  /** Enters a field that is not known yet, and tells who listens. */
  add(value: Value, name: string, node: Node): void {
    const field = this.fields.add(value, this.nameId(name));
    this.nodes.push(node);
    this.fieldOfNode.extend(node + 1);
    this.fieldOfNode.items[node] = field + 1;
    this.lasts.extend(value + 1);
    const last = this.lasts.items[value]!;
    this.next.push(last === 0 ? field + 1 : this.next.items[last - 1]!);
    if (last !== 0) this.next.items[last - 1] = field + 1;
    this.lasts.items[value] = field + 1;
    for (const listener of this.listeners.get(value)?.slice() ?? []) listener(name, node);
  }

  private nameId(name: string): number {
    const known = this.nameIds.get(name);
    if (known !== undefined) return known;
    this.nameIds.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** Whose field a node is, and under which name. */
  ownerOf(node: Node): { readonly value: Value; readonly name: string } | undefined {
    const field = (this.fieldOfNode.items[node] ?? 0) - 1;
    return field === -1 ? undefined : { value: this.fields.firstOf(field), name: this.names[this.fields.secondOf(field)]! };
  }

  /** Names and nodes of the fields of a value, in the order in which they came to be. */
  of(value: Value): (readonly [string, Node])[] {
    const found: (readonly [string, Node])[] = [];
    const last = this.lasts.items[value] ?? 0;
    for (let field = last; field !== 0; ) {
      field = this.next.items[field - 1]!;
      found.push([this.names[this.fields.secondOf(field - 1)]!, this.nodes.items[field - 1]!]);
      if (field === last) break;
    }
    return found;
  }

  /** Lets who listens to a value listen to another from now on, which has all that the first had, and maybe more. */
  moveListeners(from: Value, to: Value): void {
    const listeners = this.listeners.get(from) ?? [];
    this.listeners.delete(from);
    const more = listeners.length === 0 ? [] : this.of(to).filter(([name]) => this.known(from, name) === null);
    for (const listener of listeners) this.enlist(to, listener, more);
  }

  /** Calls `listener` with every field of a value, now or when it comes to be. */
  listen(value: Value, listener: FieldListener): void {
    this.enlist(value, listener, this.of(value));
  }

  /** `untold` are those of its fields that the listener is to be told of now. */
  private enlist(value: Value, listener: FieldListener, untold: readonly (readonly [string, Node])[]): void {
    const listeners = this.listeners.get(value);
    if (listeners) listeners.push(listener);
    else this.listeners.set(value, [listener]);
    for (const [name, node] of untold) listener(name, node);
  }
}
