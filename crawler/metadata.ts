/** What of a model's configuration and card its class is chosen by: the JSON in `revision.metadata`. */
import * as z from "zod";

const metadata = z.object({
  /** `architectures` of config.json. */
  architectures: z.array(z.string()).readonly(),
  /** Classes of its `auto_map`; absent where it has none. */
  autoMap: z.array(z.string()).readonly().optional(),
  /** Absent until the card was read. */
  card: z
    .array(z.object({ name: z.string(), line: z.string() }))
    .readonly()
    .optional(),
});

export type ModelMetadata = z.infer<typeof metadata>;

const UNKNOWN: ModelMetadata = { architectures: [] };

/** Null: nothing is known. Throws where the store holds something else. */
export function parseMetadata(json: string | null): ModelMetadata {
  return json === null ? UNKNOWN : metadata.parse(JSON.parse(json));
}
