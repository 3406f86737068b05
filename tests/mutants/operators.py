"""Every small change that the operators below can make to a file: the candidates for mutants."""

import ast
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
ARITHMETIC = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.Pow: "*", ast.MatMult: "*",
    ast.FloorDiv: "*", ast.Mod: "+", ast.BitAnd: "|", ast.BitOr: "&", ast.LShift: ">>", ast.RShift: "<<",
}  # fmt: skip
_PAIRS = "min max, minimum maximum, argmin argmax, any all, floor ceil, zeros ones, zeros_like ones_like, sin cos"
NAMES = {a: b for pair in _PAIRS.split(", ") for a, b in (pair.split(), pair.split()[::-1])}
# Arguments that a result does not depend on, and texts for people.
SPEED_ONLY = {"copy", "strict", "order", "stacklevel", "parallel", "reassociate", "inline", "foreach", "fused"}
FOR_PEOPLE = {"__repr__", "__str__", "describe", "extra_repr"}


class Mutant(NamedTuple):
    """One change of one file.

    Attributes:
        key: function, the lines as they are and as they become: what names a mutant in a report and in a table.
        function: the function it is in, "<module>" outside of any; of ``@op.derivative`` and its like, the op.
        scopes: the names of the functions around it as Python has them ("_", "<lambda>"), the innermost first.
        text: the whole file, changed.
    """

    key: str
    function: str
    scopes: tuple[str, ...]
    text: str


def candidates(source: str) -> list[Mutant]:
    """All mutants of a file, in an order that has nothing to do with their place, and that an edit elsewhere leaves."""
    data, found, seen = source.encode(), [], {}
    lines = [0]
    for line in data.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for (function, *scopes), node, new in _changes(ast.parse(source), ("<module>",)):
        start = lines[node.lineno - 1] + node.col_offset
        stop = lines[node.end_lineno - 1] + node.end_col_offset
        changed = data[:start] + new.encode() + data[stop:]
        first, last = lines[node.lineno - 1], lines[node.end_lineno]
        old = " ".join(data[first:last].decode().split())
        key = f"{function}: {old}  →  {' '.join(changed[first : last + len(changed) - len(data)].decode().split())}"
        seen[key] = seen.get(key, 0) + 1
        key += f"  (no. {seen[key]})" if seen[key] > 1 else ""
        found.append(Mutant(key, function, tuple(scopes), changed.decode()))
    return sorted(found, key=lambda m: hashlib.sha256(m.key.encode()).digest())


def _changes(node: ast.AST, scope: tuple) -> Iterator[tuple[tuple, ast.AST, str]]:
    """(scope, node to replace, text to put there) for all below ``node``; see Mutant for a scope."""
    if isinstance(node, ast.FunctionDef) and (node.name in FOR_PEOPLE or _for_gpu(node)):
        return
    if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr):  # texts of errors
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        yield scope, node, ast.unparse(node.operand)  # and no other number: a shape may hold any below 0
        return
    if isinstance(node, ast.keyword) and node.arg in SPEED_ONLY:
        return
    if _picks_an_operand(node):
        # ``a if a > b else b``: whether a > b or a >= b is one and the same.
        yield from ((scope, node, new) for new in _replacements(node))
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("warnings.warn", "np.errstate", "cast"):
        return
    if isinstance(node, ast.FunctionDef):
        below = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        for child in below:  # defaults: who calls the function meets them
            yield from _changes(child, (scope[0], node.name, *scope[1:]))
        scope, below = (_owner(node), node.name, *scope[1:]), node.body
    elif isinstance(node, ast.AnnAssign):
        below = [node.value] if node.value is not None else []
    elif isinstance(node, ast.If) and all(isinstance(s, ast.Raise) for s in node.body):
        yield scope, node.test, f"(not ({ast.unparse(node.test)}))"  # a check of arguments, turned round
        below = node.orelse
    else:
        if isinstance(node, ast.Lambda):
            scope = (scope[0], "<lambda>", *scope[1:])
        if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield scope, node.test, f"(not ({ast.unparse(node.test)}))"
        yield from ((scope, node, new) for new in _replacements(node))
        below = list(ast.iter_child_nodes(node))
    for child in below:
        yield from _changes(child, scope)


def _picks_an_operand(node: ast.AST) -> bool:
    match node:
        case ast.IfExp(test=ast.Compare(left=a, comparators=[b]), body=c, orelse=d):
            pass
        case ast.Call(func=ast.Name(id="where" | "select"), args=[ast.Compare(left=a, comparators=[b]), c, d]):
            pass
        case _:
            return False
    return {ast.unparse(a), ast.unparse(b)} == {ast.unparse(c), ast.unparse(d)}


def _for_gpu(node: ast.FunctionDef) -> bool:
    return any("gpu" in ast.unparse(decorator) for decorator in node.decorator_list)


def _owner(node: ast.FunctionDef) -> str:
    """The function's name; the op's for what is decorated ``@op.derivative``, ``@op.vjp`` and so on."""
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if node.name == "_" and isinstance(target, ast.Attribute):
            return ast.unparse(target.value)
    return node.name


def _is_arithmetic(node: ast.BinOp) -> bool:
    texts = ast.Constant | ast.JoinedStr
    sides = (node.left, node.right)
    return type(node.op) in ARITHMETIC and not any(isinstance(s, texts) and not _is_number(s) for s in sides)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _replacements(node: ast.AST) -> Iterator[str]:
    text = ast.unparse
    match node:
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *more]):
            rest = f" and {text(ast.Compare(right, node.ops[1:], more))}" if more else ""
            yield f"({text(left)} {COMPARISONS[type(op)]} {text(right)}{rest})"
        case ast.BinOp(left=left, op=op, right=right) if _is_arithmetic(node):
            yield f"(({text(left)}) {ARITHMETIC[type(op)]} ({text(right)}))"
            if isinstance(op, ast.Mult):
                yield f"({text(left)})"  # a factor is missing
        case ast.BoolOp(op=op, values=values):
            joined = (" or " if isinstance(op, ast.And) else " and ").join(f"({text(v)})" for v in values)
            yield f"({joined})"
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield f"({text(operand)})"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield f"({text(orelse)} if {text(test)} else {text(body)})"
        case ast.Call(func=ast.Name(id="where" | "select"), args=[condition, yes, no]):
            yield f"{text(node.func)}({text(condition)}, {text(no)}, {text(yes)})"
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield NAMES[name]
        case ast.Attribute(value=value, attr=name) if name in NAMES:
            yield f"{text(value)}.{NAMES[name]}"
        case ast.Constant(value=bool() as value):
            yield str(not value)
        case ast.Constant(value=int() as value) if value in (0, 1, 2):  # others are sizes of blocks and the like
            yield str(value + 1)
        case ast.Constant(value=float() as value):
            yield str(value * 2 if value else 1.0)
        case ast.AugAssign(target=target, op=op, value=value):
            yield "pass"
            if isinstance(op, ast.Add):
                yield f"{text(target)} = {text(value)}"  # what was there is lost
        case ast.Expr(value=ast.Call()):
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "pass"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
