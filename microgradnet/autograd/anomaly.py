"""Anomaly mode: stop at the first NaN or Inf, and report the op and the source line that produced it."""

import numpy as np

from ..backends import device
from ..events import Listener, leave, listen, state
from ..history import user_line
from ..tape import Node


class AnomalyError(RuntimeError):
    """A NaN or Inf appeared."""


class _Watcher(Listener):
    """Checks every value and every gradient that the tape sees."""

    def call(self, op, arguments, settings, result, node) -> None:
        if node is None or op.name == "output":
            return
        node.line = user_line()
        if any(_infinite(a) for a in arguments):
            return  # such as a mask of -inf: what an op makes of infinities that it was given is no anomaly
        for tensor in result if isinstance(result, tuple) else (result,):
            self._check(device.array_of(tensor), node, "forward", "its result")

    def backward(self, node, upstream, contributions) -> None:
        for name, contribution in zip(node.argument_names, contributions, strict=True):
            if contribution is not None and not isinstance(contribution, list):
                array = device.array_of(contribution)
                self._check(array, node, "backward", f"the gradient of {name!r}")

    @staticmethod
    def _check(array: np.ndarray, node: Node, phase: str, what: str) -> None:
        if array.dtype.kind != "f" or np.isfinite(array).all():
            return
        nans, infs = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        where = f" in module {' > '.join(node.module)}" if node.module else ""
        raise AnomalyError(
            f"{phase} of {node.op.name}{where}: {what} has {nans} NaN and {infs} Inf among {array.size} elements "
            f"(made at {node.line or 'a line that was not recorded: turn anomaly mode on before the forward pass'})"
        )


def _infinite(value) -> bool:
    array = device.array_of(value) if device.is_array(getattr(value, "_array", value)) else value
    return (
        bool(np.isinf(array).any())
        if isinstance(array, float) or getattr(array, "dtype", np.dtype(int)).kind == "f"
        else False
    )


class detect_anomaly:
    """``with detect_anomaly():`` raises ``AnomalyError`` at the first NaN or Inf in forward or backward.

    It checks every number and records every op's source line, which slows training: use it for debugging.
    """

    def __enter__(self) -> None:
        self._watcher = _Watcher()
        listen(self._watcher)

    def __exit__(self, *exception: object) -> None:
        leave(self._watcher)


def set_detect_anomaly(mode: bool) -> None:
    """Switches anomaly mode on or off for this thread."""
    for watcher in [known for known in state.listeners if isinstance(known, _Watcher)]:
        leave(watcher)
    if mode:
        listen(_Watcher())


def anomaly_mode() -> bool:
    """Whether this thread is inside ``detect_anomaly``."""
    return any(isinstance(known, _Watcher) for known in state.listeners)
