"""Averages of a model during training: stochastic weight averaging and exponential moving averages."""

import copy
import math

from ..arguments import explain_all as _explain_all
from ..backends.device import np
from ..beside import told_as_one
from ..grad_mode import no_grad
from ..nn.module import Module
from ..tensor import Tensor
from .lr_scheduler.scheduler import LRScheduler, per_group


def get_swa_avg_fn():
    """The running mean: ``a ← a + (p − a)/(n + 1)``. Izmailov et al. 2018, algorithm 1."""

    def swa_update(averaged: Tensor, current: Tensor, num_averaged) -> Tensor:
        return averaged + (current - averaged) / (int(num_averaged) + 1)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999):
    """The exponential moving average: ``a ← decay·a + (1 − decay)·p``. Polyak and Juditsky 1992, with forgetting."""
    _check_decay(decay)

    def ema_update(averaged: Tensor, current: Tensor, num_averaged) -> Tensor:
        return averaged * decay + current * (1 - decay)

    return ema_update


def get_swa_multi_avg_fn():
    """``get_swa_avg_fn`` over lists of tensors, in place."""

    def swa_update(averaged: list, current: list, num_averaged) -> None:
        for a, p in zip(averaged, current, strict=True):
            a.array += (p.array - a.array) / (int(num_averaged) + 1) if a.dtype.kind == "f" else p.array - a.array
            a.version[0] += 1

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999):
    """``get_ema_avg_fn`` over lists of tensors, in place."""
    _check_decay(decay)

    def ema_update(averaged: list, current: list, num_averaged) -> None:
        for a, p in zip(averaged, current, strict=True):
            a.array[...] = a.array * decay + p.array * (1 - decay) if a.dtype.kind == "f" else p.array
            a.version[0] += 1

    return ema_update


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must be in [0, 1], got {decay}")


class AveragedModel(Module):
    """A copy of ``model`` whose parameters are averages of the model's at each ``update_parameters``.

    ``avg_fn(averaged, current, num_averaged)`` returns one tensor's new average; ``multi_avg_fn`` works on lists in
    place; the default is the mean (SWA). Buffers are copied, or averaged too with ``use_buffers``. State:
    ``n_averaged`` and the copy under ``module.``. Raises ValueError if both functions are given.

    >>> model = nn.Linear(1, 1)
    >>> average = optim.swa_utils.AveragedModel(model)
    >>> average.update_parameters(model)
    >>> average.n_averaged.item()
    1
    """

    def __init__(self, model: Module, device=None, avg_fn=None, multi_avg_fn=None, use_buffers: bool = False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: give avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device=device)
        self.register_buffer("n_averaged", Tensor(np.zeros((), np.int64)))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)

    @told_as_one
    def update_parameters(self, model: Module) -> None:
        """Adds the model's present parameters to the average; the first call copies them.

        Raises ValueError for another number of parameters.
        """

        def averaged_of(m: Module) -> list[Tensor]:
            return [*m.parameters(), *(m.buffers() if self.use_buffers else ())]

        own, theirs = averaged_of(self.module), averaged_of(model)
        if len(own) != len(theirs):
            raise ValueError(f"AveragedModel: {len(own)} parameters are averaged, the model has {len(theirs)}")
        count = int(self.n_averaged)
        if count == 0:
            for a, p in zip(own, theirs, strict=True):
                _copy(a, p)
        elif self.avg_fn is not None:
            for a, p in zip(own, theirs, strict=True):
                _copy(a, self.avg_fn(a.detach(), p.detach(), count))
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(
                [a.detach() for a in own], [p.detach() for p in theirs], count
            )
        if not self.use_buffers:
            for a, b in zip(self.module.buffers(), model.buffers(), strict=True):
                _copy(a, b)
        self.n_averaged.array += 1


def _copy(target: Tensor, source: Tensor) -> None:
    target.array[...] = source.array
    target.version[0] += 1


def update_bn(loader, model: Module, device=None) -> None:
    """Recomputes the running statistics of the model's batch norms in one pass over ``loader``: means over all batches.

    An averaged model has never run, so its batch norms do not have the statistics of its activations. A batch is a
    tensor, or a tuple whose first element is one. The model's mode is restored afterwards.
    """
    norms = [m for m in model.modules() if any(n.startswith("running_") for n, b in m.named_buffers(recurse=False))]
    if not norms:
        return
    rates = {m: "momentum" if hasattr(m, "momentum") else "alpha_forward" for m in norms}
    before = {m: getattr(m, rate) for m, rate in rates.items()}
    training = {m: m.training for m in model.modules()}
    calls = dict.fromkeys(norms, 0)

    def count(m, arguments):
        calls[m] += 1  # the first batch replaces what was there; PowerNorm's rate is that of what stays
        setattr(m, rates[m], 1 / calls[m] if rates[m] == "momentum" else 1 - 1 / calls[m])

    hooks = [m.register_forward_pre_hook(count) for m in norms]
    for m in norms:
        if hasattr(m, "num_batches_tracked"):
            m.reset_running_stats()
    try:
        model.train()
        with no_grad():
            for batch in loader:
                x = batch[0] if isinstance(batch, tuple | list) else batch
                model(x if device is None else x.to(device=device))
    finally:
        for hook in hooks:
            hook.remove()
        for m, rate in rates.items():
            setattr(m, rate, before[m])
        for m, mode in training.items():
            object.__setattr__(m, "training", mode)


class SWALR(LRScheduler):
    """Anneals from the present rate to ``swa_lr`` in ``anneal_epochs`` steps, along a cosine or a line, then stays
    there.

    Raises ValueError for another ``anneal_strategy`` or a negative ``anneal_epochs``.
    """

    def __init__(self, optimizer, swa_lr, anneal_epochs: int = 10, anneal_strategy: str = "cos", last_epoch: int = -1):
        rates = per_group("SWALR", "swa_lr", swa_lr, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy is 'cos' or 'linear', got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: anneal_epochs is a number of steps from 0 on, got {anneal_epochs!r}")
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _way(self, step: int) -> float:
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self.anneal_strategy == "cos" else t

    def get_lr(self) -> list[float]:
        # The rate of step t is a mixture of the first and the last; the first is computed back from step t − 1.
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        before, now = self._way(step - 1), self._way(step)
        rates = []
        for group in self.optimizer.param_groups:
            last, lr = group["swa_lr"], float(group["lr"])
            first = last if before == 1 else (lr - before * last) / (1 - before)
            rates.append(last * now + first * (1 - now))
        return rates


_explain_all(globals(), "microgradnet")
