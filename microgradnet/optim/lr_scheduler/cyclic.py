"""Cyclic schedules, with the momentum cycling the opposite way."""

import math

from .scheduler import LRScheduler, check_at_least, per_group, set_value


class CyclicLR(LRScheduler):
    """``lr_t = base_lr + (max_lr − base_lr)·(triangle wave)·scale``. Smith 2017.

    Up over ``step_size_up`` steps, down over ``step_size_down`` (by default as many). ``mode``: "triangular" keeps the
    height, "triangular2" halves it each cycle, "exp_range" multiplies it by ``gammaᵗ``; or ``scale_fn``, a function of
    the cycle (from 1) or of t, by ``scale_mode`` "cycle" or "iterations". With ``cycle_momentum`` the momentum (β₁ of
    Adam) moves the other way, between ``max_momentum`` and ``base_momentum``. Raises ValueError for an unknown ``mode``
    without ``scale_fn``.
    """

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn=None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum=0.8,
        max_momentum=0.9,
        last_epoch: int = -1,
    ):
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                f"CyclicLR: mode is 'triangular', 'triangular2' or 'exp_range', or scale_fn is given; got {mode!r}"
            )
        check_at_least("CyclicLR", 1, step_size_up=step_size_up, step_size_down=step_size_down or 1)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size, self.step_ratio = float(step_size_up + down), step_size_up / float(step_size_up + down)
        self.mode, self.gamma, self.scale_fn = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        bases = per_group("CyclicLR", "base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, bases, strict=True):
                set_value(group, "lr", lr)
        self.max_lrs = per_group("CyclicLR", "max_lr", max_lr, optimizer)
        self.momentum = _momentum_name("CyclicLR", optimizer) if cycle_momentum else None
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = per_group("CyclicLR", "base_momentum", base_momentum, optimizer)
            self.max_momentums = per_group("CyclicLR", "max_momentum", max_momentum, optimizer)
            if last_epoch == -1:
                for group, m in zip(optimizer.param_groups, self.max_momentums, strict=True):
                    set_momentum(group, self.momentum, m)  # type: ignore[arg-type]
        super().__init__(optimizer, last_epoch)
        self.base_lrs = bases

    def _scale(self, x: float) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(x)
        return {"triangular": 1.0, "triangular2": 1 / 2.0 ** (x - 1), "exp_range": self.gamma**x}[self.mode]

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self._scale(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            ranges = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in ranges:
                set_momentum(group, self.momentum, high - (high - low) * height * scale)  # type: ignore[arg-type]
        return [base + (high - base) * height * scale for base, high in zip(self.base_lrs, self.max_lrs, strict=True)]


class OneCycleLR(LRScheduler):
    """Once up from ``max_lr/div_factor`` to ``max_lr`` and down to ``initial/final_div_factor``. Smith and Topin 2018.

    ``total_steps``, or ``epochs·steps_per_epoch``; the rate rises for a fraction ``pct_start`` of them.
    ``anneal_strategy`` "cos" or "linear"; with ``three_phase`` it falls to the initial rate in as many steps as it
    rose, and only then to the final one. With ``cycle_momentum`` the momentum (β₁ of Adam) moves the other way. Raises
    ValueError for an unknown number of steps, arguments out of range, and a step beyond ``total_steps``.
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            check_at_least("OneCycleLR", 1, epochs=epochs, steps_per_epoch=steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        check_at_least("OneCycleLR", 1, total_steps=total_steps)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be in [0, 1], got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is 'cos' or 'linear', got {anneal_strategy!r}")
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        up = float(pct_start * total_steps) - 1
        self.phases = (
            [(up, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
             (2 * up, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
             (total_steps - 1.0, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
            if three_phase
            else [(up, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                  (total_steps - 1.0, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        )  # fmt: skip
        highest = per_group("OneCycleLR", "max_lr", max_lr, optimizer)
        self.cycle_momentum = cycle_momentum
        self.momentum = _momentum_name("OneCycleLR", optimizer) if cycle_momentum else None
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, highest, strict=True):
                group["initial_lr"], group["max_lr"] = lr / div_factor, lr
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if cycle_momentum:
                low = per_group("OneCycleLR", "base_momentum", base_momentum, optimizer)
                high = per_group("OneCycleLR", "max_momentum", max_momentum, optimizer)
                for group, a, b in zip(optimizer.param_groups, low, high, strict=True):
                    set_momentum(group, self.momentum, b)  # type: ignore[arg-type]
                    group["base_momentum"], group["max_momentum"] = a, b
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, way: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * way
        return end + (start - end) / 2 * (1 + math.cos(math.pi * way))

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t > self.total_steps:
            raise ValueError(f"OneCycleLR: step {t} is beyond total_steps={self.total_steps}")
        number = next((i for i, phase in enumerate(self.phases) if t <= phase[0]), len(self.phases) - 1)
        begin = self.phases[number - 1][0] if number else 0.0
        end, lr_from, lr_to, momentum_from, momentum_to = self.phases[number]
        way, rates = (t - begin) / (end - begin), []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[lr_from], group[lr_to], way))
            if self.cycle_momentum:
                set_momentum(group, self.momentum, self._between(group[momentum_from], group[momentum_to], way))  # type: ignore[arg-type]
        return rates


def _momentum_name(scheduler: str, optimizer) -> str:
    for name in ("momentum", "betas"):
        if name in optimizer.defaults:
            return name
    raise ValueError(
        f"{scheduler}: {type(optimizer).__name__} has no momentum and no betas to cycle: pass cycle_momentum=False"
    )


def set_momentum(group: dict, name: str, value: float) -> None:
    """Sets the momentum of a group, or the first of its betas."""
    group[name] = value if name == "momentum" else (value, *group[name][1:])
