/** docs/data.md against the schema: every table and column, its type, and that its queries run. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readStore, temporaryStore } from "./temporary-store.ts";

const text = readFileSync(fileURLToPath(new URL("../../docs/data.md", import.meta.url)), "utf8");

/** By table, each column with its type and its meaning. */
const documented = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const name = section.slice(0, section.indexOf("\n"));
      const columns = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \| (.*?) ?\|$/gm)].map(([, column, type, meaning]) => ({
        column: column!,
        type: type!,
        meaning: meaning!,
      }));
      return columns.length === 0 ? [] : [[name, columns] as const];
    }),
);

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

describe("docs/data.md", () => {
  test("names every table, and every column with its type, in their order", async () => {
    const { path } = await temporaryStore();
    const schema = readStore(path, (database) => {
      const tables = database
        .prepare("select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%' and name not like 'kysely_%'")
        .pluck()
        .all() as string[];
      return new Map(
        tables.map((table) => {
          const columns = database.prepare(`select name, type, "notnull", pk from pragma_table_info(?)`).all(table) as Column[];
          return [
            table,
            columns.map(({ name, type, notnull, pk }) => `${name} ${type.toLowerCase()}${notnull || pk ? "" : " or null"}`),
          ] as const;
        }),
      );
    });
    expect([...documented.keys()].sort()).toEqual([...schema.keys()].sort());
    // Of a view, SQLite knows the columns' names alone.
    const view = (table: string) => table === "fact";
    const shown = (table: string, column: string) => (view(table) ? column.split(" ")[0] : column);
    for (const [table, columns] of schema)
      expect(documented.get(table)!.map(({ column, type }) => shown(table, `${column} ${type}`))).toEqual(
        columns.map((column) => shown(table, column)),
      );
  });

  test("says what each column means, but for ids and what its table says", () => {
    const unsaid = [...documented].flatMap(([table, columns]) =>
      columns.filter(({ meaning }) => meaning === "").map(({ column }) => `${table}.${column}`),
    );
    const plain =
      /\.(\w+_id|candidate|name|path|text|slot|mode|role|verdict|opcode|kind|likes|generation|module|version|library_version|filename|started_at|released_at)$/;
    expect(unsaid.filter((column) => !plain.test(column))).toEqual([]);
  });

  const queries = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query]) => query!);
  test.each(queries)("this query runs:\n%s", async (query) => {
    const { path } = await temporaryStore();
    expect(readStore(path, (database) => database.prepare(query).all())).toEqual([]);
  });
});
