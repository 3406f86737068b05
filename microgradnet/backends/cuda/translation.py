"""Translates the source of a CPU loop to CUDA kernels, by the rules in ``lanes``.

Each outermost ``for … in prange(n)`` becomes a separate kernel, since a grid synchronizes only at its end; the
assignments before it are repeated in each. A block takes every gridDim-th r, a thread every blockDim-th j.
"""

import ast
import copy
from typing import NamedTuple

MARKERS = ("lanes", "lanes_sum", "lanes_max", "add_to", "prange")

# Reductions over a block's threads. Lanes of a warp exchange registers; warps use shared memory. Every thread gets the
# same result, to the last bit. The second barrier keeps a fast warp from overwriting values that a slow one has yet to
# read.
_BY_SHUFFLES = """
@cuda.jit(device=True)
def {name}(part):
    shared = cuda.shared.array(32, float64)
    both = float64(part)
    offset = 16
    while offset > 0:
        other = cuda.shfl_xor_sync(0xFFFFFFFF, both, offset)
        both = {combined}
        offset //= 2
    if cuda.threadIdx.x % 32 == 0:
        shared[cuda.threadIdx.x // 32] = both
    cuda.syncthreads()
    both = shared[0]
    for warp in range(1, cuda.blockDim.x // 32):
        other = shared[warp]
        both = {combined}
    cuda.syncthreads()
    return both
"""
# numba's simulator has no exchange between lanes: there all threads use shared memory.
_IN_SHARED_MEMORY = """
@cuda.jit(device=True)
def {name}(part):
    shared = cuda.shared.array(1024, float64)
    shared[cuda.threadIdx.x] = part
    cuda.syncthreads()
    both = shared[0]
    for thread in range(1, cuda.blockDim.x):
        other = shared[thread]
        both = {combined}
    cuda.syncthreads()
    return both
"""
_COMBINED = {"lanes_sum": "both + other", "lanes_max": "other if other > both else both"}
ON_DEVICE, IN_SIMULATOR = (
    "".join(way.format(name=name, combined=combined) for name, combined in _COMBINED.items())
    for way in (_BY_SHUFFLES, _IN_SHARED_MEMORY)
)


class Phase(NamedTuple):
    """One kernel of a loop: its source, and the data for its launch.

    Attributes:
        source: ``def kernel(…)``, without decorator.
        extent: ``def extent(…)``: from the same arguments, the number of blocks or threads with work to do.
        shared_out: whether the threads of a block share the work for one r.
    """

    source: str
    extent: str
    shared_out: bool


def phases(tree: ast.FunctionDef, shares: set[str]) -> list[Phase]:
    """The kernels of a loop. ``shares`` names the functions that share their work among the threads of a block.

    Raises TypeError for statements other than assignments and loops over ``prange``.
    """
    before, found = [], []
    for statement in tree.body:
        if isinstance(statement, ast.For) and _calls(statement.iter, "prange"):
            found.append(_phase(tree, before, statement, shares))
        elif isinstance(statement, ast.Assign):
            before.append(statement)
        else:
            raise TypeError(
                f"{tree.name}: on CUDA a loop is assignments and loops over prange(…), line {statement.lineno} is "
                f"{ast.unparse(statement).splitlines()[0]!r}"
            )
    return found


def strided(call: str, arrays: list[str], scalars: list[str], together: int) -> str:
    """The kernel that applies the statement ``call`` at every i, in strides of the grid, ``together`` at a time.

    All loads for these come first: the compiler cannot know that writes do not alias reads, and a single load in flight
    does not use the memory's bandwidth.
    """
    lines = [f"def kernel({', '.join(arrays + scalars)}):", f"    size, step = {arrays[0]}.size, cuda.gridsize(1)"]
    lines += ["    i = cuda.grid(1)", f"    while i + {together - 1} * step < size:"]
    loads, statements = [], []
    for k in range(together):
        statement = ast.parse(call).body[0]
        read = _Loaded(k)
        statement.value = read.visit(statement.value)
        loads += [f"{name}_{k} = {name}[i + {k} * step]" for name in sorted(read.names)]
        written = ", ".join(f"{t.value.id}[i + {k} * step]" for t in _targets(statement))
        statements.append(f"{written} = {ast.unparse(statement.value)}")
    lines += [f"        {line}" for line in (*loads, *statements, f"i += {together} * step")]
    lines += ["    while i < size:", f"        {call}", "        i += step"]
    return "\n".join(lines) + "\n"


