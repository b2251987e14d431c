/**
 * torch's weights-only unpickler, release by release. It is a policy, so it can be shown, compared and stored like any
 * other, and it has rules of its own: fewer opcodes, classes that may be built, error texts. All of it was extracted
 * from torch's source by `scripts/extract_weights_only.py`; `analyzer/verdict/weights-only.ts` applies it.
 */
import type { Policy, PolicyEntry } from "./policy.ts";
import torch1_13 from "./weights-only/torch-1.13.0.json" with { type: "json" };
import torch2_0 from "./weights-only/torch-2.0.0.json" with { type: "json" };
import torch2_1 from "./weights-only/torch-2.1.2.json" with { type: "json" };
import torch2_2 from "./weights-only/torch-2.2.2.json" with { type: "json" };
import torch2_3 from "./weights-only/torch-2.3.0.json" with { type: "json" };
import torch2_4 from "./weights-only/torch-2.4.1.json" with { type: "json" };
import torch2_5 from "./weights-only/torch-2.5.1.json" with { type: "json" };
import torch2_6 from "./weights-only/torch-2.6.0.json" with { type: "json" };
import torch2_7 from "./weights-only/torch-2.7.1.json" with { type: "json" };
import torch2_8 from "./weights-only/torch-2.8.0.json" with { type: "json" };
import torch2_9 from "./weights-only/torch-2.9.1.json" with { type: "json" };
import torch2_13 from "./weights-only/torch-2.13.0.json" with { type: "json" };
import torch2_14 from "./weights-only/torch-2.14.1.json" with { type: "json" };

/** What a name of the table stands for: only classes and functions can be called, only classes instantiated. */
export type NameKind = "class" | "function" | "dtype" | "storage-type" | "qscheme";

/** An error text, by what it is about; `{...}` is a hole, an expression of torch's source. */
export type MessageName =
  | "blockedModule"
  | "global"
  | "newobj"
  | "reduce"
  | "build"
  | "append"
  | "extend"
  | "setitem"
  | "persistentType"
  | "persistentId"
  | "persistentLoad"
  | "opcode";

/** Containers that are loaded by something else than the weights-only unpickler: TorchScript by torch.jit.load, the old tar by pickle. */
export type RefusedArchive = "torchscript" | "torch-tar";

/** What one release's `Unpickler.load` does, beyond its list of names. */
export interface UnpicklerRules {
  /** Release (`2.6.0`), and the commit it was built from where the release says so. */
  readonly torch: string;
  readonly commit: string | null;
  /** CPython's names of the opcodes that it has. */
  readonly opcodes: ReadonlySet<string>;
  readonly kinds: ReadonlyMap<string, NameKind>;
  /** Modules refused before the names are looked at. */
  readonly blockedModules: readonly string[];
  /** Python 2's modules and `module.name`s, and under which protocols they are mapped. */
  readonly renames: {
    readonly when: "always" | "protocol-2" | "never";
    readonly modules: ReadonlyMap<string, string>;
    readonly names: ReadonlyMap<string, string>;
  };
  /** Whom NEWOBJ and BUILD admit: every class of the table, or only those that the code spells out (Parameter; Tensor, Parameter, OrderedDict). */
  readonly newobj: "allowed" | "named";
  readonly build: "allowed" | "named";
  /** Whether SETITEM(S) look at their target. They do since 2.10 (CVE-2026-24747); before, any object was written to. */
  readonly checksItemTargets: boolean;
  /** What torch.load says of containers that it refuses under weights_only; null where a release let them past the unpickler (CVE-2025-32434). */
  readonly archives: Readonly<Record<RefusedArchive, string | null>>;
  readonly messages: Readonly<Partial<Record<MessageName, string>>>;
  /** Refused names that get an error text of their own. */
  readonly hints: ReadonlyMap<string, string>;
}

export interface WeightsOnlyPolicy extends Policy {
  readonly unpickler: UnpicklerRules;
}

/** Whether a policy is one of torch's unpickler, with its rules. */
export function isWeightsOnly(policy: Policy): policy is WeightsOnlyPolicy {
  return "unpickler" in policy;
}

interface Extraction {
  readonly torch: string;
  readonly commit: string | null;
  readonly opcodes: readonly string[];
  readonly names: readonly {
    readonly kind: string;
    readonly of: string;
    readonly file: string;
    readonly line: number;
    readonly names: readonly string[];
  }[];
  readonly blockedModules: readonly string[];
  readonly renames: { readonly when: string; readonly modules: Record<string, string>; readonly names: Record<string, string> };
  readonly newobj: string;
  readonly build: string;
  readonly itemTargets: readonly string[] | null;
  readonly archives: Readonly<Record<RefusedArchive, string | null>>;
  readonly messages: Partial<Record<MessageName, string>>;
  readonly hints: readonly { readonly names: readonly string[]; readonly text: string }[];
}

/** Every release that was extracted, oldest first. */
export const WEIGHTS_ONLY: readonly WeightsOnlyPolicy[] = [
  torch1_13,
  torch2_0,
  torch2_1,
  torch2_2,
  torch2_3,
  torch2_4,
  torch2_5,
  torch2_6,
  torch2_7,
  torch2_8,
  torch2_9,
  torch2_13,
  torch2_14,
].map(toPolicy);

/** The one that files are judged under where nobody says which: the first release in which `torch.load` is weights-only by default. */
export const DEFAULT_WEIGHTS_ONLY: WeightsOnlyPolicy = WEIGHTS_ONLY.find(({ unpickler }) => unpickler.torch === "2.6.0")!;

function toPolicy(extraction: Extraction): WeightsOnlyPolicy {
  const kinds = new Map<string, NameKind>();
  const entries: PolicyEntry[] = [];
  for (const { kind, of, file, line, names } of extraction.names) {
    for (const name of names) {
      kinds.set(name, kind as NameKind);
      entries.push({ callable: name, reasons: [{ kind: "loader", text: `torch ${extraction.torch} allows this ${of}`, file, line }] });
    }
  }
  entries.sort((left, right) => (left.callable < right.callable ? -1 : 1));
  return {
    name: `weights-only@torch-${extraction.torch.split(".").slice(0, 2).join(".")}`,
    class: null,
    library: { name: "torch", version: extraction.torch, sourceSha256: null },
    imports: entries,
    calls: entries.filter(({ callable }) => isCallable(kinds.get(callable)!)),
    unpickler: {
      torch: extraction.torch,
      commit: extraction.commit,
      opcodes: new Set(extraction.opcodes),
      kinds,
      blockedModules: extraction.blockedModules,
      renames: {
        when: extraction.renames.when as UnpicklerRules["renames"]["when"],
        modules: new Map(Object.entries(extraction.renames.modules)),
        names: new Map(Object.entries(extraction.renames.names)),
      },
      newobj: extraction.newobj as UnpicklerRules["newobj"],
      build: extraction.build as UnpicklerRules["build"],
      checksItemTargets: extraction.itemTargets !== null,
      archives: extraction.archives,
      messages: extraction.messages,
      hints: new Map(extraction.hints.flatMap(({ names, text }) => names.map((name) => [name, text] as const))),
    },
  };
}

/** Whether what a name stands for can be called. */
export function isCallable(kind: NameKind): boolean {
  return kind === "class" || kind === "function";
}
