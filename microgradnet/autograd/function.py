"""Function: a custom op, with any code in forward and a gradient written by hand."""

from typing import Any

import numpy as np

from ..events import state, tell
from ..grad_mode import set_grad_enabled
from ..primitive import output_node
from ..tape import Node
from ..tensor import Tensor


class Context:
    """What ``forward`` saves for ``backward``. Any attribute may be set on it.

    Reading ``saved_tensors`` raises RuntimeError if one of them was changed in place since.
    """

    def __init__(self):
        self._saved: tuple = ()
        self._outputs: dict[int, Tensor] = {}  # under create_graph: what forward returned, by id, with its place there
        self.needs_input_grad: tuple[bool, ...] = ()
        self.non_differentiable: tuple = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Saves inputs or outputs; later in-place changes to them are detected."""
        self._saved = tuple((t, None if t is None else t.version[0]) for t in tensors)

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Declares outputs to be constants."""
        self.non_differentiable = tensors

    @property
    def saved_tensors(self) -> tuple:
        for position, (tensor, count) in enumerate(self._saved):
            if tensor is not None and tensor.version[0] != count:
                raise RuntimeError(f"backward: saved tensor {position} was changed in place since: work on a clone()")
        return tuple(self._outputs.get(id(tensor), tensor) for tensor, _ in self._saved)


class _FunctionOp:
    """A Function in the form of an op, for the tape."""

    formula = None

    def __init__(self, function: type, outputs: int):
        self.function, self.name = function, function.__name__
        self.outputs = None if outputs == 1 else tuple(f"output{i}" for i in range(outputs))

    def argument_names(self, count: int) -> tuple[str, ...]:
        return tuple(f"input{i}" for i in range(count))

    def pull(self, node: Node, g: Any, useful: set | None, create_graph: bool) -> list:
        if node.saved is None:
            raise RuntimeError(
                f"backward: what {self.name} saved was freed by an earlier backward: pass retain_graph=True"
            )
        cotangents = [g] if self.outputs is None else g
        shapes = node.saved["output_shapes"]
        cotangents = [
            Tensor.made(np.zeros(s, d)) if c is None else c if isinstance(c, Tensor) else Tensor.made(c)
            for c, (s, d) in zip(cotangents, shapes, strict=True)
        ]
        ctx = node.saved["ctx"]
        if create_graph:
            ctx._outputs = self._in_graph(node)
        listeners = state.listeners
        if not create_graph:  # as with any rule, only who asks for it hears of the ops inside
            state.listeners = tuple(listener for listener in listeners if listener.rules)
        try:
            with set_grad_enabled(create_graph):
                results = self.function.backward(ctx, *cotangents)  # type: ignore[attr-defined]
        finally:
            state.listeners = listeners
            ctx._outputs = {}  # which would hold the node, and it the context
        results = results if isinstance(results, tuple) else (results,)
        if len(results) != len(node.parents):
            raise RuntimeError(
                f"{self.name}.backward: {len(node.parents)} gradients expected, one an input, got {len(results)}"
            )
        contributions = []
        for position, (result, parent) in enumerate(zip(results, node.parents, strict=True)):
            if parent is None or result is None:
                contributions.append(None)
                continue
            if tuple(result.shape) != tuple(parent.shape):
                raise RuntimeError(
                    f"{self.name}.backward: the gradient of input {position} has shape {tuple(result.shape)}, "
                    f"the input {tuple(parent.shape)}"
                )
            # A view, since the function may keep the array: the walk adds in place only into arrays that it owns.
            contributions.append(result if create_graph else result._array.view())
        return contributions

    def _in_graph(self, node: Node) -> dict[int, Tensor]:
        """The outputs that forward saved, as tensors that ``node`` made."""
        saved: Any = node.saved
        known = {id(tensor): tensor for tensor, _ in saved["ctx"]._saved}
        found = {}
        for i, key in enumerate(saved["outputs"]):
            if key in known and known[key].dtype.kind == "f":
                source = node if self.outputs is None else output_node(node, i, known[key]._array)
                found[key] = Tensor.made(known[key]._array, source)
        return found


class Function:
    """Base of custom ops: define ``forward(ctx, *args)`` and ``backward(ctx, *grad_outputs)``, call ``apply``.

    ``backward`` returns one gradient for each argument of ``forward`` (None for those without one).

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x * x
    """

    @staticmethod
    def forward(ctx: Context, *args: Any) -> Any:
        raise NotImplementedError("Function: define forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Context, *grad_outputs: Any) -> Any:
        raise NotImplementedError("Function: define backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Runs ``forward`` and records it as one op. Raises TypeError for a result that is not a Tensor."""
        ctx = Context()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        listeners, state.listeners = state.listeners, ()  # they hear of one op, not of what it is made of
        try:
            with set_grad_enabled(False):
                outputs = cls.forward(ctx, *args)
        finally:
            state.listeners = listeners
        several = isinstance(outputs, tuple)
        outputs = outputs if several else (outputs,)
        for output in outputs:
            if not isinstance(output, Tensor):
                raise TypeError(f"{cls.__name__}.forward: tensors expected as results, got {type(output).__name__}")
        op = _FunctionOp(cls, len(outputs))
        if not any(ctx.needs_input_grad) or not state.grad_enabled:
            result = outputs if several else outputs[0]
            if state.listeners:
                tell("call", op, args, None, result, None)
            return result
        parents = tuple(
            (a.grad_fn or a) if needed else None for a, needed in zip(args, ctx.needs_input_grad, strict=True)
        )
        shapes = [(o.shape, o.dtype) for o in outputs]
        ids = [id(o) for o in outputs]  # to know those that were saved
        node = Node(op, parents, {"ctx": ctx, "output_shapes": shapes, "outputs": ids}, (), *shapes[0])
        made = []
        for i, output in enumerate(outputs):
            constant = output.dtype.kind != "f" or any(output is c for c in ctx.non_differentiable)
            source = None if constant else node if op.outputs is None else output_node(node, i, output._array)
            made.append(Tensor.made(output._array, source))
        result = tuple(made) if several else made[0]
        if state.listeners:
            tell("call", op, args, None, result, node)
        return result
