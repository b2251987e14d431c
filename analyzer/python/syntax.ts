/**
 * The syntax of one file, in pieces: everything but the bodies of its functions at once, and each of those when it is
 * first asked for; strings that stand for themselves never. Boundary: which pieces there are; nodes are tree-sitter's, with the positions they have in the file.
 */
import type { Node, Range, Tree } from "web-tree-sitter";
import { type Documentation, type FunctionBody, type Layout, layoutOf } from "./function-bodies.ts";

/** Parses the given ranges of a text as if there was nothing else in it; all of it where none are given. */
export type ParseRanges = (text: string, ranges?: Range[]) => Tree;

export class Syntax {
  readonly root: Node;
  private readonly trees = new Map<number, Tree>();
  /** The bodies that were left out, in order. */
  private readonly bodies: readonly FunctionBody[];
  private readonly documentation: readonly Documentation[];
  private readonly heads: Tree;
  private whole: Tree | null = null;
  private hasBodyErrors = false;

  constructor(
    private readonly text: string,
    private readonly parse: ParseRanges,
  ) {
    const layout = layoutOf(text) ?? { bodies: [], documentation: [] };
    const gaps = gapsOf(layout);
    let heads = parse(text, gaps.length > 0 ? between(wholeOf(text), gaps) : undefined);
    // What is not Python may not end where its layout says: it is parsed whole.
    const isPlain = gaps.length === 0 || !heads.rootNode.hasError;
    if (!isPlain) {
      heads.delete();
      heads = parse(text);
    }
    this.heads = heads;
    this.root = heads.rootNode;
    this.bodies = isPlain ? layout.bodies : [];
    this.documentation = isPlain ? layout.documentation : [];
  }

  /** Whether what was parsed so far has syntax that the grammar does not know. */
  get hasErrors(): boolean {
    return this.hasBodyErrors || this.root.hasError;
  }

  /** The body of a class, function or lambda. */
  bodyOf(definition: Node): Node | null {
    const body = definition.type === "function_definition" ? this.bodyAfter(definition.startIndex) : undefined;
    const isOwn = body?.definition === definition.startIndex;
    return (isOwn ? this.parsedBody(body) : definition).childForFieldName("body");
  }

  /** The definition with its body. */
  private parsedBody(body: FunctionBody): Node {
    const known = this.trees.get(body.definition);
    const tree = known ?? this.parse(this.text, between(rangeOf(body), documentationIn(body, this.documentation)));
    this.trees.set(body.definition, tree);
    const definition = tree.rootNode.namedChildren.find((child) => child.type === "function_definition");
    if (definition && !tree.rootNode.hasError) return definition;
    this.hasBodyErrors = true;
    this.whole ??= this.parse(this.text);
    let found = this.whole.rootNode.descendantForIndex(body.definition);
    while (found && found.type !== "function_definition") found = found.parent;
    return found?.startIndex === body.definition ? found : (definition ?? tree.rootNode);
  }

  /** Frees the body of a function of which no node is used any more. */
  forgetBody(definition: Node): void {
    this.trees.get(definition.startIndex)?.delete();
    this.trees.delete(definition.startIndex);
  }

  /** The text of a class or function, to the end of what is in it. */
  textOf(definition: Node): string {
    const { startIndex, endIndex } = definition;
    const last = this.bodyAfter(endIndex);
    return this.text.slice(startIndex, last && last.definition < endIndex ? last.end : endIndex).trimEnd();
  }

  /** The first body that starts there or later. */
  private bodyAfter(index: number): FunctionBody | undefined {
    let low = 0;
    let high = this.bodies.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bodies[middle]!.start < index) low = middle + 1;
      else high = middle;
    }
    return this.bodies[low];
  }

  /** Frees everything. */
  forget(): void {
    for (const tree of [this.heads, this.whole, ...this.trees.values()]) tree?.delete();
    this.trees.clear();
  }
}

type Gap = Pick<Documentation, "start" | "startRow" | "end" | "endRow">;

/** What the heads are parsed without: bodies, and the documentation outside of them. */
function gapsOf({ bodies, documentation }: Layout): Gap[] {
  const gaps: Gap[] = [];
  let next = 0;
  for (const body of bodies) {
    for (let each = documentation[next]; each && each.start < body.start; each = documentation[++next]) gaps.push(each);
    gaps.push(body);
    while (next < documentation.length && documentation[next]!.start < body.end) next++;
  }
  return [...gaps, ...documentation.slice(next)];
}

function documentationIn(body: FunctionBody, documentation: readonly Documentation[]): Documentation[] {
  let low = 0;
  let high = documentation.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (documentation[middle]!.start < body.start) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < documentation.length && documentation[end]!.start < body.end) end++;
  return documentation.slice(low, end);
}

/** What is left of a range without the gaps. */
function between(whole: Range, gaps: readonly Gap[]): Range[] {
  const ranges: Range[] = [];
  let { startIndex, startPosition } = whole;
  for (const gap of gaps) {
    ranges.push({ startIndex, endIndex: gap.start, startPosition, endPosition: { row: gap.startRow, column: 0 } });
    startIndex = gap.end;
    startPosition = { row: gap.endRow, column: 0 };
  }
  return [...ranges, { startIndex, endIndex: whole.endIndex, startPosition, endPosition: whole.endPosition }];
}

function wholeOf(text: string): Range {
  return {
    startIndex: 0,
    endIndex: text.length,
    startPosition: { row: 0, column: 0 },
    endPosition: { row: LAST_ROW, column: 0 },
  };
}

const LAST_ROW = 0x7fffffff;

/** A definition with its body. */
function rangeOf({ definition, definitionRow, definitionColumn, end, endRow }: FunctionBody): Range {
  return {
    startIndex: definition,
    endIndex: end,
    startPosition: { row: definitionRow, column: definitionColumn },
    endPosition: { row: endRow, column: 0 },
  };
}
