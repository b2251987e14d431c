/** What happened in a run, in order: containers that were made, items put into them, and rows of facts. */
import type { MachineState } from "./state.ts";
import { CHANGE, ENTRY, ROW } from "./tables.ts";

/** Something that happened at the opcode at `at`. A call whose arguments lay on the stack is `made` first, with them. */
export type Happening =
  | { readonly kind: "made" | "changed"; readonly at: number; readonly owner: number; readonly items: Int32Array }
  | { readonly kind: "row"; readonly at: number; readonly row: number; readonly first: number; readonly second: number };

/** Everything that happened in a run, by the offsets of the opcodes. */
export function* historyOf(state: MachineState): Generator<Happening> {
  const { made, arena, changed, changes, rows } = state.tables;
  let entry = 0;
  let change = 0;
  let row = 0;
  for (;;) {
    const madeAt = entry < state.madeTop ? made[entry]! : Number.POSITIVE_INFINITY;
    const changedAt = change < state.changedTop ? changed[change + 2]! : Number.POSITIVE_INFINITY;
    const rowAt = row < state.rowTop ? rows[row]! : Number.POSITIVE_INFINITY;
    if (madeAt <= changedAt && madeAt <= rowAt && madeAt !== Number.POSITIVE_INFINITY) {
      const to = entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
      yield { kind: "made", at: madeAt, owner: madeAt, items: arena.subarray(made[entry + 1]!, to) };
      entry += ENTRY;
    } else if (changedAt <= rowAt && changedAt !== Number.POSITIVE_INFINITY) {
      const to = change + CHANGE < state.changedTop ? changed[change + CHANGE + 1]! : state.changesTop;
      yield { kind: "changed", at: changedAt, owner: changed[change]!, items: changes.subarray(changed[change + 1]!, to) };
      change += CHANGE;
    } else if (rowAt !== Number.POSITIVE_INFINITY) {
      yield { kind: "row", at: rowAt, row, first: rows[row + 1]!, second: rows[row + 2]! };
      row += ROW;
    } else return;
  }
}
