"""Tensor: an array, its gradient, and the Node that made it.

This file holds what a tensor *is*. The operations are declared one by one in ``ops``, each as a function and a method.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import dtypes, structure
from .backends import device as devices
from .backends.device import np
from .events import state, tell
from .hooks import RemovableHandle
from .tape import walk

if TYPE_CHECKING:
    from .tensor_methods import TensorMethods  # what ops attach, written out for type checkers and editors
else:
    TensorMethods = object


class Tensor(TensorMethods):
    """An n-dimensional array that remembers how it was computed.

    ``Tensor(array)`` keeps a NumPy array without copying it; numbers and lists become float32. ``mg.tensor(...)``
    copies and infers the dtype. ``array`` is the NumPy array, ``grad`` the accumulated gradient of a leaf (a Tensor, or
    None before the first backward), ``grad_fn`` the Node that made this tensor (None for a leaf). Raises TypeError for
    data that are not numbers or booleans; setting ``requires_grad`` raises RuntimeError for a computed or an integer
    tensor.
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_requires_grad", "extras", "grad_fn", "version", "view_of")
    _array: Any  # NumPy's, or a GPU's
    _grad: Tensor | None
    grad_fn: Any
    version: list[int]  # how often the memory was written to, shared with views
    view_of: Any
    extras: dict[str, Any] | None
    __array_ufunc__ = None  # np_array * tensor asks the tensor; np.sin(tensor) is an error, not a lost gradient

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> None:
        source = data if isinstance(data, Tensor) else None
        if source is not None:
            data = source._array
        plain = type(data) in (float, int, bool, list, tuple)  # tested first: it is cheapest
        if dtype is None and (plain or not devices.is_array(data)):
            dtype = dtypes.default
        try:
            if plain or type(data) is np.ndarray or devices.on_cpu(data):
                self._array = np.asarray(data, dtype)
            else:
                self._array = data.astype(dtype or data.dtype, copy=False)
        except (ValueError, TypeError):
            raise TypeError(
                f"Tensor: numbers, nested lists of one shape or an array expected, got {data!r:.80}"
            ) from None
        if self._array.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: numbers or booleans expected, got an array of dtype {self._array.dtype}")
        if not self._array.dtype.isnative:  # kernels are compiled for this machine's byte order
            self._array = self._array.astype(self._array.dtype.newbyteorder("="))
        if source is not None and self._array is not data and state.listeners:
            tell("read", source, "Tensor")
        self._grad, self.grad_fn, self.version, self.view_of = None, None, [0], None
        self.extras = None if name is None else {"name": name}
        self._requires_grad = False
        if requires_grad:
            self.requires_grad = True

    @staticmethod
    def made(array: Any, node: Any = None) -> Tensor:
        """The tensor for an op's result ``array``; ``node`` recorded how it was made, or None."""
        tensor = Tensor.__new__(Tensor)
        tensor._array = array
        tensor.grad_fn, tensor._requires_grad = node, node is not None
        tensor._grad, tensor.extras, tensor.version, tensor.view_of = None, None, [0], None
        return tensor

    @property
    def array(self) -> np.ndarray:
        """The array with the numbers. Listeners are told that it is read, outside of any op."""
        if state.listeners:
            tell("read", self, "array")
        return self._array

    @array.setter
    def array(self, value: np.ndarray) -> None:
        self._array = value
        structure.count += 1
        if state.listeners:
            tell("refuse", "another array is put into a tensor")

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward has accumulated in a leaf, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        before, self._grad = self._grad, value
        if state.listeners:
            tell("accumulate", self, before, None, value)

    shape = property(lambda self: self._array.shape)
    dtype = property(lambda self: self._array.dtype)
    ndim = property(lambda self: self._array.ndim)
    is_leaf = property(lambda self: self.grad_fn is None)
    device = property(lambda self: devices.of(self._array))

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self.grad_fn is not None and not value:
            raise RuntimeError("requires_grad: this tensor was computed, so it cannot be made a constant: use detach()")
        if value and self._array.dtype.kind != "f":
            raise RuntimeError(
                f"requires_grad: only floating-point tensors have gradients, this one is {self.dtype.name}"
            )
        if self._requires_grad is not bool(value):
            self._requires_grad = bool(value)
            structure.count += 1

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        self.requires_grad = requires_grad
        return self

    @property
    def name(self) -> str | None:
        """A label for pictures and messages."""
        return self.extras.get("name") if self.extras else None

    @name.setter
    def name(self, value: str | None) -> None:
        self.extras = {**(self.extras or {}), "name": value}

    @property
    def data(self) -> Tensor:
        """The same memory, outside the graph; a write to it is not noticed."""
        constant = self.detach()
        constant.version = [0]
        return constant

    @data.setter
    def data(self, value: Tensor) -> None:
        self.array = value._array

    def numpy(self) -> np.ndarray:
        """The array itself (not a copy). Raises RuntimeError if the tensor requires grad, TypeError on a GPU."""
        if self._requires_grad:
            raise RuntimeError("numpy: this tensor requires grad, and NumPy would lose it: use .detach().numpy()")
        if not isinstance(self._array, np.ndarray):
            raise TypeError(f"numpy: this tensor is on {self.device}: use .cpu().numpy()")
        return self._looked_at("numpy")

    def _looked_at(self, how: str) -> np.ndarray:
        if state.listeners:
            tell("read", self, how)
        return self._array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.numpy(), dtype, copy=copy)

    def item(self) -> Any:
        """The number in a tensor of one element. Raises RuntimeError for any other."""
        if self._array.size != 1:
            raise RuntimeError(f"item: a tensor of one element expected, this one has shape {self.shape}")
        return self._looked_at("item").item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self._looked_at("tolist").tolist()

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return self._array.ndim

    def numel(self) -> int:
        return self._array.size

    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped."""
        return self.transpose(-2, -1)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return self.permute(*reversed(range(self.ndim)))

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Adds to ``.grad`` of every leaf the gradient of this tensor with respect to it.

        ``gradient`` is the cotangent to start from, of this tensor's shape; it may be left out for one element. What
        the graph saved is freed on the way unless ``retain_graph`` (default: ``create_graph``). With ``inputs`` only
        those tensors get a gradient.
        """
        run_backward(self.seed(gradient, create_graph), retain_graph, create_graph, inputs)

    def seed(self, gradient: Any = None, create_graph: bool = False) -> dict:
        """The start of a walk from this tensor: its Node (or itself, if a leaf) and the cotangent.

        Raises RuntimeError if it does not require grad, or ``gradient`` does not fit or is missing.
        """
        if not self._requires_grad:
            raise RuntimeError("backward: this tensor does not require grad: nothing it was computed from does")
        if gradient is None:
            if self._array.size != 1:
                raise RuntimeError(
                    f"backward: a gradient can be left out only for one element, this tensor has shape {self.shape}: "
                    "pass gradient=, or reduce it with sum() or mean()"
                )
            on_cpu = type(self._array) is np.ndarray
            array = np.ones(self.shape, self.dtype) if on_cpu else devices.filled(self.shape, 1, self)
            return {self.grad_fn or self: Tensor.made(array) if create_graph else array}
        array = getattr(gradient, "_array", gradient)
        array = devices.placed(array if devices.is_array(array) else np.asarray(array), self.device)
        if array.shape != self.shape:
            raise RuntimeError(f"backward: gradient has shape {array.shape}, this tensor {self.shape}: make them equal")
        array = array.astype(self.dtype, copy=False)
        if create_graph:
            return {self.grad_fn or self: gradient if isinstance(gradient, Tensor) else Tensor.made(array)}
        return {self.grad_fn or self: array}

    def hooked(self, gradient: Any) -> Any:
        """A leaf's complete ``gradient`` once its hooks have seen and perhaps replaced it."""
        hooks = self.extras and self.extras.get("hooks")
        for hook in tuple(hooks.values()) if hooks and self.is_leaf else ():
            changed = hook(gradient if isinstance(gradient, Tensor) else Tensor.made(gradient))
            gradient = gradient if changed is None else changed
        return gradient

    def accumulate_grad(self, gradient: Any, owned: bool = False) -> None:
        """Adds ``gradient`` to ``.grad``; an ``owned`` array is taken over without a copy."""
        gradient = self.hooked(gradient)
        before = after = self._grad
        if isinstance(gradient, Tensor):
            after = gradient if before is None else before + gradient
        elif before is None:
            after = Tensor.made(gradient if owned else gradient.copy())
        else:
            before._array += gradient
        self._grad = after
        if state.listeners:
            tell("accumulate", self, before, gradient, after)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(gradient)`` when this tensor's gradient is known; a result that is not None replaces it.

        Returns a handle whose ``remove()`` removes the hook. Raises RuntimeError if it does not require grad.
        """
        if not self._requires_grad:
            raise RuntimeError("register_hook: this tensor does not require grad")
        if self.grad_fn is None:
            self.extras = {"hooks": {}, **(self.extras or {})}
            return RemovableHandle(self.extras["hooks"], hook)

        def on_arrays(gradient: Any) -> Any:
            changed = hook(gradient if isinstance(gradient, Tensor) else Tensor.made(gradient))
            return changed if changed is None or isinstance(gradient, Tensor) else changed._array

        self.grad_fn.hooks = self.grad_fn.hooks or {}
        return RemovableHandle(self.grad_fn.hooks, on_arrays)

    def retain_grad(self) -> None:
        """Keeps ``.grad`` of this result too. Raises RuntimeError if it does not require grad."""
        if not self._requires_grad:
            raise RuntimeError("retain_grad: this tensor does not require grad")
        if self.grad_fn is not None:
            self.grad_fn.retained = weakref.ref(self)

    def __copy__(self) -> Tensor:
        return self.detach().requires_grad_(self._requires_grad and self.is_leaf)

    def __deepcopy__(self, memo: dict) -> Tensor:
        if id(self) not in memo:
            rebuild, state = self.__reduce__()
            memo[id(self)] = rebuild(*(v.copy() if devices.is_array(v) else v for v in state))
        return memo[id(self)]

    def __reduce__(self) -> tuple:
        if not self.is_leaf:
            raise RuntimeError("copy: only leaves can be copied or pickled, this tensor was computed: detach() it")
        return _rebuilt, (type(self), self._looked_at("copy"), self._requires_grad, self.name)

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.numpy().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple:
        return self._array.__dlpack_device__()

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len: a 0-d tensor has no length")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self._array)))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(f"the truth of a tensor of shape {self.shape} is ambiguous: use .any() or .all()")
        return bool(self._looked_at("__bool__").item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "iu":
            raise TypeError(f"an integer tensor of one element can be an index, this one is {self.dtype.name}")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self._array.ndim == 0 else repr(self)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        array = self._looked_at("repr")
        on_cpu = type(array) is np.ndarray
        numbers = array if on_cpu else devices.host(array)
        text = np.array2string(numbers, precision=4, separator=", ", prefix="tensor(", threshold=1000)
        if self.dtype not in (dtypes.default, dtypes.int64, dtypes.bool_):
            text += f", dtype={self.dtype.name}"
        if not on_cpu:
            text += f", device={self.device!r}"
        if self.grad_fn is not None:
            text += f", grad_fn=<{self.grad_fn.op.name}>"
        elif self._requires_grad:
            text += ", requires_grad=True"
        return f"tensor({text})"


def _rebuilt(kind: type, array: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    """A copied or unpickled leaf."""
    rebuilt: Tensor = Tensor.__new__(kind)
    Tensor.__init__(rebuilt, array, requires_grad=requires_grad, name=name)
    return rebuilt


def run_backward(gradients: dict, retain_graph: bool | None, create_graph: bool, inputs: Any) -> None:
    """Walks back from the seeded ``gradients`` and adds to the ``.grad`` of the leaves, or of ``inputs`` alone."""
    retain_graph = create_graph if retain_graph is None else retain_graph
    wanted = None
    if inputs is not None:
        wanted = {t.grad_fn or t: t for t in ([inputs] if isinstance(inputs, Tensor) else inputs)}
    with np.errstate(all="ignore"):  # at a pole Inf or NaN is the result, not a warning
        for _ in walk(gradients, retain_graph=retain_graph, create_graph=create_graph, wanted=wanted):
            pass
    for key, tensor in (wanted or {}).items():
        if key in gradients:
            tensor.accumulate_grad(gradients[key])
