"""The file ``tensor_methods.pyi``, made from what ``methods`` attaches: Tensor's methods, with parameters and texts.

``python -m microgradnet.ops.signatures`` regenerates it, formatted by ruff. A type checker or an editor cannot follow a
loop of ``setattr``; it reads this file.
"""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from ..elementwise import Elementwise
from ..primitive import Primitive
from .methods import METHODS

PATH = Path(__file__).parents[1] / "tensor_methods.pyi"
TITLE = "The methods that ops give Tensor, for type checkers and editors. Written by ``ops.signatures``: do not edit."
IMPORTS = {  # what annotations name -> where it is
    "builtins": "",
    "Callable": "collections.abc",
    "Sequence": "collections.abc",
    "Any": "typing",
    "MinMax": ".ops.arrays.return_types",
    "ValuesIndices": ".ops.arrays.return_types",
    "Generator": ".random",
    "Tensor": ".tensor",
    "Dims": ".typing",
    "DType": ".typing",
    "Number": ".typing",
    "Operand": ".typing",
    "Size": ".typing",
}
IGNORED = {
    **dict.fromkeys(("__eq__", "__ne__"), "override"),  # a bool in object, a tensor of them here
    **dict.fromkeys(("__ge__", "__gt__", "__le__", "__lt__"), "misc"),  # an array on the left leaves it to the tensor
}


def parameter_text(parameter: inspect.Parameter, annotation: str) -> str:
    """``dim: int | None = None``, as written in a ``def``."""
    stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}: {annotation}{default}"


def annotations(function) -> dict[str, str]:
    """The annotations in the text of ``function``'s ``def``, aliases as they are written there."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = {a.arg: ast.unparse(a.annotation) for a in every if a is not None and a.annotation is not None}
    return found | ({"return": ast.unparse(definition.returns)} if definition.returns else {})


def types(op) -> dict[str, str]:
    """The type of each parameter of a method made of ``op``, and of what it returns."""
    names = list(inspect.signature(op).parameters)
    if isinstance(op, Elementwise):
        scalars = dict.fromkeys(op.scalar_names, "float")
        return dict.fromkeys(op.array_names, "Operand") | scalars | {"return": "Tensor"}
    if isinstance(op, Primitive):
        returned = f"tuple[{', '.join(['Tensor'] * len(op.outputs))}]" if op.outputs else "Tensor"
        return dict.fromkeys(names, "Tensor") | annotations(op.forward) | {"return": returned}
    return dict.fromkeys(names, "Operand" if len(names) == 2 else "Any") | {"return": "Tensor"} | annotations(op)


def method_text(name: str, method) -> str:
    """The ``def`` of one method, with its text."""
    op = inspect.unwrap(method, stop=lambda f: isinstance(f, Primitive))
    of = types(op)
    rest = list(inspect.signature(method).parameters.values())[1:]
    if name.startswith("__"):
        rest = [p for p in rest if p.kind is p.POSITIONAL_OR_KEYWORD]
        of |= {p.name: "Operand" for p in rest if p.name != "index"} | {"return": "Tensor"}
    words = ["self", *(parameter_text(p, of[p.name]) for p in rest)]
    keyword_only = next((i for i, p in enumerate(rest, 1) if p.kind is p.KEYWORD_ONLY), None)
    if keyword_only is not None and not any(p.kind is p.VAR_POSITIONAL for p in rest):
        words.insert(keyword_only, "*")
    if name.startswith("__"):
        words.append("/")
    returned = "None" if name == "__setitem__" else of["return"]
    shadowed = "|".join(n for n in ("bool", "float", "int") if n in METHODS)
    head = f"def {name}({', '.join(words)}) -> {returned}:"
    if shadowed:
        head = re.sub(rf"(?<=[ \[])({shadowed})\b(?!\()", r"builtins.\1", head)
    if name in IGNORED:
        head += f"  # type: ignore[{IGNORED[name]}]"
    text = inspect.cleandoc(method.__doc__ or "")
    body = f'"""{text}"""' if "\n" not in text else f'"""{text}\n"""'
    return textwrap.indent(f"{head}\n{textwrap.indent(body, '    ')}\n", "    ")


def text() -> str:
    """The whole file."""
    methods = "\n".join(method_text(name, METHODS[name]) for name in sorted(METHODS))
    heads = "\n".join(line for line in methods.splitlines() if line.startswith("    def "))
    used = {name: module for name, module in IMPORTS.items() if re.search(rf"\b{name}\b", heads)}
    imports = "\n".join(f"from {module} import {name}" if module else f"import {name}" for name, module in used.items())
    written = f'"""{TITLE}"""\n\n{imports}\n\nclass TensorMethods:\n{methods}'
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "--stdin-filename", str(PATH), "-"]
        written = subprocess.run(
            ruff, input=written, capture_output=True, text=True, check=True, cwd=PATH.parents[1]
        ).stdout
    return written


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
