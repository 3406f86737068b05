"""Steps scaled by norms of whole parameter tensors: NovoGrad, LARS, LAMB."""

from ...backends.device import np
from ...ops import sqrt
from ..optimizer import options
from ..ranges import require, require_betas
from ..tensorwise import TensorOptimizer
from ..update_rule import apply, held_array


def novograd(p, g, exp_avg, lr, beta1, denominator, weight_decay):
    """Ginsburg et al. 2019, algorithm 1; ``denominator`` is √v + eps, of the gradient's norm."""
    exp_avg = beta1 * exp_avg + (g / denominator + weight_decay * p)
    return p - lr * exp_avg, exp_avg


def lars(p, g, velocity, lr, momentum, weight_decay):
    """You et al. 2017, algorithm 1; lr is the global rate times the layer's."""
    velocity = momentum * velocity + lr * (g + weight_decay * p)
    return p - velocity, velocity


def lamb(p, g, exp_avg, exp_avg_sq, step, beta1, beta2, eps, weight_decay):
    """You et al. 2019, algorithm 2: Adam's ratio with weight decay: the direction, whose length is set later."""
    exp_avg = beta1 * exp_avg + (1 - beta1) * g
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g * g
    ratio = exp_avg / (1 - beta1**step) / (sqrt(exp_avg_sq) / sqrt(1 - beta2**step) + eps)
    return ratio + weight_decay * p, exp_avg, exp_avg_sq


def trust_ratio(p_norm: float, update_norm: float) -> float:
    """``‖p‖/‖update‖``; 1 where either is 0, so that a tensor of zeros can leave 0."""
    return p_norm / update_norm if p_norm > 0 and update_norm > 0 else 1.0


def norm(array: np.ndarray) -> float:
    """The Euclidean norm of all elements."""
    return float(np.linalg.norm(array.reshape(-1)))


class NovoGrad(TensorOptimizer):
    """``v ← β₂v + (1 − β₂)‖g‖²``, ``m ← β₁m + g/(√v + eps) + λ·p``, ``p ← p − lr·m``; one v for a whole tensor.

    v starts at ‖g‖². λ is ``weight_decay``.
    """

    state_names = ("exp_avg", "norm_sq")
    paper = "Ginsburg et al. 2019, 'Stochastic Gradient Methods with Layer-wise Adaptive Moments', algorithm 1"
    when = "Adam's robustness at SGD's memory, for speech and image nets; a tensor's parts with small gradients wait."

    def __init__(self, params, lr=1e-2, betas=(0.95, 0.98), eps=1e-8, weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def state_shape(self, name, p):
        return () if name == "norm_sq" else p.shape

    def update(self, p, g, state, group):
        (beta1, beta2), norm_sq = group["betas"], norm(g) ** 2
        if state:
            norm_sq = beta2 * float(state["norm_sq"]) + (1 - beta2) * norm_sq
        state["norm_sq"] = np.array(norm_sq, p.dtype)
        hyperparameters = group["lr"], beta1, float(state["norm_sq"]) ** 0.5 + group["eps"], group["weight_decay"]
        apply(novograd, p, g, {"exp_avg": held_array(state, "exp_avg", p)}, hyperparameters)


class LARS(TensorOptimizer):
    """``λ = η‖p‖/(‖g‖ + β‖p‖)``, ``v ← momentum·v + lr·λ·(g + β·p)``, ``p ← p − v``; η is ``trust_coefficient``.

    β is ``weight_decay``. λ is 1 where ‖p‖ or ‖g‖ + β‖p‖ is 0, a case that the paper leaves open. Many programs exclude
    biases and normalization: give these to another optimizer.
    """

    state_names = ("velocity",)
    paper = "You et al. 2017, 'Large Batch Training of Convolutional Networks', algorithm 1"
    when = "Image nets with batches of 8,000 and more, with a warm-up of lr; in small batches plain SGD is as good."

    def __init__(
        self, params, lr=1.0, momentum=0.9, weight_decay=0.0005, trust_coefficient=0.001, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, below_one=["momentum"], positive=["trust_coefficient"])

    def update(self, p, g, state, group):
        p_norm, decay = norm(p), group["weight_decay"]
        ratio = trust_ratio(group["trust_coefficient"] * p_norm, norm(g) + decay * p_norm)
        velocity = held_array(state, "velocity", p)
        apply(lars, p, g, {"velocity": velocity}, (group["lr"] * ratio, group["momentum"], decay))


class LAMB(TensorOptimizer):
    """``r = m̂/(√v̂ + eps) + λ·p``, ``p ← p − lr·(‖p‖/‖r‖)·r``, with Adam's m̂ and v̂ and one ratio for a whole tensor.

    λ is ``weight_decay``. The paper's φ is the identity; the ratio is 1 where a norm is 0.
    """

    state_names = ("exp_avg", "exp_avg_sq")
    number_names = ("step",)
    paper = "You et al. 2019, 'Large Batch Optimization for Deep Learning: Training BERT in 76 minutes', algorithm 2"
    when = "Transformers with batches of 8,000 and more; in small ones AdamW is simpler and as good."

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require_betas(self, group, 2)

    def update(self, p, g, state, group):
        direction, moments = p.copy(), {name: held_array(state, name, p) for name in self.state_names}
        apply(lamb, direction, g, moments, (state["step"], *group["betas"], group["eps"], group["weight_decay"]))
        p[...] -= group["lr"] * trust_ratio(norm(p), norm(direction)) * direction
