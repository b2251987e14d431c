/**
 * What the rules of a loader answer for one fact: nothing, or why the load stops there. Shared by the two kinds of
 * rules, `class-policy.ts` and `weights-only.ts`; `judge.ts` gathers their refusals into a verdict.
 */
import type { Loader } from "../containers/trace.ts";
import type { Fact } from "../pickle/facts.ts";
import type { PickleValue } from "../pickle/value.ts";

/** Why a loader would not go on at an opcode. */
export interface Refusal {
  /** `module.qualified.name`; null where no callable is concerned. */
  readonly callable: string | null;
  readonly opcode: string;
  readonly offset: number;
  readonly reason: string;
  /** How often more it happened than it is told. */
  readonly repeats?: number;
}

/** The refusal of a fact; `callable` as the loader names it. */
export function refusalOf(fact: Fact, callable: string | null, reason: string): Refusal {
  const { opcode, offset } = fact;
  return { callable, opcode, offset, reason, ...("repeats" in fact && { repeats: fact.repeats }) };
}

/**
 * Which persistent ids a loader resolves: torch's alone resolve any, and pickle's own raises UnpicklingError. `legacy`: those of torch's format
 * before 1.6, which has classes beside storages.
 */
export type ResolvedIds = "storages" | "legacy" | "numbers" | "none";

const TORCH_CONTAINERS: ReadonlySet<string> = new Set(["torch-zip", "torchscript"]);
const TORCH_LOADERS: ReadonlySet<Loader> = new Set(["torch", "torchscript"]);

/** What the loader of a pickle resolves; by the container where the trace does not name the loader. */
export function resolvedIds(container: string, loader: Loader | undefined): ResolvedIds {
  if (container === "torch-tar") return "numbers";
  if (container === "torch-legacy") return "legacy";
  return (loader === undefined ? TORCH_CONTAINERS.has(container) : TORCH_LOADERS.has(loader)) ? "storages" : "none";
}

/**
 * Whether an id is exactly what torch.save writes for a storage: `("storage", type, key, location, count)`, with the
 * view as a sixth in the legacy format, and a bare number in the old tar (torch/serialization.py, `_load`, `_legacy_load`).
 */
export function isStorageId(id: PickleValue, ids: ResolvedIds): boolean {
  if (ids === "numbers") return id.kind === "int";
  if (ids === "none" || id.kind !== "tuple" || id.truncated || id.items.length < 5 || id.items.length > 6) return false;
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

/**
 * Whether an id is what torch.save wrote before 1.6 for the class of a module: `("module", class, file, source)`, of which the loader gives the class, as
 * if the pickle had looked it up there. torch.load may compare the source with the class's, and warns (torch/serialization.py, `_legacy_load`).
 */
export function isModuleId(id: PickleValue, ids: ResolvedIds): boolean {
  if (ids !== "legacy" || id.kind !== "tuple" || id.truncated || id.items.length !== 4) return false;
  const [tag, class_, file, source] = id.items;
  const isText = (each: PickleValue) => each.kind === "str" || each.kind === "none";
  return tag!.kind === "str" && tag.value === "module" && class_!.kind === "global" && isText(file!) && isText(source!);
}
