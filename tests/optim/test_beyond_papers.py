"""Optimizers beyond PyTorch's: their steps are the papers', in groups, climbing, and taken up from a saved state."""

import copy
import pickle

import numpy as np
import pytest

from microgradnet import nn, optim
from tests.covered import covers
from tests.optim import beyond_elementwise, beyond_structured
from tests.optim.beyond import JOINT, SHAPES, gradients, run, start

CASES = [*beyond_elementwise.CASES, *beyond_structured.CASES]
CLASSES = {case.name: case for case in CASES}
covers(*(f"optim.{name}" for name in CLASSES))

TOLERANCE = {"float64": {"rtol": 1e-12, "atol": 1e-12}, "float32": {"rtol": 2e-5, "atol": 2e-5}}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_steps_are_the_papers(case, dtype):
    params, given = start(dtype), gradients(dtype)
    expected = case.expected(params, given)
    for step, found in enumerate(run(case.make(params), params, given)):
        for i, array in enumerate(found):
            message = f"{case}, step {step}, shape {SHAPES[i]}"
            wanted = expected[step][i].reshape(array.shape)
            np.testing.assert_allclose(array, wanted, **TOLERANCE[dtype], err_msg=message)


@pytest.mark.parametrize("case", [case for case in CASES if case.name in JOINT], ids=str)
def test_the_distance_that_is_estimated_grows_where_gradients_agree(case):
    params, given = start(), [[abs(g) + 0.1 for g in step] for step in gradients()]
    expected, optimizer = case.expected(params, given), case.make(params)
    for step, found in enumerate(run(optimizer, params, given)):
        for array, wanted in zip(found, expected[step], strict=True):
            np.testing.assert_allclose(array, wanted.reshape(array.shape), rtol=1e-12, atol=1e-12)
    assert optimizer.param_groups[0]["d"] > optimizer.param_groups[0]["d0"]


def assert_equal(one, other) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(getattr(a, "array", a), getattr(b, "array", b))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_saved_state_goes_on_bit_for_bit(case):
    params, given = start("float32"), gradients("float32")
    optimizer = case.make(params)
    run(optimizer, params, given[:3])
    saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
    resumed = [nn.Parameter(p.array.copy()) for p in params]
    again = case.make(resumed)
    again.load_state_dict(saved)
    assert_equal(run(optimizer, params, given[3:])[-1], run(again, resumed, given[3:])[-1])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_maximize_is_descent_on_the_negated_gradient(case):
    down, up, given = start(), start(), gradients()
    descent = run(case.make(down), down, given)
    ascent = run(case.make(up, maximize=True), up, given, sign=-1)
    for one, other in zip(descent, ascent, strict=True):
        assert_equal(one, other)


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in JOINT], ids=str)
def test_a_group_steps_as_an_optimizer_of_its_own(case):
    params, given = start(), gradients()
    lr = {"lr": 0.5 * case.make(params).param_groups[0]["lr"]}
    run(case.make([{"params": params[:2]}, {"params": params[2:], **lr}]), params, given)
    alone = start()
    run(case.make(alone[:2]), alone[:2], [step[:2] for step in given])
    run(case.make(alone[2:], **lr), alone[2:], [step[2:] for step in given])
    assert_equal(params, alone)


@pytest.mark.parametrize("case", CLASSES.values(), ids=str)
def test_strided_parameters_and_those_without_gradient(case):
    (p,), given = start(shapes=[(4, 3)]), gradients(shapes=[(4, 3)])
    turned, unused = nn.Parameter(p.array.T.copy()), nn.Parameter(np.ones(3))
    turned.array = turned.array.T
    run(case.make([p]), [p], given)
    optimizer = case.make([unused, turned])
    run(optimizer, [turned], given)
    np.testing.assert_allclose(turned.array, p.array, rtol=1e-13)
    assert_equal([unused], [np.ones(3)])
    assert unused not in optimizer.state or not optimizer.state[unused]


@pytest.mark.parametrize("case", CLASSES.values(), ids=str)
def test_a_copy_steps_on_its_own(case):
    params, given = start(), gradients()
    optimizer = case.make(params)
    run(optimizer, params, given[:2])
    copied = copy.deepcopy({"params": params, "optimizer": optimizer})
    run(copied["optimizer"], copied["params"], given[2:])
    run(optimizer, params, given[2:])
    assert_equal(params, copied["params"])


@pytest.mark.parametrize("name", CLASSES)
def test_the_declaration_is_complete(name):
    made = getattr(optim, name)
    assert made.__doc__.startswith("``") and "←" in made.__doc__.splitlines()[0]
    assert made.paper and made.when
    assert isinstance(made.state_names, tuple)
    optimizer = CLASSES[name].make(start())
    run(optimizer, optimizer.param_groups[0]["params"], gradients(steps=2))
    kept = {n for state in optimizer.state.values() for n in state}
    assert kept <= {*made.state_names, *made.number_names}
