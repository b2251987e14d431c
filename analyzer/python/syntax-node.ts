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

const NO_CHILDREN: readonly PlainNode[] = [];

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
    private readonly parts: readonly PlainNode[] = NO_CHILDREN,
    /** The field of each child, or "". */
    private readonly fields: readonly string[] = [],
  ) {}

  get text(): string {
    return this.source.slice(this.startIndex, this.endIndex);
  }

  get startPosition(): { readonly row: number } {
    return { row: this.row };
  }

  get namedChildren(): readonly PlainNode[] {
    return this.type === "string" ? this.stringParts() : this.parts;
  }

  childForFieldName(name: string): PlainNode | null {
    const index = this.fields.indexOf(name);
    return index === -1 ? null : this.parts[index]!;
  }

  childrenForFieldName(name: string): readonly PlainNode[] {
    return this.parts.filter((_, index) => this.fields[index] === name);
  }

  /** Prefix and opening quotes, what is between the quotes, and the closing quotes; of one with interpolations only that it has some. */
  private stringParts(): PlainNode[] {
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
