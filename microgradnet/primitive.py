"""How an op is declared: what it computes on arrays, its vector-Jacobian product, and its formula.

    @primitive(formula="A·B")
    def matmul(a, b):
        return np.matmul(a, b)

    matmul.vjp(a=lambda g, b: g @ b.mT, b=lambda g, a: a.mT @ g)

``g`` is the cotangent: the gradient of the root with respect to the op's output. A rule's parameter names say what it
needs, and only that is saved for backward: an argument by its name, ``out`` for the output, ``a_shape`` for only the
shape of ``a``. There is one rule for each argument, so only the gradients that are wanted are computed.

A rule is written with public ops and operators. An op handed raw arrays runs without recording, and one handed Tensors
records: so the same rule is fast first-order code and, under ``create_graph``, differentiable itself.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any, Generic, ParamSpec

from . import arguments, views
from .backends import device
from .backends.device import np
from .backends.sums import sum_rows, total
from .events import state, tell
from .notation import Notation
from .part_of import PartOf
from .tape import Node
from .tensor import Tensor
from .wrapping import array_of, constant, joined

registry: dict[str, "Primitive"] = {}


class Rule:
    """One argument's vector-Jacobian product, and the names of what it needs in addition to the cotangent."""

    __slots__ = ("function", "needs")

    def __init__(self, function: Callable[..., Any], needs: tuple[str, ...] | None = None) -> None:
        self.function = function
        self.needs = tuple(inspect.signature(function).parameters)[1:] if needs is None else needs


P = ParamSpec("P")  # what an op takes, as its forward declares it


