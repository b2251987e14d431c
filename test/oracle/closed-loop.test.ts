/**
 * The closed loop with real libraries: what they save loads under the policy that is inferred from their source, and
 * nothing else does. CLOSED_LOOP=whole in the environment takes all objects, CLOSED_LOOP=PATTERN those of that name;
 * without it every test run takes `EVERY_RUN`.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { dangerOf } from "../../analyzer/policy/danger.ts";
import { writePolicy } from "../../analyzer/policy/format.ts";
import type { OpenSlot, Policy } from "../../analyzer/policy/policy.ts";
import { judgeTrace, judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { closeLoop, hasSources, Libraries, type Outcome, saveObjects } from "./closed-loop.ts";
import { ATTACKS, attack, fill, type Target } from "./intruders.ts";

/** By object: why it does not load under its class policy alone, and under `class+open`. */
const REASONS: Readonly<Record<"class" | "class+open", Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync(new URL("closed-loop.json", import.meta.url), "utf8"),
);

/** What every test run takes: inferring all classes takes minutes. */
const EVERY_RUN = "^sklearn.(pipeline|ensemble._voting|preprocessing._function)";

const isThere = hasSources();
const saved = isThere ? saveObjects() : { objects: [], folder: "", remove: () => {} };
afterAll(() => saved.remove());
const asked = process.env.CLOSED_LOOP ?? EVERY_RUN;
const isPart = asked !== "whole";
const objects = saved.objects.filter(({ name }) => !isPart || new RegExp(asked).test(name));

/** A test of all objects together. */
const itOfAll = (name: string, run: () => void | Promise<void>) => {
  if (!isPart) it(name, run);
};

const libraries = new Libraries(await loadPythonParser());
const outcomes: Outcome[] = [];
for (const object of objects) outcomes.push(await closeLoop(libraries.of(object.library), object, saved.folder));
const byName = (name: string) => outcomes.find(({ object }) => object.name === name)!;

describe.skipIf(!isThere)("objects of real libraries", () => {
  itOfAll("are many, of many classes, saved in every way that fits them", () => {
    expect(objects.length).toBeGreaterThanOrEqual(80);
    expect(new Set(objects.map((object) => object.class)).size).toBeGreaterThanOrEqual(60);
    expect(new Set(objects.map(({ library }) => library)).size).toBe(11);
    for (const { files } of objects)
      expect(Object.keys(files)).toEqual(["0", "1", "2", "3", "4", "5", expect.stringMatching(/joblib|torch/)]);
  });

  it.each(objects.map(({ name }) => name))("%s loads as was written down", (name) => {
    const { alone, opened } = byName(name);
    for (const [policy, found] of [
      ["class", alone],
      ["class+open", opened],
    ] as const) {
      // A reason that is no longer needed is as wrong as one that is missing.
      if (REASONS[policy][name] === undefined) expect(found, policy).toBeNull();
      else expect(found, `${policy}: ${REASONS[policy][name]}`).not.toBeNull();
    }
  });

  itOfAll("load in their parts: 70 % under the class policy alone, 95 % with its slots open", () => {
    const share = (key: "alone" | "opened") => outcomes.filter((outcome) => outcome[key] === null).length / outcomes.length;
    console.info(`class ${(100 * share("alone")).toFixed(1)} %, class+open ${(100 * share("opened")).toFixed(1)} % of ${outcomes.length}`);
    expect(share("alone")).toBeGreaterThanOrEqual(0.7);
    expect(share("opened")).toBeGreaterThanOrEqual(0.95);
  });

  it("are all named, where they do not load", () => {
    const known = new Set(saved.objects.map(({ name }) => name));
    for (const name of [...Object.keys(REASONS.class), ...Object.keys(REASONS["class+open"])]) expect(known).toContain(name);
  });
});

