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
CALLED_BY_THE_CLASS_NAME = ("__init__", "__new__", "__call__", "forward")  # documented in the class's docstring
ANY_ERROR = r"[A-Z]\w*Error"

# Name of the function or class -> why its docstring need not name what it raises.
EXEMPT: dict[str, str] = {}


def raised(function: ast.FunctionDef) -> set[str]:
    """Patterns of the exceptions that the function's own body raises; functions inside it do not count.

    ``raise error`` and a bare ``raise`` pass on what something else raised and are left out.
    ``raise self.explained(error)``
    names no class: the docstring must name one, whichever it is.
    """
    found = set()
    pending = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Raise) and isinstance(node.exc, (ast.Call, ast.Name, ast.Attribute)):
            called = isinstance(node.exc, ast.Call)
            name = ast.unparse(node.exc.func if called else node.exc).rpartition(".")[2]
            if name[0].isupper():
                found.add(rf"\b{name}\b")
            elif called:
                found.add(ANY_ERROR)
        if not isinstance(node, SCOPES):
            pending.extend(ast.iter_child_nodes(node))
    return found


def is_abstract(function: ast.FunctionDef) -> bool:
    """Whether the body, after the docstring, does nothing but raise NotImplementedError."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.unparse(body[0])


def unnamed(patterns: set[str], docstring: str) -> list[str]:
    return sorted(p.replace(r"\b", "") for p in patterns if not re.search(p, docstring))


def silent(scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """The public definitions in ``scope`` whose docstrings keep an exception to themselves, with those exceptions."""
    for node in scope.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_"):
            continue
        name, docstring = prefix + node.name, ast.get_docstring(node) or ""
        patterns = set()
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if not isinstance(method, FUNCTIONS) or is_abstract(method):
                    continue
                undocumented = not method.name.startswith("_") and not ast.get_docstring(method)
                if method.name in CALLED_BY_THE_CLASS_NAME or undocumented:
                    patterns |= raised(method)
                if method.name == "__init__":
                    docstring += ast.get_docstring(method) or ""
            yield from silent(node, f"{name}.")
        elif not is_abstract(node) and (isinstance(scope, ast.Module) or (docstring and node.name != "forward")):
            patterns = raised(node)
        if missing := unnamed(patterns, docstring):
            yield name, missing


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_docstring_names_what_is_raised(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {f"{path}: {name}": missing for name, missing in silent(tree)}
    wrong = {name: missing for name, missing in found.items() if name not in EXEMPT}
    assert not wrong, "\n".join(f"{name} raises {', '.join(missing)}" for name, missing in wrong.items())
