"""Opcodes of the scalar tape, and the compiled loops over it, generated from the registry of elementwise ops.

Every differentiable elementwise op is an opcode: its function of one element and its local derivatives are the ones
that the tensor kernels are made of, so nothing is written twice. Two more combine many operations: a sum and a dot
product of any length, as single nodes.

A node's operands: a leaf has none; an op of one or two has their positions in the columns ``a`` and ``b``; an op of
more has in ``a`` the start of its list in the column ``more``, and in ``b`` its length. A dot product Σ wᵢ·xᵢ lists all
w, then all x. An op's numbers (the slope of a leaky ReLU) are operands too: constant leaves.
"""

import functools
import inspect

import numpy as np

from .. import ops  # noqa: F401 (declares the ops)
from ..backends import cache, source
from ..elementwise import Elementwise
from ..primitive import registry

LEAF, SUM, DOT = 0, 1, 2
# The ops of most graphs: their loops are compiled separately, in a fifth of the time of all.
_CORE = (
    "add", "sub", "mul", "div", "neg", "square", "power", "pow", "relu", "tanh", "sigmoid", "exp", "log",
    "maximum", "minimum", "abs",
)  # fmt: skip
_NAMES = [
    name
    for name, op in registry.items()
    if isinstance(op, Elementwise)
    and op.has_derivative
    and all(isinstance(inspect.signature(op.function).parameters[n].default, int | float) for n in op.scalar_names)
]
OPS: list = [None, None, None, *(registry[n] for n in sorted(_NAMES, key=lambda n: (n not in _CORE, _NAMES.index(n))))]
CODES: dict[str, int] = {op.name: code for code, op in enumerate(OPS) if op is not None}
LAST_OF_CORE = DOT + len(_CORE)
PAIR = 255  # a product and the sum that it goes into, in a replay
_FLAGS = cache.FLAGS.replace(cache.CONTRACT, "")
LANES = 16  # samples that a batched replay processes at once


def operand_names(code: int) -> list[str]:
    """The arguments of an op in the order in which a node lists them."""
    op = OPS[code]
    return [*op.array_names, *op.scalar_names]


def defaults(code: int) -> list[float]:
    """The defaults of an op's numbers."""
    parameters = inspect.signature(OPS[code].function).parameters
    return [parameters[name].default for name in OPS[code].scalar_names]


# For each kind of loop: how it writes the operands x and y, the result z, and any other number or gradient.
_ONE = {"x": "x", "y": "y", "z": "value[i]", "value": "value[{}]", "grad": "grad[{}]", "lanes": ""}
_BATCH = {"x": "value[a, s]", "y": "value[b, s]", "z": "value[i, s]", "value": "value[{}, s]", "grad": "grad[{}, s]"}
_BATCH["lanes"] = "for s in range(LANES):"


def _branches(codes: tuple[int, ...], functions: dict[str, str], kind: dict, backward: bool, reach: bool = True) -> str:
    """One ``elif`` for each opcode: the op's function of one element, or its derivatives, on a node's operands."""
    lines = []
    for code in codes:
        op, names = OPS[code], operand_names(code)
        places = [f"more[a + {i}]" for i in range(len(names))] if len(names) > 2 else ["a", "b"][: len(names)]
        written = [kind["value"].format(place) for place in places] if len(names) > 2 else [kind["x"], kind["y"]]
        element = dict(zip(names, written, strict=False)) | {"out": kind["z"]}
        statements = []
        if backward:
            for name, (tree, partial, needs) in op.partials.items():
                source.scalar_source(tree.name, tree, partial.__globals__, "float64", functions)
                place = kind["grad"].format(places[names.index(name)])
                local = f"{tree.name}_float64({', '.join(element[n] for n in needs)})"
                statements.append(f"{place} += {kind['grad'].format('i')} * {local}")
        else:
            source.add_function(op.name, op, "float64", functions)
            statements.append(f"{kind['z']} = {op.name}_float64({', '.join(element[n] for n in names)})")
        lines.append(f"elif code == {code}:")
        if kind["lanes"]:
            lines.append(f"    {kind['lanes']}")
            statements = [f"    {statement}" for statement in statements]
        if backward and reach:
            statements += [f"reached[{place}] = True" for place in places]
        lines += [f"    {statement}" for statement in statements]
    return "\n".join(f"        {line}" for line in lines)


# x and y are read before the branch, also where a node has no operands (a, b are 0 then): measured, three times faster.
_FORWARD = """
        code, a, b = op[i], a_[i], b_[i]
        x, y = value[a], value[b]
        if code == 0:
            pass
        elif code == 1:
            total = 0.0
            for k in range(a, a + b):
                total += value[more[k]]
            value[i] = total
        elif code == 2:
            half, total = b // 2, 0.0
            for k in range(a, a + half):
                total += value[more[k]] * value[more[k + half]]
            value[i] = total
{forward}
"""

