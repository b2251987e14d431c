#!/usr/bin/env python3
"""Extracts torch's weights-only unpickler into data: python3 scripts/extract_weights_only.py SITE_PACKAGES [-o FILE]

SITE_PACKAGES holds torch's own Python source (an installed or unzipped wheel, or a checkout): nothing of it is run or
imported. The names come from `_get_allowed_globals` and what it builds from; the opcodes, the rules and the error
texts from `Unpickler.load`. What this script does not recognise stops it: a new version needs a new look.

What torch builds in C++ is stated here once, with its source, and `test/analyzer/policy/weights-only.test.ts` compares
the whole with what an installed torch says of itself.
"""
import argparse
import ast
import json
import pathlib
import re
import sys

UNPICKLER = "torch/_weights_only_unpickler.py"

# torch/csrc/utils/tensor_dtypes.cpp, getDtypeNames: str(dtype) is the first name, these are the second.
DTYPE_ALIASES = {
    "double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "chalf": "complex32", "cfloat": "complex64", "cdouble": "complex128",
}

# torch/csrc/utils/tensor_types.cpp, all_declared_types: what fills torch._tensor_classes; there is no sparse bool.
TENSOR_MODULES = ["torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse"]
TENSOR_SCALARS = ["Byte", "Char", "Double", "Float", "Int", "Long", "Short", "Half", "Bool", "BFloat16"]
TENSOR_CLASSES = [f"{module}.{scalar}Tensor" for module in TENSOR_MODULES for scalar in TENSOR_SCALARS
                  if not (scalar == "Bool" and module.endswith("sparse"))]

# Which of the values written out in _get_allowed_globals are functions; the others are classes.
FUNCTIONS = {"encode", "torch.serialization._get_layout", "torch._tensor._rebuild_from_type_v2"}

# What each error text begins with or contains, so that the judge can ask for it by what it is about.
MESSAGES = {
    "blockedModule": "whose module",
    "global": "was not an allowed global|Unsupported class",
    "newobj": "Can only create new object|Trying to instantiate unsupported class",
    "reduce": "Trying to call reduce",
    "build": "Can only build",
    "append": "Can only append",
    "extend": "Can only extend",
    "setitem": "Can only {opcode}",
    "persistentType": "persistent_load id must be",
    "persistentId": "Only persistent_load of storage",
    "persistentLoad": "unsupported persistent id",
    "opcode": "Unsupported operand",
}
OPTIONAL_MESSAGES = {"blockedModule", "extend", "setitem"}


class Unrecognised(Exception):
    """The source is not as this script knows it."""


