"""A public function, method or class that raises an exception names that exception in its docstring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(p.relative_to(ROOT) for package in ("microgradnet", "visualize") for p in (ROOT / package).rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
CALLED_THROUGH_THE_CLASS = ("__init__", "__new__", "__call__", "forward")  # documented in the class's docstring
SOME_ERROR = r"[A-Z]\w*Error"


def raised(node: ast.AST) -> set[str]:
    """Names of the exceptions that leave ``node``; what functions inside it raise does not count.

    ``raise error`` and a bare ``raise`` pass on what something else raised and are left out. A call in lower case,
    ``raise self.explained(error)``, names no class: the docstring must name one, whichever it is.
    """
    if isinstance(node, ast.Raise) and isinstance(node.exc, (ast.Call, ast.Name, ast.Attribute)):
        called = isinstance(node.exc, ast.Call)
        name = ast.unparse(node.exc.func if called else node.exc).rpartition(".")[2]
        if name[0].isupper():
            return {name}
        return {SOME_ERROR} if called else set()
    if isinstance(node, ast.Try):
        caught = {name.id for h in node.handlers if h.type for name in ast.walk(h.type) if isinstance(name, ast.Name)}
        return raised_by(node.body) - caught | raised_by([*node.handlers, *node.orelse, *node.finalbody])
    return raised_by(ast.iter_child_nodes(node))


def raised_by(nodes) -> set[str]:
    return set().union(*(raised(node) for node in nodes if not isinstance(node, SCOPES)))


def is_abstract(function: ast.FunctionDef) -> bool:
    """Whether the body, after the docstring, does nothing but raise NotImplementedError."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and raised(body[0]) == {"NotImplementedError"}


def silent(scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """The public definitions in ``scope`` whose docstrings do not name every exception, with those exceptions."""
    for node in scope.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
            continue
        name, docstring, names = prefix + node.name, ast.get_docstring(node) or "", set()
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if not isinstance(method, FUNCTIONS) or is_abstract(method):
                    continue
                undocumented = not method.name.startswith("_") and not ast.get_docstring(method)
                if method.name in CALLED_THROUGH_THE_CLASS or undocumented:
                    names |= raised_by(method.body)
                if method.name == "__init__":
                    docstring += ast.get_docstring(method) or ""
            yield from silent(node, f"{name}.")
        elif not is_abstract(node) and (isinstance(scope, ast.Module) or (docstring and node.name != "forward")):
            names = raised_by(node.body)
        if missing := sorted(n for n in names if not re.search(rf"\b{n}\b", docstring)):
            yield name, missing


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_docstring_names_what_is_raised(path):
    found = silent(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    assert not [f"{path}: {name} raises {', '.join(missing)}" for name, missing in found]
