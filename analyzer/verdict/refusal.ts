/**
 * What the rules of a loader answer for one fact: nothing, or why the load stops there. Shared by the two kinds of
 * rules, `class-policy.ts` and `weights-only.ts`; `judge.ts` gathers their refusals into a verdict.
 */
import type { PickleValue } from "../pickle/value.ts";

/** Why a loader would not go on at an opcode. */
export interface Refusal {
  /** `module.qualified.name`; null where no callable is concerned. */
  readonly callable: string | null;
  readonly opcode: string;
  readonly offset: number;
  readonly reason: string;
}

/** Containers whose loader is torch's: it alone resolves persistent ids; pickle's own raises UnpicklingError. */
const TORCH_CONTAINERS: ReadonlySet<string> = new Set(["torch-zip", "torchscript", "torch-legacy", "torch-tar"]);

/** Whether the loader of a container resolves persistent ids at all. */
export function resolvesPersistentIds(container: string): boolean {
  return TORCH_CONTAINERS.has(container);
}

/**
 * Whether an id is exactly what torch.save writes for a storage: `("storage", type, key, location, count)`, with the
 * view as a sixth in the legacy format, and a bare number in the old tar (torch/serialization.py, `_load`, `_legacy_load`).
 */
export function isStorageId(id: PickleValue, container: string): boolean {
  if (container === "torch-tar") return id.kind === "int";
  if (id.kind !== "tuple" || id.truncated || id.items.length < 5 || id.items.length > 6) return false;
  const [tag, type, key, location, count, view] = id.items;
  return (
    tag!.kind === "str" &&
    tag.value === "storage" &&
    type!.kind === "global" &&
    /^torch\.(\w+\.)*\w*Storage$/.test(type.callable) &&
    key!.kind === "str" &&
    location!.kind === "str" &&
    count!.kind === "int" &&
    (view === undefined || view.kind === "none" || view.kind === "tuple")
  );
}
