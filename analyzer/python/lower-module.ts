/**
 * One file to a Unit: what it binds, its classes, and code objects whose bodies are lowered when they are first reached.
 * Boundary: nothing outside the file is looked at.
 */
import type { Node } from "web-tree-sitter";
import type { Binding, Body, Code, Member, Parameter, TypeExpression, Unit } from "./code.ts";
import { importedModule } from "./imports.ts";
import { decoratorText, lowerBody } from "./lower-body.ts";
import type { PythonParser } from "./parser.ts";
import type { CodeMaker } from "./scope.ts";
import { type ImportEffects, importEffects } from "./search-path.ts";
import { dottedPath, stringText, typeExpression } from "./type-expression.ts";

/** Reads one file. Syntax that the grammar does not know costs the statements it is in. */
export function lowerModule(parser: PythonParser, text: string, file: { module: string; path: string; isPackage: boolean }): Unit {
  return new LoweredUnit(parser, parser.parse(text), file);
}

class LoweredUnit implements Unit {
  readonly module: string;
  readonly path: string;
  readonly isPackage: boolean;
  readonly code: Code;
  readonly bindings = new Map<string, Binding[]>();
  readonly starImports: string[] = [];
  readonly classes: Code[] = [];
  readonly hasErrors: boolean;
  exports: string[] | null = null;
  private effects: ImportEffects | null = null;
  private readonly codes = new Map<number, Code>();
  private readonly maker: CodeMaker;

  constructor(
    parser: PythonParser,
    private readonly root: Node,
    file: { module: string; path: string; isPackage: boolean },
  ) {
    this.module = file.module;
    this.path = file.path;
    this.isPackage = file.isPackage;
    this.hasErrors = root.hasError;
    const parse = (text: string) => parser.parse(text);
    this.maker = {
      function: (node, name, decorators, parent) =>
        this.codeOf(node, () => new LoweredCode("function", node, name, decorators, parent, this, this.maker)),
      class: (node, decorators, parent) => this.classOf(node, decorators, parent),
      parse,
    };
    this.code = new LoweredCode("module", root, file.module, [], null, this, this.maker);
    this.bindBlock(root);
  }

  get importEffects(): ImportEffects {
    this.effects ??= importEffects(this.root, this.path);
    return this.effects;
  }

  private codeOf(node: Node, make: () => Code): Code {
    const known = this.codes.get(node.startIndex);
    if (known) return known;
    const code = make();
    this.codes.set(node.startIndex, code);
    return code;
  }

  private classOf(node: Node, decorators: readonly string[], parent: Code): Code {
    const name = node.childForFieldName("name")?.text ?? "";
    return this.codeOf(node, () => new LoweredCode("class", node, name, decorators, parent, this, this.maker));
  }

  private bind(name: string, binding: Binding): void {
    const known = this.bindings.get(name);
    if (known) known.push(binding);
    else this.bindings.set(name, [binding]);
  }

  /** The names that a block of module-level statements binds; every branch of a compound statement counts. */
  private bindBlock(block: Node): void {
    for (const node of block.namedChildren) this.bindStatement(node);
  }

