/** Which names a text of which only the form is known may be. */
import { expect, it } from "vitest";
import { ANYTHING, isForm, isOfForm } from "../../../analyzer/python/text-forms.ts";

it("takes a name for one of a form where all that is written is in it, in order and once", () => {
  const form = `make_${ANYTHING}_of_${ANYTHING}x`;
  expect(isForm(form)).toBe(true);
  expect(isForm("make_one")).toBe(false);
  for (const name of ["make__of_x", "make_one_of_two_x", "make_a_of_b_of_x"]) expect(isOfForm(name, form), name).toBe(true);
  for (const name of ["make_of_x", "remake_one_of_x", "make_one_of_xs", "make_one", ""]) expect(isOfForm(name, form), name).toBe(false);
  // What overlaps is not there twice.
  expect(isOfForm("aba", `ab${ANYTHING}ba`)).toBe(false);
});
