/** The table of what class policies cost to infer. */
import { inferenceCosts } from "../queries/inference.ts";
import { type ExportTable, integer, number, text } from "./table.ts";

export const inferenceCostTable: ExportTable = {
  name: "inference-cost",
  description: "What inferring each class policy of the store cost, the longest first: time, and the source that was given.",
  columns: [
    text("policy", "Its name."),
    text("class", "The class it is of."),
    text("library", "The distribution whose source it was inferred from."),
    text("library_version", "Of that distribution."),
    number("seconds", "From the source's being handed over to the policy, by the wall clock of the machine, beside whatever else it did."),
    integer("distributions", "The library and those of its dependencies whose source was given."),
    integer("files", "Files of all of them."),
    integer("bytes", "Of those files, in UTF-8."),
    integer("imports", "Callables that the policy lets be looked up."),
    integer("calls", "Callables that it lets be called."),
  ],
  rows: async function* (store) {
    for (const { policyId: _, milliseconds, libraryVersion, ...cost } of await inferenceCosts(store))
      yield { ...cost, library_version: libraryVersion, seconds: milliseconds / 1_000 };
  },
};