  private bindStatement(node: Node): void {
    const line = node.startPosition.row + 1;
    switch (node.type) {
      case "expression_statement":
        for (const child of node.namedChildren) this.bindAssignment(child, line);
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

  private bindAssignment(node: Node, line: number): void {
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

  /** `__all__ = [...]` and `__all__ += [...]`; anything else leaves it to the names without an underscore. */
  private addExports(value: Node): void {
    if (value.type !== "list" && value.type !== "tuple") return;
    const names = value.namedChildren.map(stringText).filter((name) => name !== null);
    this.exports = [...(this.exports ?? []), ...names];
  }

  private bindImport(node: Node, line: number): void {
    const from = node.type === "import_from_statement" ? importedModule(node, this) : null;
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

  private bindDefinition(node: Node, decorators: readonly string[], line: number): void {
    const name = node.childForFieldName("name")?.text;
    if (!name) return;
    if (node.type === "function_definition") {
      const code = this.maker.function(node, name, decorators, this.code);
      this.bind(name, { kind: "function", code, line });
    } else this.bind(name, { kind: "class", code: this.collectClass(node, decorators, this.code), line });
  }

  /** Makes the code of a class and of the classes in its body, so that subclasses are known without lowering anything. */
  private collectClass(node: Node, decorators: readonly string[], parent: Code): Code {
    const code = this.classOf(node, decorators, parent);
    this.classes.push(code);
    for (const child of node.childForFieldName("body")?.namedChildren ?? []) {
      if (child.type === "class_definition") this.collectClass(child, [], code);
      const definition = child.type === "decorated_definition" ? child.childForFieldName("definition") : null;
      if (definition?.type !== "class_definition") continue;
      const texts = child.namedChildren.filter((part) => part.type === "decorator").map(decoratorText);
      this.collectClass(definition, texts, code);
    }
    return code;
  }
}

/** The type that a variable stands for in annotations, where its value is one. */
function typeAlias(value: Node, parse: CodeMaker["parse"]): TypeExpression | null {
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

/** The plain names among the targets of an assignment. */
function targetNames(target: Node | null): string[] {
  if (!target) return [];
  if (target.type === "identifier") return [target.text];
  if (target.type === "attribute" || target.type === "subscript") return [];
  return target.namedChildren.flatMap(targetNames);
}

class LoweredCode implements Code {
  readonly qualifiedName: string;
  readonly line: number;
  readonly bases: readonly TypeExpression[];
  readonly metaclass: TypeExpression | null;
  private loweredBody: Body | null = null;
  private loweredParameters: readonly Parameter[] | null = null;
  private loweredMembers: ReadonlyMap<string, Member> | null = null;

  constructor(
    readonly kind: "module" | "class" | "function",
    private readonly node: Node,
    readonly name: string,
    readonly decorators: readonly string[],
    readonly parent: Code | null,
    readonly unit: Unit,
    private readonly maker: CodeMaker,
  ) {
    this.line = node.startPosition.row + 1;
    const prefix = !parent || parent.kind === "module" ? "" : `${parent.qualifiedName}.${parent.kind === "function" ? "<locals>." : ""}`;
    this.qualifiedName = kind === "module" ? "<module>" : prefix + name;
    const supers = kind === "class" ? (node.childForFieldName("superclasses")?.namedChildren ?? []) : [];
    const positional = supers.filter((child) => child.type !== "keyword_argument" && child.type !== "comment");
    this.bases = positional.map((child) => baseExpression(child, maker.parse)).filter((type) => type !== null);
    const keyword = supers.find((child) => child.type === "keyword_argument" && child.childForFieldName("name")?.text === "metaclass");
    const metaclass = keyword?.childForFieldName("value");
    this.metaclass = metaclass ? typeExpression(metaclass, maker.parse) : null;
  }

  get parameters(): readonly Parameter[] {
    this.loweredParameters ??= this.kind === "function" ? parametersOf(this.node, this.maker) : [];
    return this.loweredParameters;
  }

  get returns(): TypeExpression | null {
    const type = this.kind === "function" ? this.node.childForFieldName("return_type") : null;
    return type && typeExpression(type, this.maker.parse);
  }

  get members(): ReadonlyMap<string, Member> {
    const block = this.kind === "class" ? this.node.childForFieldName("body") : null;
    this.loweredMembers ??= membersOf(block, this.maker);
    return this.loweredMembers;
  }

  get text(): string {
    return this.node.text;
  }

  get body(): Body {
    const block = this.kind === "module" ? this.node : this.node.childForFieldName("body");
    this.loweredBody ??= lowerBody(this, block ?? this.node, this.maker);
    return this.loweredBody;
  }
}

/** A base class; for `with_metaclass(Meta, Base)` the bases among its arguments. */
function baseExpression(node: Node, parse: CodeMaker["parse"]): TypeExpression | null {
  if (node.type !== "call") return typeExpression(node, parse);
  const args = node.childForFieldName("arguments")?.namedChildren ?? [];
  const callee = node.childForFieldName("function")?.text ?? "";
  const base = callee.endsWith("with_metaclass") ? args[1] : undefined;
  return base ? typeExpression(base, parse) : null;
}

function parametersOf(node: Node, maker: CodeMaker): Parameter[] {
  const result: Parameter[] = [];
  let kind: "positional" | "keyword-only" = "positional";
  for (const child of node.childForFieldName("parameters")?.namedChildren ?? []) {
    const line = child.startPosition.row + 1;
    if (child.type === "comment") continue;
    if (child.type === "keyword_separator") kind = "keyword-only";
    else if (child.type === "positional_separator") {
      for (const [index, earlier] of result.entries()) result[index] = { ...earlier, kind: "positional-only" };
    } else {
      const type = child.childForFieldName("type");
      const named = child.childForFieldName("name") ?? (child.type === "typed_parameter" ? child.namedChildren[0] : child);
      const star = named?.type === "list_splat_pattern" ? "star" : named?.type === "dictionary_splat_pattern" ? "double-star" : null;
      const name = (star ? named?.namedChildren[0]?.text : named?.text) ?? "";
      const annotation = type && typeExpression(type, maker.parse);
      result.push({ name, kind: star ?? kind, annotation, hasDefault: child.childForFieldName("value") !== null, line });
      if (star === "star") kind = "keyword-only";
    }
  }
  return result;
}

/** The names that a class body binds, in any branch. */
function membersOf(block: Node | null, maker: CodeMaker): Map<string, Member> {
  const members = new Map<string, Member>();
  const add = (name: string, member: Member) => {
    const known = members.get(name);
    if (!known || (known.annotation === null && member.annotation !== null)) members.set(name, member);
    else if (member.hasValue && !known.hasValue) members.set(name, { ...known, hasValue: true });
  };
  const visit = (node: Node): void => {
    const line = node.startPosition.row + 1;
    if (node.type === "assignment" || node.type === "augmented_assignment") {
      const type = node.childForFieldName("type");
      const right = node.childForFieldName("right");
      for (const name of targetNames(node.childForFieldName("left")))
        add(name, {
          annotation: type && typeExpression(type, maker.parse),
          hasValue: right !== null,
          isEmpty: right?.type === "none",
          line,
        });
      if (right) visit(right);
    } else if (node.type === "function_definition" || node.type === "class_definition")
      add(node.childForFieldName("name")?.text ?? "", { annotation: null, hasValue: true, isEmpty: false, line });
    else if (node.type.startsWith("import")) {
      for (const child of node.childrenForFieldName("name")) {
        const name = child.childForFieldName("alias")?.text ?? child.text.split(".")[0] ?? "";
        add(name, { annotation: null, hasValue: true, isEmpty: false, line });
      }
    } else if (MEMBER_CONTAINERS.has(node.type)) for (const child of node.namedChildren) visit(child);
  };
  if (block) visit(block);
  return members;
}

const MEMBER_CONTAINERS = new Set([
  "block",
  "expression_statement",
  "decorated_definition",
  "if_statement",
  "elif_clause",
  "else_clause",
  "try_statement",
  "except_clause",
  "finally_clause",
  "with_statement",
  "for_statement",
]);