class Primitive(Generic[P]):
    """An op: ``forward`` on arrays, a ``Rule`` for each argument, and the formula that pictures show. A call raises
    what ``forward`` does, or a TypeError or ValueError instead, with the op and its arguments in the message.
    """

    def __init__(
        self,
        forward: Callable[P, Any],
        formula: str | None = None,
        outputs: tuple[str, ...] | None = None,
        differentiable: bool = True,
        view: bool = False,
    ) -> None:
        self.forward: Callable[..., Any] = forward
        self.name, self.formula, self.outputs = forward.__name__.strip("_"), formula, outputs
        self.__doc__, self.__module__, self.__name__ = forward.__doc__, forward.__module__, forward.__name__
        self.differentiable, self.view = differentiable, view
        self.rules: dict[str, Rule] = {}
        self.fused: Rule | None = None
        self.__signature__ = inspect.signature(forward)
        parameters = self.__signature__.parameters.values()
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.parameters = tuple(p.name for p in parameters if p.kind is not p.VAR_POSITIONAL)
        self.defaults = tuple(p.default for p in parameters if p.kind is not p.VAR_POSITIONAL)
        self.output_names = frozenset(outputs or ("out",))
        self._plans: dict = {}
        registry[self.name] = self

    def vjp(self, **rules: Any) -> None:
        """Declares the vector-Jacobian product of each argument by its name.

        Raises TypeError for a name that is not an argument.
        """
        names = (*self.parameters, self.variadic)
        for name, function in rules.items():
            if name not in names:
                raise TypeError(f"{self.name}.vjp: no argument {name!r}; it has {', '.join(filter(None, names))}")
            self.rules[name] = Rule(function)

    def fused_vjp(self, function: Callable[..., Any]) -> Any:
        """Declares one function ``(g, needed, ...)`` for all arguments, used unless second order is needed.

        ``needed`` has a truth value for each rule; the result has one new array (or None) for each.
        """
        self.fused = Rule(function)
        self.fused.needs = self.fused.needs[1:]
        return function

    def argument_names(self, count: int) -> tuple[str, ...]:
        """Names of the differentiable arguments, of which there are ``count``."""
        return tuple(f"{self.variadic}[{i}]" for i in range(count)) if self.variadic else tuple(self.rules)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Tensor | Any:
        if device.loaded and device.elsewhere(args):
            return device.call_there(self, args, kwargs)
        settings = None
        if self.variadic:
            settings = dict(zip(self.parameters, self.defaults, strict=True)) | kwargs
        elif kwargs or len(args) != len(self.parameters):
            args = self._bind(args, kwargs)  # type: ignore[assignment]
        arrays, mask, bit, raw = [], 0, 1, True
        for argument in args:
            if isinstance(argument, Tensor):
                raw = False
                if argument.view_of is not None and argument.view_of.count != argument.version[0]:
                    views.refresh(argument)
                if argument._requires_grad:
                    mask |= bit
                argument = argument._array
            arrays.append(argument)
            bit <<= 1
        try:
            out = self.forward(*arrays) if settings is None else self.forward(*arrays, **settings)
        except Exception as error:
            arguments.explain(self, error, args, settings)
        if type(out) is not np.ndarray:
            out = np.asarray(out) if self.outputs is None else tuple(map(np.asarray, out))
        if raw:
            return out
        node = None
        if mask and state.grad_enabled and self.differentiable and (self.outputs or out.dtype.kind == "f"):
            node = self._record(args, arrays, settings, out, mask)
        result: Any = Tensor.made(out, node) if self.outputs is None else self._several(out, node)
        if self.view and self.differentiable and np.may_share_memory(out, arrays[0]):
            views.join(result, args[0], self, args[1:])  # type: ignore[arg-type]
        if node is not None:
            self._guard_outputs(node, result)
        if state.listeners:
            tell("call", self, args, settings, result, node)
        return result

    def _bind(self, args: tuple, kwargs: dict) -> tuple:
        return arguments.bound(self, args, kwargs)

    def _several(self, out: tuple, node: Node | None) -> tuple[Tensor, ...]:
        """The tensors of an op with several outputs; each that can have a gradient gets its own Node."""
        return tuple(
            Tensor.made(o, None if node is None or o.dtype.kind != "f" else output_node(node, i, o))
            for i, o in enumerate(out)
        )

    def _guard_outputs(self, node: Node, result: Any) -> None:
        """Lets backward notice a later write to an output that was saved."""
        for name in (node.saved or {}).keys() & self.output_names:
            made = result if self.outputs is None else result[self.outputs.index(name)]
            node.checks.append((name, made.version, 0))

    def _record(self, args: tuple, arrays: Any, settings: Any, out: Any, mask: int) -> Node:
        """The Node of this call, with what the rules of the arguments in ``mask`` need."""
        key = (mask, len(args))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(mask, len(args))
        positions, inputs, shapes, extras = plan
        saved = {name: arrays[i] for name, i in inputs}
        checks = [(name, args[i].version, args[i].version[0]) for name, i in inputs if isinstance(args[i], Tensor)]
        for name, i in shapes:
            saved[name] = np.shape(arrays[i])
        for name in extras:
            if name == "out":
                saved[name] = out
            elif self.outputs and name in self.outputs:
                saved[name] = out[self.outputs.index(name)]
            elif self.variadic and name in (self.variadic, f"{self.variadic}_shape"):
                saved[name] = tuple(arrays) if name == self.variadic else [np.shape(a) for a in arrays]
                if name == self.variadic:
                    named = zip(self.argument_names(len(args)), args, strict=True)
                    checks += [(n, a.version, a.version[0]) for n, a in named if isinstance(a, Tensor)]
            elif name != "i":
                saved[name] = settings[name]
        parents: Any = []  # a loop: a generator would double the cost
        for i in positions:
            x = args[i]
            parents.append((x.grad_fn or x) if isinstance(x, Tensor) and x._requires_grad else None)
        parents = tuple(parents)
        shape, dtype = (out.shape, out.dtype) if self.outputs is None else (out[0].shape, out[0].dtype)
        return Node(self, parents, saved, checks, shape, dtype)

    def _plan(self, mask: int, count: int) -> tuple:
        """For one pattern of arguments that need gradients: where the parents are, what to save."""
        if self.variadic:
            return range(count), (), (), next(iter(self.rules.values())).needs
        positions = [self.parameters.index(name) for name in self.rules]
        for i, name in enumerate(self.parameters):
            if mask >> i & 1 and name not in self.rules:
                raise NotImplementedError(f"{self.name}: there is no gradient with respect to {name!r}: detach() it")
        rules = [rule for name, rule in self.rules.items() if mask >> self.parameters.index(name) & 1]
        needs = dict.fromkeys(need for rule in [*rules, *([self.fused] if self.fused else [])] for need in rule.needs)
        inputs = [(n, self.parameters.index(n)) for n in needs if n in self.parameters]
        bases = {n: n.removesuffix("_shape") for n in needs if n not in self.parameters}
        shapes = [(n, self.parameters.index(b)) for n, b in bases.items() if b != n and b in self.parameters]
        extras = [n for n, b in bases.items() if b == n or b not in self.parameters]
        return positions, inputs, shapes, extras

    def pull(self, node: Node, g: Any, useful: set | None, create_graph: bool) -> list:
        """The contribution of ``node`` to each of its parents, given the cotangent ``g`` of its output.

        Raises RuntimeError if what it saved was freed or changed in place.
        """
        saved = node.saved
        if saved is None:
            raise RuntimeError(
                f"backward: what {self.name} saved was freed by an earlier backward: "
                "pass retain_graph=True to the first call to go through the same graph twice"
            )
        for name, version, count in node.checks or ():
            if version[0] != count:
                raise RuntimeError(
                    f"backward: {self.name} needs its {name!r}, which was changed in place "
                    f"{version[0] - count} time(s) since: work on a clone(), or out of place"
                )
        needed = [p is not None and (useful is None or p in useful) for p in node.parents]
        if create_graph:
            saved = {name: self._as_tensor(node, name, value) for name, value in saved.items()}
        elif self.fused is not None:
            return self._fitted(node, self.fused.function(g, needed, *[saved[n] for n in self.fused.needs]))
        elif state.listeners and any(listener.rules for listener in state.listeners):
            return self._told_pull(node, g, saved, needed)
        return self._fitted(node, self._by_rules(g, saved, needed))

    def _by_rules(self, g: Any, saved: dict, needed: list[bool]) -> list:
        """Each argument's contribution by its own rule."""
        if self.variadic:
            rule = next(iter(self.rules.values()))
            return [
                rule.function(g, *[i if n == "i" else saved[n] for n in rule.needs]) if want else None
                for i, want in enumerate(needed)
            ]
        return [
            rule.function(g, *[saved[n] for n in rule.needs]) if want else None
            for rule, want in zip(self.rules.values(), needed, strict=True)
        ]

    @staticmethod
    def _fitted(node: Node, contributions: Any) -> list:
        """Each contribution in the shape and dtype of its parent."""
        return [
            c if c is None or type(c) in (list, PartOf) else fit(c, parent.shape, parent.dtype)
            for c, parent in zip(contributions, node.parents, strict=True)
        ]

    def _told_pull(self, node: Node, g: Any, saved: dict, needed: list[bool]) -> list:
        """The rules on Tensors that need no gradient, so that listeners are told of each op inside them."""
        before, state.grad_enabled = state.grad_enabled, False
        try:
            # Only the tensors of an op with any number of them come in a tuple; an index is one of plain arrays.
            saved = {n: v if type(v) is tuple and n != self.variadic else constant(v) for n, v in saved.items()}
            return [array_of(c) for c in self._fitted(node, self._by_rules(constant(g), saved, needed))]
        finally:
            state.grad_enabled = before

    def _as_tensor(self, node: Node, name: str, value: Any) -> Any:
        """A saved array as the Tensor that it was, connected to the graph, so that a rule can be differentiated."""
        if name == self.variadic:
            return tuple(joined(a, parent) for a, parent in zip(value, node.parents, strict=True))
        if not device.is_array(value):
            return value
        if name in self.rules:
            return joined(value, node.parents[list(self.rules).index(name)])
        if name == "out":
            return Tensor.made(np.asarray(value), node)
        if self.outputs and name in self.outputs and value.dtype.kind == "f":
            return Tensor.made(value, output_node(node, self.outputs.index(name), value))
        return Tensor.made(np.asarray(value))

    def __repr__(self) -> str:
        return f"<op {self.name}: {self.formula}>"


