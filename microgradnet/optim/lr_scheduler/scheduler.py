"""The base of all schedules: steps, the learning rates of the groups, saving and loading."""

import warnings

from ...beside import told_as_one
from ...events import state, tell
from ..optimizer import Optimizer


class LRScheduler:
    """Base of the schedules: ``step()`` after each epoch (or batch) sets the learning rate of every group.

    A subclass computes in ``rate`` the next rate of one group from its present one, so schedules can be chained. If the
    rate after t steps has a closed form, ``closed`` returns it, and ``step(epoch)`` jumps there. Raises TypeError
    unless ``optimizer`` is an Optimizer, KeyError if it resumes at ``last_epoch`` and a group has no "initial_lr".

    Attributes:
        last_epoch: t, the number of steps so far.
        base_lrs: each group's learning rate when the schedule began, also kept as the group's ``"initial_lr"``.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = told_as_one(cls.step)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: optimizer must be an Optimizer, got {type(optimizer).__name__}")
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: group {i} has no 'initial_lr', which resuming at last_epoch={last_epoch} "
                    "needs: load the optimizer's state first"
                )
        self.optimizer = optimizer
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._start()

    def _start(self) -> None:
        """Sets the rates of step 0; a schedule that continues after another one does so again."""
        self._initial = True
        self._advance()
        self._initial = False

    @told_as_one
    def step(self, epoch: int | None = None) -> None:
        """Advances by one step; call it after the optimizer's step. ``epoch``, used in older programs, jumps there."""
        if epoch is not None:
            warnings.warn(f"{type(self).__name__}.step(epoch) is deprecated: call step()", stacklevel=2)
        self._advance(epoch)

    def _advance(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if epoch is not None and hasattr(self, "closed"):
            rates = [self.closed(base) for base in self.base_lrs]
        else:
            rates = self.get_lr()
        set_rates(self.optimizer, rates)
        self._last_lr = rates

    def rate(self, lr: float, base: float) -> float:
        """The rate at step ``last_epoch`` of a group whose rate was ``lr`` before and ``base`` at the start."""
        raise NotImplementedError(f"{type(self).__name__}: rate is not written")

    def get_lr(self) -> list[float]:
        """The rates of step ``last_epoch``, computed from the groups' present ones."""
        groups = zip(self.optimizer.param_groups, self.base_lrs, strict=True)
        return [float(self.rate(float(group["lr"]), base)) for group, base in groups]

    def get_last_lr(self) -> list[float]:
        """The rates that were set last."""
        return list(self._last_lr)

    def state_dict(self) -> dict:
        """Everything that ``load_state_dict`` needs to continue, except functions given by the user."""
        if state.listeners:
            tell("refuse", "it reads the state of a schedule")
        return {name: value for name, value in vars(self).items() if name != "optimizer" and not _has_function(value)}

    def load_state_dict(self, state_dict: dict) -> None:
        """Resumes from a ``state_dict``. Raises ValueError, with nothing changed, for another schedule's."""
        own = {name for name in vars(self) if name != "optimizer" and not _has_function(getattr(self, name))}
        if missing := sorted(own - state_dict.keys() - {"_initial"}):
            raise ValueError(f"{type(self).__name__}: the state lacks {', '.join(missing)}: it is another schedule's")
        vars(self).update({name: value for name, value in state_dict.items() if name in own})


def set_rates(optimizer: Optimizer, rates: list[float]) -> None:
    """Sets each group's learning rate; a rate that is a 0-d tensor is written in place."""
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        set_value(group, "lr", rate)


def set_value(group: dict, name: str, value: float) -> None:
    if hasattr(group[name], "fill_"):
        group[name].fill_(value)
    else:
        group[name] = value


def per_group(scheduler: str, name: str, value, optimizer: Optimizer) -> list:
    """``value`` for each group: one for all, or as many as there are groups. Raises ValueError for another number."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"{scheduler}: {name} for each of {groups} groups expected, got {len(value)}")
    return list(value)


def check_at_least(scheduler: str, smallest: float, **values) -> None:
    """Raises ValueError for a number below ``smallest``."""
    for name, value in values.items():
        if not value >= smallest:
            raise ValueError(f"{scheduler}: {name} must be at least {smallest}, got {value}")


def _has_function(value) -> bool:
    return callable(value) or (isinstance(value, list) and any(map(callable, value)))
