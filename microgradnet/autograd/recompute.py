"""Checkpointing: save a function's inputs instead of its intermediate results, and run it again in backward."""

from collections.abc import Callable
from typing import Any

from ..events import Listener, state
from ..grad_mode import enable_grad, no_grad
from ..random import default_generator
from ..tensor import Tensor
from .function import Function
from .gradient import grad


class _Checkpoint(Function):
    @staticmethod
    def forward(ctx, ran, *inputs):
        ctx.run, ctx.args, ctx.state, outputs = ran
        ctx.inputs = inputs
        ctx.save_for_backward(*inputs)
        return outputs

    @staticmethod
    def backward(ctx, *grad_outputs):
        ctx.saved_tensors  # noqa: B018 (raises if an input was changed in place)
        now = default_generator.get_state()
        default_generator.set_state(ctx.state)  # dropout draws the same mask again
        try:
            with enable_grad():
                args = [a.detach().requires_grad_(a.requires_grad) if isinstance(a, Tensor) else a for a in ctx.args]
                outputs = ctx.run(*args)
        finally:
            default_generator.set_state(now)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(o, g) for o, g in zip(outputs, grad_outputs, strict=True) if o.requires_grad]
        fresh = {id(a): b for a, b in zip(ctx.args, args, strict=True)}
        leaves = [fresh.get(id(a), a) for a in ctx.inputs]
        return None, *grad([o for o, _ in pairs], leaves, [g for _, g in pairs], allow_unused=True)


class _Used(Listener):
    """Collects what needs a gradient among the arguments of the ops that run."""

    def __init__(self):
        self.tensors: dict[int, Tensor] = {}

    def call(self, op, arguments, settings, result, node) -> None:
        self.tensors.update((id(a), a) for a in arguments if isinstance(a, Tensor) and a.requires_grad)


def checkpoint(function: Callable[..., Any], *args: Any) -> Any:
    """``function(*args)``, trading time for memory: only ``args`` are saved, and backward recomputes the rest.

    The second run draws the same random numbers. Gradients reach the tensors in ``args`` and all others that the
    function's ops read, such as a module's parameters. Chen et al. 2016. First order only. Raises ValueError if none of
    them requires grad.
    """
    before = default_generator.get_state()
    used, listeners = _Used(), state.listeners
    state.listeners = (used,)  # the others hear of one op, not of what it is made of
    try:
        with no_grad():
            outputs = function(*args)
    finally:
        state.listeners = listeners
    inputs = [*(a for a in args if isinstance(a, Tensor) and a.requires_grad), *used.tensors.values()]
    if not inputs:
        raise ValueError("checkpoint: something that the function reads must require grad: nothing here does")
    return _Checkpoint.apply((function, args, before, outputs), *{id(a): a for a in inputs}.values())
