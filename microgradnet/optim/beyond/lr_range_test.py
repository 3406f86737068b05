"""The learning-rate range test: finds which learning rates work before one is chosen. Smith 2017, section 3.3."""

import copy
import itertools
import math
from typing import NamedTuple


class RangeTest(NamedTuple):
    """Rates, the smoothed loss at each, and the rate where it fell fastest; None if it never fell."""

    rates: list[float]
    losses: list[float]
    suggestion: float | None


def lr_range_test(
    model,
    optimizer,
    loss_function,
    batches,
    *,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
    steps: int = 100,
    smoothing: float = 0.05,
    stop_factor: float = 4.0,
) -> RangeTest:
    """Trains for ``steps`` batches while the rate grows from ``start_lr`` to ``end_lr``, each by the same factor.

    Args:
        loss_function: takes the model's output and the target; batches are pairs (input, target), repeated if too few.
        smoothing: weight of the newest loss in the running mean, which is bias-corrected.
        stop_factor: stops once the smoothed loss exceeds the lowest one by this factor, or is not finite.

    The suggestion is the rate at which the smoothed loss falls fastest over the logarithm of the rate. The model, the
    optimizer and their states are restored afterwards.

    Raises ValueError for rates that are not 0 < start < end, for fewer than 2 steps, and for no batches.
    """
    if not 0 < start_lr < end_lr:
        raise ValueError(f"lr_range_test: 0 < start_lr < end_lr expected, got {start_lr} and {end_lr}")
    if steps < 2:
        raise ValueError(f"lr_range_test: at least 2 steps expected, got {steps}")
    weights = {name: value.array.copy() for name, value in model.state_dict().items()}
    state, rates_before = copy.deepcopy(optimizer.state_dict()), [group["lr"] for group in optimizer.param_groups]
    factor = (end_lr / start_lr) ** (1 / (steps - 1))
    rates, losses, mean, lowest = [], [], 0.0, math.inf
    try:
        for i, (x, y) in zip(range(steps), _repeated(batches), strict=False):
            rate = start_lr * factor**i
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = loss_function(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            mean = (1 - smoothing) * mean + smoothing * loss.item()
            smooth = mean / (1 - (1 - smoothing) ** (i + 1))
            if not math.isfinite(smooth) or smooth > stop_factor * lowest:
                break
            lowest = min(lowest, smooth)
            rates.append(rate)
            losses.append(smooth)
            optimizer.step()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)
        for group, lr in zip(optimizer.param_groups, rates_before, strict=True):
            group["lr"] = lr
        optimizer.zero_grad()
    slopes = [b - a for a, b in itertools.pairwise(losses)]
    steepest = min(range(len(slopes)), key=slopes.__getitem__) if slopes else None
    falls = steepest is not None and slopes[steepest] < 0
    return RangeTest(rates, losses, rates[steepest] if falls else None)  # type: ignore[index]


def _repeated(batches):
    while True:
        empty = True
        for batch in batches:
            empty = False
            yield batch
        if empty:
            raise ValueError("lr_range_test: there are no batches (a generator can be gone through only once)")
