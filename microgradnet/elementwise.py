"""Elementwise ops: one function of one element, and its local derivative, declared side by side.

    @elementwise(formula="σ(x)", derivative_formula="σ(x)·(1 − σ(x))")
    def sigmoid(x):
        return 1 / (1 + exp(-x))

    @sigmoid.derivative
    def _(x, out):
        return out * (1 - out)

From that pair come the serial and the parallel CPU loop, the CUDA kernel, the fused backward loop
``dx[i] = g[i] * derivative(x[i], out[i])``, the scalar engine's opcode, and (the same derivative applied to Tensors)
the second derivative. A derivative names what it needs among the op's arguments and ``out``, the output. Just the names
that its result depends on are saved for backward: above, only ``out``.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from . import dtypes
from .backends import element_loops, source, threads
from .backends.cpu import launcher as cpu
from .backends.device import flat, is_array, loops, np
from .choice import exact_where
from .kinks import connected
from .primitive import P, Primitive, Rule

_COMPILED = (dtypes.float32, dtypes.float64)
_silent = np.errstate(all="ignore")  # 1/0 and log(−1) are results, not warnings; entering this costs half a microsecond
_HARDLY_WARN = (np.add, np.subtract, np.multiply, np.negative, np.abs)


class Elementwise(Primitive[P]):
    """An op on one element. Arguments without a default are arrays; those with one are numbers, the same for all.
    Raises TypeError unless a second form and ``because`` are given together.
    """

    def __init__(
        self,
        function: Callable[P, Any],
        *,
        formula: str | None,
        derivative_formula: str | None = None,
        numpy: Any = None,
        because: str | None = None,
        integers: str | Callable[..., Any] = "keep",
        kinds: str = "fiub",
        intrinsic: bool = False,
        differentiable: bool = True,
    ) -> None:
        if (numpy is not None or intrinsic) != bool(because):
            raise TypeError(f"{function.__name__}: a second form and its reason (because=...) go together")
        self.function: Callable[..., Any] = function
        self.because, self.integers, self.kinds = because, integers, kinds
        self.numpy = numpy if not differentiable or numpy in (None, *_HARDLY_WARN) else _silent(numpy)
        self.ufunc = getattr(numpy, "nout", None) and numpy  # for callers that silence NumPy once for many calls
        self.scalar = None if intrinsic else function
        parameters = inspect.signature(function).parameters.values()
        self.array_names = [p.name for p in parameters if p.default is p.empty]
        self.scalar_names = [p.name for p in parameters if p.default is not p.empty]

        @functools.wraps(function)
        def forward(*values: Any) -> Any:
            return self._forward(values)

        super().__init__(forward, formula, differentiable=differentiable)  # type: ignore[arg-type]
        self.derivative_formula = derivative_formula
        self.partials: dict = {}  # argument -> its local derivative: (syntax tree, Python function, names needed)

    def derivative(self, function: Callable[..., Any]) -> Any:
        """Declares the local derivative: one expression for each array argument, in their order.

        Raises TypeError for a parameter that is not an argument or ``out``.
        """
        code = function.__code__
        for name in code.co_varnames[: code.co_argcount]:
            if name != "out" and name not in self.parameters:
                problem = f"the derivative's parameter {name!r} is no argument of the op ({', '.join(self.parameters)})"
                raise TypeError(f"{self.name}: {problem}; its output is called out")
        self._derivative = function
        del self.rules, self.fused, self.partials  # built from the function's source on first use, so import is fast
        return function

    @property
    def has_derivative(self) -> bool:
        """Whether a local derivative was declared."""
        return "_derivative" in self.__dict__

    def __getattr__(self, name: str) -> Any:
        if name not in ("rules", "fused", "partials") or not self.has_derivative:
            raise AttributeError(f"{self!r} has no attribute {name!r}")
        self._differentiate(self._derivative)
        return self.__dict__[name]

    def _differentiate(self, function: Callable[..., Any]) -> None:
        """Sets a rule for each array argument, and the fused one where there is one argument."""
        rules, partials, fused = {}, {}, None
        mine = inspect.signature(function).parameters
        for name, tree in source.split_returns(function, self.array_names).items():
            read, compared = source.names_read(tree), source.names_only_compared(tree)
            named = [n for n in mine if n in read]
            tree.args.args = [a for a in tree.args.args if a.arg in named]
            tree.name = f"{self.name}_derivative_{name}" if len(self.array_names) > 1 else f"{self.name}_derivative"
            partial = connected(source.to_python(tree, function, {"where": exact_where}), named, compared)
            partials[name] = (tree, partial, tuple(named))
            rules[name] = Rule(functools.partial(_chain, partial), tuple(named))
        if self.numpy is None and len(self.array_names) == 1:
            fused = Rule(self._fused_backward, partials[self.array_names[0]][2])
        self.rules, self.partials, self.fused = rules, partials, fused

    def _forward(self, values: tuple) -> Any:
        count = len(self.array_names)
        arrays: Any = values[:count]
        dtype = self._dtype(arrays)
        if self.numpy is not None:
            if dtype is not None:
                arrays = [
                    a if type(a) in (bool, int, float) else np.asarray(a).astype(dtype, copy=False) for a in arrays
                ]
            return self.numpy(*arrays, *values[count:])
        if dtype is None:
            dtype = arrays[0].dtype if count == 1 else dtypes.result_type(*arrays)
        if dtype not in _COMPILED:
            if dtype.kind != "f":  # integers that stay integers: the same function on the arrays, or one for them
                function = self.function
                if callable(self.integers):
                    function, arrays = self.integers, [a.astype(dtype) if is_array(a) else a for a in arrays]
                return np.asarray(function(*arrays, *values[count:])).astype(dtype, copy=False)
            return self._forward((*(np.asarray(a, np.float32) for a in arrays), *values[count:])).astype(dtype)
        if count > 1:
            shapes = {np.shape(a) for a in arrays}
            shape = np.broadcast_shapes(*shapes) if len(shapes) > 1 else shapes.pop()  # to broadcast takes 7 µs
            arrays = [a if np.shape(a) == shape else np.broadcast_to(np.asarray(a, dtype), shape) for a in arrays]
        first = arrays[0]
        out = np.empty(first.shape if type(first) is np.ndarray else np.shape(first), dtype)
        kernel = element_loops.forward(self, dtype, cpu if type(out) is np.ndarray else loops(out))
        _run(kernel, [_flat(a, dtype) for a in arrays], out, values[count:])
        return out

    def _bind(self, args: tuple, kwargs: dict) -> tuple:
        """Also accepts PyTorch's names for the arguments that a formula calls x and y."""
        names = dict(zip(("input", "other"), self.array_names, strict=False))
        return super()._bind(args, {names.get(name, name): value for name, value in kwargs.items()})

    def _dtype(self, arrays: Any) -> np.dtype | None:
        """The dtype to compute in, by PyTorch's promotion, or None if the arrays share a floating one already.

        Raises TypeError for a dtype that the op does not support.
        """
        first = None
        for a in arrays:
            if type(a) is np.ndarray or (type(a) not in (int, float) and is_array(a)):
                if first is None:
                    first = a.dtype
                elif a.dtype is not first:
                    first = None
                    break
        if first is not None and first.kind == "f":
            return None
        dtype = dtypes.result_type(*arrays)
        for a in arrays:
            if is_array(a) and a.dtype.kind not in self.kinds:
                expected = "a floating dtype" if self.kinds == "f" else "numbers"
                raise TypeError(f"{expected} expected, got {a.dtype.name}: convert with .float()")
        return dtypes.default if self.integers == "float" and dtype.kind != "f" else dtype

    def forward_kernel(self, dtype: np.dtype, loops: Any = cpu) -> Any:
        """``run(*arrays, out, *numbers)`` over flat arrays, built by ``loops``, the launcher of the CPU or of CUDA."""
        return element_loops.forward(self, dtype, loops)

    def _fused_backward(self, g: Any, needed: Any, *saved: Any) -> Any:
        """``dx[i] = g[i] * derivative(...)`` in one pass."""
        dtype = g.dtype
        if dtype not in _COMPILED:
            rule = self.rules[self.array_names[0]]
            return [rule.function(g, *saved)]
        needs = self.fused.needs if self.fused else ()
        arrays = [_flat(value, dtype) for n, value in zip(needs, saved, strict=True) if n not in self.scalar_names]
        scalars = [value for n, value in zip(needs, saved, strict=True) if n in self.scalar_names]
        out = np.empty(g.shape, dtype)
        kernel = element_loops.backward(self, dtype, cpu if type(out) is np.ndarray else loops(out))
        _run(kernel, [_flat(g, dtype), *arrays], out, scalars)
        return [out]

    def backward_kernel(self, dtype: np.dtype, loops: Any = cpu) -> Any:
        """``run(g, *needed, dx, *numbers)`` over flat arrays: ``dx[i] = g[i] * derivative(...)``."""
        return element_loops.backward(self, dtype, loops)


