/**
 * A value on the machine's stack, rendered for whoever asks: bounded in depth, width and bytes, so that no program can
 * make it large. The machine itself never builds these; it keeps byte offsets.
 */
export type PickleValue =
  | { readonly kind: "none" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: string }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "str"; readonly value: string; readonly truncated?: true }
  | { readonly kind: "bytes"; readonly length: number }
  | { readonly kind: "list" | "tuple" | "set" | "frozenset"; readonly items: readonly PickleValue[]; readonly truncated?: true }
  | { readonly kind: "dict"; readonly items: readonly (readonly [PickleValue, PickleValue])[]; readonly truncated?: true }
  /** A looked-up callable itself. */
  | { readonly kind: "global"; readonly callable: string }
  /** What a call returned, with the state that BUILD gave it. */
  | {
      readonly kind: "object";
      readonly callable: string;
      readonly arguments: readonly PickleValue[];
      readonly state?: PickleValue;
    }
  | { readonly kind: "persistent"; readonly id: PickleValue }
  /** Beyond the budget of depth or width, or not knowable without the loader. */
  | { readonly kind: "unknown"; readonly why: string };
