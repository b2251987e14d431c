/**
 * Which objects there are: those the program makes, and those that code outside of it may have made. Boundary: the
 * values themselves; what they hold is in their fields.
 */
import type { Code } from "../../../python/code.ts";
import type { Value, Values } from "./values.ts";

export class Objects {
  private isClosed = false;
  private readonly made = new Map<Value, Code>();
  private readonly madeListeners: ((value: Value, code: Code) => void)[] = [];
  private readonly open = new Set<Value>();
  private readonly openListeners: ((value: Value) => void)[] = [];

  constructor(private readonly values: Values) {}

  /** An object that code outside the analysed source may have made: its constructor's parameters are the caller's. */
  openInstance(code: Code): Value {
    const value = this.values.instance(code, null);
    if (!this.open.has(value)) {
      this.open.add(value);
      for (const listener of this.openListeners) listener(value);
    }
    return value;
  }

  /** From here on an annotation means the objects that are made, not every subclass there could be. */
  closeWorld(): void {
    this.isClosed = true;
  }

  get isWorldClosed(): boolean {
    return this.isClosed;
  }

  /** Calls `listener` with every object of an analysed class that the program makes, or that the class was found to hold. */
  listenMade(listener: (value: Value, code: Code) => void): void {
    this.madeListeners.push(listener);
    for (const [value, code] of [...this.made]) listener(value, code);
  }

  noteMade(value: Value, code: Code): void {
    if (this.made.has(value)) return;
    this.made.set(value, code);
    for (const listener of this.madeListeners.slice()) listener(value, code);
  }

  isOpen(value: Value): boolean {
    return this.open.has(value);
  }

  listenOpen(listener: (value: Value) => void): void {
    this.openListeners.push(listener);
  }
}
