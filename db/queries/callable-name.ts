/** How a callable is spelt wherever one is shown, filtered by, or exported. */
import { sql } from "kysely";

/** `module.qualified.name` of the joined `callable`; null where a left join found none. */
export const callableName = sql<string | null>`callable.module || '.' || callable.name`;

/** The first part of its module's name; null where a left join found none. */
export const topModule = sql<string | null>`substr(callable.module, 1, instr(callable.module || '.', '.') - 1)`;
