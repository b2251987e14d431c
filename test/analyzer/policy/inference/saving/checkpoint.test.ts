/** What saves in a library, and how far each is followed. */
import { expect, test } from "vitest";
import { Flow } from "../../../../../analyzer/policy/inference/flow/flow.ts";
import { Holding } from "../../../../../analyzer/policy/inference/holding/holding.ts";
import { joinSlots } from "../../../../../analyzer/policy/inference/holding/open-slots.ts";
import { holdSaved } from "../../../../../analyzer/policy/inference/saving/checkpoint.ts";
import { saversOf } from "../../../../../analyzer/policy/inference/saving/savers.ts";
import { Classes } from "../../../../../analyzer/python/classes.ts";
import { Modules } from "../../../../../analyzer/python/modules.ts";
import { Resolver } from "../../../../../analyzer/python/resolve.ts";
import { loadPythonParser } from "../../../../../crawler/python-grammar.ts";

const TEXT = `
import torch

class Part:
    pass

class Trainer:
    def __init__(self):
        self.parts = [Part()]
    def save(self, path):
        torch.save(self.parts, path)

class FastTrainer(Trainer):
    def save(self, path):
        torch.save({"parts": self.parts}, path)

def export(model, path):
    model.save_pretrained(path)

def export_all(models, path):
    for model in models:
        model.save_pretrained(path)
`;

async function flowOf(text: string): Promise<Flow> {
  const library = { name: "lib", version: null, files: [{ path: "lib.py", text }] };
  const resolver = new Resolver(new Modules(await loadPythonParser(), library, [], null));
  return new Flow(resolver, new Classes(resolver));
}

test("a subclass is followed with its base, and of what saves tensors only the first", async () => {
  const savers = saversOf(await flowOf(TEXT));
  expect(savers.map(({ code, tensorsAt }) => [code.fullName, tensorsAt])).toEqual([
    ["lib.export", 18],
    ["lib.Trainer", null],
  ]);
});

test("a saver that leads too far is followed to the limit, and that is said", async () => {
  const flow = await flowOf(TEXT);
  const saver = saversOf(flow)[1]!;
  expect(holdSaved(new Holding(flow), saver, 1)).toBe(false);
  expect(flow.notices.map(({ text }) => text)).toEqual([
    "what Trainer saves was not followed to its end: more than 1 ways for values to go",
  ]);
  const whole = new Holding(await flowOf(TEXT));
  expect(holdSaved(whole, saversOf(whole.flow)[1]!, 1000)).toBe(true);
  expect([...whole.imports.keys()]).toContain("lib.Part");
});

test("what several places say of one slot is said together", () => {
  const slot = (function_: string, attribute: string, functions: boolean) => ({
    class: "lib.Model",
    attribute: "part",
    from: [{ function: function_, parameter: "part", file: "lib.py", line: 1 }],
    asks: { attributes: [attribute], classes: [], functions },
  });
  expect(joinSlots([slot("lib.second", "run", false), slot("lib.first", "close", true), slot("lib.first", "run", false)])).toEqual([
    {
      ...slot("lib.first", "", true),
      from: [...slot("lib.first", "", true).from, ...slot("lib.second", "", true).from],
      asks: { attributes: ["close", "run"], classes: [], functions: true },
    },
  ]);
});
