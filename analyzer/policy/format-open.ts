/** The part of a policy file that is about open slots and what fills them. Boundary: shapes only, as `policy.ts` has them. */
import * as z from "zod";
import { callableName, entrySchema } from "./entry-schema.ts";
import { byText, sortedEntries } from "./format-entry.ts";
import type { Filler, OpenSlot } from "./policy.ts";

const source = z.object({
  function: z.string(),
  parameter: z.string(),
  file: z.string(),
  line: z.number().int().positive(),
  documentation: z.string().exactOptional(),
});

export const slotSchema = z.object({
  class: callableName,
  attribute: z.string(),
  from: z.array(source),
  asks: z.object({ attributes: z.array(z.string()), classes: z.array(z.string()), functions: z.boolean() }),
  takes: z.array(z.string()).exactOptional(),
  takesClasses: z.array(z.string()).exactOptional(),
});

export const fillerSchema = z.object({
  name: callableName,
  kind: z.enum(["class", "recorded", "function"]),
  imports: z.array(entrySchema),
  calls: z.array(entrySchema),
  openSlots: z.array(slotSchema),
  touches: z.array(z.string()),
  computes: z.array(z.string()).exactOptional(),
  asks: z.array(z.string()).exactOptional(),
  isCalled: z.boolean(),
  slots: z.array(z.string()).exactOptional(),
});

/** Slots as they are written: by class and attribute. */
export function writeSlots(slots: readonly OpenSlot[]): z.infer<typeof slotSchema>[] {
  return [...slots]
    .sort((a, b) => byText(a.class, b.class) || byText(a.attribute, b.attribute))
    .map(({ class: class_, attribute, from, asks, takes, takesClasses }) => ({
      class: class_,
      attribute,
      from: from.map((each) => ({
        function: each.function,
        parameter: each.parameter,
        file: each.file,
        line: each.line,
        ...(each.documentation === undefined ? {} : { documentation: each.documentation }),
      })),
      asks: { attributes: [...asks.attributes], classes: [...asks.classes], functions: asks.functions },
      ...(takes === undefined ? {} : { takes: [...takes] }),
      ...(takesClasses === undefined ? {} : { takesClasses: [...takesClasses] }),
    }));
}

/** Fillers as they are written: by name. */
export function writeFillers(fillers: readonly Filler[]): z.infer<typeof fillerSchema>[] {
  return [...fillers]
    .sort((a, b) => byText(a.name, b.name))
    .map(({ name, kind, imports, calls, openSlots, touches, computes, asks, isCalled, slots }) => ({
      name,
      kind,
      imports: sortedEntries(imports),
      calls: sortedEntries(calls),
      openSlots: writeSlots(openSlots),
      touches: [...touches],
      ...(computes === undefined ? {} : { computes: [...computes] }),
      ...(asks === undefined ? {} : { asks: [...asks] }),
      isCalled,
      ...(slots === undefined ? {} : { slots: [...slots] }),
    }));
}
