"""An optimizer's maths as one function of one parameter, compiled to one pass over all of them.

    def update(p, g, momentum_buffer, lr, momentum):
        momentum_buffer = momentum * momentum_buffer + g
        return p - lr * momentum_buffer, momentum_buffer

The arguments are the parameter, its gradient, the state kept for it, and the hyperparameters; the results are the new
parameter and the new state, in their order. Each array is read once and written once. Expressions of hyperparameters
only (``1 - beta1``, ``1 - beta2**step``) are computed once, in double precision, before the pass: in float32 ``1 -
0.999`` would be off by 5e-5. A state that is not kept reads as zero and is not written, so a rule written with momentum
also works without it.
"""

import ast
import functools
import inspect
import math
from collections.abc import Callable
from operator import is_
from typing import NamedTuple

from ..backends import cache, device, source
from ..backends.cpu import launcher as cpu
from ..backends.device import flat, np

FLOATS = (np.dtype("float32"), np.dtype("float64"))
HEADER = (
    cache.HEADER
    + """from numba import carray, types
from numba.extending import intrinsic

@intrinsic
def pointer(context, address, element):
    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))
    return types.CPointer(element)(address, element), generate
"""
)


class _Hoist(ast.NodeTransformer):
    """Moves expressions of hyperparameters only out of a rule, and turns divisions by them into multiplications."""

    def __init__(self, tree: ast.FunctionDef, hyperparameters: list[str], scope: dict):
        stored = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        self.once = {name for name in stored if stored.count(name) == 1}
        self.scalars = set(hyperparameters) - set(stored)
        self.scope = {n: v for n, v in scope.items() if isinstance(v, int | float) and n not in stored}
        self.statements: list[str] = []
        # Expression -> the name that replaces it in the rule. Names that the rule reassigns are not hoisted.
        self.expressions = {name: name for name in hyperparameters if name in stored}

    def is_scalar(self, node) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, int | float)
        if isinstance(node, ast.Name):
            return node.id in self.scalars or node.id in self.scope
        if isinstance(node, ast.BinOp):
            return self.is_scalar(node.left) and self.is_scalar(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub) and self.is_scalar(node.operand)
        return isinstance(node, ast.Call) and node.func.id == "sqrt" and self.is_scalar(node.args[0])

    def taken(self, node) -> ast.expr:
        text = ast.unparse(node)
        name = text if isinstance(node, ast.Name) else f"scalar{len(self.expressions)}"
        return ast.Name(self.expressions.setdefault(text, name), ast.Load())

    def visit(self, node):
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant) and self.is_scalar(node):
            return self.taken(node)
        return super().visit(node)

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Div) and self.is_scalar(node.right):
            reciprocal = self.taken(ast.BinOp(ast.Constant(1), ast.Div(), node.right))
            return ast.BinOp(self.visit(node.left), ast.Mult(), reciprocal)
        return self.generic_visit(node)

    def visit_Assign(self, node):
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in self.once and self.is_scalar(node.value):
            self.statements.append(ast.unparse(node))
            self.scalars.add(target.id)
            return None
        return self.generic_visit(node)


class Compiled(NamedTuple):
    """A rule compiled for one dtype and one choice of states.

    Attributes:
        scalars: from the hyperparameters to the numbers that the loops take.
        one: loop ``(p, g, *states, direction, *scalars)`` over vectors, by one thread or by all.
        many: loop ``(g, addresses, sizes, direction, *scalars)`` over many short vectors, whose gradients are
            concatenated in ``g``; ``addresses`` has a row for p and for each state.
    """

    scalars: Callable
    one: Callable
    many: Callable


@functools.cache
def compiled(update, held: tuple[str, ...], hyperparameters: int, dtype: str, loops=cpu) -> Compiled:
    """Compiles the loops of a rule whose last ``hyperparameters`` arguments are numbers.

    ``loops`` makes the one over vectors: ``cpu.launcher``, or ``cuda.launcher`` for arrays on a GPU. Raises TypeError
    for a rule with other arguments.
    """
    parameters = list(inspect.signature(update).parameters)
    split = len(parameters) - hyperparameters
    states = parameters[2:split]
    if parameters[:2] != ["p", "g"] or [s for s in states if s in held] != list(held):
        raise TypeError(
            f"{update.__qualname__}: arguments p, g, {', '.join(held)} and then {hyperparameters} hyperparameters "
            f"expected, it has {', '.join(parameters)}"
        )
    name = update.__qualname__.replace(".", "_").lower()
    tree = ast.parse(ast.unparse(source.function_ast(update))).body[0]
    result = tree.body[-1].value
    if isinstance(result, ast.Tuple):
        result.elts = [e for e, s in zip(result.elts, ["p", *states], strict=True) if s == "p" or s in held]
        if not held:
            tree.body[-1].value = result.elts[0]
    hoist = _Hoist(tree, parameters[split:], update.__globals__)
    tree = hoist.visit(tree)
    numbers = list(hoist.expressions.values())
    tree.args.args = [ast.arg(a) for a in ("p", "g", *states, *numbers)]
    ast.fix_missing_locations(tree)

    functions: dict[str, str] = {}
    source.scalar_source(name, tree, update.__globals__, dtype, functions)
    arrays = ["p", *held]
    given = ["p[i]", "direction * g[i]", *(f"{s}[i]" if s in held else f"{dtype}(0)" for s in states), *numbers]
    call = f"{', '.join(f'{a}[i]' for a in arrays)} = {name}_{dtype}({', '.join(given)})"
    return Compiled(
        _scalars(parameters[split:], hoist),
        loops.elementwise(name, functions, call, dtype, ["p", "g", *held], ["direction", *numbers]),
        _many(name, functions, call, dtype, arrays, numbers),
    )