def _flat(array: Any, dtype: np.dtype) -> Any:
    plain = type(array) is np.ndarray and array.dtype is dtype and array.flags.carray
    return array.reshape(-1) if plain else flat(array, dtype)


def _run(kernel: Any, arrays: list, out: Any, numbers: Any) -> None:
    """Fills ``out``; a small array by the serial loop itself, without asking for threads."""
    if out.size < threads.PARALLEL_FROM:
        kernel = getattr(kernel, "serial", kernel)
    kernel(*arrays, out.reshape(-1), *numbers)


def _chain(partial: Any, g: Any, *needed: Any) -> Any:
    """The chain rule for one element: cotangent times local derivative."""
    if g.dtype == dtypes.float64:  # with only other numbers, a plain float has the default dtype's precision
        needed = tuple(np.float64(v) if type(v) is float else v for v in needed)
    local = partial(*needed)
    if isinstance(local, int):
        return g if local == 1 else -g if local == -1 else g * local
    return g * local


def elementwise(**declared: Any) -> Callable[[Callable[P, Any]], Elementwise[P]]:
    """Declares an elementwise op from its function of one element; see the head of this file.

    Args:
        formula, derivative_formula: the function and its derivatives as pictures show them; a test evaluates both.
        numpy: a second form, NumPy's, for where the op runs alone: bit for bit the same as the function.
        because: why there is a second form, ``numpy`` or ``intrinsic``. Raises TypeError without.
        integers: ``"keep"``; ``"float"`` if integers give the default floating dtype (``exp`` of an integer); or a
            function of arrays that computes integers from integers, where floats would not do.
        kinds: which dtypes it is for: f floating, i and u integers, b booleans.
        intrinsic: a second form, ``backends.scalar_math``'s function of this name, which is always used. The body is
            the definition, and it is within the units in the last place that are stated there.
        differentiable: False for comparisons and the like, whose result is a constant.
    """
    return lambda function: Elementwise(function, **declared)
