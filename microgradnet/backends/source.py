"""From a Python function of one element to source that numba compiles for one dtype.

The maths of an elementwise op is written once, in plain Python, on public ops: ``1 / (1 + exp(-x))``. Called with
Tensors it records; called with arrays it computes; and this file turns the same text into a function of one
``float32`` or ``float64``. Three rewrites are all it takes:

* a literal becomes ``float32(literal)``, since in numba ``float32 * 1`` is float64, which halves the SIMD width;
* ``where(c, a, b)`` becomes ``select(c, a, b)``, ``a if c else b`` in a function that is inlined;
* ``exp(x)`` becomes ``exp_float32(x)``, and the source of that function is carried along;
  ``x ** y`` becomes ``pow_float32(x, y)``.
"""

import ast
import copy
import functools
import inspect
import linecache
import textwrap

from . import scalar_math


@functools.cache
def function_ast(function) -> ast.FunctionDef:
    """The syntax tree of ``function``, without its decorators and its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    tree.decorator_list, tree.returns = [], None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return tree


def split_returns(function, names: list[str]) -> dict[str, ast.FunctionDef]:
    """``def f(...): return a, b`` as one function per name, so that each can be computed separately.

    Raises TypeError for another number of results.
    """
    tree = function_ast(function)
    value = tree.body[-1].value
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    if len(parts) != len(names):
        raise TypeError(
            f"{function.__qualname__}: {len(names)} results expected ({', '.join(names)}), got {len(parts)}"
        )
    split = {}
    for name, part in zip(names, parts, strict=True):
        split[name] = copy.deepcopy(tree)
        split[name].body[-1].value = part
        _keep_what_is_read(split[name])
    return split


def names_read(tree: ast.FunctionDef) -> set[str]:
    """The names that a function's result depends on: what backward must keep."""
    return _keep_what_is_read(copy.copy(tree))


def _keep_what_is_read(tree: ast.FunctionDef) -> set[str]:
    """Leaves out the statements that the result does not depend on; the names that it does depend on."""
    read: set[str] = set()
    kept = []
    for statement in reversed(tree.body):
        targets = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if isinstance(statement, ast.Return) or targets & read:
            loads = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            read = (read - targets) | loads
            kept.append(statement)
    tree.body = kept[::-1]
    return read


class _WithoutComparisons(ast.NodeTransformer):
    def visit_Compare(self, node):
        return ast.Constant(True)


def names_only_compared(tree: ast.FunctionDef) -> set[str]:
    """The names that decide between the results of a function, and do not enter them."""
    return names_read(tree) - names_read(_WithoutComparisons().visit(copy.deepcopy(tree)))


def to_python(tree: ast.FunctionDef, function, renamed: dict):
    """``tree`` as a callable in ``function``'s module; a traceback shows the rewritten text.

    ``renamed`` maps names to functions to call in their place.
    """
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in renamed:
            function.__globals__.setdefault(renamed[node.id].__name__, renamed[node.id])
            node.id = renamed[node.id].__name__
    text, place = ast.unparse(ast.fix_missing_locations(tree)), f"<{tree.name}>"
    linecache.cache[place] = len(text), None, text.splitlines(keepends=True), place
    namespace: dict = {}
    exec(compile(text, place, "exec"), function.__globals__, namespace)
    return namespace[tree.name]


class _ForDtype(ast.NodeTransformer):
    """Rewrites one function for one dtype and collects the functions that it calls."""

    def __init__(self, dtype: str, scope: dict):
        self.dtype, self.scope, self.calls, self.selects = dtype, scope, {}, False

    def visit_Constant(self, node):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        literal = node if node.value == node.value else ast.parse("np.nan", mode="eval").body
        return ast.Call(ast.Name(self.dtype, ast.Load()), [literal], [])

    def visit_BinOp(self, node):
        if not isinstance(node.op, ast.Pow):
            return self.generic_visit(node)
        node.left = self.visit(node.left)
        if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
            return node  # an integer power stays a product
        self.calls["pow"] = None  # scalar_math's
        return ast.Call(ast.Name(f"pow_{self.dtype}", ast.Load()), [node.left, self.visit(node.right)], [])

    def visit_Name(self, node):
        value = self.scope.get(node.id)
        if isinstance(node.ctx, ast.Load) and isinstance(value, float):
            return self.visit_Constant(ast.Constant(value))
        return node

    def visit_Call(self, node):
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute):  # math.NAME or np.NAME, which numba knows for each dtype
            return node
        name = node.func.id
        if name == "where":  # a call, which evaluates both arms first: a call inside an arm would be a branch
            self.selects = True
            node.func = ast.Name("select", ast.Load())
            return node
        self.calls[name] = self.scope.get(name)
        node.func = ast.Name(f"{name}_{self.dtype}", ast.Load())
        return node


def scalar_source(name: str, tree: ast.FunctionDef, scope: dict, dtype: str, done: dict[str, str]) -> None:
    """Adds to ``done`` the source of ``name_dtype`` and of all functions that it calls, callees first."""
    rewrite = _ForDtype(dtype, {k: v for k, v in scope.items() if k not in {a.arg for a in tree.args.args}})
    tree = rewrite.visit(ast.parse(ast.unparse(tree)).body[0])
    tree.name = f"{name}_{dtype}"
    tree.args.defaults = []
    if rewrite.selects:
        done["select"] = "def select(condition, x, y):\n    return x if condition else y"
    for called, op in rewrite.calls.items():
        add_function(called, op, dtype, done)
    done[tree.name] = ast.unparse(ast.fix_missing_locations(tree))


def add_function(name: str, op, dtype: str, done: dict[str, str]) -> None:
    """Adds the function of one element of the public op ``op``, which its caller calls ``name``."""
    if f"{name}_{dtype}" in done:
        return
    scalar = getattr(op, "scalar", None)
    if scalar is not None:
        scalar_source(name, function_ast(scalar), scalar.__globals__, dtype, done)
    else:
        add_intrinsic(f"{name}_{dtype}", done)


def add_intrinsic(name: str, done: dict[str, str]) -> None:
    """Adds a function of ``scalar_math`` and those that it calls there, verbatim.

    Raises NameError if there is none.
    """
    function = getattr(scalar_math, name, None)
    if function is None:
        raise NameError(f"kernels: no function {name!r} of one element: write it in backends/scalar_math.py")
    if name in done:
        return
    done[name] = ""  # reserves the place, so that a cycle ends
    tree = function_ast(function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(scalar_math, node.func.id):
            add_intrinsic(node.func.id, done)
    del done[name]
    done[name] = ast.unparse(tree)
