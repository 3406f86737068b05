"""Parameters and buffers: what a module owns."""

from ..tensor import Tensor


class Parameter(Tensor):
    """A trainable tensor: assigned to an attribute of a ``Module``, it is found by ``parameters()``."""

    __slots__ = ()

    def __init__(self, data, requires_grad: bool = True):
        super().__init__(data, requires_grad=requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
