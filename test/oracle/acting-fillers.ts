/**
 * Classes that fill a slot and do something while they are loaded, by way of what Python runs without being called: operators, builtin
 * functions, truth tests, formats. Each is loaded by CPython, which says whether it acted, and judged. Boundary: the programs, and the process.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { openPolicy } from "../../analyzer/policy/inference/fill.ts";
import { openLibrary } from "../../analyzer/policy/inference/infer.ts";
import type { PythonParser } from "../../analyzer/python/parser.ts";
import { judgeTracedFile } from "../../analyzer/verdict/judge.ts";

/** What is gone through comes to an end. */
const ENDS = "[].pop()";

/** Special methods, and something that each may give. */
export const METHODS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "divmod"].flatMap((name) =>
      ["", "r", ...(name === "divmod" ? [] : ["i"])].map((side) => [`__${side}${name}__`, "1"]),
    ),
  ),
  ...Object.fromEntries(["lt", "le", "gt", "ge", "eq", "ne"].map((name) => [`__${name}__`, "True"])),
  ...Object.fromEntries(
    ["neg", "pos", "invert", "abs", "round", "trunc", "floor", "ceil", "index", "int"].map((name) => [`__${name}__`, "1"]),
  ),
  ...Object.fromEntries(["str", "repr", "format", "fspath"].map((name) => [`__${name}__`, '"x"'])),
  ...{ __float__: "1.0", __complex__: "1j", __bytes__: 'b"x"', __bool__: "True", __len__: "1", __length_hint__: "1", __hash__: "1" },
  ...{ __iter__: "iter(())", __next__: ENDS, __reversed__: "()", __contains__: "True", __getitem__: ENDS, __missing__: "1" },
  ...{ __setitem__: "None", __delitem__: "None", __delattr__: "None", __call__: "1", __enter__: "1", __exit__: "None" },
  ...{ __dir__: "[]", __copy__: "1", __deepcopy__: "1", __sizeof__: "1", __await__: "iter(())", __getstate__: "{}", __del__: "None" },
  ...{ keys: "()", items: "()", values: "()", update: "None", append: "None", send: "None", close: "None", read: "None", readline: "None" },
  ...{ __instancecheck__: "True", __subclasscheck__: "True", __mro_entries__: "()", __set_name__: "None", __getattr__: "1" },
};

