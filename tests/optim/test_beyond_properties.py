"""Properties of the optimizers beyond PyTorch's that hold for any data."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn, optim
from tests.optim.beyond import JOINT, gradients, run, start
from tests.optim.test_beyond_papers import CLASSES

SMALL = [(2, 3), (4,), ()]
ALONE = [name for name in CLASSES if name not in JOINT]
SEEDS = st.integers(0, 2**16)


def same(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.array, b.array)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(ALONE), st.permutations(range(3)), st.integers(0, 3), SEEDS)
def test_order_and_groups_of_parameters_do_not_matter(name, order, cut, seed):
    together, apart = start(seed=seed, shapes=SMALL), start(seed=seed, shapes=SMALL)
    steps = gradients(seed=seed + 1, shapes=SMALL, steps=3)
    run(CLASSES[name].make(together), together, steps)
    ordered = [apart[i] for i in order]
    groups = [{"params": part} for part in (ordered[:cut], ordered[cut:]) if part]
    run(CLASSES[name].make(groups), ordered, [[step[i] for i in order] for step in steps])
    same(together, apart)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from([*CLASSES]), SEEDS)
def test_to_maximize_is_to_minimize_the_negative(name, seed):
    down, up = start(seed=seed, shapes=SMALL), start(seed=seed, shapes=SMALL)
    steps = gradients(seed=seed + 1, shapes=SMALL, steps=3)
    run(CLASSES[name].make(down), down, steps)
    run(CLASSES[name].make(up, maximize=True), up, steps, sign=-1)
    same(down, up)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(["SignSGD", "Signum", "Lion"]), SEEDS, st.floats(1e-3, 1e3))
def test_the_scale_of_gradients_does_not_change_a_sign(name, seed, scale):
    one, other = start(seed=seed, shapes=SMALL), start(seed=seed, shapes=SMALL)
    steps = gradients(seed=seed + 1, shapes=SMALL, steps=3)
    run(getattr(optim, name)(one), one, steps)
    run(getattr(optim, name)(other), other, steps, sign=scale)
    same(one, other)
    before = start(seed=seed, shapes=SMALL)
    for p, q in zip(one, before, strict=True):
        assert np.max(np.abs(p.array - q.array)) <= 3 * 1e-4 * (1 + 1e-9)  # three steps of lr


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(["LARS", "LAMB"]), SEEDS, st.floats(0.01, 100))
def test_a_layerwise_step_scales_with_the_weights(name, seed, scale):
    # Without decay the first step is lr·‖p‖ along a direction that the gradient's scale does not change.
    p, q = (nn.Parameter(start(seed=seed, shapes=[(3, 4)])[0].array * s) for s in (1.0, scale))
    g = gradients(seed=seed + 1, shapes=[(3, 4)], steps=1)
    before = p.array.copy()
    options = {"eps": 0.0} if name == "LAMB" else {}
    for one in (p, q):
        run(getattr(optim, name)([one], lr=0.1, weight_decay=0.0, **options), [one], g)
    np.testing.assert_allclose((q.array - scale * before) / scale, p.array - before, rtol=1e-8, atol=1e-12)


def test_a_tensor_of_zeros_leaves_zero():
    for name in ("LARS", "LAMB"):
        p = nn.Parameter(np.zeros((3, 4)))
        run(getattr(optim, name)([p], lr=0.1), [p], gradients(shapes=[(3, 4)], steps=1))
        assert np.all(p.array != 0), name


def test_sm3_keeps_one_number_per_row_and_column():
    p = nn.Parameter(np.zeros((30, 40)))
    optimizer = optim.SM3([p], momentum=0.0)
    run(optimizer, [p], gradients(shapes=[(30, 40)], steps=2))
    assert [a.shape for a in optimizer.state[p]["accumulators"]] == [(30, 1), (1, 40)]
    assert set(optimizer.state[p]) == {"accumulators"}


def test_prodigy_never_overestimates_the_distance_on_a_convex_function():
    # ⟨g, p − p*⟩ >= 0, so Σ w⟨g, p₀ − p⟩ <= ⟨Σ w·g, p₀ − p*⟩ <= ‖s‖₁·‖p₀ − p*‖∞: for f = Σ|p − 1| from 0, d <= 1.
    p = nn.Parameter(np.zeros(5))
    optimizer = optim.Prodigy([p])
    for _ in range(200):
        p.grad = mg.Tensor(np.sign(p.array - 1))
        optimizer.step()
    assert 0.1 < optimizer.param_groups[0]["d"] <= 1.0


def test_agg_mo_of_one_velocity_is_heavy_ball():
    one, other = start(), start()
    run(optim.AggMo(one, lr=0.1, betas=(0.9,)), one, gradients())
    run(optim.SGD(other, lr=0.1, momentum=0.9), other, gradients())
    for p, q in zip(one, other, strict=True):
        np.testing.assert_allclose(p.array, q.array, rtol=1e-12, atol=1e-14)


def test_qhadam_with_nu_one_is_adam():
    one, other = start(), start()
    run(optim.QHAdam(one, betas=(0.9, 0.999), nus=(1.0, 1.0)), one, gradients())
    run(optim.Adam(other), other, gradients())
    for p, q in zip(one, other, strict=True):
        np.testing.assert_allclose(p.array, q.array, rtol=1e-12)


def test_ftrl_without_penalties_is_adagrad():
    # McMahan et al. 2013, section 3.1: the same steps as online gradient descent with Adagrad's rates, and β for eps.
    one, other = start(), start()
    run(optim.FTRL(one, lr=0.3, beta=0.5), one, gradients())
    run(optim.Adagrad(other, lr=0.3, eps=0.5), other, gradients())
    for p, q in zip(one, other, strict=True):
        np.testing.assert_allclose(p.array, q.array, rtol=1e-10, atol=1e-12)
