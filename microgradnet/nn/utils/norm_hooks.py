"""The older weight_norm and spectral_norm: a hook computes the weight before each forward.

``parametrizations`` has the newer ones, which compute it when it is read. These use the names of older checkpoints.
"""

import numpy as np

from ...grad_mode import no_grad
from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter
from .parametrizations import (
    as_matrix,
    check_power_iterations,
    largest_singular_value,
    norm_except_dim,
    output_dim,
    power_iterations,
    random_direction,
)


class _Hook:
    """Computes ``module.<name>`` before each forward, by ``compute(module)``."""

    op: str

    def __init__(self, module: Module, name: str):
        for hook, _ in module._forward_pre_hooks.values():
            if isinstance(hook, type(self)) and hook.name == name:
                raise RuntimeError(f"{self.op}: {type(module).__name__}.{name} has one already")
        if module._parameters.get(name) is None:
            raise ValueError(f"{self.op}: {type(module).__name__} has no parameter {name!r}")
        self.name = name

    def part(self, module: Module, suffix: str) -> Tensor:
        """One of the tensors that the weight is computed from."""
        return getattr(module, f"{self.name}_{suffix}")

    def __call__(self, module: Module, args: tuple) -> None:
        setattr(module, self.name, self.compute(module))


def _remove(kind: type, module: Module, name: str, suffixes: str) -> Module:
    """Removes the hook and makes the weight a parameter again, with its present value."""
    for key, (hook, _) in module._forward_pre_hooks.items():
        if isinstance(hook, kind) and hook.name == name:
            with no_grad():
                weight = hook.compute(module, removing=True)
            for suffix in ("", *(f"_{s}" for s in suffixes.split())):
                delattr(module, name + suffix)
            module.register_parameter(name, Parameter(weight.array))
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"remove_{kind.op}: {type(module).__name__} has no {kind.op} of {name!r}")


class _WeightNormHook(_Hook):
    op = "weight_norm"

    def __init__(self, module: Module, name: str, dim: int | None):
        super().__init__(module, name)
        self.dim = dim

    def compute(self, module: Module, removing: bool = False) -> Tensor:
        v = self.part(module, "v")
        return v * (self.part(module, "g") / norm_except_dim(v, self.dim))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """``w = g·v/‖v‖`` with parameters ``<name>_g`` and ``<name>_v``; see ``parametrizations.weight_norm``.

    Use it for checkpoints that have these names; it recomputes the weight only in a forward, so a change of g takes
    effect there. Salimans and Kingma 2016.

    >>> nn.utils.weight_norm(nn.Linear(20, 40)).weight_g.shape
    (40, 1)
    """
    hook = _WeightNormHook(module, name, dim)
    weight = module._parameters[name].detach()
    g = norm_except_dim(weight, dim)
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(g.array))
    module.register_parameter(f"{name}_v", Parameter(weight.array))
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight a new plain parameter; raises ValueError where there is no weight_norm.

    >>> list(nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(2, 2))).state_dict())
    ['bias', 'weight']
    """
    return _remove(_WeightNormHook, module, name, "g v")


class _SpectralNormHook(_Hook):
    op = "spectral_norm"

    def __init__(self, module: Module, name: str, n_power_iterations: int, dim: int, eps: float):
        super().__init__(module, name)
        check_power_iterations(module._parameters[name], n_power_iterations, dim)
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps

    def compute(self, module: Module, removing: bool = False) -> Tensor:
        weight, u, v = (self.part(module, suffix) for suffix in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if module.training and not removing:  # v first: then u fits it and the present weight
            power_iterations(matrix.detach().T, v, u, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, u, v)


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """``W/σ(W)`` with parameter ``<name>_orig``, buffers ``<name>_u``, ``_v``; see ``parametrizations.spectral_norm``.

    Use it for checkpoints that have these names; u and v start at random, so at first the weights are not bounded yet.
    Miyato et al. 2018.

    >>> nn.utils.spectral_norm(nn.Linear(20, 40)).weight_u.shape
    (40,)
    """
    hook = _SpectralNormHook(module, name, n_power_iterations, output_dim(module, dim), eps)
    weight = module._parameters[name]
    rows, columns = as_matrix(weight.detach(), hook.dim).shape
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, Tensor(np.array(weight.array)))
    module.register_buffer(f"{name}_u", random_direction(rows, weight, eps))
    module.register_buffer(f"{name}_v", random_direction(columns, weight, eps))
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Makes the weight a new plain parameter; raises ValueError where there is no spectral_norm.

    >>> list(nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 2))).state_dict())
    ['bias', 'weight']
    """
    return _remove(_SpectralNormHook, module, name, "orig u v")