/** What code asks of X, without the name of a special method. */
export const ASKS: readonly string[] = `
list(X)
tuple(X)
set(X)
frozenset(X)
dict(X)
str(X)
repr(X)
ascii(X)
format(X)
format(X, "x")
bytes(X)
bytearray(X)
len(X)
bool(X)
hash(X)
int(X)
float(X)
complex(X)
abs(X)
round(X)
divmod(X, 2)
divmod(2, X)
pow(X, 2)
pow(2, X)
sum(X)
sum([X])
sum([1], X)
min(X)
min(X, 1)
max(X)
max([X, 1])
sorted(X)
sorted([X, X])
any(X)
any([X])
all(X)
all([X])
iter(X)
next(X)
reversed(X)
enumerate(X)
list(enumerate(X))
zip(X)
list(zip([1], X))
map(str, X)
list(map(str, [X]))
list(map(X, [1]))
list(filter(None, [X]))
list(filter(None, X))
list(range(X))
dir(X)
print(X)
hex(X)
oct(X)
bin(X)
chr(X)
isinstance(1, X)
issubclass(int, X)
slice(X)
[1, 2][X:]
[1, 2][:X]
[1, 2][X]
"ab"[X]
(1, 2)[X]
{1: 2}[X]
{1: 2}.get(X)
{}.setdefault(X, 1)
{X: 1}
{X}
{1, X}
{**X}
[*X]
(*X,)
print(*X)
dict(**X)
dict([(X, 1)])
dict.fromkeys(X)
dict.fromkeys([X])
set([X])
frozenset((X,))
X + 1
1 + X
X - 1
1 - X
X * 2
2 * X
[1] * X
X @ 1
1 @ X
X / 1
1 / X
X // 1
1 // X
X % 1
1 % X
"%s" % X
"%s" % (X,)
"%d" % X
"%(a)s" % X
X ** 2
2 ** X
X << 1
1 << X
X >> 1
1 >> X
X & 1
1 & X
X | 1
1 | X
X ^ 1
1 ^ X
-X
+X
~X
X < 1
1 < X
X <= 1
1 <= X
X > 1
1 > X
X >= 1
1 >= X
X == 1
1 == X
X != 1
1 != X
0 < X < 2
[X] == [1]
[1] == [X]
(1, X) < (1, 2)
{"a": X} == {"a": 1}
X in (1, 2)
1 in X
1 not in X
X in [1]
1 in [X]
X in {1: 1}
X in {1}
not X
X and 1
X or 1
1 if X else 2
y = not X
if X: pass
if not X: pass
if X and state: pass
if state and X: pass
if X == 1: pass
if X in (1,): pass
if 1 in X: pass
if X > 1: pass
if state is None: pass\\nelif X: pass
while X: break
while not X: break
assert X
assert X == 1
assert not X, "x"
assert 1 in X
for y in X: pass
y, = X
y, z = X
y, *z = X
(y, z), w = X, 1
y = [z for z in X]
y = {z for z in X}
y = {z: 1 for z in X}
y = list(z for z in X)
y = [z for z in (1,) if X]
y = [1 for z in [X] if z]
y = [z + 1 for z in [X]]
y = [1 for z in (1,) if z in X]
X[0]
X["a"]
X[0] = 1
X[0:1]
X[0:1] = [1]
X[0, 1]
X[...]
X[0] += 1
del X[0]
del X[0:1]
del X.a
X += 1
X -= 1
X *= 1
X @= 1
X //= 1
X %= 1
X **= 1
X <<= 1
X &= 1
X |= 1
X ^= 1
y = []\\ny += X
y = []\\ny.extend(X)
y = []\\ny[0:0] = X
y = [1]\\ny.index(X)
y = [1]\\ny.count(X)
y = [1]\\ny.remove(X)
y = [X, X]\\ny.sort()
y = [X]\\ny.index(1)
y = [X]\\nX2 = y.count(1)
y = set()\\ny.add(X)
y = set()\\ny.discard(X)
y = set()\\ny.update(X)
y = set()\\ny.update([X])
y = {}\\ny.update(X)
y = {}\\ny[X] = 1
y = {}\\ny.pop(X, None)
y = {1}\\ny |= {X}
{1}.union(X)
{1}.issubset(X)
f"{X}"
f"{X!r}"
f"{X!s:>5}"
f"{X:>5}"
f"{1:{X}}"
"{}".format(X)
"{0!r}".format(X)
"{0[0]}".format(X)
"{0.a}".format(X)
"{a}".format(a=X)
"{a}".format_map(X)
"x".join(X)
"x".join([X])
"ab".startswith(X)
"ab".replace("a", "b", X)
"ab".center(X)
with X: pass
with X as y: pass
vars(X)
getattr(X, "a", 1)
hasattr(X, "a")
X.a
X.a.b
delattr(X, "a")
X.update
callable(X)
id(X)
type(X)
X is None
X.__class__
X.__dict__
isinstance(X, int)
y = lambda: X + 1\\ny()
def y(): return len(X)\\ny()
def y(z): return z == 1\\ny(X)
def y(z=len(X)): pass
def y(*z): return z\\ny(*X)
y = [*X, 1]
y = {"a": X}\\ny == {"a": 2}
y = (X for z in (1,))\\nfor z in y: str(z)
y = 0 if state else str(X)
y = "a" + str(X)
y = ("a", X)\\nstr(y)
y = {"a": X}\\nstr(y)
y = [[X]]\\nrepr(y)
y = [X]\\nf"{y}"
try: raise ValueError(str(X))\\nexcept ValueError: pass
try: raise ValueError(X)\\nexcept ValueError as y: str(y)
try: raise KeyError(len(X))\\nexcept Exception: pass
try: 1 / 0\\nexcept Exception: len(X)
try: pass\\nfinally: len(X)
try: pass\\nexcept X: pass
import operator\\noperator.add(X, 1)
import operator\\noperator.itemgetter(0)(X)
import operator\\noperator.attrgetter("a")(X)
import operator\\noperator.methodcaller("update")(X)
import operator\\noperator.truth(X)
import operator\\noperator.contains(X, 1)
import operator\\noperator.index(X)
import operator\\noperator.call(X)
import copy\\ncopy.copy(X)
import copy\\ncopy.deepcopy(X)
import functools\\nfunctools.reduce(max, [X, X])
import functools\\nfunctools.partial(str, X)()
import functools\\nfunctools.partial(X)()
import itertools\\nlist(itertools.chain(X))
import itertools\\nlist(itertools.chain.from_iterable([X]))
import itertools\\nlist(itertools.islice([1], X))
import math\\nmath.floor(X)
import math\\nmath.sqrt(X)
import os\\nos.fspath(X)
import collections\\ncollections.OrderedDict(X)
import collections\\ncollections.Counter(X)
import collections\\ncollections.deque(X)
import collections\\ncollections.defaultdict(X)[1]
import collections\\ncollections.ChainMap(X)["a"]
import heapq\\nheapq.heapify([X, X])
import bisect\\nbisect.bisect([X], 1)
import json\\njson.dumps([X], default=str)
import warnings\\nwarnings.warn(str(X))
import warnings\\nwarnings.warn(X)
import logging\\nlogging.getLogger("x").debug("%s", X)
import string\\nstring.Formatter().format("{}", X)
import textwrap\\ntextwrap.indent("a", X)
import sys\\nsys.getsizeof(X)
import random\\nrandom.Random().choice(X)
import enum\\nenum.Enum("Y", X)
import weakref\\nweakref.proxy(X).a
import itertools\\nnext(itertools.count(X))
import re\\nre.sub("a", X, "a")
import struct\\nstruct.pack("i", X)
import array\\narray.array("i", X)
yield from X
y = lambda z=X: z\\nstr(y())
y = dict(a=X)\\nfor k, v in y.items(): v + 1
y = dict(a=X)\\ny["a"] == 1
y = X if state else 1\\nlen(y)
y = state or X\\nlen(y)
y = (X, 1)[0]\\nlen(y)
y = z = X\\nlen(z)
(y := X)\\nlen(y)
if (y := X): pass
y = [X].pop()\\nlen(y)
y = next(iter([X]))\\nlen(y)
y = max([X], key=id)\\nlen(y)
y = type("T", (), {"a": X})().a\\nlen(y)
`
  .trim()
  .split("\n")
  .map((line) => line.replaceAll("\\n", "\n"));

