/** Runs generated programs by loaders in CPython, and judges their facts, and gathers where the two disagree. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { embeddedPickles, findingOf } from "../../analyzer/containers/embedded-pickles.ts";
import type { HandedContent } from "../../analyzer/containers/nested-contents.ts";
import type { Trace } from "../../analyzer/containers/trace.ts";
import { decode } from "../../analyzer/pickle/decode.ts";
import { startPickle } from "../../analyzer/pickle/execution.ts";
import type { Fact } from "../../analyzer/pickle/facts.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import { IN_CONSTANT } from "../../analyzer/verdict/class-policy.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import type { Mode, Verdict } from "../../analyzer/verdict/verdict.ts";
import { type Blocked, isSameRefusal, SafeLoader } from "./loader.ts";
import { makeLoaderProgram, makePolicy } from "./loader-programs.ts";
import { Random } from "./programs.ts";

export interface Disagreement {
  readonly program: Uint8Array;
  readonly policy: Policy;
  readonly mode: Mode;
  readonly message: string;
}

export interface FuzzResult {
  readonly programs: number;
  /** By what both say of a program: `loads`, `blocked`; `fails` where CPython gets no further for reasons of its own. */
  readonly agreed: Readonly<Record<"loads" | "blocked" | "fails", number>>;
  /** Refused by the loader alone, which sees the objects themselves, or by the verdict alone, which does not: by reason. */
  readonly stricter: ReadonlyMap<string, number>;
  readonly disagreements: readonly Disagreement[];
}

type Answer =
  | { readonly outcome: "loads" }
  /** `shares`: a call returned something of which CPython has one object (None, a text of one character), so that constants count as computed. */
  | { readonly outcome: "blocked"; readonly blocked: Blocked; readonly shares: boolean; readonly position: number }
  | { readonly outcome: "fails"; readonly error: string; readonly position: number };

interface Question {
  readonly program: Uint8Array;
  readonly loader: number;
  /** Whose loader it is, which says what persistent ids it resolves. */
  readonly container: (typeof CONTAINERS)[number];
}

const CONTAINERS = ["pickle", "torch-zip", "torch-legacy"] as const;
const BATCH = 1000;
const POLICIES = 40;

/** What loads a pickle inside the pickle, of the names that the programs have. */
const NESTS = "pickle.loads";

/** What gives a text, whatever it is handed, and what the verdict says where it takes that for something to call. */
const GIVES_TEXT = "inert.text";
const EFFECT_UNKNOWN = "call whose effect is not known";

/** What the loader refuses and the verdict cannot see, by a part of the reason. */
const STRICTER = [
  "is an attribute, not a method of its class",
  "itself, not an object made by it",
  "a loader is handed something else than bytes",
  "a builtin object is given the items of an object, which says itself what they are",
  "use of what is outside the policy",
] as const;

