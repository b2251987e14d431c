/**
 * Every research table, by the name that the command line and addresses know it by. Each takes its numbers from the
 * queries that the pages ask, so that a number is the same everywhere.
 */
import { blockedTable } from "./blocked.ts";
import { blockedCallablesTable, blockedCapabilitiesTable, blockedModulesTable, blockedOpcodesTable, prevalenceTable } from "./callables.ts";
import { candidatesTable } from "./candidates.ts";
import { filesTable } from "./files.ts";
import { hubScansTable } from "./hub-scans.ts";
import { inferenceCostTable } from "./inference-cost.ts";
import { modelsTable } from "./models.ts";
import { pickleballFigure2, pickleballFigure3, pickleballTable1 } from "./pickleball.ts";
import { policiesTable, policyEntriesTable } from "./policies.ts";
import { loadSuccessBy, loadSuccessByContainer, loadSuccessTable } from "./success.ts";
import { surveysTable } from "./surveys.ts";
import type { ExportTable } from "./table.ts";

export const EXPORTS: Readonly<Record<string, ExportTable>> = Object.fromEntries(
  [
    loadSuccessTable,
    loadSuccessBy("library"),
    loadSuccessBy("class"),
    loadSuccessBy("task"),
    loadSuccessBy("year"),
    loadSuccessByContainer,
    blockedCallablesTable,
    blockedModulesTable,
    blockedCapabilitiesTable,
    blockedOpcodesTable,
    prevalenceTable,
    pickleballTable1,
    pickleballFigure2,
    pickleballFigure3,
    policiesTable,
    policyEntriesTable,
    inferenceCostTable,
    modelsTable,
    candidatesTable,
    filesTable,
    hubScansTable,
    blockedTable,
    surveysTable,
  ].map((table) => [table.name, table]),
);

export const EXPORT_NAMES: readonly string[] = Object.keys(EXPORTS);

/** The table of this name, or null. */
export function findExport(name: string): ExportTable | null {
  return Object.hasOwn(EXPORTS, name) ? EXPORTS[name]! : null;
}
