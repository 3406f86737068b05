"""All parameters as one vector, and back: for numerical methods that work on vectors."""

from ...beside import told_as_one
from ...ops.arrays.joining import cat
from ...tensor import Tensor


def parameters_to_vector(parameters) -> Tensor:
    """The parameters concatenated to one vector; gradients flow through it."""
    return cat([p.reshape((-1,)) for p in parameters])


@told_as_one
def vector_to_parameters(vec: Tensor, parameters) -> None:
    """Copies the elements of a vector into the parameters, in place.

    Raises TypeError unless it is a Tensor, ValueError for another number of elements than theirs.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: a Tensor expected, got {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(p.numel() for p in parameters)
    if vec.dim() != 1 or vec.numel() != wanted:
        raise ValueError(f"vector_to_parameters: a vector of {wanted} elements expected, got shape {tuple(vec.shape)}")
    start = 0
    for p in parameters:
        p.array[...] = vec.array[start : start + p.numel()].reshape(p.shape)
        p.version[0] += 1
        start += p.numel()
