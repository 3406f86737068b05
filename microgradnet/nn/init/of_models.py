"""Initializers of whole models: driven by data, or by a layer's position."""

import math

from ...grad_mode import no_grad
from ...random import Generator
from ...tensor import Tensor
from .orthogonal import orthogonal_
from .values import fill, zeros_
from .variance import kaiming_normal_


def weighted_layers(module) -> list[tuple[str, object]]:
    """The linear and convolution layers of a module, by path: those with a ``weight`` of two or more dimensions."""
    found = []
    for path, layer in module.named_modules():
        weight = layer._parameters.get("weight")
        if weight is not None and weight.dim() >= 2 and not hasattr(layer, "num_embeddings"):
            found.append((path, layer))
    return found


def lsuv_(
    model,
    data: Tensor,
    tolerance: float = 0.01,
    max_iterations: int = 10,
    generator: Generator | None = None,
) -> dict[str, float]:
    """Orthogonal weights, scaled layer by layer until each layer's output has variance 1 on ``data``. Mishkin 2016,
    alg. 1.

    It needs no formula for what an activation does to the variance. Layers are scaled in the order in which they run.
    Returns the variance reached at each layer, by path. Raises ValueError for a model without linear or convolution
    layers, and where a layer's output has variance 0 or one that is not finite.
    """
    layers = dict(weighted_layers(model))
    if not layers:
        raise ValueError(f"lsuv_: {type(model).__name__} has no linear or convolution layer")
    order: list[str] = []
    handles = [
        layer.register_forward_hook(lambda m, args, out, path=path: order.append(path))
        for path, layer in layers.items()
    ]
    with no_grad():
        model(data)
    for handle in handles:
        handle.remove()
    reached = {}
    for path in dict.fromkeys(order):
        layer = layers[path]
        orthogonal_(layer.weight, generator=generator)
        for _ in range(max_iterations):
            variance = _output_variance(model, layer, data)
            if variance == 0 or not math.isfinite(variance):
                raise ValueError(f"lsuv_: the outputs of {path or 'the model'} have variance {variance} on these data")
            if abs(variance - 1) < tolerance:
                break
            fill(layer.weight, layer.weight.array / math.sqrt(variance))
        reached[path] = _output_variance(model, layer, data)
    return reached


def _output_variance(model, layer, data: Tensor) -> float:
    seen = []
    handle = layer.register_forward_hook(lambda m, args, out: seen.append(float(out.array.var(dtype="float64"))))
    try:
        with no_grad():
            model(data)
    finally:
        handle.remove()
    return seen[0]


def fixup_(branches, classifier=None, generator: Generator | None = None) -> None:
    """Initializes a residual net without normalization so that an update's size does not grow with the number of
    blocks.

    Of L ``branches`` (the modules f of the blocks x + f(x)): the last layer of each is zero, the other m − 1 are
    He-initialized times ``L^(−1/(2m − 2))``; ``classifier``, the net's last layer, is zero; all biases are zero. Zhang
    et al. 2019, section 3.1, rules 1 and 2; the scalar biases and multipliers of rule 3 belong in the blocks. Raises
    ValueError for a branch without linear or convolution layers.
    """
    branches = list(branches)
    for branch in branches:
        layers = [layer for _, layer in weighted_layers(branch)]
        if not layers:
            raise ValueError(f"fixup_: the branch {type(branch).__name__} has no linear or convolution layer")
        for layer in layers[:-1]:
            kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            fill(layer.weight, layer.weight.array * len(branches) ** (-1 / (2 * len(layers) - 2)))
        zeros_(layers[-1].weight)
    for module in [*branches, *([classifier] if classifier is not None else [])]:
        for name, parameter in module.named_parameters():
            if name.rpartition(".")[2] == "bias":
                zeros_(parameter)
    if classifier is not None:
        for _, layer in weighted_layers(classifier):
            zeros_(layer.weight)


def zero_init_residual_(branches) -> None:
    """Makes each residual branch start as zero, so that the net starts as the identity. Goyal et al. 2017, section 5.1.

    Zeroes weight (for a normalization that is its scale γ) and bias of the last module of the branch that has them:
    where the normalization comes first, that is the layer after it. Raises ValueError for a branch without any.
    """
    for branch in branches:
        layers = {layer for _, layer in weighted_layers(branch)}
        last = None
        for m in branch.modules():
            weight = m._parameters.get("weight")
            if m in layers or (weight is not None and weight.dim() == 1 and hasattr(m, "eps")):
                last = m
        if last is None:
            raise ValueError(f"zero_init_residual_: the branch {type(branch).__name__} has no layer with weights")
        zeros_(last.weight)
        if last._parameters.get("bias") is not None:
            zeros_(last.bias)
