import { expect, it } from "vitest";
import { nearestName } from "../../../db/queries/nearest.ts";

const ALLOWED = ["brine.nn.Tagger", "brine.models.tagger.Tagger", "torch.nn.Linear", "collections.OrderedDict"];

it.each([
  ["brine.models.Tagger", "brine.models.tagger.Tagger"],
  ["old.nn.Tagger", "brine.nn.Tagger"],
  ["Linear", "torch.nn.Linear"],
  ["os.system", null],
  ["", null],
])("the allowed name that is most like %s", (name, nearest) => {
  expect(nearestName(name, ALLOWED)).toBe(nearest);
  expect(nearestName(name, [])).toBeNull();
});
