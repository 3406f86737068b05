"""An optimizer that wraps another one and shares its groups."""

from collections import defaultdict

from ..optimizer import Optimizer


class OptimizerWrapper(Optimizer):
    """Base of Lookahead and SAM: the groups are those of the wrapped ``optimizer``, with our hyperparameters added.

    Schedulers accept either of the two. ``state_dict`` holds the wrapped optimizer's under "optimizer". Raises
    TypeError unless ``optimizer`` is an Optimizer.
    """

    def __init__(self, optimizer: Optimizer, hyperparameters: dict):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: an optimizer expected, got {type(optimizer).__name__}")
        for group in optimizer.param_groups:
            self.check_own({**hyperparameters, **group})
        self.optimizer = optimizer
        self.defaults = optimizer.defaults
        self.defaults.update(hyperparameters)
        self.param_groups = optimizer.param_groups
        for group in self.param_groups:
            group.update({**hyperparameters, **group})
        self.state = defaultdict(dict)
        self._start()

    def check_own(self, group: dict) -> None:
        """Raises ValueError for hyperparameters of the wrapper that are out of range."""
        raise NotImplementedError(f"{type(self).__name__}: check_own is not written")

    def check(self, group: dict) -> None:
        self.optimizer.check(group)
        self.check_own(group)

    def add_param_group(self, param_group: dict) -> None:
        """Adds a group to the wrapped optimizer."""
        self.check_own({**self.defaults, **param_group})
        self.optimizer.add_param_group(param_group)

    def state_dict(self) -> dict:
        """The wrapper's state in PyTorch's layout, and the wrapped optimizer's under "optimizer"."""
        return {**super().state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        """Loads the result of ``state_dict``. Raises ValueError, with nothing changed, if it does not fit."""
        if "optimizer" not in state_dict:
            raise ValueError(f"{type(self).__name__}: the state has no 'optimizer': it is not a wrapper's")
        state, groups = self.state, [dict(group) for group in self.param_groups]
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "optimizer"})
        try:
            self.optimizer.load_state_dict(state_dict["optimizer"])
        except Exception:
            self.state = state
            for group, before in zip(self.param_groups, groups, strict=True):
                group.clear()
                group.update(before)
            raise
