"""Schedules along a cosine, with and without restarts and warm-up."""

import math

from .scheduler import LRScheduler, check_at_least, set_rates


class CosineAnnealingLR(LRScheduler):
    """``lr_t = eta_min + ½·(base − eta_min)·(1 + cos(π·t/T_max))``. Loshchilov and Hutter 2017, eq. 5, without
    restarts.
    """

    def __init__(self, optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        t, half = self.last_epoch, self.T_max
        if self._initial:
            return lr
        if (t - 1 - half) % (2 * half) == 0:  # at the bottom, where the ratio below would be 0/0
            return lr + (base - self.eta_min) * (1 - math.cos(math.pi / half)) / 2
        ratio = (1 + math.cos(math.pi * t / half)) / (1 + math.cos(math.pi * (t - 1) / half))
        return ratio * (lr - self.eta_min) + self.eta_min

    def closed(self, base):
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """SGDR: ``lr = eta_min + ½·(base − eta_min)·(1 + cos(π·T_cur/T_i))``; restarts after T_i steps.

    The first run takes ``T_0`` steps, each later one ``T_mult`` times as many. ``step(epoch)`` accepts fractions, to
    anneal within an epoch. Loshchilov and Hutter 2017, eq. 5. Raises ValueError unless both are positive integers.
    """

    def __init__(self, optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1):
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"CosineAnnealingWarmRestarts: {name} is an integer from 1 on, got {value!r}")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: float | None = None) -> None:
        self._advance(epoch)

    def _advance(self, epoch: float | None = None) -> None:
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        self._last_lr = self.get_lr()
        set_rates(self.optimizer, self._last_lr)

    def _jump(self, epoch: float) -> None:
        check_at_least("CosineAnnealingWarmRestarts", 0, epoch=epoch)
        if epoch < self.T_0:
            self.T_cur, self.T_i = epoch, self.T_0
        elif self.T_mult == 1:
            self.T_cur, self.T_i = epoch % self.T_0, self.T_0
        else:  # the n earlier runs took T_0·(m^n − 1)/(m − 1) steps
            m = self.T_mult
            runs = int(math.log(epoch / self.T_0 * (m - 1) + 1, m))
            self.T_cur = epoch - self.T_0 * (m**runs - 1) / (m - 1)
            self.T_i = self.T_0 * m**runs

    def rate(self, lr, base):
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2


class WarmupCosine(LRScheduler):
    """Linear from ``start_factor·base`` up to ``base`` over ``warmup_steps``, then half a cosine down to ``eta_min``.

    ``lr_t = eta_min + ½·(base − eta_min)·(1 + cos(π·(t − w)/(total − w)))`` for t ≥ w. Goyal et al. 2017 for the
    warm-up, Loshchilov and Hutter 2017 for the cosine.
    """

    def __init__(
        self,
        optimizer,
        warmup_steps: int,
        total_steps: int,
        eta_min: float = 0.0,
        start_factor: float = 0.0,
        last_epoch: int = -1,
    ):
        check_at_least("WarmupCosine", 0, warmup_steps=warmup_steps)
        check_at_least("WarmupCosine", warmup_steps + 1, total_steps=total_steps)
        self.warmup_steps, self.total_steps = warmup_steps, total_steps
        self.eta_min, self.start_factor = eta_min, start_factor
        super().__init__(optimizer, last_epoch)

    def closed(self, base):
        t, w = min(self.last_epoch, self.total_steps), self.warmup_steps
        if t < w:
            return base * (self.start_factor + (1 - self.start_factor) * t / w)
        way = (t - w) / (self.total_steps - w)
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * way)) / 2

    def rate(self, lr, base):
        return self.closed(base)


class WarmupStableDecay(LRScheduler):
    """Linear warm-up over ``warmup_steps``, constant for ``stable_steps``, then decay over ``decay_steps``. Hu et al.
    2024.

    ``decay`` is "linear" (base·(1 − z), to ``min_factor·base``), "cosine" or "sqrt" (base·(1 − √z)). Raises ValueError
    for any other.
    """

    def __init__(
        self,
        optimizer,
        warmup_steps: int,
        stable_steps: int,
        decay_steps: int,
        min_factor: float = 0.0,
        decay: str = "linear",
        last_epoch: int = -1,
    ):
        check_at_least("WarmupStableDecay", 0, warmup_steps=warmup_steps, stable_steps=stable_steps)
        check_at_least("WarmupStableDecay", 1, decay_steps=decay_steps)
        if decay not in ("linear", "cosine", "sqrt"):
            raise ValueError(f"WarmupStableDecay: decay is 'linear', 'cosine' or 'sqrt', got {decay!r}")
        self.warmup_steps, self.stable_steps, self.decay_steps = warmup_steps, stable_steps, decay_steps
        self.min_factor, self.decay = min_factor, decay
        super().__init__(optimizer, last_epoch)

    def closed(self, base):
        t, w = self.last_epoch, self.warmup_steps
        if t < w:
            return base * t / w
        z = min(max(t - w - self.stable_steps, 0) / self.decay_steps, 1.0)
        left = {"linear": 1 - z, "cosine": (1 + math.cos(math.pi * z)) / 2, "sqrt": 1 - math.sqrt(z)}[self.decay]
        return base * (self.min_factor + (1 - self.min_factor) * left)

    def rate(self, lr, base):
        return self.closed(base)
