"""Writing in place: ``x += y``, ``x.mul_(y)``, ``x[i] = v``, with gradients to the old value and to the new.

A write computes its result out of place, copies it into the tensor's memory, counts it in the version that the tensor
shares with its views (so that backward notices if it needed the old value), and attaches the tensor to the new Node. A
write to a view is a write to part of its base: the base is attached too, and its other views follow when they are next
used.
"""

from ...backends import device
from ...backends.device import np
from ...dtypes import _CATEGORY
from ...events import state, tell
from ...from_data import as_tensor
from ...notation import Notation
from ...primitive import broadcast_to, primitive
from ...tensor import Tensor
from ...views import part, refresh


@primitive(formula=Notation("x with part ← v"))
def view_write(x, value, steps):
    """``x`` after ``value`` was written to its view given by ``steps``; the write itself is already done."""
    return x


view_write.vjp(
    x=lambda g, value_shape, steps: without_part(g, steps),
    value=lambda g, steps: part(g, steps),
)


@primitive(formula=Notation("x with part ← 0"))
def without_part(x, steps):
    """``x`` with zeros in the view given by ``steps``."""
    out = np.array(x)
    part(out, steps)[...] = 0
    return out


without_part.vjp(x=lambda g, steps: without_part(g, steps))


def write(name: str, tensor: Tensor, result: Tensor) -> Tensor:
    """Writes ``result``, which op ``name`` computed from ``tensor``, into ``tensor``, and returns it.

    Raises:
        RuntimeError: a leaf that requires grad, or a view of one, outside ``no_grad``; a result of another shape or of
            a dtype that the tensor cannot hold.
    """
    recording = state.grad_enabled and (tensor.requires_grad or result.requires_grad)
    if recording and tensor.is_leaf and tensor.requires_grad:
        raise RuntimeError(
            f"{name}: a leaf that requires grad cannot be changed in place: use no_grad() or work on a clone()"
        )
    base = tensor.view_of.base if tensor.view_of is not None else None
    if recording and base is not None and base.is_leaf and base.requires_grad:
        raise RuntimeError(f"{name}: this is a view of a leaf that requires grad: use no_grad() or work on a clone()")
    if result.shape != tensor.shape:
        raise RuntimeError(
            f"{name}: the result has shape {result.shape}, it cannot be written into a tensor of {tensor.shape}"
        )
    if _CATEGORY[result.dtype.kind] > _CATEGORY[tensor.dtype.kind]:
        raise RuntimeError(f"{name}: a result of dtype {result.dtype.name} cannot be written into {tensor.dtype.name}")
    if recording and result.grad_fn is not None:
        _keep_old_value(result.grad_fn, tensor)
    if state.listeners:
        tell("overwrite", tensor)
    tensor._array[...] = result._array
    tensor.version[0] += 1
    if state.listeners:
        tell("write", name, tensor, result)
    if not recording:
        return tensor
    if base is None:
        _move_on(tensor, result)
        return tensor
    steps = tensor.view_of.steps
    _move_on(base, view_write(base, result, steps))
    refresh(tensor)
    return tensor


def _move_on(tensor: Tensor, result: Tensor) -> None:
    # The op may have changed the dtype (an integer in, a float out): the tensor keeps its own.
    result = result if result.dtype == tensor.dtype else result.to(tensor.dtype)
    before, after = tensor.grad_fn, result.grad_fn
    if before is not None and after is not None and before.retained is not None and before.retained() is tensor:
        before.retained, after.retained = None, before.retained
    tensor.grad_fn, tensor._requires_grad = result.grad_fn, result._requires_grad


def _keep_old_value(node, tensor: Tensor) -> None:
    """Copies what ``node`` saved of the memory about to be written, so that its own backward stays correct."""
    copied = set()
    for name, value in node.saved.items():
        if device.is_array(value) and np.may_share_memory(value, tensor._array):
            node.saved[name] = value.copy()
            if state.listeners:
                tell("keep", value, node.saved[name])
            copied.add(name)
    node.checks = [check for check in node.checks if check[0] not in copied]


def in_place(op):
    """The in-place form of an op on tensors: ``add`` -> ``add_``."""
    name = f"{op.__name__.strip('_')}_"

    def method(self, *args, **kwargs):
        return write(name, self, op(self, *args, **kwargs))

    method.__name__ = name
    method.__doc__ = f"In place: {op.__doc__}"
    return method


def copy_(self, source) -> Tensor:
    """``self[...] = source``, broadcast and in this tensor's dtype; the gradient goes to the source."""
    return write("copy_", self, broadcast_to(as_tensor(source), self.shape).to(self.dtype))


def zero_(self) -> Tensor:
    """Every element 0."""
    return self.fill_(0)
