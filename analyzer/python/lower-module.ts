/**
 * One file to a Unit: what it binds, its classes, and code objects whose bodies are lowered when they are first reached.
 * Boundary: nothing outside the file is looked at, and the file only when something in it is asked for.
 */
import type { Binding, Code, TypeExpression, Unit } from "./code.ts";
import { pythonOfCython } from "./cython.ts";
import { importedModule } from "./imports.ts";
import { KeptContents, type Rereader } from "./kept-contents.ts";
import { type KeptUnits, keptText, type UnitContents, withNested } from "./kept-unit.ts";
import { decoratorText } from "./lower-body.ts";
import { LoweredCode, targetNames } from "./lower-code.ts";
import type { PythonParser } from "./parser.ts";
import type { CodeMaker } from "./scope.ts";
import { type ImportEffects, importEffects } from "./search-path.ts";
import type { Syntax } from "./syntax.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { dottedPath, stringText, typeExpression } from "./type-expression.ts";

/** A file, and the name under which it is imported. */
export interface SourceFile {
  readonly module: string;
  readonly path: string;
  readonly text: string;
  /** sha256 (hex) of its text, where that is known without it. */
  readonly sha256?: string | undefined;
  readonly isPackage: boolean;
}

/**
 * Reads one file. Syntax that the grammar does not know costs the statements it is in. The same file under the same name
 * is read once for as long as the parser keeps its trees: releases and classes of a library share it.
 */
export function lowerModule(parser: PythonParser, file: SourceFile): Unit {
  const key = `${file.module}\n${file.path}`;
  const known = parser.units.get(key) ?? [];
  const same = known.find((other) => isSameText(other.file, file));
  if (same) return same.unit;
  const unit = new LoweredUnit(parser, file);
  parser.units.set(key, [...known, { file, unit }]);
  return unit;
}

function isSameText(one: SourceFile, other: SourceFile): boolean {
  return one.sha256 !== undefined && other.sha256 !== undefined ? one.sha256 === other.sha256 : one.text === other.text;
}

/**
 * Keeps what was read since the parser last forgot, so that the next run need not parse it. The parser lets go of each unit as it is kept,
 * for there may be little memory left: who goes on has a file read anew.
 */
export function keepUnits({ kept, units }: PythonParser): void {
  for (const [key, same] of units) {
    for (const { unit } of same) if (kept && unit instanceof LoweredUnit) unit.keep(kept);
    units.delete(key);
  }
}

/** A unit that is parsed when something in it is asked for: many modules are only named. */
class LoweredUnit implements Unit {
  readonly module: string;
  readonly path: string;
  readonly isPackage: boolean;
  private contents: UnitContents | null = null;

  constructor(
    private readonly parser: PythonParser,
    private readonly file: SourceFile,
  ) {
    this.module = file.module;
    this.path = file.path;
    this.isPackage = file.isPackage;
  }

  private get read(): UnitContents {
    this.contents ??= this.readKept() ?? this.readFile();
    return this.contents;
  }

  private readKept(): UnitContents | null {
    const kept = this.parser.kept?.get(this.file) ?? null;
    return kept === null
      ? null
      : new KeptContents(
          this,
          kept,
          () => parsedText(this.file),
          () => this.readFile(),
        );
  }

  private readFile(): ModuleReader {
    return new ModuleReader(this, this.parser, this.file);
  }

  /** Keeps what was read of it; not what is no Python, which is seen to be none when it is parsed. */
  keep(kept: KeptUnits): void {
    if (this.contents?.isNew && !this.contents.hasErrors) kept.put(this.file, keptText(this.contents));
  }

  get isParsed(): boolean {
    return this.contents !== null;
  }

  get code(): Code {
    return this.read.code;
  }

  get bindings(): ReadonlyMap<string, readonly Binding[]> {
    return this.read.bindings;
  }

  get starImports(): readonly string[] {
    return this.read.starImports;
  }

  get exports(): readonly string[] | null {
    return this.read.exports;
  }

