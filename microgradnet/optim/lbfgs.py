"""L-BFGS: an approximate Newton direction from the latest steps and changes of the gradient."""

from ..backends.device import np
from ..grad_mode import enable_grad
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer, options
from .update_rule import check_arrays


def newton_direction(gradient, changes: list, steps: list, inverses: list, scale: float) -> np.ndarray:
    """``−H·g`` for the inverse Hessian with all ``H·change = step``. Nocedal and Wright 2006, algorithm 7.4."""
    q, alphas = -gradient, []
    for y, s, rho in zip(reversed(changes), reversed(steps), reversed(inverses), strict=True):
        alphas.append(rho * (s @ q))
        q = q - alphas[-1] * y
    r = scale * q
    for y, s, rho, alpha in zip(changes, steps, inverses, reversed(alphas), strict=True):
        r = r + (alpha - rho * (y @ r)) * s
    return r


class LBFGS(Optimizer):
    """``p ← p − t·H·g`` with H the inverse Hessian that the last ``history_size`` steps and changes of g agree with.

    ``step(closure)`` does up to ``max_iter`` iterations, each of which calls the closure at least once: it clears the
    gradients, computes the loss, calls backward and returns the loss. t is lr, or with
    ``line_search_fn="strong_wolfe"`` searched for. One group only; a parameter without a gradient counts as having
    gradient 0. State: 2·history_size + 2 vectors of all parameters, kept in the state of the first of them. Liu and
    Nocedal 1989, "On the Limited Memory BFGS Method for Large Scale Optimization". Raises ValueError for an unknown
    line search, a count below 1, or a second group.

    >>> p = mg.tensor([3.0], requires_grad=True)
    >>> optimizer = mg.optim.LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((p - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(4., grad_fn=<sum>)
    >>> p
    tensor([1.], requires_grad=True)
    """

    state_names = ("d", "prev_flat_grad", "old_dirs", "old_stps")
    paper = (
        "Liu and Nocedal 1989, 'On the Limited Memory BFGS Method for Large Scale Optimization'; "
        "the line search: Nocedal and Wright 2006, algorithms 3.5 and 3.6"
    )
    when = "Smooth losses on full batches with few parameters (fits, style transfer); not for noisy gradients."

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=100,
        line_search_fn=None,
    ):  # fmt: skip
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        super().__init__(params, options(locals()))

    def add_param_group(self, param_group) -> None:
        if self.param_groups:
            raise ValueError("LBFGS: one group of parameters expected: the direction is one for all of them")
        super().add_param_group(param_group)

    def check(self, group) -> None:
        super().check(group)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn must be None or 'strong_wolfe', got {group['line_search_fn']!r}")
        for name in ("max_iter", "max_eval", "history_size"):
            if not group[name] >= 1:
                raise ValueError(f"LBFGS: {name} must be at least 1, got {group[name]}")

    def check_state(self, p, state, group) -> None:
        size = sum(q.array.size for q in group["params"])
        for vector in (state.get("d"), state.get("prev_flat_grad"), *state.get("old_dirs", ())):
            if vector is not None and vector.shape != (size,):
                raise ValueError(f"LBFGS: the state is of {vector.size} numbers, the parameters have {size}")

    def _gradient(self) -> np.ndarray:
        params = self.param_groups[0]["params"]
        for p in params:
            check_arrays(p.array, p.array if p.grad is None else p.grad.array)
        return np.concatenate(
            [(np.zeros_like(p.array) if p.grad is None else p.grad.array).reshape(-1) for p in params]
        )

    def _move(self, start: list[np.ndarray], step: np.ndarray) -> None:
        """Sets the parameters to ``start + step``."""
        offset = 0
        for p, origin in zip(self.param_groups[0]["params"], start, strict=True):
            p.array[...] = origin + step[offset : offset + origin.size].reshape(origin.shape)
            p.version[0] += 1
            offset += origin.size

    def step(self, closure=None):
        """Up to ``max_iter`` iterations; returns the loss before the first. Raises TypeError without a closure."""
        if closure is None:
            raise TypeError("LBFGS: step needs a closure that recomputes the loss and its gradients")
        group = self.param_groups[0]
        lr, searches = float(group["lr"]), group["line_search_fn"] is not None
        params, state = group["params"], self.state[group["params"][0]]

        def evaluate() -> tuple:
            state["func_evals"] = state.get("func_evals", 0) + 1
            with enable_grad():
                loss = closure()
            return loss, self._gradient()

        first_loss, gradient = evaluate()
        loss, calls = float(first_loss), 1
        if np.abs(gradient).max(initial=0) <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            self._remember(state, gradient, group["history_size"])
            direction = state["d"]
            previous, state["prev_flat_grad"], state["prev_loss"] = loss, gradient, loss
            t = state["t"] = lr * (min(1.0, 1 / np.abs(gradient).sum()) if state["n_iter"] == 1 else 1.0)
            slope = float(gradient @ direction)
            if slope > -group["tolerance_change"]:
                break
            start = [p.array.copy() for p in params]
            if searches:

                def at(t: float) -> Point:
                    self._move(start, t * direction)  # noqa: B023 (called before the next iteration)
                    loss, gradient = evaluate()
                    return Point(t, float(loss), gradient, float(gradient @ direction))  # noqa: B023

                length = float(np.abs(direction).max())
                point, tried = strong_wolfe(at, Point(0.0, loss, gradient, slope), t, length, group["max_eval"] - calls)
                t, loss, gradient, _ = point
                state["t"], calls = t, calls + tried
                self._move(start, t * direction)
            else:
                self._move(start, t * direction)
                if iteration < group["max_iter"]:  # the last step's loss is not needed
                    new_loss, gradient = evaluate()
                    loss, calls = float(new_loss), calls + 1
            if (
                calls >= group["max_eval"]
                or np.abs(gradient).max() <= group["tolerance_grad"]
                or np.abs(t * direction).max() <= group["tolerance_change"]
                or abs(loss - previous) < group["tolerance_change"]
            ):
                break
        return first_loss

    @staticmethod
    def _remember(state: dict, gradient: np.ndarray, history_size: int) -> None:
        """Counts the iteration, adds the last step to the history, and computes the new direction ``d``."""
        state["n_iter"] = state.get("n_iter", 0) + 1
        if state["n_iter"] == 1:
            state.update(d=-gradient, old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = gradient - state["prev_flat_grad"], state["t"] * state["d"]
        curvature = float(y @ s)
        if curvature > 1e-10:  # otherwise H would not stay positive definite
            for history, newest in ((changes, y), (steps, s), (inverses, 1 / curvature)):
                history.append(newest)
                del history[:-history_size]
            state["H_diag"] = curvature / float(y @ y)
        state["d"] = newton_direction(gradient, changes, steps, inverses, state["H_diag"])
