"""Penalties on the size of weights: as a term of the loss (subgradient), or as a proximal step after any optimizer's
step.

The term's subgradient makes weights small but seldom zero; the proximal step makes them exactly zero.
"""

from collections.abc import Iterable

from ...backends.device import np
from ...ops import abs
from ...tensor import Tensor


def l1_penalty(params: Iterable[Tensor], strength: float) -> Tensor:
    """``strength·Σ|p|``, a scalar to add to the loss; its subgradient is ``strength·sign(p)``, 0 at 0.

    Tibshirani 1996, "Regression Shrinkage and Selection via the Lasso".
    """
    return elastic_net_penalty(params, strength, 0.0)


def elastic_net_penalty(params: Iterable[Tensor], l1: float, l2: float) -> Tensor:
    """``l1·Σ|p| + l2/2·Σp²``, a scalar to add to the loss; its subgradient is ``l1·sign(p) + l2·p``.

    Zou and Hastie 2005, "Regularization and Variable Selection via the Elastic Net". Raises ValueError for strengths
    below 0 and for no parameters.
    """
    params = _given("elastic_net_penalty", params, l1=l1, l2=l2)
    return sum(l1 * abs(p).sum() + (0.5 * l2 * (p * p).sum() if l2 else 0.0) for p in params)  # type: ignore[return-value]


def proximal_l1_(params: Iterable[Tensor], threshold: float) -> None:
    """``p ← sign(p)·max(|p| − threshold, 0)`` in place: soft thresholding, the proximal step of ``threshold·Σ|p|``.

    After a step of gradient descent, with threshold ``lr·strength``, it is ISTA: Beck and Teboulle 2009, section 1.

        optimizer.step()
        proximal_l1_(model.parameters(), lr * strength)
    """
    proximal_elastic_net_(params, 1.0, threshold, 0.0)


def proximal_elastic_net_(params: Iterable[Tensor], lr: float, l1: float, l2: float) -> None:
    """``p ← sign(p)·max(|p| − lr·l1, 0)/(1 + lr·l2)`` in place: the proximal step of ``lr·(l1·Σ|p| + l2/2·Σp²)``.

    Parikh and Boyd 2014, "Proximal Algorithms", section 6.5. Call it after the optimizer's step on the loss without the
    penalty. Raises ValueError for numbers below 0 and for no parameters.
    """
    for p in _given("proximal_elastic_net_", params, lr=lr, l1=l1, l2=l2):
        shrunk = np.maximum(np.abs(p.array) - lr * l1, 0) / (1 + lr * l2)
        p.array[...] = np.copysign(shrunk, p.array) * (shrunk > 0)
        p.version[0] += 1


def _given(name: str, params: Iterable[Tensor], **numbers: float) -> list[Tensor]:
    for which, value in numbers.items():
        if not value >= 0:
            raise ValueError(f"{name}: {which} must be at least 0, got {value}")
    params = [params] if isinstance(params, Tensor) else list(params)
    if not params:
        raise ValueError(f"{name}: the list of parameters is empty")
    return params
