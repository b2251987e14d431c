/**
 * Which methods of torch modules are called on objects whose source is not given, or on what those have: the only thing that
 * is known of them. Boundary: by the name that such an object is known by; what follows from a method is `holding.ts`.
 */

/** Methods that tell a torch module from other objects. */
export const MODULE_METHODS: ReadonlySet<string> = new Set([
  "to",
  "cuda",
  "half",
  "eval",
  "state_dict",
  "load_state_dict",
  "parameters",
  "named_parameters",
  "zero_grad",
]);

type Listener = (method: string) => void;

export class UnanalysedCalls {
  private readonly methods = new Map<string, Set<string>>();
  private readonly listeners = new Map<string, Listener[]>();

  note(name: string, method: string): void {
    const known = this.methods.get(name) ?? new Set<string>();
    this.methods.set(name, known);
    if (known.has(method)) return;
    known.add(method);
    for (const listener of this.listeners.get(name)?.slice() ?? []) listener(method);
  }

  /** Calls `listener` with every method that is called, now or when it first is. */
  listen(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
    for (const method of [...(this.methods.get(name) ?? [])]) listener(method);
  }
}
