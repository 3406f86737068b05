"""Gradients on request: ``grad`` returns them, ``backward`` adds them to the leaves."""

from collections.abc import Sequence

import numpy as np

from ..backends import device
from ..tape import walk
from ..tensor import Tensor, run_backward


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradient of ``outputs`` with respect to each of ``inputs``; no ``.grad`` is changed.

    Args:
        outputs: a tensor or several, whose gradients add up.
        inputs: a tensor or several, leaves or intermediate results.
        grad_outputs: the cotangent of each output; may be omitted (None) for outputs of one element.
        retain_graph: keep what the graph saved for another backward; default ``create_graph``.
        create_graph: record the computation of the gradients, so that they can be differentiated too.
        allow_unused: return None for an input that the outputs do not depend on, instead of raising.

    Raises:
        RuntimeError: an output or input that does not require grad, or an unused input.
    """
    outputs, grad_outputs = _paired(outputs, grad_outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    for position, tensor in enumerate(inputs):
        if not tensor.requires_grad:
            raise RuntimeError(f"grad: input {position} does not require grad: call requires_grad_() before using it")
    gradients = _seeds(outputs, grad_outputs, create_graph)
    wanted = [tensor.grad_fn or tensor for tensor in inputs]
    retain_graph = create_graph if retain_graph is None else retain_graph
    with np.errstate(all="ignore"):
        for _ in walk(gradients, retain_graph=retain_graph, create_graph=create_graph, wanted=set(wanted)):
            pass
    results = [
        None if (g := gradients.get(key)) is None else t.hooked(g) for key, t in zip(wanted, inputs, strict=True)
    ]
    if not allow_unused and any(result is None for result in results):
        position = next(i for i, result in enumerate(results) if result is None)
        raise RuntimeError(
            f"grad: the outputs do not depend on input {position}: pass allow_unused=True to get None for it"
        )
    return tuple(r if r is None or isinstance(r, Tensor) else Tensor.made(device.array_of(r)) for r in results)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """``Tensor.backward`` for several roots at once: one walk, with their gradients added up."""
    run_backward(_seeds(*_paired(tensors, grad_tensors), create_graph), retain_graph, create_graph, inputs)


def _paired(tensors, cotangents) -> tuple[tuple, tuple]:
    """Roots and their cotangents (None: ones), as tuples of one length."""
    tensors = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
    if cotangents is None or isinstance(cotangents, Tensor):
        cotangents = (cotangents,) * len(tensors)
    if len(cotangents) != len(tensors):
        raise ValueError(f"grad: {len(tensors)} outputs need as many cotangents, got {len(cotangents)}")
    return tensors, tuple(cotangents)


def _seeds(roots, cotangents, create_graph: bool) -> dict:
    """What a walk from several roots starts with; see ``Tensor.seed``."""
    gradients: dict = {}
    for root, cotangent in zip(roots, cotangents, strict=True):
        for key, g in root.seed(cotangent, create_graph).items():
            gradients[key] = gradients[key] + g if key in gradients else g
    return gradients
