"""The learned part of normalizations: a scale and a shift for each channel or element."""

from ...tensor import Tensor
from .. import init
from ..linear import empty_parameter
from ..module import Module


class Affine(Module):
    """Base of the normalizations: ``weight``, initially ones, and ``bias``, initially zeros, of the same shape, or
    None.
    """

    def __init__(self, shape: tuple[int, ...], weight: bool, bias: bool, device=None, dtype=None):
        super().__init__()
        for name, wanted in (("weight", weight), ("bias", bias)):
            parameter = empty_parameter(*shape, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, parameter)
        Affine.reset_parameters(self)

    def reset_parameters(self) -> None:
        """Sets scales to 1 and shifts to 0."""
        for parameter, fill in ((self.weight, init.ones_), (self.bias, init.zeros_)):
            if parameter is not None:
                fill(parameter)

    def _scaled(self, h: Tensor, shape: tuple[int, ...]) -> Tensor:
        """``weight·h + bias``, both reshaped to ``shape``."""
        h = h if self.weight is None else h * self.weight.reshape(shape)
        return h if self.bias is None else h + self.bias.reshape(shape)


def check_channels(module: Module, input: Tensor, ranks: tuple) -> None:
    """Raises ValueError unless the input has one of the ranks, ``(2, ...)`` being 2 or more, and the right channels."""
    name, shape = type(module).__name__, tuple(input.shape)
    if input.ndim not in ranks and not (... in ranks and input.ndim > ranks[0]):
        wanted = " or ".join("more" if rank is ... else f"{rank}-d" for rank in ranks)
        raise ValueError(f"{name}: {wanted} input expected, got shape {shape}")
    if shape[1] != module.num_features:
        raise ValueError(f"{name}: {module.num_features} channels expected in dimension 1, got shape {shape}")
