/** Searching for a part of a text, the same in every store. */
import { type Expression, type SqlBool, sql } from "kysely";

/** Whether `text` holds `part`, in upper or lower case; nothing in `part` is a wildcard. */
export function contains(text: Expression<unknown>, part: string) {
  const pattern = `%${part.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`;
  return sql<SqlBool>`lower(${text}) like ${pattern} escape '\\'`;
}
