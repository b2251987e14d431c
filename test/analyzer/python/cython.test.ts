/** Cython source as Python: line for line, and what pickling asks of it is kept. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pythonOfCython } from "../../../analyzer/python/cython.ts";

describe("a line of Cython", () => {
  test.each([
    ["cdef class Tree:", "class Tree(metaclass=cython.cclass):"],
    ["cdef class Tree(Base): # heap", "class Tree(Base, metaclass=cython.cclass):"],
    ["from ._tree cimport Tree", "from ._tree import Tree"],
    ["cimport numpy as cnp", "import numpy as cnp"],
    ["    cpdef double find(self, double[:, ::1] X not None, int depth=3) except? -1 nogil:", "    def find(self, X, depth=3):"],
    ["def f(self, object y=None, *args, **kwargs):", "def f(self, y=None, *args, **kwargs):"],
    ["def f(x: Part) -> Part:", "def f(x: Part):"],
    ["    x = <double*> malloc(<int>n)", "    x =  malloc(n)"],
    ["    call(&x, a < b)", "    call(x, a < b)"],
    ["    with nogil:", "    if True:"],
    ["ctypedef double DTYPE_t", "pass"],
    ["x = [a for a in b if a < 3]", "x = [a for a in b if a < 3]"],
  ])("%s", (cython, python) => {
    expect(pythonOfCython(cython).replaceAll("  ", " ").trimEnd()).toBe(python.replaceAll("  ", " "));
  });

  test("attributes of an extension type are annotated names; a function's variables are not", () => {
    const text = "cdef class A:\n    cdef public list parts, others\n    cdef double* memory\ndef f():\n    cdef int i = 0, j\n";
    expect(pythonOfCython(text).split("\n")).toEqual([
      "class A(metaclass=cython.cclass):",
      "    parts: list; others: list",
      "    pass",
      "def f():",
      "    i = 0",
      "",
    ]);
  });

  test("blocks of C are left out, with as many lines", () => {
    const text = 'cdef extern from "a.h":\n    int x\n\n    double f(int)\ncdef struct S:\n    int a\nclass A: pass\n';
    expect(pythonOfCython(text).split("\n")).toEqual(["pass", "", "", "", "pass", "", "class A: pass", ""]);
  });

  test("any text keeps its number of lines", () => {
    const piece = fc.constantFrom(
      "cdef ",
      "class ",
      "def f(",
      "):",
      "x",
      " ",
      "\n",
      "    ",
      "int ",
      "=",
      ",",
      "<a>",
      "ctypedef ",
      "(",
      ")",
      "[",
      "]",
      ":",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join("");
        expect(pythonOfCython(text).split("\n")).toHaveLength(text.split("\n").length);
      }),
      { numRuns: 500 },
    );
  });
});
