/** The entries of a policy as a policy file has them: what is checked of a file that somebody wrote. */
import * as z from "zod";

const reason = z.object({
  kind: z.enum([
    "class",
    "base",
    "subclass",
    "attribute",
    "element",
    "annotation",
    "reduce",
    "argument",
    "setstate",
    "alias",
    "protocol",
    "native",
    "loader",
    "release",
    "save",
    "observed",
    "unanalysed",
  ]),
  text: z.string(),
  name: z.string().optional(),
  file: z.string().optional(),
  line: z.number().int().positive().optional(),
  releases: z.array(z.string()).optional(),
});

/** A dotted name. */
export const callableName = z.string().regex(/^[^\s.]+(\.[^\s.]+)+$/, "not a dotted name");
/** A policy's entry, as a policy file has it. */
export const entrySchema = z.object({
  callable: callableName,
  sameAs: callableName.optional(),
  module: z.string().optional(),
  returns: z.literal("shared").optional(),
  bound: z.literal(true).optional(),
  reasons: z.array(reason),
});

export type EntryOnFile = z.infer<typeof entrySchema>;