class Source:
    """torch's Python files, parsed on demand."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.trees = {}

    def tree(self, path: str) -> ast.Module:
        if path not in self.trees:
            self.trees[path] = ast.parse((self.root / path).read_text(encoding="utf-8"))
        return self.trees[path]

    def function(self, path: str, name: str) -> ast.FunctionDef:
        for node in ast.walk(self.tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        raise Unrecognised(f"no function {name} in {path}")

    def returned(self, path: str, name: str) -> ast.expr:
        returns = [node.value for node in ast.walk(self.function(path, name)) if isinstance(node, ast.Return)]
        if len(returns) != 1 or returns[0] is None:
            raise Unrecognised(f"{name} in {path} has {len(returns)} returns")
        return returns[0]

    def assigned(self, path: str, name: str):
        """The value of a module-level assignment; None where there is none."""
        for node in self.tree(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return node.value
        return None


def elements(node: ast.expr) -> list:
    """The elements of a list, set, tuple or dict display (its keys)."""
    if isinstance(node, ast.Dict):
        return node.keys
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)):
        return node.elts
    raise Unrecognised(f"not a display: {ast.unparse(node)}")


def dtype(node: ast.expr) -> str:
    name = ast.unparse(node).removeprefix("torch.")
    return f"torch.{DTYPE_ALIASES.get(name, name)}"


def storage_classes(source: Source) -> list:
    """torch._storage_classes by module and name: the set in torch/__init__.py and what torch/cuda/__init__.py adds."""
    display = source.assigned("torch/__init__.py", "_storage_classes")
    names = [ast.unparse(element) for element in elements(display)]
    added = re.findall(r"^torch\._storage_classes\.add\((\w+)\)", (source.root / "torch/cuda/__init__.py").read_text(encoding="utf-8"), re.M)
    if not added:
        raise Unrecognised("torch/cuda/__init__.py adds no storage classes")
    in_storage = {"TypedStorage", "UntypedStorage"}  # the module they say they are of, torch.storage
    return [f"torch.storage.{name}" if name in in_storage else f"torch.{name}" for name in names] + [f"torch.cuda.{name}" for name in added]


def loop(source: Source, node: ast.For) -> list:
    """The names that one `for` of _get_allowed_globals adds, as groups."""
    iterable = ast.unparse(node.iter).removesuffix(".keys()")
    key = ast.unparse(node.body[0].targets[0].slice) if isinstance(node.body[0], ast.Assign) else None
    here = {"file": UNPICKLER, "line": node.lineno}
    if iterable == "torch._tensor_classes":
        return [{"kind": "class", "of": "tensor class", **here, "names": TENSOR_CLASSES}]
    if iterable == "torch._storage_classes":
        names = storage_classes(source)
        if "StorageType" not in ast.unparse(node):
            return [{"kind": "class", "of": "storage class", **here, "names": names}]
        real = [name for name in names if name.startswith("torch.storage.")]
        return [{"kind": "class", "of": "storage class", **here, "names": real},
                {"kind": "storage-type", "of": "legacy storage type", **here, "names": [name for name in names if name not in real]}]
    if iterable in ("torch.storage._dtype_to_storage_type_map()", "torch.storage._new_dtypes()"):
        display = source.returned("torch/storage.py", iterable.split(".")[-1].removesuffix("()"))
        return [{"kind": "dtype", "of": "dtype", "file": "torch/storage.py", "line": display.lineno,
                 "names": [dtype(element) for element in elements(display)]}]
    if iterable == "_tensor_rebuild_functions()" or (isinstance(node.iter, ast.List) and "_rebuild_" in iterable):
        display = source.returned(UNPICKLER, "_tensor_rebuild_functions") if iterable.endswith("()") else node.iter
        return [{"kind": "function", "of": "rebuild function", "file": UNPICKLER, "line": display.lineno,
                 "names": [f"torch._utils.{element.attr}" for element in elements(display)]}]
    numbered = re.fullmatch(r"\[getattr\(torch, f'(u?int)\{x\}'\) for x in range\((\d+), (\d+)\)\]", iterable)
    if numbered:
        prefix, start, end = numbered.groups()
        return [{"kind": "dtype", "of": "dtype", **here, "names": [f"torch.{prefix}{n}" for n in range(int(start), int(end))]}]
    if isinstance(node.iter, ast.List) and key in ("str(t)", "str(qt)"):
        if key == "str(qt)":
            return [{"kind": "qscheme", "of": "quantization scheme", **here, "names": [ast.unparse(e) for e in node.iter.elts]}]
        return [{"kind": "dtype", "of": "dtype", **here, "names": [dtype(e) for e in node.iter.elts]}]
    raise Unrecognised(f"for over {iterable} at line {node.lineno}")


def allowed(source: Source) -> list:
    """The groups of names that _get_allowed_globals builds."""
    groups = []

    def literal(name: str, value: ast.expr, line: int) -> None:
        kind = "function" if ast.unparse(value) in FUNCTIONS else "class"
        groups.append({"kind": kind, "of": kind, "file": UNPICKLER, "line": line, "names": [name]})

    for node in source.function(UNPICKLER, "_get_allowed_globals").body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values):
                literal(key.value, value, key.lineno)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            literal(node.targets[0].slice.value, node.value, node.lineno)
        elif isinstance(node, ast.For):
            groups.extend(loop(source, node))
        elif not isinstance(node, ast.Return):
            raise Unrecognised(f"statement at line {node.lineno}: {ast.unparse(node)[:80]}")
    return groups


def template(node: ast.expr):
    """The text of a string literal or f-string, its holes as `{expression}`; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}" for part in node.values)
    return None


def messages(unpickler: ast.ClassDef) -> dict:
    texts = [text for node in ast.walk(unpickler) if (text := template(node)) is not None]
    found = {}
    for key, pattern in MESSAGES.items():
        matching = [text for text in texts if re.search(pattern, text)]
        if matching:
            found[key] = matching[0]
        elif key not in OPTIONAL_MESSAGES:
            raise Unrecognised(f"no error text for {key}")
    return found


def hints(load: ast.FunctionDef) -> list:
    """Names that get an error text of their own: `elif full_path in ([...]): raise UnpicklingError(...)`."""
    found = []
    for node in ast.walk(load):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and ast.unparse(node.test.left) == "full_path":
            if isinstance(node.test.comparators[0], ast.List):
                text = next(text for part in ast.walk(node.body[0]) if (text := template(part)) is not None)
                found.append({"names": ast.literal_eval(node.test.comparators[0]), "text": text})
    return found


