"""Schedules given by a user's function."""

from .scheduler import LRScheduler, per_group


class LambdaLR(LRScheduler):
    """``lr_t = base · f(t)``, with one function ``lr_lambda`` for all groups or one for each.

    >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=0.8)
    >>> schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.5**t)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.4]
    """

    def __init__(self, optimizer, lr_lambda, last_epoch: int = -1):
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [float(base * f(self.last_epoch)) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(LRScheduler):
    """``lr_t = lr_{t−1} · f(t)``, with one function ``lr_lambda`` for all groups or one for each."""

    def __init__(self, optimizer, lr_lambda, last_epoch: int = -1):
        self.lr_lambdas = _functions(type(self).__name__, lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        if self._initial:
            return rates
        return [float(lr * f(self.last_epoch)) for f, lr in zip(self.lr_lambdas, rates, strict=True)]


def _functions(name: str, lr_lambda, optimizer) -> list:
    functions = per_group(name, "a function", lr_lambda, optimizer)
    for function in functions:
        if not callable(function):
            raise TypeError(f"{name}: lr_lambda is a function of the step, got {type(function).__name__}")
    return functions
