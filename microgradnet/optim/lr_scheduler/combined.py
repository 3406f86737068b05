"""Schedules composed of other schedules."""

from bisect import bisect_right

from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, set_rates


class SequentialLR(LRScheduler):
    """One schedule after another: at each of ``milestones`` the next one begins, at its step 0.

    Raises ValueError unless there is one milestone fewer than schedules and they do not decrease; further as
    ``ChainedScheduler``.
    """

    def __init__(self, optimizer, schedulers: list, milestones: list[int], last_epoch: int = -1):
        check_all("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: one milestone less than schedules expected, got {len(milestones)} for {len(schedulers)}"
            )
        if list(milestones) != sorted(milestones):
            raise ValueError(f"SequentialLR: milestones must not decrease, got {list(milestones)}")
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        self.last_epoch, self.optimizer = last_epoch + 1, optimizer
        # Each schedule took its step 0 when it was created: undo these, and let only the first redo its own.
        set_rates(optimizer, [group["initial_lr"] for group in optimizer.param_groups])
        for scheduler in self._schedulers:
            _undo(scheduler)
        self._schedulers[bisect_right(self._milestones, 0)]._start()
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self) -> None:
        self.last_epoch += 1
        place = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[place]
        if place > 0 and self._milestones[place - 1] == self.last_epoch:
            scheduler._advance(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict:
        return _state(self)

    def load_state_dict(self, state_dict: dict) -> None:
        _load(self, state_dict)


class ChainedScheduler(LRScheduler):
    """Several schedules at once: each step is a step of all, each applied to the result of the previous one.

    Raises ValueError for an empty list, ReduceLROnPlateau or a schedule of another optimizer, TypeError for anything
    that is not a schedule.
    """

    def __init__(self, schedulers, optimizer=None):
        schedulers = list(schedulers)
        if not schedulers:
            raise ValueError("ChainedScheduler: at least one schedule expected, got none")
        optimizer = optimizer if optimizer is not None else getattr(schedulers[0], "optimizer", None)
        check_all("ChainedScheduler", schedulers, optimizer)
        self._schedulers, self.optimizer = schedulers, optimizer
        self._last_lr = [float(group["lr"]) for group in optimizer.param_groups]

    def step(self) -> None:
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict:
        return _state(self)

    def load_state_dict(self, state_dict: dict) -> None:
        _load(self, state_dict)


def check_all(name: str, schedulers: list, optimizer) -> None:
    """Raises ValueError for an empty list, a schedule that needs a metric or one of another optimizer, TypeError for
    anything that is not a schedule.
    """
    if not schedulers:
        raise ValueError(f"{name}: at least one schedule expected, got none")
    for i, scheduler in enumerate(schedulers):
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(f"{name}: ReduceLROnPlateau (number {i}) needs a metric at each step, step it by itself")
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(f"{name}: schedules expected, number {i} is a {type(scheduler).__name__}")
        if scheduler.optimizer is not optimizer:
            raise ValueError(f"{name}: the schedule number {i}, {type(scheduler).__name__}, is of another optimizer")


def _undo(scheduler) -> None:
    if isinstance(scheduler, SequentialLR | ChainedScheduler):
        for inner in scheduler._schedulers:
            _undo(inner)
    else:
        scheduler.last_epoch -= 1


def _state(scheduler) -> dict:
    state = {k: v for k, v in vars(scheduler).items() if k not in ("optimizer", "_schedulers")}
    return state | {"_schedulers": [s.state_dict() for s in scheduler._schedulers]}


def _load(scheduler, state_dict: dict) -> None:
    inner = state_dict.get("_schedulers", [])
    if len(inner) != len(scheduler._schedulers):
        raise ValueError(
            f"{type(scheduler).__name__}: the state is of {len(inner)} schedules, this has {len(scheduler._schedulers)}"
        )
    for own, state in zip(scheduler._schedulers, inner, strict=True):
        own.load_state_dict(state)
    vars(scheduler).update({k: v for k, v in state_dict.items() if k != "_schedulers"})
