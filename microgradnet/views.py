"""Views: tensors that share the memory of another one, their base.

A write to the base, or to one of its views, changes all of them. Each view knows the ops that lead to it from its base
(``View.steps``) and at which version of the base it last looked: a view that is behind is renewed when it is next used,
by running those ops again.
"""

from typing import Any, NamedTuple

from .events import state, tell
from .tensor import Tensor


class View(NamedTuple):
    """How a view follows from the tensor whose memory it shares."""

    base: Tensor
    steps: tuple  # of (op, its arguments after the first), from the base to the view
    count: int  # type: ignore[assignment]  # the version at which this view's place in the graph was right


def join(result: Tensor, x: Tensor, op: Any, arguments: tuple) -> None:
    """Makes ``result``, which shares the memory of ``x``, a view: ``op(x, *arguments)`` made it."""
    base, steps = (x, ()) if x.view_of is None else x.view_of[:2]
    result.view_of = View(base, (*steps, (op, arguments)), x.version[0])
    result.version = x.version


def part(x: Any, steps: tuple) -> Any:
    """The view of ``x`` that ``steps`` lead to."""
    for op, arguments in steps:
        x = op(x, *arguments)
    return x


def refresh(view: Tensor) -> None:
    """Puts a view behind the latest write to its base in the graph."""
    base, steps, _ = view.view_of
    renewed = part(base, steps)
    view.grad_fn, view._requires_grad = renewed.grad_fn, renewed._requires_grad
    view.view_of = View(base, steps, view.version[0])
    if state.listeners:
        tell("follow", view, renewed)
