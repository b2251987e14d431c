/**
 * What a research table is: columns whose meaning is said with them, and rows that come one by one. `tables.ts` lists
 * the tables, `formats.ts` writes them.
 */
import type { Store } from "../connection.ts";

export interface ExportColumn {
  readonly name: string;
  /** `number`: with a fraction. */
  readonly type: "text" | "integer" | "number" | "boolean";
  /** What a row's value says, and what null means where it can be null. */
  readonly meaning: string;
}

export type ExportRow = Readonly<Record<string, string | number | boolean | null>>;

export interface ExportTable {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly ExportColumn[];
  /** The rows of a survey, each with a value for every column, in an order that is always the same. */
  rows(store: Store, surveyId: number): AsyncIterable<ExportRow>;
}

export const text = (name: string, meaning: string): ExportColumn => ({ name, type: "text", meaning });
export const integer = (name: string, meaning: string): ExportColumn => ({ name, type: "integer", meaning });
export const number = (name: string, meaning: string): ExportColumn => ({ name, type: "number", meaning });
export const boolean = (name: string, meaning: string): ExportColumn => ({ name, type: "boolean", meaning });
