/** How far a survey comes with a model, and with the search for its class, in words. */
import type { ClassState, FileState, ModelState } from "../../db/schema.ts";

export const MODEL_STATES = {
  listed: { label: "listed", meaning: "On the Hub’s list; its files have not been looked at yet.", ends: false },
  resolved: { label: "files listed", meaning: "Its candidate files are known; they have not been read yet.", ends: false },
  traced: { label: "read", meaning: "Its files were read; they have not been judged yet.", ends: false },
  judged: { label: "judged", meaning: "Judged under every policy.", ends: true },
  gated: { label: "gated", meaning: "Its files are given only with the owner’s consent.", ends: true },
  disabled: { label: "disabled", meaning: "The Hub has disabled it.", ends: true },
  missing: { label: "missing", meaning: "The Hub has no such model.", ends: true },
  failed: { label: "failed", meaning: "The Hub did not answer; the next run tries again.", ends: true },
} as const satisfies Record<ModelState, { label: string; meaning: string; ends: boolean }>;

export const CLASS_STATES = {
  inferred: { label: "inferred", meaning: "A policy was inferred for the class." },
  "no-class": { label: "no class", meaning: "Nothing says which class the model loads as." },
  "no-source": { label: "no source", meaning: "The package index has no source of the class that can be read." },
  "no-policy": { label: "no policy", meaning: "The class is not in the source, or inference did not finish." },
  unavailable: { label: "unavailable", meaning: "The package index did not answer, or none was named; the next run tries again." },
} as const satisfies Record<ClassState, { label: string; meaning: string }>;

export const FILE_STATES = {
  listed: { label: "not read yet", meaning: "Known, but not read yet." },
  read: { label: "read", meaning: "Its pickles were read." },
  unavailable: { label: "unavailable", meaning: "The bytes could not be had; the next survey tries again." },
} as const satisfies Record<FileState, { label: string; meaning: string }>;