def opcodes(load: ast.FunctionDef) -> list:
    """Every opcode that `load` compares with, by CPython's names."""
    found = []
    for node in ast.walk(load):
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "key[0]":
            found += re.findall(r"\b([A-Z][A-Z0-9_]+)\[0\]", ast.unparse(node.comparators[0]))
    return sorted(set(found))


def branch(load: ast.FunctionDef, opcode: str) -> str:
    """The source of what `load` does for an opcode."""
    for node in ast.walk(load):
        if isinstance(node, ast.If) and ast.unparse(node.test) == f"key[0] == {opcode}[0]":
            return "\n".join(ast.unparse(statement) for statement in node.body)
    raise Unrecognised(f"no branch for {opcode}")


def which_classes(text: str) -> str:
    """Whom a branch admits: every name of the table, or only the classes it spells out."""
    return "allowed" if "_get_allowed_globals" in text else "named"


def renames(source: Source, load: ast.FunctionDef) -> dict:
    """How Python 2 names are mapped before they are looked up."""
    if "NAME_MAPPING" not in ast.unparse(source.tree(UNPICKLER)):
        return {"when": "never", "modules": {}, "names": {}}
    in_branch = branch(load, "GLOBAL")
    when = "protocol-2" if "self.proto == 2" in in_branch else "always"
    modules = ast.literal_eval(source.assigned("torch/_utils.py", "IMPORT_MAPPING"))
    names = {".".join(old): ".".join(new) for old, new in ast.literal_eval(source.assigned("torch/_utils.py", "NAME_MAPPING")).items()}
    for node in source.tree("torch/_utils.py").body:
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("NAME_MAPPING.update("):
            if ast.unparse(node.value.args[0]) != (
                "{('exceptions', name): ('builtins', name) for name in _compat_pickle.PYTHON2_EXCEPTIONS}"
            ):
                raise Unrecognised(f"update of NAME_MAPPING at line {node.lineno}")
            import _compat_pickle

            names.update({f"exceptions.{name}": f"builtins.{name}" for name in _compat_pickle.PYTHON2_EXCEPTIONS})
    return {"when": when, "modules": modules, "names": names}


def archives(source: Source) -> dict:
    """The error texts with which torch.load itself refuses kinds of files under weights_only; null where it does not."""
    found = {"torchscript": None, "torch-tar": None}
    for node in ast.walk(source.tree("torch/serialization.py")):
        text = template(node)
        if text and text.startswith("Cannot use ``weights_only=True`` with TorchScript archives"):
            found["torchscript"] = text.strip()
        if text and text.startswith("Cannot use ``weights_only=True`` with files saved in the legacy .tar format"):
            found["torch-tar"] = text.strip()
    return found


def extract(root: pathlib.Path) -> dict:
    source = Source(root)
    version = re.match(r"\d+\.\d+\.\d+", ast.literal_eval(source.assigned("torch/version.py", "__version__"))).group()
    commit = ast.literal_eval(source.assigned("torch/version.py", "git_version"))
    unpickler = next(node for node in source.tree(UNPICKLER).body if isinstance(node, ast.ClassDef) and node.name == "Unpickler")
    methods = {node.name: node for node in unpickler.body if isinstance(node, ast.FunctionDef)}
    load = methods.get("_load", methods.get("load"))
    blocked = source.assigned(UNPICKLER, "_blocklisted_modules")
    item_targets = None
    if "_check_set_item_target" in methods:
        compared = next(node for node in ast.walk(methods["_check_set_item_target"]) if isinstance(node, ast.Compare))
        item_targets = [ast.unparse(element) for element in elements(compared.comparators[0])]
    return {
        "torch": version,
        "commit": commit if re.fullmatch(r"[0-9a-f]{40}", commit) else None,
        "opcodes": opcodes(load),
        "names": allowed(source),
        "blockedModules": ast.literal_eval(blocked) if blocked is not None else [],
        "renames": renames(source, load),
        "newobj": which_classes(branch(load, "NEWOBJ")),
        "build": which_classes(branch(load, "BUILD")),
        "itemTargets": item_targets,
        "archives": archives(source),
        "messages": messages(unpickler),
        "hints": hints(load),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path, metavar="SITE_PACKAGES")
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    text = json.dumps(extract(arguments.root), indent=1) + "\n"
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        arguments.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
