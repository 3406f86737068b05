"""Frozen modules: what was learned on one task stays fixed while the rest learns another (transfer learning)."""

from ..nn.module import Module
from ..nn.parameter import Parameter


def freeze(module: Module) -> Module:
    """Makes ``module`` a fixed function, and returns it.

    Its parameters get no gradient, and all modules in it stay in eval mode even after ``train()`` on the whole model:
    otherwise batch norm's running statistics would drift to the new task's data, and dropout would make the features
    noisy. Gradients still flow through it to earlier layers. Yosinski et al. 2014.

    >>> from microgradnet import nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    >>> _ = freeze(model[:2])
    >>> [tuple(p.shape) for p in trainable_parameters(model)]
    [(2, 3), (2,)]
    """
    module.requires_grad_(False)
    for part in module.modules():
        if _stay_in_eval not in _first(part):
            part.register_forward_pre_hook(_stay_in_eval, prepend=True)
    module.eval()
    return module


def unfreeze(module: Module) -> Module:
    """Makes ``module``, which may be part of a frozen one, trainable again, and sets it to training mode."""
    module.requires_grad_(True)
    for part in module.modules():
        for key, (hook, _) in tuple(part._forward_pre_hooks.items()):
            if hook is _stay_in_eval:
                del part._forward_pre_hooks[key]
    return module.train()


def trainable_parameters(module: Module) -> list[Parameter]:
    """The parameters that are not frozen, to be passed to an optimizer."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _stay_in_eval(module: Module, args: tuple) -> None:
    object.__setattr__(module, "training", False)  # not recursive: a part of it may have been unfrozen


def _first(module: Module) -> list:
    return [hook for hook, _ in module._forward_pre_hooks.values()]