  get hasMoreExports(): boolean {
    return this.read.hasMoreExports;
  }

  get classes(): readonly Code[] {
    return this.read.classes;
  }

  get hasErrors(): boolean {
    return this.read.hasErrors;
  }

  get importEffects(): ImportEffects {
    return this.read.importEffects;
  }
}

/** `__all__.extend(other.__all__)`, `__all__.append(name)`. */
const CHANGES_EXPORTS = /^__all__\s*\./;

class ModuleReader implements Rereader {
  readonly code: LoweredCode;
  readonly isNew = true;
  readonly bindings = new Map<string, Binding[]>();
  readonly starImports: string[] = [];
  readonly topClasses: Code[] = [];
  exports: string[] | null = null;
  hasMoreExports = false;
  private readonly codes = new Map<number, LoweredCode>();
  private readonly maker: CodeMaker;
  private readonly syntax: Syntax;
  private effects: ImportEffects | null = null;

  constructor(
    private readonly unit: Unit,
    parser: PythonParser,
    private readonly file: SourceFile,
  ) {
    const parse = (text: string) => parser.parse(text);
    this.syntax = parser.read(parsedText(file));
    const { root } = this.syntax;
    this.maker = {
      syntax: this.syntax,
      isThorough: parser.isThorough,
      function: (node, name, decorators, parent) =>
        this.codeOf(node, () => new LoweredCode("function", node, name, decorators, parent, unit, this.maker)),
      class: (node, decorators, parent) => {
        const name = node.childForFieldName("name")?.text ?? "";
        return this.codeOf(node, () => new LoweredCode("class", node, name, decorators, parent, unit, this.maker));
      },
      parse,
    };
    this.code = new LoweredCode("module", root, unit.module, [], null, unit, this.maker);
    this.bindBlock(root);
  }

  get classes(): readonly Code[] {
    return withNested(this.topClasses);
  }

  get hasErrors(): boolean {
    return this.syntax.hasErrors;
  }

  get importEffects(): ImportEffects {
    this.effects ??= importEffects(this.syntax.root, this.file);
    return this.effects;
  }

  codeAt(start: number): LoweredCode | undefined {
    return this.codes.get(start);
  }

  *codesSoFar(): Iterable<LoweredCode> {
    yield this.code;
    yield* this.codes.values();
  }

  private codeOf(node: SyntaxNode, make: () => LoweredCode): LoweredCode {
    const known = this.codes.get(node.startIndex);
    if (known) return known;
    const code = make();
    this.codes.set(node.startIndex, code);
    return code;
  }

  private bind(name: string, binding: Binding): void {
    const known = this.bindings.get(name);
    if (known) known.push(binding);
    else this.bindings.set(name, [binding]);
  }

  /** The names that a block of module-level statements binds; every branch of a compound statement counts. */
  private bindBlock(block: SyntaxNode): void {
    for (const node of block.namedChildren) this.bindStatement(node);
  }

  private bindStatement(node: SyntaxNode): void {
    const line = node.startPosition.row + 1;
    switch (node.type) {
      case "expression_statement":
        for (const child of node.namedChildren) {
          if (child.type === "call") this.hasMoreExports ||= CHANGES_EXPORTS.test(child.childForFieldName("function")?.text ?? "");
          this.bindAssignment(child, line);
        }
        return;
      case "import_statement":
      case "import_from_statement":
        this.bindImport(node, line);
        return;
      case "class_definition":
      case "function_definition":
        this.bindDefinition(node, [], line);
        return;
      case "decorated_definition": {
        const definition = node.childForFieldName("definition");
        const decorators = node.namedChildren.filter((child) => child.type === "decorator").map(decoratorText);
        if (definition) this.bindDefinition(definition, decorators, line);
        return;
      }
      case "for_statement":
        for (const name of targetNames(node.childForFieldName("left")))
          this.bind(name, { kind: "assignment", path: null, type: null, line });
        this.bindBlock(node);
        return;
      case "with_item":
      case "as_pattern": {
        const alias = node.childForFieldName("alias");
        for (const name of targetNames(alias?.namedChildren[0] ?? null))
          this.bind(name, { kind: "assignment", path: null, type: null, line });
        this.bindBlock(node);
        return;
      }
      case "block":
      case "if_statement":
      case "elif_clause":
      case "else_clause":
      case "try_statement":
      case "except_clause":
      case "finally_clause":
      case "while_statement":
      case "with_statement":
      case "with_clause":
        this.bindBlock(node);
        return;
      default:
        return;
    }
  }

