"""Momentum beyond a single heavy ball: several velocities at once (AggMo), and accelerated SGD (AccSGD)."""

from ...backends.device import np
from ..elementwise_optimizer import ElementwiseOptimizer
from ..optimizer import options
from ..ranges import require
from ..tensorwise import TensorOptimizer
from ..update_rule import apply


def one_velocity(p, g, velocity, lr, beta):
    """Lucas et al. 2018, for one of the velocities; lr is already divided by their number."""
    velocity = beta * velocity + g
    return p - lr * velocity, velocity


def accelerated(p, g, average, short_step, long_step, alpha, zeta, weight_decay):
    """Kidambi et al. 2018, algorithm 1 (ASGD, Jain et al. 2017): a short step, and a slow mean of long steps."""
    g = g + weight_decay * p
    average = alpha * average + (1 - alpha) * (p - long_step * g)
    return zeta * (p - short_step * g) + (1 - zeta) * average, average


class AggMo(TensorOptimizer):
    """``vᵢ ← βᵢ·vᵢ + g``, ``p ← p − lr/K·Σ vᵢ`` over K velocities, one for each of ``betas``.

    ``weight_decay`` λ adds ``λ·p`` to the gradient, as in the reference implementation. Raises ValueError for no
    ``betas``.
    """

    state_names = ("velocities",)
    paper = "Lucas et al. 2018, 'Aggregated Momentum: Stability Through Passive Damping'"
    when = "Momentum near 1 without its oscillations: the fast velocities damp the slow one; K arrays of state."

    def __init__(self, params, lr=1e-2, betas=(0.0, 0.9, 0.99), weight_decay=0.0, *, maximize=False):
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        if not group["betas"]:
            raise ValueError("AggMo: betas must not be empty")

    def check_state(self, p, state, group):
        super().check_state(p, state, group)
        found = [np.shape(v) for v in state.get("velocities", ())]
        if state and found != [p.shape] * len(group["betas"]):
            raise ValueError(
                f"AggMo: {len(group['betas'])} velocities of shape {p.shape} expected, the state has {found}"
            )

    def update(self, p, g, state, group):
        lr, betas = group["lr"] / len(group["betas"]), group["betas"]
        if group["weight_decay"]:  # uses p before any of its steps
            g = g + group["weight_decay"] * p
        if not state:
            state["velocities"] = [np.zeros(p.shape, p.dtype) for _ in betas]
        state["velocities"] = [v.astype(p.dtype, copy=False) for v in state["velocities"]]
        for beta, velocity in zip(betas, state["velocities"], strict=True):
            apply(one_velocity, p, g, {"velocity": velocity}, (lr, beta))


class AccSGD(ElementwiseOptimizer):
    """``w̄ ← α·w̄ + (1 − α)(p − κ·lr/c·g)``, ``p ← ζ·(p − lr·g) + (1 − ζ)·w̄``.

    ``α = 1 − c²ξ/κ``, ``ζ = c/(c + 1 − α)``; κ is ``kappa`` (long step over short step), ξ is ``xi`` (the statistical
    advantage), c is ``small_constant``. ``weight_decay`` λ adds ``λ·p`` to the gradient, as in the reference
    implementation. Raises ValueError unless c²·ξ < κ.
    """

    state_names = ("average",)
    paper = (
        "Kidambi et al. 2018, 'On the Insufficiency of Existing Momentum Schemes for Stochastic Optimization', alg. 1"
    )
    when = "Small batches, where heavy-ball and Nesterov momentum gain nothing over SGD; two more numbers to tune."

    def __init__(
        self, params, lr=1e-2, kappa=1000.0, xi=10.0, small_constant=0.7, weight_decay=0.0, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        require(self, group, positive=["kappa", "xi", "small_constant"])
        if not group["small_constant"] ** 2 * group["xi"] < group["kappa"]:
            raise ValueError(
                f"AccSGD: small_constant² · xi must be below kappa, got {group['small_constant']}² · {group['xi']} "
                f"and {group['kappa']}"
            )

    def rule(self, group):
        return accelerated, self.state_names

    def fill(self, p, state, held, group):
        if "average" not in state:
            state["average"] = p.array.copy()
        super().fill(p, state, held, group)

    def hyperparameters(self, group, state):
        lr, kappa, c = group["lr"], group["kappa"], group["small_constant"]
        alpha = 1 - c**2 * group["xi"] / kappa
        return lr, lr * kappa / c, alpha, c / (c + 1 - alpha), group["weight_decay"]
