"""Formulas such as ``L = tanh(a*b + c)``, computed with tensors. They are parsed, never run as Python."""

import ast
import operator

import microgradnet as mg
from microgradnet.elementwise import Elementwise
from microgradnet.primitive import registry

LONGEST = 2000  # characters
_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos}


class ExpressionError(ValueError):
    """A formula that cannot be parsed, with the reason and the place."""


def functions() -> dict[str, object]:
    """The functions that a formula may call: the elementwise ops of one or two numbers that have a derivative."""
    found = {}
    for name, op in registry.items():
        if isinstance(op, Elementwise) and op.has_derivative and len(op.array_names) <= 2:
            found[name] = getattr(mg, name, None) or getattr(mg.nn.functional, name, None)
    return {name: function for name, function in found.items() if function is not None}


def parse(text: str) -> tuple[str, ast.expr]:
    """``"L = a*b"`` as the result's name (``"result"`` if it has none) and the tree of the right-hand side.

    Raises ExpressionError if it cannot be parsed.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"a formula of at most {LONGEST} characters expected, this one has {len(text)}")
    try:
        body = ast.parse(text.strip(), mode="exec").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ExpressionError(
            f"not a formula{place}: {text.strip()!r}; write, for example, L = tanh(a*b + c)"
        ) from None
    if len(body) != 1:
        raise ExpressionError(f"one formula expected, got {len(body)}")
    statement = body[0]
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    if isinstance(statement, ast.Expr):
        return "result", statement.value
    raise ExpressionError("a formula such as L = tanh(a*b + c) expected")


def names(tree: ast.expr) -> list[str]:
    """The variables of a formula, in the order in which they appear."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in found))


def evaluate(text: str, values: dict[str, float]):
    """The formula's result as a float64 tensor, and its variables, which require gradients, by name.

    Raises ExpressionError: unsupported syntax, an unknown function, a variable without a value or a value without a
    variable.
    """
    _, tree = parse(text)
    wanted = names(tree)
    if missing := [name for name in wanted if name not in values]:
        given = " ".join(f"{name}=1" for name in missing)
        raise ExpressionError(f"no value for {', '.join(missing)}: add {given}")
    if spare := [name for name in values if name not in wanted]:
        raise ExpressionError(f"{', '.join(spare)} does not appear in the formula, which has {', '.join(wanted)}")
    variables = {}
    for name in wanted:
        variables[name] = mg.tensor(float(values[name]), dtype=mg.float64, requires_grad=True)
        variables[name].name = name
    result = _value(tree, variables, functions())
    if not isinstance(result, mg.Tensor):
        raise ExpressionError("the formula has no variable: there is nothing to differentiate")
    return result, variables


def _value(node, variables: dict, known: dict):
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            return variables[name]
        case ast.BinOp(op=op) if type(op) in _BINARY:
            left, right = (_value(part, variables, known) for part in (node.left, node.right))
            return _compute(_BINARY[type(op)], left, right)
        case ast.BinOp(op=ast.BitXor()):
            raise ExpressionError("^ is no power here: write **")
        case ast.UnaryOp(op=op) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(node.operand, variables, known))  # type: ignore[operator]
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            if name not in known:
                raise ExpressionError(f"no function {name}: there are {', '.join(sorted(known))}")
            arguments = [_value(argument, variables, known) for argument in node.args]
            if not any(isinstance(a, mg.Tensor) for a in arguments):
                arguments = [mg.tensor(a, dtype=mg.float64) for a in arguments]
            return _compute(known[name], *arguments)
    raise ExpressionError(f"{ast.unparse(node)!r} has no place in a formula: numbers, names, + - * / **, functions do")


def _compute(function, *arguments):
    try:
        return function(*arguments)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise ExpressionError(str(error)) from None
