"""Greedy layer-wise pretraining: each layer first learns to encode its inputs."""

from collections.abc import Callable
from typing import Any

from ..grad_mode import no_grad
from ..nn.containers import Sequential
from ..nn.functional import mse_loss
from ..nn.linear import Linear
from ..optim import Adam
from ..random import Generator, default_generator
from ..tensor import Tensor


def pretrain_layerwise(
    model: Any,
    data: Tensor,
    *,
    epochs: int = 10,
    batch_size: int = 64,
    optimizer: Callable[..., Any] | None = None,
    noise: float = 0.0,
    generator: Generator | None = None,
) -> list[list[float]]:
    """Trains each Linear layer of a Sequential, with its activation, as the encoder of an autoencoder.

    Layer k learns to encode the codes of layer k − 1 so that a linear decoder, discarded afterwards, can reconstruct
    them: ``min ‖dec(act(W x + b)) − x‖²``. Deep sigmoid nets that do not train from random weights train from these.
    The last layer, without an activation, is not trained. Hinton and Salakhutdinov 2006; Bengio et al. 2007; Erhan et
    al. 2009.

    Args:
        data: (N, …), the model's input. optimizer: makes an optimizer from a list of parameters; default Adam, 1e-3.
        noise: standard deviation of noise on the encoder's input (a denoising autoencoder, Vincent et al. 2008).

    Returns the mean reconstruction loss of each epoch, for each trained layer. Raises TypeError unless ``model`` is a
    Sequential, ValueError if it has no Linear layer followed by an activation, or ``epochs`` or ``batch_size`` is not
    positive.
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"pretrain_layerwise: a Sequential expected, got {type(model).__name__}")
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"pretrain_layerwise: epochs and batch_size must be positive, got {epochs} and {batch_size}")
    random = (generator or default_generator).numpy
    make_optimizer = optimizer or (lambda parameters: Adam(parameters, lr=1e-3))
    stages = _stages(list(model))
    if not any(stage.trained for stage in stages):
        raise ValueError("pretrain_layerwise: the model has no Linear layer with an activation behind it")
    histories, codes = [], data
    for stage in stages:
        if stage.trained:
            linear = stage.modules[0]
            decoder = Linear(linear.out_features, linear.in_features, dtype=linear.weight.dtype)
            trainer = make_optimizer([*linear.parameters(), *decoder.parameters()])
            history = []
            for _ in range(epochs):
                order, total = random.permutation(len(codes)), 0.0
                for start in range(0, len(codes), batch_size):
                    x = Tensor(codes.array[order[start : start + batch_size]])
                    given = x if noise == 0 else x + Tensor((noise * random.standard_normal(x.shape)).astype(x.dtype))
                    loss = mse_loss(decoder(stage(given)), x)
                    trainer.zero_grad()
                    loss.backward()
                    trainer.step()
                    total += loss.item() * len(x)
                history.append(total / len(codes))
            trainer.zero_grad()
            histories.append(history)
        with no_grad():
            codes = stage(codes)
    return histories


class _Stage:
    """Consecutive modules; ``trained`` if they are a Linear followed by an activation."""

    def __init__(self, modules: list, trained: bool):
        self.modules, self.trained = modules, trained

    def __call__(self, x: Tensor) -> Tensor:
        for module in self.modules:
            x = module(x)
        return x


def _stages(modules: list) -> list[_Stage]:
    """The model split before each Linear layer."""
    stages: list[list] = [[]]
    for module in modules:
        if isinstance(module, Linear):
            stages.append([])
        stages[-1].append(module)
    return [_Stage(s, bool(s) and isinstance(s[0], Linear) and len(s) > 1) for s in stages if s]
