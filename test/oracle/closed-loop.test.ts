/**
 * The closed loop with real libraries: what they save loads under the policy that is inferred from their source, and
 * nothing else does. CLOSED_LOOP=whole in the environment takes all objects, CLOSED_LOOP=PATTERN those of that name;
 * without it every test run takes `EVERY_RUN`. With CLOSED_LOOP_RECORDS=FILE a run shows its progress, and goes on where an
 * earlier one of the same source was interrupted.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { writePolicy } from "../../analyzer/policy/format.ts";
import { judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { closeLoop, hasSources, Libraries, saveObjects } from "./closed-loop.ts";
import { medianOf, ratiosOf, recordAll, tableOf, targetOf } from "./closed-loop-record.ts";
import { fill } from "./intruders.ts";

/** By object: why it does not load under its class policy alone, and under `class+open`. */
const REASONS: Readonly<Record<"class" | "class+open", Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync(new URL("closed-loop.json", import.meta.url), "utf8"),
);

/** What every test run takes, some thirty objects, with a forest, whose trees an attack once got into, and containers of torch, which their callers fill: inferring all classes takes minutes. */
const EVERY_RUN =
  "^(numpy|scipy|pandas|sklearn.(pipeline|ensemble._(voting|forest.RandomForestClassifier)|preprocessing._function|tree|svm|naive_bayes|mixture|dummy|linear_model._(base|bayes|ridge)|neighbors._kde)|torch.nn.modules.container)[.]";

const isThere = hasSources();
const saved = isThere ? saveObjects() : { objects: [], folder: "", remove: () => {} };
afterAll(() => saved.remove());
const asked = process.env.CLOSED_LOOP ?? EVERY_RUN;
const isPart = asked !== "whole";
const objects = saved.objects.filter(({ name }) => !isPart || new RegExp(asked).test(name));

/** A test of all objects together. */
const itOfAll = (name: string, run: () => void | Promise<void>, timeout?: number) => {
  if (!isPart) it(name, run, timeout);
};

const libraries = new Libraries(await loadPythonParser());
const records = await recordAll(libraries, objects, saved.folder, process.env.CLOSED_LOOP_RECORDS);

describe.skipIf(!isThere)("objects of real libraries", () => {
  itOfAll("are many, of many classes, saved in every way that fits them", () => {
    expect(objects.length).toBeGreaterThanOrEqual(80);
    expect(new Set(objects.map((object) => object.class)).size).toBeGreaterThanOrEqual(60);
    expect(new Set(objects.map(({ library }) => library)).size).toBe(11);
    for (const { library, files } of objects)
      expect(Object.keys(files)).toEqual(["0", "1", "2", "3", "4", "5", ...(library === "torch" ? ["torch", "torch-legacy"] : ["joblib"])]);
  });

  it.each(records)("$name loads as was written down", ({ name, alone, opened }) => {
    for (const [policy, found] of [
      ["class", alone],
      ["class+open", opened],
    ] as const) {
      // A reason that is no longer needed is as wrong as one that is missing.
      if (REASONS[policy][name] === undefined) expect(found, policy).toBeNull();
      else expect(found, `${policy}: ${REASONS[policy][name]}`).not.toBeNull();
    }
  });

  it("are really loaded where the verdict says so: by the loader of the policy, or by that for the one file that fills its slots", () => {
    expect(records.filter(({ unloaded }) => unloaded.length > 0).map(({ name, unloaded }) => ({ name, unloaded }))).toEqual([]);
  });

  itOfAll("load in their parts: 70 % under the class policy alone, 95 % with its slots open", () => {
    const share = (key: "alone" | "opened") => records.filter((record) => record[key] === null).length / records.length;
    console.info(tableOf(records));
    console.info(`class ${(100 * share("alone")).toFixed(1)} %, class+open ${(100 * share("opened")).toFixed(1)} % of ${records.length}`);
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
    const median = medianOf(ratiosOf(records));
    console.info(`names allowed by names observed: ${median.toFixed(2)} in the median`);
    expect(median).toBeLessThanOrEqual(5);
  });

  it("allows no dangerous callable, but what recorded reductions are made of", () => {
    expect(records.filter(({ dangerous }) => dangerous.length > 0).map(({ name, dangerous }) => ({ name, dangerous }))).toEqual([]);
  });

  it("blocks without any one of the names that are needed", () => {
    expect(records.filter(({ unneeded }) => unneeded.length > 0).map(({ name, unneeded }) => ({ name, unneeded }))).toEqual([]);
  });

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

describe.skipIf(!isThere)("every dangerous callable, in every form of call", () => {
  it("is blocked by every class policy that does not list it", () => {
    console.info(`${records.reduce((sum, { forms }) => sum + forms, 0)} calls under ${records.length} class policies`);
    expect(records.filter(({ passing }) => passing.length > 0).map(({ name, passing }) => ({ name, passing }))).toEqual([]);
  });
});

describe.skipIf(!isThere)("the red team in every open slot", () => {
  it("is blocked, whatever it puts there", () => {
    const attacks = records.reduce((sum, record) => sum + record.attacks, 0);
    console.info(`${attacks} attacks on open slots`);
    expect(attacks).toBeGreaterThan(isPart ? 0 : 2_000);
    expect(records.flatMap(({ through }) => through)).toEqual([]);
  });

  itOfAll(
    "gets in only where a slot asks for what an inert class has",
    async () => {
      const pipeline = objects.find(({ name }) => name === "sklearn.pipeline.Pipeline#1")!;
      const { open } = await closeLoop(libraries.of("sklearn"), pipeline, saved.folder);
      const taken = await Promise.all(
        open.openSlots!.map(
          async (slot) => [slot.attribute, judgeTracedFile(await fill(targetOf(open, slot)), open, "strict").verdict] as const,
        ),
      );
      expect(Object.fromEntries(taken)).toMatchObject({ steps: "loads", memory: "loads", verbose: "blocked" });
    },
    240_000,
  );
});
