/**
 * A node of a syntax tree as lowering reads it, whoever parsed the text. Types and fields are those of tree-sitter's
 * Python grammar, whose own nodes are such nodes too. Boundary: what a tree says; how it is made is `plain-statements.ts`
 * and `parser.ts`.
 */

export interface SyntaxNode {
  readonly type: string;
  readonly text: string;
  /** Offsets in UTF-16 units. */
  readonly startIndex: number;
  readonly endIndex: number;
  /** Rows count from 0. */
  readonly startPosition: { readonly row: number };
  /** Without punctuation. */
  readonly namedChildren: readonly SyntaxNode[];
  childForFieldName(name: string): SyntaxNode | null;
  childrenForFieldName(name: string): readonly SyntaxNode[];
}

/** So many expressions inside each other are read. CPython takes 200 brackets inside each other (MAXLEVEL of Parser/lexer/state.h). */
export const DEEPEST_EXPRESSION = 300;

const NO_CHILDREN: readonly SyntaxNode[] = [];

/** A node that `plain-statements.ts` made. */
export class PlainNode implements SyntaxNode {
  constructor(
    /** Of a pattern, known only when what follows it has been read. */
    public type: string,
    private readonly source: string,
    readonly startIndex: number,
    readonly endIndex: number,
    /** Of its first character. */
    readonly row: number,
    private readonly parts: readonly SyntaxNode[] = NO_CHILDREN,
    /** The field of each child, or "". */
    private readonly fields: readonly string[] = [],
  ) {}

  get text(): string {
    return this.source.slice(this.startIndex, this.endIndex);
  }

  get startPosition(): { readonly row: number } {
    return { row: this.row };
  }

  get namedChildren(): readonly SyntaxNode[] {
    return this.type === "string" ? this.stringParts() : this.parts;
  }

  childForFieldName(name: string): SyntaxNode | null {
    const index = this.fields.indexOf(name);
    return index === -1 ? null : this.parts[index]!;
  }

  childrenForFieldName(name: string): readonly SyntaxNode[] {
    return this.parts.filter((_, index) => this.fields[index] === name);
  }

  /** Prefix and opening quotes, what is between the quotes, and the closing quotes; of one with interpolations only that it has some. */
  private stringParts(): SyntaxNode[] {
    const { source, startIndex, endIndex, row } = this;
    let quote = startIndex;
    while (source[quote] !== '"' && source[quote] !== "'") quote++;
    const isTriple = source.startsWith(source[quote]!.repeat(3), quote) && endIndex - quote >= 6;
    const open = quote + (isTriple ? 3 : 1);
    const close = endIndex - (isTriple ? 3 : 1);
    const part = (type: string, start: number, end: number) => new PlainNode(type, source, start, end, row);
    const start = part("string_start", startIndex, open);
    if (this.parts.length > 0) return [start, ...this.parts];
    return close > open ? [start, part("string_content", open, close)] : [start];
  }
}

/** A class or function whose inside is parsed when it is first asked for: of most of a module nothing but the name is. */
export class LateNode implements SyntaxNode {
  private node: SyntaxNode | null = null;

  constructor(
    readonly type: "class_definition" | "function_definition",
    private readonly name: PlainNode,
    readonly startIndex: number,
    readonly row: number,
    /** Whether its head has an `=`, without which there are no defaults. */
    readonly hasEquals: boolean,
    private readonly parse: () => SyntaxNode,
  ) {}

  private get inside(): SyntaxNode {
    this.node ??= this.parse();
    return this.node;
  }

  get text(): string {
    return this.inside.text;
  }

  get endIndex(): number {
    return this.inside.endIndex;
  }

  get startPosition(): { readonly row: number } {
    return { row: this.row };
  }

  get namedChildren(): readonly SyntaxNode[] {
    return this.inside.namedChildren;
  }

  childForFieldName(name: string): SyntaxNode | null {
    return name === "name" ? this.name : this.inside.childForFieldName(name);
  }

  childrenForFieldName(name: string): readonly SyntaxNode[] {
    return this.inside.childrenForFieldName(name);
  }
}