/** Where X is: by what it is written, and whether it is the filler itself. */
export const PLACES: Readonly<Record<string, string>> = {
  self: "self",
  attribute: "self.part",
  state: 'state["part"]',
  element: "self.parts[0]",
  loop: "each",
  variable: "given",
  argument: "handed",
};

export interface Case {
  readonly name: string;
  /** The source of a module with a `Filler`, and a `Part` that may be in its attributes `part` and `parts`. */
  readonly source: string;
  /** Instructions that leave the filler on the stack; `MODULE` is the module. */
  readonly listing?: string;
}

/** A filler that asks X, somewhere, in its `__setstate__`. */
export function caseOf(asks: string, place: string, method: string): Case {
  const x = PLACES[place]!;
  const written = asks.replace(/\bX\b/g, x);
  const body: Record<string, string> = {
    loop: `for each in self.parts:\n${indented(written, 4)}`,
    variable: `given = self.part\n${written}`,
    argument: `ask(self.part)`,
  };
  const isAugmented = /^\w+ \S?\S?=/.test(asks);
  const acting = `    def ${method}(self, *given, **named):\n        os.getpid()\n        return ${METHODS[method]}\n`;
  const generator = /\byield\b/.test(asks) ? "for _ in self.run(state): pass" : "self.run(state)";
  const source = `import os

def ask(handed):
${indented(place === "argument" ? written : "pass", 4)}

class Part:
    def __init__(self, a=0):
        self.a = a
    def fit(self, X):
        return X
${place === "self" ? "" : acting}
class Filler:
    def __init__(self, part, parts):
        self.a = 0
        self.part = part
        self.parts = [each for each in parts]
        part.fit(1)
        for each in parts:
            each.fit(1)
    def fit(self, X):
        return X
${place === "self" ? acting : ""}
    def run(self, state):
${indented(isAugmented && place === "self" ? `given = self\n${asks.replace(/\bX\b/g, "given")}` : (body[place] ?? written), 8)}
    def __setstate__(self, state):
        self.__dict__.update(state)
        ${generator}
`;
  return { name: `${asks.replaceAll("\n", "; ")} | ${place} | ${method}`, source };
}

function indented(text: string, by: number): string {
  return text
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");
}

