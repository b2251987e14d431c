/**
 * What each object, class, function and container holds under which names: a node for every field that anything was asked
 * of. Boundary: which node it is; what flows into it is the graph's.
 */
import type { Node } from "./graph.ts";
import { Integers, Pairs } from "./integer-tables.ts";
import type { Value } from "./values.ts";

type FieldListener = (name: string, node: Node) => void;

export class FieldTable {
  private readonly names: string[] = [];
  private readonly nameIds = new Map<string, number>();
  /** Value and name of each field. */
  private readonly fields = new Pairs();
  private readonly nodes = new Integers();
  /** The next field of the same value. */
  private readonly next = new Integers(-1);
  private readonly firsts = new Integers(-1);
  private readonly lasts = new Integers(-1);
  private readonly fieldOfNode = new Integers(-1);
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
    this.next.push(-1);
    this.fieldOfNode.extend(node + 1);
    this.fieldOfNode.items[node] = field;
    for (const column of [this.firsts, this.lasts]) column.extend(value + 1);
    const last = this.lasts.items[value]!;
    if (last === -1) this.firsts.items[value] = field;
    else this.next.items[last] = field;
    this.lasts.items[value] = field;
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
    const field = node < this.fieldOfNode.length ? this.fieldOfNode.items[node]! : -1;
    return field === -1 ? undefined : { value: this.fields.first.items[field]!, name: this.names[this.fields.second.items[field]!]! };
  }

  /** Names and nodes of the fields of a value, in the order in which they came to be. */
  of(value: Value): (readonly [string, Node])[] {
    const found: (readonly [string, Node])[] = [];
    const first = value < this.firsts.length ? this.firsts.items[value]! : -1;
    for (let field = first; field !== -1; field = this.next.items[field]!)
      found.push([this.names[this.fields.second.items[field]!]!, this.nodes.items[field]!]);
    return found;
  }

  /** Calls `listener` with every field of a value, now or when it comes to be. */
  listen(value: Value, listener: FieldListener): void {
    const listeners = this.listeners.get(value);
    if (listeners) listeners.push(listener);
    else this.listeners.set(value, [listener]);
    for (const [name, node] of this.of(value)) listener(name, node);
  }
}