def _scalars(hyperparameters: list[str], hoist: _Hoist):
    """``(*hyperparameters) -> numbers`` in Python's own double precision."""
    body = [*hoist.statements, f"return ({''.join(f'{e}, ' for e in hoist.expressions)})"]
    namespace = {"sqrt": math.sqrt, **hoist.scope}
    exec(f"def scalars({', '.join(hyperparameters)}):\n" + "".join(f"    {line}\n" for line in body), namespace)
    return namespace["scalars"]


def _many(name: str, functions: dict[str, str], call: str, dtype: str, arrays: list[str], numbers: list[str]):
    flags = cache.FLAGS.replace("cache=True", "forceinline=True")
    helpers = "\n".join(f"@njit({flags})\n{text}\n" for text in functions.values())
    views = "\n".join(f"        {a} = carray(pointer(addresses[{k}, j], one), sizes[j])" for k, a in enumerate(arrays))
    casts = "\n".join(f"    {n} = {dtype}({n})" for n in ("direction", *numbers))
    types = ", ".join([f"{dtype}[::1]", "int64[:, ::1]", "int64[::1]", "float64", *("float64" for _ in numbers)])
    text = (
        f"{helpers}\n@njit('void({types})', {cache.FLAGS})\n"
        f"def run(gradients, addresses, sizes, {', '.join(['direction', *numbers])}):\n"
        f"    one = {dtype}(1)\n{casts}\n    start = 0\n    for j in range(sizes.size):\n"
        f"        g = gradients[start:start + sizes[j]]\n{views}\n"
        f"        for i in range(sizes[j]):\n            {call}\n        start += sizes[j]\n"
    )
    loaded = functools.cache(lambda: cache.load(f"{name}_many_{dtype}", text, HEADER).run)
    return lambda *arguments: loaded()(*arguments)


def check_arrays(p: np.ndarray, g: np.ndarray) -> None:
    """Raises TypeError or ValueError for a parameter that cannot be updated, or not with this gradient."""
    if p.dtype not in FLOATS:
        raise TypeError(f"optimizer: float32 or float64 parameters expected, got {p.dtype}")
    if isinstance(p, np.ndarray) and not p.flags.writeable:
        raise ValueError(f"optimizer: a parameter of shape {p.shape} lies in read-only memory: give it a copy")
    if g.shape != p.shape:
        raise ValueError(f"optimizer: a gradient of shape {g.shape} for a parameter of shape {p.shape}")


def held_array(state: dict, name: str, p: np.ndarray, initial: float = 0.0) -> np.ndarray:
    """The state's array ``name``, in the present dtype of ``p``; if missing, it is created and filled with ``initial``.

    Raises ValueError for another shape than that of ``p``.
    """
    array = state.get(name)
    if array is None:
        array = np.full(p.shape, initial, p.dtype)
    elif array.shape != p.shape:
        raise ValueError(f"optimizer: {name} has shape {array.shape}, its parameter {p.shape}")
    state[name] = flat(array, p.dtype).reshape(p.shape)
    return state[name]


def apply(update, p: np.ndarray, g: np.ndarray, states: dict[str, np.ndarray], hyperparameters: tuple, direction=1.0):
    """Runs ``update`` over the arrays, in place; ``p`` may have any strides, float32 or float64.

    ``g`` is multiplied by ``direction`` (-1 to maximize) before the rule sees it. ``states`` are those of
    ``held_array``. Raises ValueError for a state of another shape or dtype, or one that is not contiguous.
    """
    check_arrays(p, g)
    for name, array in states.items():
        if array.shape != p.shape or array.dtype != p.dtype or not array.flags.c_contiguous:
            raise ValueError(
                f"optimizer: {name} must be a contiguous {p.dtype} array of shape {p.shape}, "
                f"got {array.dtype} of shape {array.shape}"
            )
    rule = compiled(update, tuple(states), len(hyperparameters), p.dtype.name, device.loops(p))
    vector = flat(p, p.dtype)
    vectors = [vector, flat(g, p.dtype), *(array.reshape(-1) for array in states.values())]
    rule.one(*vectors, direction, *rule.scalars(*hyperparameters))
    if not p.flags.c_contiguous:
        p[...] = vector.reshape(p.shape)


class Batch:
    """Short contiguous parameters of one dtype, updated by one call: a call from Python costs as much as a thousand
    elements.

    ``arrays`` are the ``count`` parameters, then each state of each; their addresses are looked up once.
    """

    def __init__(self, arrays: list[np.ndarray], count: int):
        self.arrays, self.count = arrays, count
        self.dtype = arrays[0].dtype.name
        self.addresses = np.array([a.ctypes.data for a in arrays], np.int64).reshape(-1, count)
        self.sizes = np.array([a.size for a in arrays[:count]], np.int64)
        self.shapes = [a.shape for a in arrays[:count]]
        self.gradients = np.empty(self.sizes.sum(), self.dtype)

    def fits(self, arrays: list[np.ndarray]) -> bool:
        """Whether these are the arrays that it was created for."""
        return len(arrays) == len(self.arrays) and all(map(is_, arrays, self.arrays))

    def gather(self, gradients: list[np.ndarray]) -> None:
        """Copies the gradients in. Raises ValueError for one whose shape is not its parameter's."""
        if [g.shape for g in gradients] != self.shapes:
            for p, g in zip(self.arrays, gradients, strict=False):
                check_arrays(p, g)
        np.concatenate([g.ravel() for g in gradients], out=self.gradients, casting="same_kind")

    def run(self, rule: Compiled, hyperparameters: tuple, direction: float) -> None:
        """One step of all, with the gathered gradients."""
        rule.many(self.gradients, self.addresses, self.sizes, direction, *rule.scalars(*hyperparameters))
