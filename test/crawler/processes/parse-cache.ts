/** Writes into a parse cache from a process of its own: `parse-cache.ts FILE NAME COUNT`. */
import { openParseCache } from "../../../crawler/parse-cache.ts";

const [file, name, count] = process.argv.slice(2) as [string, string, string];
for (let index = 0; index < Number(count); index++) {
  const cache = openParseCache(file)!;
  const kept = (module: string) => ({ module, path: `${module}.py`, isPackage: false, text: module });
  cache.put(kept(`${name}${index}`), `of ${name}`);
  cache.put(kept("shared"), "x".repeat(100_000) + name);
  cache.close();
}
