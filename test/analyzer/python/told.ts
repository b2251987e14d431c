/** What a unit says, and the two ways to read one: in pieces as inference does, and whole, by tree-sitter alone. */
import type { Node } from "web-tree-sitter";
import type { Code, Unit } from "../../../analyzer/python/code.ts";
import { lowerModule } from "../../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import type { Syntax } from "../../../analyzer/python/syntax.ts";

/** Reads a file in pieces, as inference does. */
export function readInPieces(parser: PythonParser, text: string): Unit {
  return lowerModule({ ...parser, units: new Map() }, { module: "pkg.m", path: "pkg/m.py", text, isPackage: false });
}

/** Reads a file by tree-sitter alone, nothing left out. */
export function readWhole(parser: PythonParser, text: string): Unit {
  const root = parser.parse(text) as Node;
  const whole = {
    root,
    hasErrors: root.hasError,
    bodyOf: (node: Node) => node.childForFieldName("body"),
    textOf: (node: Node) => node.text,
    forgetBody() {},
    forget() {},
  };
  const reader = { ...parser, units: new Map(), read: () => whole as unknown as Syntax };
  return lowerModule(reader, { module: "pkg.m", path: "pkg/m.py", text, isPackage: false });
}

/** Everything that a unit says, codes inside codes. */
export function told(unit: Unit): string {
  const seen = new Set<Code>();
  const plain = (value: unknown): unknown => {
    if (value instanceof Map || value instanceof Set) return [...value].map(plain);
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    if (!("qualifiedName" in value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
    const code = value as Code;
    const { kind, qualifiedName, line, decorators } = code;
    if (seen.has(code)) return [kind, qualifiedName, line];
    seen.add(code);
    return plain([
      kind,
      qualifiedName,
      line,
      decorators,
      code.parameters,
      code.returns,
      code.bases,
      code.metaclass,
      code.members,
      code.body,
    ]);
  };
  return JSON.stringify(
    plain([unit.code, unit.bindings, unit.starImports, unit.exports, unit.hasMoreExports, unit.classes, unit.importEffects]),
    null,
    1,
  );
}
