"""Saving and loading: exact resumption, hooks, and states that do not fit."""

import copy
import pickle

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn, optim
from tests.optim.test_agreement import OPTIONS, feed


def parameters(dtype: str) -> list[nn.Parameter]:
    random = np.random.default_rng(0)
    return [nn.Parameter(random.standard_normal(shape).astype(dtype)) for shape in ((), (3, 4), (5000,))]


def run(optimizer, params, steps: range) -> None:
    for _ in feed(mg, params, steps):
        optimizer.step()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), [*OPTIONS, ("SparseAdam", {})], ids=str)
def test_resuming_from_a_checkpoint_is_bit_identical(name, options, dtype):
    through, stopped = parameters(dtype), parameters(dtype)
    run(getattr(optim, name)(through, **options), through, range(7))
    optimizer = getattr(optim, name)(stopped, **options)
    run(optimizer, stopped, range(4))
    saved = pickle.loads(pickle.dumps((optimizer.state_dict(), [p.array for p in stopped])))
    resumed = [nn.Parameter(a) for a in saved[1]]
    optimizer = getattr(optim, name)(resumed)
    optimizer.load_state_dict(saved[0])
    run(optimizer, resumed, range(4, 7))
    for p, q in zip(through, resumed, strict=True):
        np.testing.assert_array_equal(p.detach(), q.detach())


def test_what_is_loaded_is_a_copy():
    p, q = parameters("float32")[1:2], parameters("float32")[1:2]
    first, second = optim.Adam(p), optim.Adam(q)
    run(first, p, range(2))
    second.load_state_dict(first.state_dict())
    before = second.state[q[0]]["exp_avg"].copy()
    run(first, p, range(2))
    np.testing.assert_array_equal(second.state[q[0]]["exp_avg"], before)


def test_a_state_is_loaded_in_the_parameter_s_dtype():
    p, q = parameters("float32"), parameters("float64")
    first, second = optim.Adam(p), optim.Adam(q)
    run(first, p, range(2))
    second.load_state_dict(first.state_dict())
    assert second.state[q[1]]["exp_avg"].dtype == np.float64
    assert second.state[q[0]]["exp_avg"].shape == ()


def test_hooks_around_saving_and_loading():
    p = parameters("float32")
    optimizer, seen = optim.SGD(p), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, saved: {**saved, "epoch": 3})
    saved = optimizer.state_dict()
    assert saved["epoch"] == 3
    assert seen == ["first", "second"]

    def half(o, state_dict):
        groups = [{**g, "lr": g["lr"] / 2} for g in state_dict["param_groups"]]
        return {**state_dict, "param_groups": groups}

    handle = optimizer.register_load_state_dict_pre_hook(half)
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    handle.remove()
    optimizer.load_state_dict(saved)
    assert seen[2:] == [0.0005, 0.001]


def test_names_of_parameters_are_kept_where_the_state_has_none():
    model = nn.Linear(2, 1)
    named, unnamed = optim.SGD(model.named_parameters()), optim.SGD(model.parameters(), lr=0.5)
    named.load_state_dict(unnamed.state_dict())
    assert named.param_groups[0]["param_names"] == ["weight", "bias"]
    assert named.param_groups[0]["lr"] == 0.5


def states_that_do_not_fit():
    """(message, a change to a good state of Adam with three parameters)."""

    def group_of_two(saved):
        saved["param_groups"][0]["params"] = [0, 1]

    def other_shape(saved):
        saved["state"][1]["exp_avg"] = mg.zeros(4, 3)

    def lacking(saved):
        del saved["state"][2]["exp_avg_sq"]

    def foreign(saved):
        saved["state"][0]["momentum_buffer"] = mg.zeros(1)

    def bad_rate(saved):
        saved["param_groups"][0]["lr"] = -1.0

    def no_groups(saved):
        del saved["param_groups"]

    return [
        (r"groups of \[2\] parameters, the optimizer of \[3\]", group_of_two),
        (r"exp_avg has shape \(4, 3\), \(3, 4\) expected", other_shape),
        ("has no exp_avg_sq", lacking),
        ("has momentum_buffer, which", foreign),
        ("lr must not be negative", bad_rate),
        ("param_groups missing", no_groups),
    ]


@pytest.mark.parametrize(("message", "change"), states_that_do_not_fit())
def test_a_state_that_does_not_fit_changes_nothing(message, change):
    p = parameters("float32")
    optimizer = optim.Adam(p, lr=0.5)
    run(optimizer, p, range(2))
    saved = copy.deepcopy(optimizer.state_dict())
    saved["param_groups"][0]["lr"] = 0.25
    change(saved)
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(saved)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    for i in before["state"]:
        for name, value in before["state"][i].items():
            np.testing.assert_array_equal(after["state"][i][name], value)