describe.skipIf(!isThere)("a class policy", () => {
  itOfAll("allows at most five times the names observed, in the median", () => {
    const ratios = outcomes
      .filter(({ alone }) => alone === null)
      .map(({ policy, observed }) => policy.imports.filter(({ sameAs }) => sameAs === undefined).length / observed.imports.size)
      .sort((a, b) => a - b);
    const median = ratios[Math.floor(ratios.length / 2)]!;
    console.info(`names allowed by names observed: ${median.toFixed(2)} in the median`);
    expect(median).toBeLessThanOrEqual(5);
  });

  it("allows no dangerous callable, but what recorded reductions are made of", () => {
    const found = new Set(outcomes.flatMap(({ policy }) => [...policy.imports, ...policy.calls]).map(({ callable }) => callable));
    expect([...found].filter((callable) => dangerOf(callable) !== null && !RECORDED.has(callable)).sort()).toEqual([]);
  });

  it("blocks without any one of the names that are needed", () => {
    for (const { policy, observed, files, alone } of outcomes) {
      if (alone !== null) continue;
      for (const list of ["imports", "calls"] as const) {
        for (const callable of observed[list]) {
          const without: Policy = { ...policy, [list]: policy[list].filter((entry) => entry.callable !== callable) };
          if (without[list].length === policy[list].length) continue;
          const blocked = files.some(({ traced }) => judgeTrace(traced.trace, without, "strict").verdict === "blocked");
          expect(`${policy.name} without ${callable}: ${blocked}`).toBe(`${policy.name} without ${callable}: true`);
        }
      }
    }
  }, 240_000);

  it("is the same, to the byte, ten times over", () => {
    for (const [library, class_] of [
      ["sklearn", "sklearn.pipeline.Pipeline"],
      ["nltk", "nltk.tag.sequential.RegexpTagger"],
    ] as const) {
      const texts = Array.from({ length: 10 }, () => {
        const inferred = libraries.openAnew(library).infer(class_);
        if (!inferred.ok) throw new Error(inferred.error.message);
        return writePolicy(inferred.value.policy);
      });
      expect(new Set(texts).size).toBe(1);
    }
  }, 240_000);
});

/** What recorded reductions call that could do more, and whose arguments the verdict looks at. */
const RECORDED = new Set([
  "builtins.getattr",
  "collections.defaultdict",
  "copyreg._reconstructor",
  "functools.partial",
  "torch._tensor._rebuild_from_type_v2",
  "torch.storage._load_from_bytes",
]);

describe.skipIf(!isThere)("the red team in every open slot", () => {
  it("is blocked, whatever it puts there", async () => {
    let programs = 0;
    const through: string[] = [];
    for (const { open } of outcomes) {
      for (const slot of open.openSlots ?? []) {
        // In turn, so that every slot is attacked and every attack made often; more where an inert object may sit.
        const attacks = inTurn(ATTACKS, programs, slot.takes?.includes("intruders.Inert") ? 8 : 2);
        for (const name of attacks) {
          programs++;
          const { verdict } = judgeTracedFile(await attack(targetOf(open, slot), name), open, "strict");
          if (verdict !== "blocked") through.push(`${slot.class}.${slot.attribute}: ${name}: ${verdict}`);
        }
      }
    }
    console.info(`${programs} attacks on open slots`);
    if (!isPart) expect(programs).toBeGreaterThan(2_000);
    expect(through).toEqual([]);
  }, 240_000);

  itOfAll("gets in only where a slot asks for what an inert class has", async () => {
    const { open } = byName("sklearn.pipeline.Pipeline#1");
    const taken = await Promise.all(
      open.openSlots!.map(
        async (slot) => [slot.attribute, judgeTracedFile(await fill(targetOf(open, slot)), open, "strict").verdict] as const,
      ),
    );
    expect(Object.fromEntries(taken)).toMatchObject({ steps: "loads", memory: "loads", verbose: "blocked" });
  });
});

function inTurn<T>(all: readonly T[], start: number, count: number): T[] {
  return Array.from({ length: count }, (_, index) => all[(start + index) % all.length]!);
}

function targetOf(policy: Policy, { class: class_, attribute }: OpenSlot): Target {
  const entry = policy.imports.find(({ callable }) => callable === class_);
  const module = entry?.module ?? class_.slice(0, class_.lastIndexOf("."));
  return { module, name: class_.slice(module.length + 1), attribute };
}