_SOURCE = (
    """
{helpers}

@njit({flags})
def forward(op, a_, b_, more, value, start, stop):
    for i in range(start, stop):
"""
    + _FORWARD
    + """
@njit({flags})
def backward(op, a_, b_, more, value, grad, reached, root):
    for i in range(root, -1, -1):
        if not reached[i]:
            continue
        code, a, b = op[i], a_[i], b_[i]
        x, y = value[a], value[b]
        if code == 0:
            pass
        elif code == 1:
            for k in range(a, a + b):
                grad[more[k]] += grad[i]
                reached[more[k]] = True
        elif code == 2:
            half = b // 2
            for k in range(a, a + half):
                w, x = more[k], more[k + half]
                grad[w] += grad[i] * value[x]
                grad[x] += grad[i] * value[w]
                reached[w] = reached[x] = True
{backward}
"""
)

# Once more what forward and backward do, for nodes that are all known to be reached, and with a product and the sum
# that it goes into as one step: PAIR stands at the product on the way forward and at the sum on the way back.
_REPLAY_SOURCE = (
    """
{helpers}

@njit({flags})
def run(forward_op, backward_op, a_, b_, more, value, grad, count):
    op, i = forward_op, -1
    while i < count - 1:
        i += 1
        if op[i] == {pair}:
            value[i] = value[a_[i]] * value[b_[i]]
            i += 1
            value[i] = value[a_[i]] + value[i - 1]
            continue
"""
    + _FORWARD
    + """
    grad[:count] = 0.0
    grad[count - 1] = 1.0
    op, i = backward_op, count
    while i > 0:
        i -= 1
        code, a, b, g = op[i], a_[i], b_[i], grad[i]
        if code == {pair}:
            grad[a] += g
            i -= 1
            g += grad[i]
            grad[i] = g
            a, b = a_[i], b_[i]
            grad[a] += g * value[b]
            grad[b] += g * value[a]
            continue
        x, y = value[a], value[b]
        if code == 0:
            pass
        elif code == 1:
            for k in range(a, a + b):
                grad[more[k]] += g
        elif code == 2:
            half = b // 2
            for k in range(a, a + half):
                w, x = more[k], more[k + half]
                grad[w] += g * value[x]
                grad[x] += g * value[w]
{backward}

@njit({flags})
def train(forward_op, backward_op, a_, b_, more, value, grad, count, places, rates, losses):
    for step in range(rates.size):
        run(forward_op, backward_op, a_, b_, more, value, grad, count)
        losses[step] = value[count - 1]
        for k in range(places.size):
            value[places[k]] -= rates[step] * grad[places[k]]
"""
)

_BATCH_SOURCE = """
LANES = {lanes}

{helpers}

@njit({flags})
def forward(op, a_, b_, more, value, stop):
    for i in range(stop):
        code, a, b = op[i], a_[i], b_[i]
        if code == 0:
            pass
        elif code <= 2:
            half = b // 2
            for s in range(LANES):
                total = 0.0
                if code == 1:
                    for k in range(a, a + b):
                        total += value[more[k], s]
                else:
                    for k in range(a, a + half):
                        total += value[more[k], s] * value[more[k + half], s]
                value[i, s] = total
{forward}

@njit({flags})
def backward(op, a_, b_, more, value, grad, reached, root):
    for i in range(root, -1, -1):
        if not reached[i]:
            continue
        code, a, b = op[i], a_[i], b_[i]
        if code == 0:
            pass
        elif code == 1:
            for k in range(a, a + b):
                reached[more[k]] = True
                for s in range(LANES):
                    grad[more[k], s] += grad[i, s]
        elif code == 2:
            half = b // 2
            for k in range(a, a + half):
                w, x = more[k], more[k + half]
                reached[w] = reached[x] = True
                for s in range(LANES):
                    grad[w, s] += grad[i, s] * value[x, s]
                    grad[x, s] += grad[i, s] * value[w, s]
{backward}

@njit({flags}, parallel=True)
def batch(op, a_, b_, more, leaves, root, places, inputs, wanted, outputs, gradients):
    samples = outputs.size
    for block in prange((samples + LANES - 1) // LANES):
        first = block * LANES
        count = min(LANES, samples - first)
        value, reached = np.empty((root + 1, LANES)), np.zeros(root + 1, np.bool_)
        for i in range(root + 1):
            value[i, :] = leaves[i]
        for j in range(places.size):
            for s in range(LANES):  # the last block repeats its last sample
                value[places[j], s] = inputs[j, first + min(s, count - 1)]
        forward(op, a_, b_, more, value, root + 1)
        for s in range(count):
            outputs[first + s] = value[root, s]
        if wanted.size:
            grad = np.zeros((root + 1, LANES))
            grad[root, :] = 1.0
            reached[root] = True
            backward(op, a_, b_, more, value, grad, reached, root)
            for j in range(wanted.size):
                for s in range(count):
                    gradients[j, first + s] = grad[wanted[j], s]
"""