class _Loaded(ast.NodeTransformer):
    """Replaces ``a[i]`` by the variable loaded from it for the ``number``-th element."""

    def __init__(self, number: int):
        self.number, self.names = number, set()

    def visit_Subscript(self, node):
        self.names.add(node.value.id)
        return ast.Name(f"{node.value.id}_{self.number}", ast.Load())


def _targets(statement: ast.Assign) -> list:
    target = statement.targets[0]
    return target.elts if isinstance(target, ast.Tuple) else [target]


def device_function(tree: ast.FunctionDef) -> str:
    """The source of a function that a loop calls."""
    return ast.unparse(ast.fix_missing_locations(_Shared().visit(copy.deepcopy(tree))))


def _phase(tree, before: list, loop: ast.For, shares: set[str]) -> Phase:
    loop, arguments = copy.deepcopy(loop), ast.unparse(tree.args)
    bounds = [ast.unparse(a) for a in loop.iter.args]
    start, stop = bounds if len(bounds) == 2 else ("0", bounds[0])
    lead = "".join(f"    {ast.unparse(s)}\n" for s in before)
    extent = f"def extent({arguments}):\n{lead}    return {stop} - ({start})\n"
    called = {n.func.id for n in ast.walk(loop) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    shared_out = bool(called & (shares | set(MARKERS[:3])))
    first, step = ("cuda.blockIdx.x", "cuda.gridDim.x") if shared_out else ("cuda.grid(1)", "cuda.gridsize(1)")
    loop.iter = ast.parse(f"range({start} + {first}, {stop}, {step})", mode="eval").body
    body = ast.unparse(ast.fix_missing_locations(_Shared().visit(loop)))
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return Phase(f"def kernel({arguments}):\n{lead}{indented}", extent, shared_out)


class _Shared(ast.NodeTransformer):
    """Distributes the loops over ``lanes`` (nested ones as one), and makes additions atomic where needed."""

    def visit_For(self, node):
        if not _calls(node.iter, "lanes"):
            return self.generic_visit(node)
        if len(node.body) == 1 and isinstance(node.body[0], ast.For) and _calls(node.body[0].iter, "lanes"):
            return self.visit(_flattened(node, node.body[0]))
        thread, step = "cuda.threadIdx.x", "cuda.blockDim.x"
        if len(node.iter.args) == 1:
            text = f"range({thread}, {ast.unparse(node.iter.args[0])}, {step})"
        else:  # an element belongs to the same thread for any start of the loop
            start, stop = (ast.unparse(a) for a in node.iter.args)
            text = f"range({start} + ({thread} - {start}) % {step}, {stop}, {step})"
        node.iter = ast.parse(text, mode="eval").body
        return self.generic_visit(node)

    def visit_Expr(self, node):
        if _calls(node.value, "add_to"):
            node.value.func = ast.parse("cuda.atomic.add", mode="eval").body
        return self.generic_visit(node)


def _flattened(outer: ast.For, inner: ast.For) -> ast.For:
    """Two loops over ``lanes(n)``, one inside the other, as one over the product."""
    row, column = outer.target.id, inner.target.id
    count, width = (ast.unparse(loop.iter.args[0]) for loop in (outer, inner))
    both = f"{row}_{column}"
    split = ast.parse(f"{row} = {both} // ({width})\n{column} = {both} % ({width})").body
    iterated = ast.parse(f"lanes(({count}) * ({width}))", mode="eval").body
    return ast.For(ast.Name(both, ast.Store()), iterated, [*split, *inner.body], [])


def _calls(node, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


class OnCpu(ast.NodeTransformer):
    """Removes the markers: one thread does all lanes."""

    def visit_Call(self, node):
        self.generic_visit(node)
        if _calls(node, "lanes"):
            node.func = ast.Name("range", ast.Load())
        return node.args[0] if _calls(node, "lanes_sum") or _calls(node, "lanes_max") else node

    def visit_Expr(self, node):
        self.generic_visit(node)
        if not _calls(node.value, "add_to"):
            return node
        array, index, value = node.value.args
        return ast.AugAssign(ast.Subscript(array, index, ast.Store()), ast.Add(), value)
