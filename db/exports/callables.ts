/** The tables of callables: how prevalent each is, and what blocks. The numbers of the pages of callables and the overview. */
import type { Store } from "../connection.ts";
import { blockedCapabilities, blockedModules, blockedOpcodes, topBlockers } from "../queries/blockers.ts";
import { listCallables } from "../queries/callables.ts";
import { type Lens, listLenses } from "../queries/judgements.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const CAPABILITY = text("capability", "What it could do, from what is known of it by name; unknown for most.");

export const prevalenceTable: ExportTable = {
  name: "callables",
  description: "Every callable that pickles of the survey look up, with the number of models that do.",
  columns: [
    text("callable", "module.qualified.name, as it is spelt."),
    text("module", "All before the last dot."),
    CAPABILITY,
    integer("imported_by", "Models in whose files it is looked up."),
    integer("called_by", "Models in whose files it is called, or a method of what it made is."),
  ],
  rows: async function* (store, surveyId) {
    for (const { callable, module, capability, importedBy, calledBy } of await listCallables(store, surveyId, "", ALL))
      yield { callable, module, capability, imported_by: importedBy, called_by: calledBy };
  },
};

const LENS = [
  text("slot", "Which of the policies judged side by side."),
  text("mode", "strict or lazy."),
  text("role", "weights, or side: what training left beside them."),
];

const MODELS = integer("models", "Blocked models in which it is outside the policy; a model counts once.");
const DOWNLOADS = integer("downloads", "Monthly downloads of those models together.");

export const blockedCallablesTable: ExportTable = {
  name: "blocked-callables",
  description: "The callables outside each policy, by the number of models that they keep from loading.",
  columns: [...LENS, text("callable", "module.qualified.name."), CAPABILITY, MODELS, DOWNLOADS],
  rows: (store, surveyId) =>
    underEach(store, surveyId, async (lens) =>
      (await topBlockers(store, surveyId, lens, ALL)).map(({ callable, capability, models, downloads }) => ({
        callable,
        capability,
        models,
        downloads,
      })),
    ),
};

export const blockedModulesTable: ExportTable = {
  name: "blocked-modules",
  description: "The top-level modules of what is outside each policy, by the number of models.",
  columns: [...LENS, text("module", "The first part of the callables' names."), MODELS, DOWNLOADS],
  rows: (store, surveyId) => underEach(store, surveyId, async (lens) => blockedModules(store, surveyId, lens, ALL)),
};

export const blockedCapabilitiesTable: ExportTable = {
  name: "blocked-capabilities",
  description: "What the callables outside each policy could do, by the number of models.",
  columns: [...LENS, CAPABILITY, MODELS, DOWNLOADS],
  rows: (store, surveyId) => underEach(store, surveyId, (lens) => blockedCapabilities(store, surveyId, lens)),
};

export const blockedOpcodesTable: ExportTable = {
  name: "blocked-opcodes",
  description: "The opcodes that loaders lack or refuse whatever the callable, by the number of models.",
  columns: [...LENS, text("opcode", "As CPython names it."), MODELS, DOWNLOADS],
  rows: (store, surveyId) => underEach(store, surveyId, (lens) => blockedOpcodes(store, surveyId, lens)),
};

async function* underEach(store: Store, surveyId: number, rows: (lens: Lens) => Promise<readonly object[]>): AsyncGenerator<ExportRow> {
  for (const lens of await listLenses(store, surveyId))
    for (const row of await rows(lens)) yield { slot: lens.slot, mode: lens.mode, role: lens.role, ...row };
}
