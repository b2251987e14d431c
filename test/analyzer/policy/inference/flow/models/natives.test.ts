import { expect, test } from "vitest";
import { routesText } from "../../../../../../analyzer/policy/inference/flow/models/natives.ts";

test.each([
  ["012345", "protocols 0 to 5"],
  ["01", "protocols 0 and 1"],
  ["5", "protocol 5"],
  ["0145", "protocols 0 and 1, 4 and 5"],
  ["0123j", "protocols 0 to 3, joblib.dump"],
  ["012345jt", "protocols 0 to 5, torch.save, joblib.dump"],
  ["t", "torch.save"],
])("the routes %s are %s", (routes, text) => {
  expect(routesText(routes)).toBe(text);
});
