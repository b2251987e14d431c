/**
 * What CPython saves of libraries that are put together at random loads under the policies inferred from their source, which name nothing of
 * what no object holds. A piece dropped into `test/fixtures/libraries` is a test. RANDOM_LIBRARIES=SEED:COUNT in the environment tries others.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import {
  DECOYS,
  ESTIMATORS,
  type Estimator,
  KINDS,
  LAYERS,
  type Layer,
  type Part,
  PLAIN,
  SLOTS,
  tryLibraries,
} from "./random-libraries.ts";

/** The way of import by which a value is another distribution's. */
const DEPENDENCY = "dependency";
/** By piece (`value:plain`, `dependency:plain`): why what is made with it does not load, or why the decoy is allowed. */
const REASONS: Readonly<Record<string, string>> = JSON.parse(readFileSync(new URL("random-libraries.json", import.meta.url), "utf8"));
/** What is not followed in a library is not in a dependency either. */
const reasonOf = (name: string) => REASONS[name] ?? REASONS[name.replace(/^dependency:/, "value:")];
const [seed = 1, count = 100] = (process.env.RANDOM_LIBRARIES ?? "").split(":").filter(Boolean).map(Number);

const kinds = Object.keys(KINDS) as (keyof Part)[];
const alone = [
  ...kinds.flatMap((kind) => KINDS[kind].map((piece) => ({ name: `${kind}:${piece}`, parts: [{ ...PLAIN, [kind]: piece }] }))),
  ...KINDS.value.map((value) => ({ name: `dependency:${value}`, parts: [{ ...PLAIN, value, import: DEPENDENCY }] })),
  ...SLOTS.map((slot) => ({ name: `slot:${slot}`, parts: [{ slot, value: "asked", wrapping: PLAIN.wrapping, import: PLAIN.import }] })),
  ...DECOYS.map((decoy) => ({ name: `decoy:${decoy}`, parts: [{ decoy }] })),
  ...LAYERS.map((layer) => ({ name: `layer:${layer}`, parts: [{ layer }] })),
  ...ESTIMATORS.map((estimator) => ({ name: `estimator:${estimator}`, parts: [{ estimator }] })),
];

const part: fc.Arbitrary<Part> = fc.record(
  Object.fromEntries(kinds.map((kind) => [kind, pieceOf(kind)])) as { [kind in keyof Part]: fc.Arbitrary<string> },
);
const understood = part.filter((each) => each.import !== DEPENDENCY || reasonOf(`dependency:${each.value}`) === undefined);
const together = fc.sample(fc.array(understood, { minLength: 1, maxLength: 3 }), { seed, numRuns: count });

/** The plain piece half of the time: with three that are rare nothing tells which was at fault. */
function pieceOf(kind: keyof Part): fc.Arbitrary<string> {
  const understood = KINDS[kind].filter((piece) => reasonOf(`${kind}:${piece}`) === undefined);
  return kind === "wrapping" ? fc.oneof(fc.constant(PLAIN[kind]), fc.constantFrom(...understood)) : fc.constantFrom(...understood);
}

/** Attributes that one framework makes, several in one object; none where it is not there. */
function madeBy(framework: "layer" | "estimator", pieces: readonly string[]): (Layer | Estimator)[][] {
  const understood = pieces.filter((piece) => reasonOf(`${framework}:${piece}`) === undefined);
  if (understood.length === 0) return [];
  const several = fc.uniqueArray(fc.constantFrom(...understood), { minLength: 2, maxLength: 5 });
  const sampled = fc.sample(several, { seed, numRuns: count / 4 });
  return sampled.map((names) => names.map((name) => (framework === "layer" ? { layer: name } : { estimator: name })));
}
const ofFrameworks = [...madeBy("layer", LAYERS), ...madeBy("estimator", ESTIMATORS)];

const parser = await loadPythonParser();
const answers = await tryLibraries(parser, [...alone.map(({ parts }) => parts), ...together, ...ofFrameworks]);

describe("a library of one piece", () => {
  it.each(alone.map(({ name }, index) => ({ name, answer: answers[index]! })))("$name", ({ name, answer }) => {
    expect(answer.impossible).toBeNull();
    // A reason that is no longer needed is as wrong as one that is missing.
    if (reasonOf(name) === undefined) expect(answer.fault).toBeNull();
    else expect(answer.fault, reasonOf(name)).not.toBeNull();
  });
});

describe("a library of several", () => {
  it.each(together.map((parts, index) => ({ parts, answer: answers[alone.length + index]! })))("%#", ({ parts, answer }) => {
    if (answer.impossible === null) expect(answer.fault, JSON.stringify(parts)).toBeNull();
  });

  it.each(ofFrameworks.map((parts, index) => ({ parts, answer: answers[alone.length + together.length + index]! })))(
    "of torch, %#",
    ({ parts, answer }) => {
      expect(answer, JSON.stringify(parts)).toEqual({ impossible: null, fault: null });
    },
  );

  it("is nearly always possible", () => {
    const possible = answers.slice(alone.length, alone.length + together.length).filter(({ impossible }) => impossible === null);
    expect(possible.length).toBeGreaterThan(0.7 * together.length);
  });
});
