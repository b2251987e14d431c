/** Python source as modules, for the tests of this room: paths and texts in, what the room makes of them out. */
import { Classes } from "../../../analyzer/python/classes.ts";
import { Modules } from "../../../analyzer/python/modules.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { Resolver } from "../../../analyzer/python/resolve.ts";

export type Texts = Readonly<Record<string, string>>;

/** A library and its dependencies, each by path and text. */
export function opened(parser: PythonParser, texts: Texts, dependency: Texts = {}, rootPackage: string | null = null) {
  const tree = (name: string, files: Texts) => ({
    name,
    version: null,
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
  });
  const modules = new Modules(parser, tree("library", texts), [tree("dependency", dependency)], rootPackage);
  const resolver = new Resolver(modules);
  return { modules, resolver, classes: new Classes(resolver) };
}
