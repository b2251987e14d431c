/** How a callable is spelt wherever one is shown, filtered by, or exported. */
import { sql } from "kysely";

/** `module.qualified.name` of the joined `callable`; null where a left join found none. */
export const callableName = sql<string | null>`callable.module || '.' || callable.name`;
