"""How an update rule becomes loops: what is worked out once, states that are not held, short arrays together, CUDA."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgradnet.ops import sqrt
from microgradnet.optim import update_rule

ROOT = Path(__file__).parents[2]
HALF = 0.5


def mean(p, g, average, beta, lr):
    average = beta * average + (1 - beta) * g
    return p - lr * average, average


def corrected(p, g, step, lr, beta):
    correction = 1 - beta**step
    root = sqrt(correction)
    return p - lr * g / correction * HALF - root * 0


def reassigned(p, g, lr):
    lr = lr * p
    return p - lr * g


def scalars_of(update, *hyperparameters, held=()):
    return update_rule.compiled(update, held, len(hyperparameters), "float32").scalars(*hyperparameters)


def test_what_depends_on_hyperparameters_alone_is_worked_out_in_double_precision():
    assert set(scalars_of(mean, 0.999, 0.1, held=("average",))) == {0.999, 0.1, 1 - 0.999}
    p, g, average = np.zeros(3, "float32"), np.ones(3, "float32"), np.zeros(3, "float32")
    update_rule.apply(mean, p, g, {"average": average}, (0.999, 1.0))
    np.testing.assert_array_equal(average, np.float32(1 - 0.999))


def test_a_division_by_a_hyperparameter_is_a_product_and_statements_are_followed():
    assert 1 / (1 - 0.9**3) in scalars_of(corrected, 3, 0.1, 0.9)
    p = np.ones(2)
    update_rule.apply(corrected, p, np.ones(2), {}, (3, 0.1, 0.9))
    np.testing.assert_allclose(p, 1 - 0.1 / (1 - 0.9**3) / 2, rtol=1e-15)


def test_a_hyperparameter_that_the_rule_assigns_anew_stays_in_the_loop():
    p = np.array([1.0, 2.0])
    update_rule.apply(reassigned, p, np.ones(2), {}, (0.5,))
    np.testing.assert_array_equal(p, [0.5, 1.0])


def test_a_state_that_is_not_held_reads_as_zero():
    p = np.ones(2)
    update_rule.apply(mean, p, np.ones(2), {}, (0.75, 1.0))
    np.testing.assert_array_equal(p, 0.75)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 7), min_size=1, max_size=5), dtype=st.sampled_from(["float32", "float64"]))
def test_many_short_vectors_at_once_are_as_one_by_one(sizes, dtype):
    random = np.random.default_rng(0)
    params, averages, gradients = ([random.standard_normal(n).astype(dtype) for n in sizes] for _ in range(3))
    expected = [(p.copy(), a.copy()) for p, a in zip(params, averages, strict=True)]
    for (p, a), g in zip(expected, gradients, strict=True):
        update_rule.apply(mean, p, g, {"average": a}, (0.9, 0.1), -1.0)
    batch = update_rule.Batch([*params, *averages], len(sizes))
    batch.gather(gradients)
    batch.run(update_rule.compiled(mean, ("average",), 2, dtype), (0.9, 0.1), -1.0)
    for (p, a), q, b in zip(expected, params, averages, strict=True):
        np.testing.assert_array_equal(p, q)
        np.testing.assert_array_equal(a, b)


def test_bad_rules_and_states_are_refused():
    with pytest.raises(TypeError, match="mean: arguments p, g, speed and then 2 hyperparameters expected"):
        update_rule.compiled(mean, ("speed",), 2, "float32")
    with pytest.raises(ValueError, match="average must be a contiguous float64 array"):
        update_rule.apply(mean, np.ones(2), np.ones(2), {"average": np.zeros(2, "float32")}, (0.9, 0.1))
    with pytest.raises(ValueError, match=r"average has shape \(3,\), its parameter \(2,\)"):
        update_rule.held_array({"average": np.zeros(3)}, "average", np.ones(2))


# The simulator must be chosen before numba is imported, so it has a process of its own.
PROGRAM = """
import numpy as np
from microgradnet import nn, optim
from microgradnet.backends.cuda import launcher as cuda
from microgradnet.optim.elementwise_optimizer import ElementwiseOptimizer
from microgradnet.optim.update_rule import apply, compiled

classes = [getattr(optim, name) for name in optim.__all__]
done = 0
for c in classes:
    if not (isinstance(c, type) and issubclass(c, ElementwiseOptimizer)) or any(
        getattr(c, name) is not getattr(ElementwiseOptimizer, name) for name in ("step", "update_group")
    ):
        continue
    for dtype, rtol in (("float32", 1e-5), ("float64", 1e-12)):
        try:
            optimizer = c([nn.Parameter(np.ones(5, dtype))])
        except TypeError:  # one that takes more than parameters
            continue
        group, state, random = optimizer.param_groups[0], {}, np.random.default_rng(0)
        rule, held = optimizer.rule(group)
        given = optimizer.begin(group, state)
        p, g, *states = (random.uniform(0.5, 1, 5).astype(dtype) for _ in range(2 + len(held)))
        ours = [a.copy() for a in (p, *states)]
        compiled(rule, held, len(given), dtype, cuda).one(
            ours[0], g, *ours[1:], 1.0, *compiled(rule, held, len(given), dtype).scalars(*given))
        apply(rule, p, g, dict(zip(held, states)), given)
        for a, b in zip(ours, (p, *states)):
            np.testing.assert_allclose(a, b, rtol=rtol, err_msg=c.__name__)
        done += 1
print("same", done)
"""


def test_every_rule_runs_as_a_cuda_kernel_in_the_simulator():
    """On the CPU, by numba's simulator: this proves nothing about a GPU."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    word, count = done.stdout.split()
    assert word == "same"
    assert int(count) >= 40
