"""The gradient that an op on whole arrays sends to an argument, in words of matrices: ∂L/∂W = gᵀ·x.

The text is the op's own rule: a vjp written as one expression is read from its source, so that the picture says what is
computed.
"""

import ast
import functools
import inspect

import numpy as np

CUT = 72  # characters of a rule; a longer one names its function only
UPPER = {"T", "mT"}
PRODUCTS = {"matmul", "times"}  # what rules call a product
PLAIN = {"rows_of"}  # reshapes before a product


def statement(step, argument: str, called: str, shape: tuple[int, ...]) -> str:
    """``∂L/∂W = gᵀ·x; 10×5 = 10×3 · 3×5`` for one argument of a call; "" for a rule that cannot be written so.

    ``called`` and ``shape`` are those of the op's result: g is the gradient with respect to it.
    """
    shapes = {o.name: np.shape(o.value) for o in step.operands if isinstance(o.value, np.ndarray)} | {"g": shape}
    names = {o.name: o.called or o.name for o in step.operands if o.key or o.name in shapes} | {"g": "g", "out": called}
    names |= {output: f"{called}.{output}" for output in getattr(step.op, "outputs", None) or ()}
    rules = getattr(step.op, "rules", None) or {}
    rule = rules.get(argument) or rules.get(argument.partition("[")[0])
    if rule is None:
        return ""
    tree = _expression(rule.function, argument)
    if tree is None:  # several statements: what it is called, and what it reads
        read = ", ".join(["g", *(names[n] for n in rule.needs if n in names)])
        text = f"{rule.function.__name__.strip('_')}({read})"
    else:
        tree = _Products().visit(_chosen(tree, shapes))
        text = _written(tree, names) or ""
    if not text or len(text) > CUT:
        return ""
    said = f"∂L/∂{names.get(argument, argument)} = {text}"
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.MatMult) and argument in shapes:
        sides = [_shape_of(side, shapes) for side in (tree.left, tree.right)]
        known = [side for side in sides if side is not None and len(side) == 2]
        if len(known) == 2:
            said += f"; {_by(shapes[argument])} = {_by(known[0])} · {_by(known[1])}"
    return said


@functools.cache
def _lambdas(file: str) -> dict[tuple[int, str], ast.expr]:
    """The rules of a file that are lambdas, by line and by the argument that they are for."""
    try:
        with open(file, encoding="utf-8") as text:
            tree = ast.parse(text.read())
    except (OSError, SyntaxError, ValueError):
        return {}
    found = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "vjp":
            for keyword in call.keywords:
                if keyword.arg and isinstance(keyword.value, ast.Lambda):
                    found[keyword.value.lineno, keyword.arg] = keyword.value.body
    return found


def _expression(function, argument: str) -> ast.expr | None:
    if getattr(function, "__name__", "") != "<lambda>":
        return None
    file = inspect.getsourcefile(function)
    found = _lambdas(file) if file else {}
    return found.get((function.__code__.co_firstlineno, argument.partition("[")[0]))


def _chosen(tree: ast.expr, shapes: dict) -> ast.expr:
    """The branch that applies, of a rule with a choice by the number of dimensions."""
    match tree:
        case ast.IfExp(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=count)])):
            match left:
                case ast.Attribute(value=ast.Name(id=name), attr="ndim"):
                    pass
                case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
                    name = name.removesuffix("_shape")
                case _:
                    return tree
            if name in shapes:
                return _chosen(tree.body if len(shapes[name]) == count else tree.orelse, shapes)
    return tree


def _plain(tree: ast.expr) -> ast.expr:
    """The argument of a call that only turns it into rows."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in PLAIN:
        return tree.args[0]
    return tree


def _written(tree: ast.expr, names: dict[str, str]) -> str | None:
    """A rule in the notation of formulas; None for what has no place in one."""
    tree = _plain(tree)
    match tree:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Constant(value=value):
            return str(value)
        case ast.Subscript(value=ast.Name(id="g")):  # of one of several results
            return "g"
        case ast.Attribute(value=value, attr=attr) if attr in UPPER:
            inner = _written(value, names)
            return inner and (f"{inner}ᵀ" if inner.isidentifier() or "." in inner else f"({inner})ᵀ")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _written(operand, names)
            return inner and f"−{inner}"
        case ast.BinOp(left=left, op=op, right=right):
            sign = {ast.MatMult: "·", ast.Mult: " ⊙ ", ast.Div: "/", ast.Add: " + ", ast.Sub: " − "}.get(type(op))
            a, b = _written(left, names), _written(right, names)
            if sign is None or a is None or b is None:
                return None
            if isinstance(op, ast.MatMult | ast.Mult | ast.Div):
                a, b = (f"({t})" if " + " in t or " − " in t else t for t in (a, b))
            return f"{a}{sign}{b}"
        case ast.Call(func=ast.Name(id=function), args=[first, *rest]):
            given = [_written(a, names) for a in (first, *(r for r in rest if getattr(r, "id", "") in names))]
            written = [text for text in given if text is not None]
            return f"{function.strip('_')}({', '.join(written)})" if len(written) == len(given) else None
    return None


def _shape_of(tree: ast.expr, shapes: dict) -> tuple[int, ...] | None:
    inner = _plain(tree)
    if isinstance(inner, ast.Attribute) and inner.attr in UPPER:
        found = _shape_of(inner.value, shapes)
        return found and (*found[:-2], found[-1], found[-2])
    if not isinstance(inner, ast.Name) or inner.id not in shapes:
        return None
    shape = tuple(shapes[inner.id])
    if inner is not tree and len(shape) != 2:
        return (int(np.prod(shape[:-1])), shape[-1])
    return shape


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


class _Products(ast.NodeTransformer):
    """A call of a product is the product that it stands for."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        named = isinstance(node.func, ast.Name) and node.func.id.strip("_") in PRODUCTS and len(node.args) == 2
        return ast.BinOp(node.args[0], ast.MatMult(), node.args[1]) if named else node