def primitive(**declared: Any) -> Callable[[Callable[P, Any]], Primitive[P]]:
    """Declares an op from its ``forward`` on arrays; see the module's docstring.

    ``formula`` is what pictures show. ``outputs`` names the results of an op that has several; its rules then get ``g``
    as a list, with None for an unused result. ``differentiable=False`` is for results that are constants, such as
    indices and comparisons. ``view=True`` says that the result may share memory with the first argument: a write to one
    changes both.
    """
    return lambda forward: Primitive(forward, **declared)


def fit(g: Any, shape: tuple, dtype: np.dtype) -> Any:
    """A gradient brought to its input's shape and dtype: the one place where broadcasting is undone."""
    if g.shape != shape:
        g = sum_to(g, shape) if isinstance(g, Tensor) else sum_to.forward(g, shape)
    if g.dtype != dtype:
        g = cast(g, dtype)
    return g if type(g) is np.ndarray or isinstance(g, Tensor) else np.asarray(g)


def output_node(node: Node, index: int, value: Any) -> Node:
    """The Node of one output of an op with several: it passes its cotangent on in that output's place."""
    size = len(node.op.outputs)
    made = Node(output, (node,), {"index": index, "count": size}, (), np.shape(value), value.dtype)
    made.module = node.module
    return made


@primitive(formula=Notation("output i"))
def output(values: tuple, index: int, count: int) -> Any:
    """One of the results of an op that has several."""
    return values[index]


output.vjp(values=lambda g, index, count: [g if i == index else None for i in range(count)])


@primitive(formula=Notation("broadcast(x)"), view=True)
def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """``x`` repeated along new and size-1 dimensions to ``shape``; no memory is copied."""
    return np.broadcast_to(x, shape)


@primitive(formula=Notation("Σ over broadcast dims"))
def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The sum of ``x`` over the dimensions that broadcasting ``shape`` to ``x.shape`` added or stretched."""
    lead = x.ndim - len(shape)
    stretched = [lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1]
    if lead and not stretched and x.dtype.kind == "f" and x.itemsize > 2 and x.flags.c_contiguous and x.size:
        return sum_rows(x.reshape(-1, math.prod(shape))).reshape(shape)
    return total(x, (*range(lead), *stretched), True).reshape(shape)


@primitive(formula="x")
def cast(x: Any, dtype: Any) -> Any:
    """``x`` with another element type."""
    return np.asarray(x).astype(dtype, copy=False)


broadcast_to.vjp(x=lambda g, x_shape: sum_to(g, x_shape))
sum_to.vjp(x=lambda g, x_shape: broadcast_to(g, x_shape))
cast.vjp(x=lambda g: g)  # the walk brings it back to the dtype of x


def operator(op: Callable[..., Any], name: str, reflected: bool = False) -> Callable[..., Any]:
    """``op`` as an operator: an operand that is no tensor, array or number is left to that operand's own class."""

    def call(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERANDS) and not device.is_array(other):
            return NotImplemented
        return op(other, self) if reflected else op(self, other)

    call.__name__, call.__doc__ = name, op.__doc__
    return call


_OPERANDS = (Tensor, int, float, np.ndarray, np.generic)