  private bindAssignment(node: SyntaxNode, line: number): void {
    if (node.type !== "assignment" && node.type !== "augmented_assignment") return;
    const right = node.childForFieldName("right");
    const names = targetNames(node.childForFieldName("left"));
    if (names.includes("__all__") && right) this.addExports(right);
    const path = right ? dottedPath(right) : null;
    const { parse } = this.maker;
    for (const name of names) {
      let type: TypeExpression | null | undefined;
      const binding: Binding = {
        kind: "assignment",
        path,
        line,
        get type() {
          type = type === undefined && right ? typeAlias(right, parse) : (type ?? null);
          return type;
        },
      };
      this.bind(name, binding);
    }
    if (right) this.bindAssignment(right, line);
  }

  /** `__all__ = [...]` and `__all__ += [...]`: what it lists, and whether that is all. */
  private addExports(value: SyntaxNode): void {
    const items = value.type === "list" || value.type === "tuple" ? value.namedChildren.filter((child) => child.type !== "comment") : null;
    const names = (items ?? []).map(stringText).filter((name) => name !== null);
    this.exports = [...(this.exports ?? []), ...names];
    this.hasMoreExports ||= names.length !== items?.length;
  }

  private bindImport(node: SyntaxNode, line: number): void {
    const from = node.type === "import_from_statement" ? importedModule(node, this.unit) : null;
    if (from !== null && node.namedChildren.some((child) => child.type === "wildcard_import")) this.starImports.push(from);
    for (const child of node.childrenForFieldName("name")) {
      const aliased = child.type === "aliased_import";
      const name = (aliased ? child.childForFieldName("name")?.text : child.text) ?? "";
      const alias = aliased ? child.childForFieldName("alias")?.text : undefined;
      const [first = name] = name.split(".");
      if (from !== null) this.bind(alias ?? name, { kind: "import", module: from, name, line });
      else this.bind(alias ?? first, { kind: "import", module: alias ? name : first, name: null, line });
    }
  }

  private bindDefinition(node: SyntaxNode, decorators: readonly string[], line: number): void {
    const name = node.childForFieldName("name")?.text;
    if (!name) return;
    if (node.type === "function_definition") {
      const code = this.maker.function(node, name, decorators, this.code);
      this.bind(name, { kind: "function", code, line });
    } else {
      const code = this.maker.class(node, decorators, this.code);
      this.topClasses.push(code);
      this.bind(name, { kind: "class", code, line });
    }
  }
}

/** A file as Python. */
function parsedText({ path, text }: SourceFile): string {
  return path.endsWith(".pyx") ? pythonOfCython(text) : text;
}

/** The type that a variable stands for in annotations, where its value is one. */
function typeAlias(value: SyntaxNode, parse: CodeMaker["parse"]): TypeExpression | null {
  if (value.type === "subscript" || value.type === "binary_operator") return typeExpression(value, parse);
  if (value.type !== "call" || !/(^|\.)(TypeVar|NewType)$/.test(value.childForFieldName("function")?.text ?? "")) return null;
  const args = value.childForFieldName("arguments")?.namedChildren ?? [];
  const bounds = args.slice(1).flatMap((arg) => {
    if (arg.type !== "keyword_argument") return [arg];
    const bound = arg.childForFieldName("name")?.text === "bound" ? arg.childForFieldName("value") : null;
    return bound ? [bound] : [];
  });
  const items = bounds.map((bound) => typeExpression(bound, parse)).filter((type) => type !== null);
  return { kind: "union", items, line: value.startPosition.row + 1 };
}
