/**
 * Branches that constants decide (SkipFlow: Wimmer and others, "SkipFlow: Improving the Precision of Points-to Analysis using Primitive
 * Values and Predicate Edges", 2025). A branch is closed as long as no constant that may reach its test lets it run. What its
 * test holds is followed forwards (`ConstantKinds`); what is not understood on the way is unknown, and opens it. Boundary: which
 * branches are open; what they do is `execute.ts`.
 */
import type { Condition, Instruction } from "../../../python/code.ts";
import { execute } from "./execute.ts";
import type { Flow } from "./flow.ts";
import type { Frame } from "./frame.ts";

interface Closed {
  readonly frame: Frame;
  /** Where its guard is among the instructions. */
  readonly place: number;
}

export class Branches {
  private fresh: Closed[] = [];
  private readonly closed = new Set<Closed>();
  private readonly closedByFrame = new Map<Frame, Set<Closed>>();

  constructor(private readonly flow: Flow) {}

  /** A branch of an activation, by the place of its guard. It runs as soon as its test may hold. */
  add(frame: Frame, place: number): void {
    if (this.fresh.length === 0) this.flow.graph.kinds.soon(() => this.tryFresh());
    this.fresh.push({ frame, place });
  }

  /** Most of those that can run can when what was called with them has its arguments. */
  private tryFresh(): void {
    const { fresh } = this;
    this.fresh = [];
    for (const branch of fresh) {
      if (this.mayHold(guardOf(branch).condition, branch.frame, false)) this.run(branch);
      else {
        this.close(branch);
        this.watch(branch, guardOf(branch).condition);
      }
    }
  }

  private close(branch: Closed): void {
    this.closed.add(branch);
    const ofFrame = this.closedByFrame.get(branch.frame);
    if (ofFrame) ofFrame.add(branch);
    else this.closedByFrame.set(branch.frame, new Set([branch]));
  }

  private watch(branch: Closed, condition: Condition): void {
    if ("register" in condition) {
      this.flow.graph.kinds.watch(branch.frame.base + condition.register, () => {
        if (this.closed.has(branch) && this.mayHold(guardOf(branch).condition, branch.frame, false)) this.run(branch);
      });
    } else for (const each of "all" in condition ? condition.all : condition.any) this.watch(branch, each);
  }

  private run(branch: Closed): void {
    const { frame, place } = branch;
    this.closed.delete(branch);
    this.closedByFrame.get(frame)?.delete(branch);
    execute(this.flow, frame, frame.code.body.instructions, place + 1, place + 1 + guardOf(branch).length);
  }

  /** `isTrusting`: what nothing is known to reach may hold anything. */
  private mayHold(condition: Condition, frame: Frame, isTrusting: boolean): boolean {
    if ("register" in condition) {
      const kinds = this.flow.graph.kinds.of(frame.base + condition.register);
      return (kinds & condition.kinds) !== 0 || (isTrusting && kinds === 0);
    }
    if ("all" in condition) return condition.all.every((each) => this.mayHold(each, frame, isTrusting));
    return condition.any.some((each) => this.mayHold(each, frame, isTrusting));
  }

  /** Opens what nothing is known about, when all that is known was followed. Whether there was any. */
  settle(): boolean {
    const found = [...this.closed].filter((branch) => this.mayHold(guardOf(branch).condition, branch.frame, true));
    for (const branch of found) if (this.closed.has(branch)) this.run(branch);
    return found.length > 0;
  }

  /** The tests that keep branches of an activation from running. */
  closingIn(frame: Frame): readonly Condition[] {
    return [...(this.closedByFrame.get(frame) ?? [])].map((branch) => guardOf(branch).condition);
  }

  /** The activations of which branches do not run. */
  closedFrames(): ReadonlySet<Frame> {
    return new Set([...this.closed].map(({ frame }) => frame));
  }

  /** The instructions of an activation that do not run. */
  closedIn(frame: Frame): ReadonlySet<Instruction> {
    const found = this.closedByFrame.get(frame);
    if (found === undefined || found.size === 0) return NOTHING_CLOSED;
    const { instructions } = frame.code.body;
    return new Set([...found].flatMap((branch) => instructions.slice(branch.place + 1, branch.place + 1 + guardOf(branch).length)));
  }
}

const NOTHING_CLOSED: ReadonlySet<Instruction> = new Set();

function guardOf({ frame, place }: Closed): Extract<Instruction, { readonly op: "guard" }> {
  const guard = frame.code.body.instructions[place];
  if (guard?.op !== "guard") throw new Error(`no guard at ${place} of ${frame.code.fullName}`);
  return guard;
}
