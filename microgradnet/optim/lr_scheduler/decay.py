"""Schedules that decay (or grow) in steps, exponentially, linearly or as a power."""

from bisect import bisect_right

from .scheduler import LRScheduler, check_at_least


class StepLR(LRScheduler):
    """``lr_t = base · gamma^⌊t/step_size⌋``: a drop every ``step_size`` steps."""

    def __init__(self, optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        check_at_least("StepLR", 1, step_size=step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr * self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else lr

    def closed(self, base):
        return base * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """``lr_t = base · gamma^(number of milestones ≤ t)``: a drop at each milestone, two at one listed twice.

    Raises ValueError for milestones that decrease.
    """

    def __init__(self, optimizer, milestones, gamma: float = 0.1, last_epoch: int = -1):
        if list(milestones) != sorted(milestones):
            raise ValueError(f"MultiStepLR: milestones must not decrease, got {list(milestones)}")
        self.milestones, self.gamma = list(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr * self.gamma ** self.milestones.count(self.last_epoch)

    def closed(self, base):
        return base * self.gamma ** bisect_right(self.milestones, self.last_epoch)


class ConstantLR(LRScheduler):
    """``lr_t = base · factor`` for t < ``total_iters``, then ``base``.

    Raises ValueError for a factor outside [0, 1].
    """

    def __init__(self, optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1):
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must be in [0, 1], got {factor}")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1 / self.factor) if self.last_epoch == self.total_iters else lr

    def closed(self, base):
        return base * (self.factor if self.last_epoch < self.total_iters else 1.0)


class LinearLR(LRScheduler):
    """``lr_t = base · (start + (end − start)·min(t, total)/total)``: a straight line, often for warming up.

    Raises ValueError unless 0 < start ≤ 1 and 0 ≤ end ≤ 1.
    """

    def __init__(
        self,
        optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be in (0, 1], got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be in [0, 1], got {end_factor}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._initial or self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        return lr * (1 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def closed(self, base):
        way = min(self.total_iters, self.last_epoch) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * way)


class ExponentialLR(LRScheduler):
    """``lr_t = base · gammaᵗ``."""

    def __init__(self, optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr if self._initial else lr * self.gamma

    def closed(self, base):
        return base * self.gamma**self.last_epoch


class PolynomialLR(LRScheduler):
    """``lr_t = base · (1 − min(t, total)/total)^power``."""

    def __init__(self, optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        t, total = self.last_epoch, self.total_iters
        if self._initial or t > total:
            return lr
        return lr * ((1 - t / total) / (1 - (t - 1) / total)) ** self.power

    def closed(self, base):
        return base * (1 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


class InverseTimeDecay(LRScheduler):
    """``lr_t = base / (1 + decay_rate·t/decay_steps)``; with ``staircase`` t/decay_steps is rounded down.

    The 1/t decay with which stochastic gradient descent converges (Robbins and Monro 1951).
    """

    def __init__(self, optimizer, decay_rate: float, decay_steps: int = 1, staircase=False, last_epoch: int = -1):
        check_at_least("InverseTimeDecay", 1, decay_steps=decay_steps)
        check_at_least("InverseTimeDecay", 0, decay_rate=decay_rate)
        self.decay_rate, self.decay_steps, self.staircase = decay_rate, decay_steps, staircase
        super().__init__(optimizer, last_epoch)

    def closed(self, base):
        t = self.last_epoch // self.decay_steps if self.staircase else self.last_epoch / self.decay_steps
        return base / (1 + self.decay_rate * t)

    def rate(self, lr, base):
        return self.closed(base)


class InverseSqrt(LRScheduler):
    """Noam: ``lr_t = base · √w · min((t + 1)^−½, (t + 1)·w^−³ᐟ²)``, w the ``warmup_steps``. Vaswani et al. 2017,
    sec. 5.3.

    It rises linearly to ``base`` at step w and falls as 1/√t after; with ``model_size`` d the rate is ``base · d^−½ ·
    min(…)``, as in the paper.
    """

    def __init__(self, optimizer, warmup_steps: int = 4000, model_size: int | None = None, last_epoch: int = -1):
        check_at_least("InverseSqrt", 1, warmup_steps=warmup_steps)
        self.warmup_steps, self.model_size = warmup_steps, model_size
        super().__init__(optimizer, last_epoch)

    def closed(self, base):
        t, w = self.last_epoch + 1, self.warmup_steps
        scale = w**0.5 if self.model_size is None else self.model_size**-0.5
        return base * scale * min(t**-0.5, t * w**-1.5)

    def rate(self, lr, base):
        return self.closed(base)


class REX(LRScheduler):
    """``lr_t = base · (1 − z)/(½ + ½·(1 − z))``, z = t/total_iters: at first above linear decay. Chen et al. 2022,
    section 4.
    """

    def __init__(self, optimizer, total_iters: int, last_epoch: int = -1):
        check_at_least("REX", 1, total_iters=total_iters)
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def closed(self, base):
        left = 1 - min(self.last_epoch, self.total_iters) / self.total_iters
        return base * left / (0.5 + 0.5 * left)

    def rate(self, lr, base):
        return self.closed(base)
