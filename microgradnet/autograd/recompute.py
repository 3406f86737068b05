"""Checkpointing: save a function's inputs instead of its intermediate results, and run it again in backward."""

from collections.abc import Callable
from typing import Any

from ..grad_mode import enable_grad
from ..random import default_generator
from ..tensor import Tensor
from .function import Function
from .gradient import grad


class _Checkpoint(Function):
    @staticmethod
    def forward(ctx, run, *args):
        ctx.run, ctx.state = run, default_generator.get_state()
        ctx.args = args
        ctx.save_for_backward(*(a for a in args if isinstance(a, Tensor)))
        return run(*args)

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
        leaves = [a for a in args if isinstance(a, Tensor) and a.requires_grad]
        found = iter(grad([o for o, _ in pairs], leaves, [g for _, g in pairs], allow_unused=True))
        return None, *(next(found) if isinstance(a, Tensor) and a.requires_grad else None for a in args)


def checkpoint(function: Callable[..., Any], *args: Any) -> Any:
    """``function(*args)``, trading time for memory: only ``args`` are saved, and backward recomputes the rest.

    The second run draws the same random numbers. Gradients reach the tensors in ``args``; a module's parameters get
    them only if they are among ``args`` (``checkpoint(f, x, *module.parameters())``). Chen et al. 2016. First order
    only. Raises ValueError if no tensor in ``args`` requires grad.
    """
    if not any(isinstance(a, Tensor) and a.requires_grad for a in args):
        raise ValueError(
            "checkpoint: at least one tensor argument must require grad, or backward cannot reach the function"
        )
    return _Checkpoint.apply(function, *args)
