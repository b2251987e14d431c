/**
 * The syntax of one file, in pieces: everything but the bodies of its functions at once, and each of those when it is
 * first asked for; strings that stand for themselves never. Boundary: which pieces there are; nodes are tree-sitter's, with the positions they have in the file.
 */
import type { Node, Range, Tree } from "web-tree-sitter";
import { type Documentation, type FunctionBody, type Layout, layoutOf } from "./function-bodies.ts";
import { type LateNodes, parsePlain, parsePlainDefinition } from "./plain-statements.ts";
import { LateNode, PlainNode, type SyntaxNode } from "./syntax-node.ts";

/** Parses the given ranges of a text as if there was nothing else in it; all of it where none are given. */
export type ParseRanges = (text: string, ranges?: Range[]) => Tree;

export class Syntax {
  readonly root: SyntaxNode;
  private readonly definitions = new Map<number, SyntaxNode>();
  /** The bodies that were left out, in order. */
  private readonly bodies: readonly FunctionBody[];
  private readonly documentation: readonly Documentation[];
  /** What tree-sitter parsed: all that is not plain. */
  private readonly trees: Tree[] = [];
  private whole: Tree | null = null;
  private hasError = false;

  constructor(
    private readonly text: string,
    private readonly parse: ParseRanges,
  ) {
    const layout = layoutOf(text) ?? { classes: [], bodies: [], documentation: [] };
    const gaps = gapsOf(layout);
    const root =
      parsePlain(text, gaps, this.lateNodes(layout, gaps)) ?? (gaps.length > 0 ? this.parsed(between(wholeOf(text), gaps)) : null);
    // What is not Python may not end where its layout says: it is parsed whole.
    this.root = root ?? this.wholeTree().rootNode;
    this.hasError = root === null && this.wholeTree().rootNode.hasError;
    this.bodies = root ? layout.bodies : [];
    this.documentation = root ? layout.documentation : [];
  }

  /** Something was met that is not understood. */
  giveUp(): void {
    this.hasError = true;
  }

  /** Whether what was parsed so far has syntax that the grammar does not know, or that is nested too deep. */
  get hasErrors(): boolean {
    return this.hasError;
  }

  /** The classes at the top and the functions, of which each is parsed when something in it is asked for. */
  private lateNodes({ classes, bodies }: Layout, gaps: readonly Gap[]): LateNodes {
    const functions = new Map<number, LateEntry>();
    for (const body of bodies) {
      const parse = () => this.definitionIn(body, "function_definition", [body]);
      const equals = this.text.indexOf("=", body.definition);
      const entry = this.lateNode("function_definition", body, equals !== -1 && equals < body.start, parse);
      if (entry) functions.set(body.definition, entry);
    }
    const late = new Map(functions);
    for (const range of classes) {
      const parse = () => this.definitionIn(range, "class_definition", gapsIn(range, gaps), functions);
      const entry = this.lateNode("class_definition", range, true, parse);
      if (entry) late.set(range.definition, entry);
    }
    return late;
  }

  private lateNode(type: LateNode["type"], range: DefinitionPlace, hasEquals: boolean, parse: () => SyntaxNode): LateEntry | null {
    const { definition, definitionRow, end, endRow } = range;
    HEAD.lastIndex = definition;
    const [head, name] = HEAD.exec(this.text) ?? [];
    if (head === undefined || name === undefined) return null;
    const nameEnd = definition + head.length;
    const leaf = new PlainNode("identifier", this.text, nameEnd - name.length, nameEnd, definitionRow);
    return { node: new LateNode(type, leaf, definition, definitionRow, hasEquals, parse), end, endRow };
  }

  /** The root of a tree of some ranges; null where they are not Python by themselves. */
  private parsed(ranges: Range[]): Node | null {
    const tree = this.parse(this.text, ranges);
    if (tree.rootNode.hasError) {
      tree.delete();
      return null;
    }
    this.trees.push(tree);
    return tree.rootNode;
  }

  private wholeTree(): Tree {
    this.whole ??= this.parse(this.text);
    return this.whole;
  }

  /** The body of a class, function or lambda. */
  bodyOf(definition: SyntaxNode): SyntaxNode | null {
    const body = definition.type === "function_definition" ? this.bodyAfter(definition.startIndex) : undefined;
    const isOwn = body?.definition === definition.startIndex;
    return (isOwn ? this.definitionOf(body) : definition).childForFieldName("body");
  }

  /** The definition with its body. */
  private definitionOf(body: FunctionBody): SyntaxNode {
    const known = this.definitions.get(body.definition);
    if (known) return known;
    const definition = this.definitionIn(body, "function_definition", gapsIn({ ...body, definition: body.start }, this.documentation));
    this.definitions.set(body.definition, definition);
    return definition;
  }

  private definitionIn(range: DefinitionPlace, type: string, gaps: readonly Gap[], late?: LateNodes): SyntaxNode {
    return (
      parsePlainDefinition(this.text, range, gaps, late) ??
      this.parsed(between(rangeOf(range), gaps))?.namedChildren.find((child) => child.type === type) ??
      this.definitionInWhole(range.definition, type)
    );
  }

  private definitionInWhole(start: number, type: string): SyntaxNode {
    const { rootNode } = this.wholeTree();
    this.hasError = true;
    let found = rootNode.descendantForIndex(start);
    while (found && found.type !== type) found = found.parent;
    return found ?? rootNode;
  }

  /** Lets the body of a function go of which no node is used any more. */
  forgetBody(definition: SyntaxNode): void {
    this.definitions.delete(definition.startIndex);
  }

  /** The text of a class or function, to the end of what is in it. */
  textOf(definition: SyntaxNode): string {
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
    for (const tree of this.trees) tree.delete();
    this.whole?.delete();
    this.definitions.clear();
  }
}

type DefinitionPlace = Pick<FunctionBody, "definition" | "definitionRow" | "definitionColumn" | "end" | "endRow">;

interface LateEntry {
  readonly node: SyntaxNode;
  readonly end: number;
  readonly endRow: number;
}

const HEAD = /(?:class|(?:async[ \t]+)?def)[ \t]+([A-Za-z_]\w*)(?=[ \t]*[:(])/y;

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

/** The gaps that start inside a definition. */
function gapsIn({ definition, end }: DefinitionPlace, gaps: readonly Gap[]): Gap[] {
  let low = 0;
  let high = gaps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (gaps[middle]!.start < definition) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < gaps.length && gaps[last]!.start < end) last++;
  return gaps.slice(low, last);
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
function rangeOf({ definition, definitionRow, definitionColumn, end, endRow }: DefinitionPlace): Range {
  return {
    startIndex: definition,
    endIndex: end,
    startPosition: { row: definitionRow, column: definitionColumn },
    endPosition: { row: endRow, column: 0 },
  };
}
