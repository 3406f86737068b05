"""Parametrization: a weight that is computed from trained tensors whenever it is read.

``register_parametrization(linear, "weight", f)`` moves the weight to ``linear.parametrizations.weight.original`` and
makes ``linear.weight`` return ``f(original)``; gradients flow through f. Several are applied one after the other.
"""

import functools
import threading
from collections.abc import Sequence
from contextlib import contextmanager

from ...arguments import explain_all as _explain_all
from ...grad_mode import no_grad
from ...tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter


class _Cache(threading.local):
    """The values of parametrized tensors by their ``ParametrizationList``, while ``cached`` is on."""

    depth = 0

    def __init__(self):
        self.values = {}


_cache = _Cache()


@contextmanager
def cached():
    """Inside, each parametrized tensor is computed only once: for weights that a forward reads often.

    Changes to the originals have no effect until the outermost ``cached`` is left.
    """
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.values = {}


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in order, and the trained tensors: ``original``, or ``original0``, ….

    The originals are computed by the parametrizations' ``right_inverse``, from the last to the first; one without it
    counts as the identity. If the first one's right_inverse returns a tuple, there are several originals.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False):
        super().__init__(modules)
        self.unsafe = unsafe
        with no_grad():
            start = original
            for module in reversed(list(self)):
                start = _inverse(module, start)
        self.is_tensor = isinstance(start, Tensor)
        shape, dtype = tuple(original.shape), original.dtype
        if self.is_tensor:
            _same_dtype("register_parametrization: original", original, start)
            original.data = start  # the same object, so an optimizer's reference stays valid
            self._own("original", original)
        else:
            self.ntensors = len(start)
            for i, tensor in enumerate(start):
                if isinstance(original, Parameter):
                    tensor = Parameter(tensor.detach().array, original.requires_grad)
                self._own(f"original{i}", tensor)
        if not unsafe:
            _check_result(self(), shape, dtype)

    def _own(self, name: str, tensor: Tensor) -> None:
        (self.register_parameter if isinstance(tensor, Parameter) else self.register_buffer)(name, tensor)

    def originals(self) -> list[Tensor]:
        """The arguments of the first parametrization."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Tensor:
        first, *others = self
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value

    def value(self) -> Tensor:
        """The parametrized tensor; inside ``cached`` it is computed once."""
        if not _cache.depth:
            return self()
        if self not in _cache.values:
            _cache.values[self] = self()
        return _cache.values[self]

    def right_inverse(self, value: Tensor) -> None:
        """Sets the originals so that the parametrized tensor becomes ``value``.

        Raises RuntimeError for a parametrization without ``right_inverse``, ValueError for one that returns another
        number of tensors.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"{type(module).__name__} has no right_inverse: a tensor that it makes cannot be assigned"
                    )
                value = module.right_inverse(value)
        values, originals = [value] if self.is_tensor else list(value), self.originals()
        if len(values) != len(originals):
            raise ValueError(f"right_inverse: {len(originals)} tensors expected, got {len(values)}")
        for original, new in zip(originals, values, strict=True):
            _same_dtype("right_inverse", original, new)
            original.data = new.detach()
            original.version[0] += 1


def _inverse(module: Module, value: Tensor):
    """``right_inverse`` of a parametrization that has one, else its argument."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


def _same_dtype(what: str, old: Tensor, new) -> None:
    if not isinstance(new, Tensor):
        raise ValueError(f"{what}: a tensor expected from right_inverse, got {type(new).__name__}")
    if old.dtype != new.dtype:
        raise ValueError(f"{what}: right_inverse must keep the dtype {old.dtype.name}, it gave {new.dtype.name}")


def _check_result(result, shape: tuple, dtype) -> None:
    """Raises ValueError unless a parametrization's result is a tensor of this shape and dtype."""
    if not isinstance(result, Tensor):
        raise ValueError(f"register_parametrization: a tensor expected from it, got {type(result).__name__}")
    if tuple(result.shape) != shape or result.dtype != dtype:
        raise ValueError(
            f"register_parametrization: {shape} {dtype.name} must stay as it is, the parametrization gives "
            f"{tuple(result.shape)} {result.dtype.name}: pass unsafe=True if this is meant"
        )


class _Parametrized(Module):
    """Mixed into the class of a module with a parametrized tensor: reading the tensor computes it."""

    def __getattr__(self, name: str):
        parametrized = self.__dict__.get("_modules", {}).get("parametrizations") or ()
        return parametrized[name].value() if name in parametrized else super().__getattr__(name)  # type: ignore[call-overload]

    def __setattr__(self, name: str, value) -> None:
        parametrized = self._modules.get("parametrizations") or ()
        if name in parametrized:
            parametrized[name].right_inverse(value)  # type: ignore[call-overload]
        else:
            super().__setattr__(name, value)

    def __reduce__(self):
        return _unfilled, (self.unparametrized,), self.__dict__


def _unfilled(cls: type) -> Module:
    """An instance of ``cls``, parametrized, without its state: for copies and pickles, which cannot refer to the class
    by name.
    """
    return Module.__new__(_parametrized_class(cls))


@functools.cache
def _parametrized_class(cls: type) -> type:
    return type(f"Parametrized{cls.__name__}", (_Parametrized, cls), {"__doc__": cls.__doc__, "unparametrized": cls})


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Makes ``module``'s parameter or buffer the result of ``parametrization``; returns the module.

    ``parametrization`` may have ``right_inverse(tensor)``, which computes the original from the present value. Its
    forward must keep shape and dtype unless ``unsafe``. Call this before creating the optimizer if right_inverse
    returns several tensors. Raises ValueError for a name that is neither parameter nor buffer.

    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> layer = nn.utils.parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> mg.equal(layer.weight, layer.weight.mT)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        if not unsafe:
            value = chain()
            result = parametrization(value)
            _check_result(result, tuple(value.shape), value.dtype)
            _check_result(_inverse(parametrization, result), tuple(value.shape), value.dtype)
        chain.append(parametrization)
        chain.unsafe |= unsafe
        return module
    original = {**module._parameters, **module._buffers}.get(tensor_name)
    if original is None:
        raise ValueError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer {tensor_name!r}"
        )
    chain = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _parametrized_class(type(module))
        module.add_module("parametrizations", ModuleDict())
    module.parametrizations[tensor_name] = chain
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether ``module`` has a parametrization, of that tensor if it is named."""
    parametrized = module._modules.get("parametrizations", ()) if isinstance(module, _Parametrized) else ()
    return len(parametrized) > 0 if tensor_name is None else tensor_name in parametrized


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Makes the tensor a plain one again, with its present value or with the original's; returns the module.

    Raises ValueError where there is no parametrization, and for ``leave_parametrized=False`` if there are several
    originals. In that case the parameter is a new one, which must be passed to the optimizer.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {type(module).__name__} has no parametrized {tensor_name!r}")
    chain = module.parametrizations[tensor_name]
    if not chain.is_tensor and not leave_parametrized:
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} comes of {chain.ntensors} tensors, there is no one original to "
            "go back to: pass leave_parametrized=True"
        )
    tensor = chain.originals()[0] if chain.is_tensor else None
    if leave_parametrized:
        value = chain()
        if tensor is None:
            value, needs_grad = value.detach(), value.requires_grad
            tensor = Parameter(value.array) if needs_grad else value
        else:
            tensor.data = value.detach()
    del module.parametrizations[tensor_name]
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = module.unparametrized
    (module.register_parameter if isinstance(tensor, Parameter) else module.register_buffer)(tensor_name, tensor)
    return module


_explain_all(globals(), "microgradnet")