/** `count` programs from a seed, over policies from the same seed. */
export async function fuzzLoader(python: string, count: number, seed: number): Promise<FuzzResult> {
  const random = new Random(seed);
  const policies = Array.from({ length: POLICIES }, (_, index) => ({
    policy: makePolicy(random, `class:${index}`),
    mode: (index % 4 === 0 ? "lazy" : "strict") as Mode,
  }));
  const loader = new SafeLoader(python);
  const paths = policies.map(({ policy, mode }) => loader.writeLoader(policy, mode));
  const process = spawn(python, [fileURLToPath(new URL("loader_programs.py", import.meta.url)), ...paths], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const agreed = { loads: 0, blocked: 0, fails: 0 };
  const stricter = new Map<string, number>();
  const disagreements: Disagreement[] = [];
  for (let done = 0; done < count; done += BATCH) {
    const questions = Array.from(
      { length: Math.min(BATCH, count - done) },
      (): Question => ({ program: makeLoaderProgram(random), loader: random.below(POLICIES), container: random.pick(CONTAINERS) }),
    );
    process.stdin.write(Buffer.concat([u32(questions.length), ...questions.flatMap(encode)]));
    const line = await lines.next();
    if (line.done) throw new Error("the loaders' process died");
    const answers: readonly Answer[] = JSON.parse(line.value);
    for (const [index, { program, loader: number, container }] of questions.entries()) {
      const { policy, mode } = policies[number]!;
      const trace = traceOf(program, container);
      const compared = compare(program, trace, judgeTrace(trace, policy, mode), answers[index]!);
      if (compared.kind === "agreed") agreed[compared.on]++;
      else if (compared.kind === "stricter") stricter.set(compared.reason, (stricter.get(compared.reason) ?? 0) + 1);
      else disagreements.push({ program, policy, mode, message: compared.message });
    }
  }
  process.stdin.end();
  loader.close();
  return { programs: count, agreed, stricter, disagreements };
}

function traceOf(program: Uint8Array, container: string): Trace {
  const handed: HandedContent[] = [];
  const execution = startPickle({
    encoding: "ASCII",
    takeNested: (content) => {
      handed.push({ ...content, isRun: true });
      return false;
    },
  });
  execution.resume(program, true);
  const facts = execution.facts();
  const findings = embeddedPickles(program.subarray(0, facts.length), handed).map((embedded) => findingOf(embedded, null, embedded.at));
  return { size: program.length, container, outcome: facts.outcome, findings, pickles: [{ ...facts, entry: null }] };
}

type Compared =
  | { readonly kind: "agreed"; readonly on: Answer["outcome"] }
  | { readonly kind: "stricter"; readonly reason: string }
  | { readonly kind: "disagreed"; readonly message: string };

function compare(program: Uint8Array, trace: Trace, { blocked: [first] }: Verdict, answer: Answer): Compared {
  const facts = trace.pickles[0]!;
  const refusedAt = first === undefined || first.reason === IN_CONSTANT ? program.length : first.offset;
  const shown = first === undefined ? "blocks nothing" : `blocks ${JSON.stringify(first)}`;
  switch (answer.outcome) {
    case "loads": {
      if (first === undefined) return { kind: "agreed", on: "loads" };
      // Only the loader sees that what a function gave, which was handed something to call, is a text and does not keep it.
      const isText = (fact: Fact) => fact.kind === "call" && fact.callable === GIVES_TEXT && fact.offset < first.offset;
      if (first.reason === EFFECT_UNKNOWN && facts.facts.some(isText))
        return { kind: "stricter", reason: "the verdict: a text may be called" };
      return { kind: "disagreed", message: `the verdict ${shown}; it loads` };
    }
    case "blocked": {
      if (first !== undefined && isSameRefusal(first, answer.blocked)) return { kind: "agreed", on: "blocked" };
      // Whether it is one, the verdict cannot tell: loaders differ, or it is done more with what is looked up than to call it.
      const isUnsure = trace.findings.some(
        ({ opcode, names, doesMore }) => opcode === answer.blocked.opcode && (names === null || doesMore),
      );
      if (isUnsure && answer.blocked.reason === IN_CONSTANT) return { kind: "stricter", reason: IN_CONSTANT };
      const reason =
        STRICTER.find((part) => answer.blocked.reason.includes(part)) ??
        (answer.shares ? "a constant that a call returned, too" : undefined);
      // No facts lie behind an opcode that no unpickler gets past; a loader that refuses it, or makes a stub of it, may.
      const end = facts.outcome === "malformed" ? facts.failure!.offset : program.length;
      if (first === undefined && (answer.blocked.offset ?? answer.position) >= end) return { kind: "agreed", on: "fails" };
      // What only the loader sees comes before what the verdict blocks. The offset of what is in a pickle inside the pickle is
      // before that of the call that loads it.
      const isNested =
        answer.blocked.callable === NESTS &&
        facts.facts.some((fact) => fact.offset === first?.offset && "via" in fact && (fact.via ?? "").endsWith(NESTS));
      if (reason !== undefined && (first === undefined || isNested || (answer.blocked.offset ?? 0) <= refusedAt))
        return { kind: "stricter", reason };
      return { kind: "disagreed", message: `the verdict ${shown}; the loader, ${JSON.stringify(answer.blocked)}` };
    }
    case "fails": {
      if (first === undefined) return { kind: "agreed", on: "fails" };
      const opcode = decode(program, refusedAt);
      // What a pickle inside the pickle does is at an offset inside of its loader's argument.
      const mayBeNested = facts.facts.some((fact) => fact.kind === "call" && fact.callable === NESTS);
      if (mayBeNested || answer.position <= (opcode.ok ? opcode.value.end : program.length)) return { kind: "agreed", on: "fails" };
      return { kind: "disagreed", message: `the verdict ${shown}; it fails at ${answer.position}: ${answer.error}` };
    }
  }
}

function encode({ program, loader, container }: Question): Buffer[] {
  const head = Buffer.alloc(3);
  head.writeUInt16LE(loader);
  head.writeUInt8(CONTAINERS.indexOf(container), 2);
  return [head, u32(program.length), Buffer.from(program)];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