_SETTLE = """
@njit({flags})
def settle(rows, holes, pending_more, first, op, a_, b_, more, first_more):
    # From the pending rows, whose operands are serial numbers, to the columns, whose operands are positions.
    # Returns the number of the row with an operand that lies in a hole, or -1.
    for r in range(rows.size // 3):
        code, a, b = rows[3 * r], rows[3 * r + 1], rows[3 * r + 2]
        i = first + r
        op[i] = code
        if code == 0:
            a_[i] = b_[i] = 0
        elif {listed}:
            a_[i], b_[i] = first_more + a, b
            for k in range(a, a + b):
                place = position(pending_more[k], holes)
                if place < 0:
                    return r
                more[first_more + k] = place
        else:
            a, b = position(a, holes), position(b, holes)
            if a < 0 or b < 0:
                return r
            a_[i], b_[i] = a, b
    return -1
"""

_COMPACT = """
@njit({flags})
def compact(op, a_, b_, more, value, keep, moved, count):
    # Keeps what the nodes in ``keep`` were computed from, and moves it down over what goes.
    for i in range(count - 1, -1, -1):
        code, a, b = op[i], a_[i], b_[i]
        if not keep[i] or code == 0:
            pass
        elif {listed}:
            for k in range(a, a + b):
                keep[more[k]] = True
        else:
            keep[a] = keep[b] = True
    n, m = 0, 0
    for i in range(count):
        if not keep[i]:
            continue
        code, a, b = op[i], a_[i], b_[i]
        if code == 0:
            pass
        elif {listed}:
            for k in range(b):
                more[m + k] = moved[more[a + k]]
            a, m = m, m + b
        else:
            a, b = moved[a], moved[b]
        moved[i], op[n], a_[n], b_[n], value[n] = n, code, a, b, value[i]
        n += 1
    return n, m
"""

_POSITION = """
@njit({flags})
def position(serial, holes):
    dropped = 0
    for h in range(holes.shape[0]):
        if serial >= holes[h, 1]:
            dropped += holes[h, 1] - holes[h, 0]
        elif serial >= holes[h, 0]:
            return -1
    return (serial - dropped) // 3
"""


@functools.cache
def _load(name: str, codes: tuple[int, ...], label: str):
    template, kind, reach = {
        "tape": (_SOURCE, _ONE, True),
        "replay": (_REPLAY_SOURCE, _ONE, False),
        "batch": (_BATCH_SOURCE, _BATCH, True),
    }[name]
    functions: dict[str, str] = {}
    branches = {
        "forward": _branches(codes, functions, kind, backward=False),
        "backward": _branches(codes, functions, kind, backward=True, reach=reach),
    }
    helpers = "\n".join(f"@njit(error_model='numpy', forceinline=True)\n{text}\n" for text in functions.values())
    # Without contraction a·b + c is rounded twice, as it is in Python.
    text = template.format(lanes=LANES, pair=PAIR, helpers=helpers, flags=_FLAGS, **branches)
    return cache.load(f"scalar_{name}_{label}", text)


_CORE_CODES = tuple(range(DOT + 1, LAST_OF_CORE + 1))


def loops(name: str, largest: int):
    """The compiled loops for nodes whose largest opcode is ``largest``.

    ``name`` is ``"tape"`` for ``forward`` and ``backward``, ``"replay"`` for ``run`` and ``train``.
    """
    core = largest <= LAST_OF_CORE
    return _load(name, _CORE_CODES if core else tuple(range(DOT + 1, len(OPS))), "core" if core else "all")


def batch_loop(op: np.ndarray):
    """The compiled loop over many samples at once, for nodes with these opcodes.

    A SIMD loop for each opcode takes long to compile, so beyond the core ops it has only those in use.
    """
    rare = tuple(int(code) for code in np.unique(op) if code > LAST_OF_CORE)
    return _load("batch", _CORE_CODES + rare, "_".join(OPS[code].name for code in rare) or "core").batch


def _takes_a_list(code: int) -> bool:
    """Whether a node of this opcode keeps its operands in the column ``more``."""
    return code in (SUM, DOT) or (code != LEAF and len(operand_names(code)) > 2)


LISTED = np.array([_takes_a_list(code) for code in range(len(OPS))])  # by opcode


@functools.cache
def settling():
    """``settle``, from the rows that operators append to the columns that the loops read, and ``compact``."""
    listed = " or ".join(f"code == {code}" for code in np.flatnonzero(LISTED))
    text = _POSITION + _SETTLE + _COMPACT
    return cache.load("scalar_settle", text.format(flags=_FLAGS, listed=listed))
