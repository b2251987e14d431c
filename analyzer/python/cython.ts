/**
 * Cython source as Python, line by line: C types, casts and declarations are left out, classes and functions become
 * Python's. Boundary: what pickling asks of a file; the C in it is lost, and a line that is not understood is left as it
 * is, where it costs itself.
 */

/** The metaclass by which an extension type (`cdef class`) is known afterwards: none can have one of its own. */
export const EXTENSION_TYPE = "cython.cclass";

/** Python with a line for each line of `text`. */
export function pythonOfCython(text: string): string {
  const lines = joinedHeads(text.split("\n"));
  const result: string[] = [];
  let dropped = -1;
  let extension = -1;
  for (const line of lines) {
    const indent = /^\s*/.exec(line)![0].length;
    const isEmpty = line.trim() === "" || line.trim().startsWith("#");
    if (dropped >= 0 && !isEmpty && indent <= dropped) dropped = -1;
    if (extension >= 0 && !isEmpty && indent <= extension) extension = -1;
    if (dropped >= 0) result.push("");
    else if (C_BLOCK.test(line)) {
      result.push(`${" ".repeat(indent)}pass`);
      if (/:\s*(#.*)?$/.test(line)) dropped = indent;
    } else {
      if (EXTENSION_CLASS.test(line)) extension = indent;
      result.push(pythonOf(line, extension >= 0));
    }
  }
  return result.join("\n");
}

const C_BLOCK =
  /^\s*(cdef\s+extern\b|cdef\s+(public\s+|api\s+)*(packed\s+)?(struct|enum|union|cppclass)\b|cpdef\s+enum\b|ctypedef\b|include\s+["'])/;
const EXTENSION_CLASS = /^(\s*)cdef\s+(?:public\s+|api\s+)*class\s+(\w+)\s*(?:\(([^)]*)\))?[^:]*:/;
const FUNCTION = /^(\s*)(?:async\s+)?(?:cdef|cpdef|def)\s+(?:[^=()]*?[\s*&\]])?(\w+)\s*\((.*)\)[^():]*:(.*)$/;
const DECLARATION =
  /^(\s*)cdef\s+(?:(?:public|readonly|inline|volatile|const)\s+)*([\w.]+(?:\s+(?:int|long|char|double|short))*(?:\[[^\]]*\])?)\s*([*&]*\s*\w.*)$/;

function pythonOf(line: string, isInExtension: boolean): string {
  const class_ = EXTENSION_CLASS.exec(line);
  if (class_) return `${class_[1]}class ${class_[2]}(${class_[3]?.trim() ? `${class_[3]}, ` : ""}metaclass=${EXTENSION_TYPE}):`;
  const function_ = FUNCTION.exec(line);
  if (function_) return `${function_[1]}def ${function_[2]}(${parametersOf(function_[3]!)}):${expressionOf(function_[4]!)}`;
  const declaration = DECLARATION.exec(line);
  if (declaration) return declared(declaration[1]!, declaration[2]!, declaration[3]!, isInExtension);
  return expressionOf(
    line
      .replace(/^(\s*(?:from\s+\S+\s+)?)cimport\b/, "$1import")
      .replace(/^(\s*)with\s+(no)?gil\b[^:]*:/, "$1if True:")
      .replace(/^(\s*)DEF\s+/, "$1")
      .replace(/^(\s*)IF\s/, "$1if ")
      .replace(/^(\s*)ELIF\s/, "$1elif ")
      .replace(/^(\s*)ELSE\s*:/, "$1else:"),
  );
}

/** Attributes of an extension type are annotated names; variables of a function are those that get a value. */
function declared(indent: string, type: string, rest: string, isInExtension: boolean): string {
  const names = splitAtCommas(rest.replace(/#.*$/, ""));
  const parts = names.flatMap((name) => {
    const [, identifier, value] = /^[*&\s]*(\w+)\s*(?:\[[^\]]*\])?\s*(?:=\s*(.*))?$/.exec(name.trim()) ?? [];
    if (identifier === undefined) return [];
    if (value !== undefined) return [`${identifier} = ${expressionOf(value)}`];
    return isInExtension && /^[\w.]+$/.test(type) && !name.includes("*") ? [`${identifier}: ${type}`] : [];
  });
  return `${indent}${parts.length > 0 ? parts.join("; ") : "pass"}`;
}

/** Parameters without their C types: `double[:, ::1] X not None=None` is `X=None`. */
function parametersOf(text: string): string {
  const names = splitAtCommas(text).map((parameter) => {
    const [, name = "", value] = /^([^=]*?)\s*(?:=\s*(.*))?$/.exec(parameter.trim()) ?? [];
    const bare = name.replace(/\s+(not|or)\s+None$/, "");
    const [, stars = "", identifier = bare] = /(\*{0,2})(\w+)$/.exec(bare) ?? [];
    const kept = /^\w+\s*:/.test(bare) || identifier === "" ? bare : (/^\*/.test(bare) ? stars : "") + identifier;
    return value === undefined ? kept : `${kept}=${value === "*" ? "None" : expressionOf(value)}`;
  });
  return names.filter((name) => name !== "").join(", ");
}

/** Casts (`<double*> x`) and addresses (`&x`) are the thing itself. */
function expressionOf(text: string): string {
  return text.replace(/<\s*[A-Za-z_][\w. ]*(?:\[[^\]]*\])?\s*\**\s*\??>(?=\s*[\w(&"'])/g, "").replace(/([(,=]\s*)&(?=\w)/g, "$1");
}

/** Heads of functions that go over several lines are put on the first; the lines stay, empty. */
function joinedHeads(lines: readonly string[]): string[] {
  const result = [...lines];
  for (let index = 0; index < result.length; index++) {
    const line = result[index]!;
    if (!/^\s*(cdef|cpdef|def|async\s+def)\s[^=]*\(/.test(line) || depthOf(line) === 0) continue;
    let head = line.replace(/#.*$/, "");
    for (let next = index + 1; next < result.length && depthOf(head) > 0 && next < index + 60; next++) {
      head += ` ${result[next]!.replace(/#.*$/, "").trim()}`;
      result[next] = "";
    }
    result[index] = head;
  }
  return result;
}

function depthOf(text: string): number {
  let depth = 0;
  for (const character of text) depth += "([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0;
  return depth;
}

function splitAtCommas(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "," && depth === 0) {
      parts.push("");
      continue;
    }
    depth += "([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0;
    parts[parts.length - 1] += character;
  }
  return parts;
}
