/**
 * Look-ups by names that are computed, `globals()[name]`: those that can reach the name, where all that does is understood; any, where it is
 * not. Boundary: what reaches a node is `constants.ts`, what there is to find `reflection.ts`.
 */
import { isForm, isOfForm } from "../../../../python/text-forms.ts";
import type { Node } from "../../graph/graph.ts";
import type { Flow } from "../flow.ts";
import { Constants } from "./constants.ts";

/** What is found under a name, for each that a look-up may mean. */
interface LookUp {
  readonly name: Node;
  /** Lets it give what is found under any name. */
  readonly giveAny: () => void;
}

/** Calls `listener` with a test of names for every text that a node may hold: whole, or of which the form is known. */
export function listenNames(
  flow: Flow,
  node: Node | null,
  listener: (isMeant: (name: string) => boolean, text: string | null) => void,
): void {
  if (node === null) return;
  flow.graph.listen(node, (value) => {
    const data = flow.data(value);
    if (data.kind !== "text") return;
    const { text } = data;
    if (isForm(text)) listener((name) => isOfForm(name, text), null);
    else listener((name) => name === text, text);
  });
}

export class ComputedNames {
  private lookUps: LookUp[] = [];

  constructor(private readonly flow: Flow) {}

  /** Notes a look-up. What is found under the names that reach it is for the caller to give. */
  note(lookUp: LookUp): void {
    this.lookUps.push(lookUp);
  }

  /** Lets every look-up give anything to whose name something may come that is not understood. Whether there was one. */
  settle(): boolean {
    if (this.lookUps.length === 0) return false;
    const constants = new Constants(this.flow);
    const known = this.lookUps.filter(({ name }) => constants.areNames(name));
    const others = this.lookUps.filter((lookUp) => !known.includes(lookUp));
    this.lookUps = known;
    for (const { giveAny } of others) giveAny();
    return others.length > 0;
  }
}