export const HOST = `
class Host:
    def __init__(self, part):
        self.part = part
        part.fit(1)
`;

/** A filler with a part in an attribute, and in a list. */
const FILLED = `
GLOBAL "MODULE" "Filler"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
BINUNICODE "part"
GLOBAL "MODULE" "Part"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
BINUNICODE "a"
BININT1 1
SETITEM
BUILD
SETITEM
BINUNICODE "parts"
EMPTY_LIST
GLOBAL "MODULE" "Part"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
BINUNICODE "a"
BININT1 1
SETITEM
BUILD
APPEND
SETITEM
BUILD`;
const EMPTY = FILLED.replaceAll(/GLOBAL "MODULE" "Part"[\s\S]*?BUILD/g, "NONE");

/** The pickle of a case; the filler alone has nothing in it. */
export function pickleOf({ listing, name }: Case, module: string): Uint8Array {
  const filler = listing ?? (/\| self \|/.test(name) ? EMPTY : FILLED);
  const program = `PROTO 4\nGLOBAL "host" "Host"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "part"\n${filler.replaceAll("MODULE", module)}\nSETITEM\nBUILD\nSTOP\n`;
  const assembled = assemble(program.replace(/\n+/g, "\n"));
  if (!assembled.ok) throw new Error(`${assembled.error.message} in line ${assembled.error.line} of ${name}\n${program}`);
  return assembled.value;
}

export interface Outcome {
  readonly name: string;
  readonly acted: boolean;
  readonly error: string | null;
  readonly verdict: string;
  /** Why the filler is none, or what is blocked. */
  readonly why: readonly string[];
}

/** A CPython in which fillers are loaded. */
export class Fillers {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "acting-"));
  private readonly process;
  private readonly answers: AsyncIterator<string>;
  private modules = 0;

  constructor(
    private readonly parser: PythonParser,
    python: string,
  ) {
    const script = fileURLToPath(new URL("acting_fillers.py", import.meta.url));
    this.process = spawn(python, [script, this.folder], { stdio: ["pipe", "pipe", "inherit"] });
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    writeFileSync(path.join(this.folder, "host.py"), HOST);
  }

  private async ask<T>(request: object): Promise<T> {
    this.process.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.answers.next();
    if (line.done) throw new Error("the process that loads fillers died");
    return JSON.parse(line.value);
  }

  /** The special methods that asking so runs. */
  methodsOf(asks: string): Promise<readonly string[]> {
    return this.ask({ asks, methods: METHODS });
  }

  /** What becomes of cases, each in a module of its own of one library. */
  async run(cases: readonly Case[]): Promise<Outcome[]> {
    const modules = cases.map(() => `case_${this.modules++}`);
    const files = [{ path: "host.py", text: HOST }, ...cases.map(({ source }, index) => ({ path: `${modules[index]}.py`, text: source }))];
    for (const { path: name, text } of files) writeFileSync(path.join(this.folder, name), text);
    const library = openLibrary({
      parser: this.parser,
      library: { name: "fillers", version: "1", files },
      dependencies: [],
      class: "host.Host",
    });
    const inferred = library.infer("host.Host");
    if (!inferred.ok) throw new Error(inferred.error.message);
    const outcomes: Outcome[] = [];
    for (const [index, each] of cases.entries()) {
      const module = modules[index]!;
      const bytes = pickleOf(each, module);
      const { acted, error } = await this.ask<{ acted: boolean; error: string | null }>({
        module,
        pickle: Buffer.from(bytes).toString("hex"),
      });
      const traced = await traceFile(memorySource(bytes));
      const named = traced.trace.pickles.flatMap(({ facts }) => facts.flatMap((fact) => ("callable" in fact ? [fact.callable] : [])));
      const open = openPolicy(inferred.value.policy, named, library.candidate);
      const { verdict, blocked } = judgeTracedFile(traced, open, "strict");
      const candidate = library.candidate(`${module}.Filler`);
      const acts = candidate?.kind === "class" ? candidate.filling.loading.acts : [];
      outcomes.push({
        name: each.name,
        acted,
        error,
        verdict,
        why: [...acts, ...blocked.map(({ callable, reason }) => `${callable}: ${reason}`)],
      });
    }
    return outcomes;
  }

  close(): void {
    this.process.stdin.end();
    rmSync(this.folder, { recursive: true });
  }
}
