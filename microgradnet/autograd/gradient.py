"""Gradients on request: ``grad`` gives them, ``backward`` adds them to the leaves."""

import numpy as np

from ..backends import device
from ..tape import walk
from ..tensor import Tensor, paired, seeds


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False
) -> tuple[Tensor | None, ...]:
    """The gradient of ``outputs`` with respect to each of ``inputs``; no ``.grad`` is touched.

    Args:
        outputs: a tensor or several, whose gradients add up.
        inputs: a tensor or several, leaves or results in between.
        grad_outputs: the cotangent of each output; may be left out (None) for outputs of one element.
        retain_graph: keep what the graph saved for another backward; default ``create_graph``.
        create_graph: record the computation of the gradients, so that they can be differentiated in turn.
        allow_unused: give None for an input that the outputs do not depend on, instead of raising.

    Raises:
        RuntimeError: an output or input that does not require grad, or an unused input.
    """
    outputs, grad_outputs = paired(outputs, grad_outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    for position, tensor in enumerate(inputs):
        if not tensor.requires_grad:
            raise RuntimeError(f"grad: input {position} does not require grad: call requires_grad_() before using it")
    gradients = seeds(outputs, grad_outputs, create_graph)
    wanted = [tensor.grad_fn or tensor for tensor in inputs]
    retain_graph = create_graph if retain_graph is None else retain_graph
    with np.errstate(all="ignore"):
        for _ in walk(gradients, retain_graph=retain_graph, create_graph=create_graph, wanted=set(wanted)):
            pass
    results = [gradients.get(key) for key in wanted]
    if not allow_unused and any(result is None for result in results):
        position = next(i for i, result in enumerate(results) if result is None)
        raise RuntimeError(
            f"grad: the outputs do not depend on input {position}: pass allow_unused=True to get None for it"
        )
    return tuple(r if r is None or isinstance(r, Tensor) else Tensor.made(device.array_of(r)) for r in results)
