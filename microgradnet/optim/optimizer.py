"""What all optimizers share: groups of parameters, the state kept for each, saving and loading."""

from collections import defaultdict

import numpy as np

from ..grad_mode import enable_grad
from ..tensor import Tensor
from . import update_rule


class Optimizer:
    """Base of the optimizers. A subclass names its state, and says what one step does.

    Attributes:
        param_groups: dicts with ``"params"`` and that group's hyperparameters.
        state: for each parameter, a dict of its arrays and its number of steps.
    """

    def __init__(self, params, defaults: dict):
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict] = defaultdict(dict)
        self.param_groups: list[dict] = []
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__}: an iterable of tensors or groups expected, got one tensor: use [it]"
            )
        groups = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__}: the list of parameters is empty")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, group: dict) -> None:
        """Adds parameters with hyperparameters of their own; those left out get the defaults."""
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"{type(self).__name__}: parameters are tensors, got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"{type(self).__name__}: only leaves can be optimized, this one was made by {p.grad_fn.op.name}"
                )
            if id(p) in known:
                raise ValueError(f"{type(self).__name__}: a parameter of shape {tuple(p.shape)} is in the list twice")
            known.add(id(p))
        group = {**self.defaults, **group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: dict) -> None:
        """Raises ValueError for hyperparameters outside of their range."""
        for name in ("lr", "weight_decay", "eps", "momentum"):
            if name in group and not group[name] >= 0:
                raise ValueError(f"{type(self).__name__}: {name} must not be negative, got {group[name]}")
        for i, beta in enumerate(group.get("betas", ())):
            if not 0 <= beta < 1:
                raise ValueError(f"{type(self).__name__}: betas[{i}] must be in [0, 1), got {beta}")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients, or fills them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.array[...] = 0

    def step(self, closure=None):
        """Updates every parameter that has a gradient; ``closure`` recomputes the loss first and is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update_parameter(p, p.grad.array, self.state[p], group)
                    p.version[0] += 1
        return loss

    def update_parameter(self, p: Tensor, g: np.ndarray, state: dict, group: dict) -> None:
        """One step of one parameter."""
        raise NotImplementedError

    @staticmethod
    def run(update, p: Tensor, g: np.ndarray, state: dict, names: tuple[str, ...], *hyperparameters: float) -> None:
        """Applies an update rule, with the state in ``names`` made of zeros at the first step."""
        for name in names:
            if name not in state:
                state[name] = np.zeros(p.shape, p.dtype)
        update_rule.apply(update, p.array, g, {name: state[name] for name in names}, hyperparameters)

    def state_dict(self) -> dict:
        """PyTorch's layout: ``{"state": {index: {...}}, "param_groups": [{..., "params": [index, ...]}]}``."""
        index = {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        return {
            "state": {index[p]: dict(s) for p, s in self.state.items()},
            "param_groups": [{**g, "params": [index[p] for p in g["params"]]} for g in self.param_groups],
        }

    def load_state_dict(self, state_dict: dict) -> None:
        """Takes over a state of ours or PyTorch's. Raises ValueError, with nothing changed, if it does not fit."""
        saved = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(
                f"{type(self).__name__}: the state has groups of {sizes} parameters, the optimizer of {own}"
            )
        indices = [i for g in saved for i in g["params"]]
        params = [p for g in self.param_groups for p in g["params"]]
        state = {}
        for i, p in zip(indices, params, strict=True):
            if i in state_dict["state"]:
                state[p] = {
                    name: _restored(type(self).__name__, name, v, p) for name, v in state_dict["state"][i].items()
                }
        self.state = defaultdict(dict, state)
        for group, given in zip(self.param_groups, saved, strict=True):
            group.update({name: value for name, value in given.items() if name != "params"})

    def __repr__(self) -> str:
        groups = [{k: v for k, v in g.items() if k != "params"} for g in self.param_groups]
        return f"{type(self).__name__}({', '.join(map(str, groups))})"


def _restored(optimizer: str, name: str, value, p: Tensor):
    """A saved value as our own: a number, or an array of the parameter's shape and dtype."""
    if value is None or isinstance(value, int | float):
        return value
    array = np.asarray(getattr(value, "array", value))
    if array.ndim == 0:
        return array.item()
    if array.shape != p.shape:
        raise ValueError(f"{optimizer}: the state's {name} has shape {array.shape}, its parameter {tuple(p.shape)}")
    return array.astype(p.dtype)  # a copy
