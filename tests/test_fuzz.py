"""A share of every fuzzer, and of what they found the plain cases. ``make fuzz`` runs the rest."""

import inspect
import re

import numpy as np
import pytest

import microgradnet as mg
from tests.fuzz import bad_calls, run

PLAIN = [
    (TypeError, r"relu: .*None", lambda: mg.relu(None)),
    (TypeError, r"relu: .*'abc'", lambda: mg.relu("abc")),
    (TypeError, r"std: .*None", lambda: mg.std(None)),
    (TypeError, r"linear: .*'weight'.*'a'", lambda: mg.nn.functional.linear(mg.ones(2), "a")),
    (ValueError, r"Linear: .*'in_features' must not be negative, got -1", lambda: mg.nn.Linear(-1, 2)),
    (TypeError, r"Linear: .*out_features", lambda: mg.nn.Linear(3)),
    (TypeError, r"Dropout: argument 'p' must be .*None", lambda: mg.nn.Dropout(None)),
    (TypeError, r"StepLR: argument 'step_size' must be int, got 'x'", lambda: mg.optim.lr_scheduler.StepLR(sgd(), "x")),
    (TypeError, r"StepLR: argument 'optimizer'.*None", lambda: mg.optim.lr_scheduler.StepLR(None, 1)),
    (ValueError, r"SGD: lr must be finite, got inf", lambda: sgd(float("inf"))),
    (TypeError, r"SGD: .*'lr'.*number.*'x'", lambda: sgd("x")),
    (TypeError, r"exp: .*object", lambda: mg.exp(np.array([1, None], object))),
    (ValueError, r"from_numpy: >f4", lambda: mg.from_numpy(np.ones(3, ">f4"))),
    (TypeError, r"normal_: .*'tensor'.*'x'", lambda: mg.nn.init.normal_("x")),
    (ValueError, r"make_moons: n_samples.*'x'", lambda: mg.data.make_moons("x")),
]


def sgd(lr=0.1):
    return mg.optim.SGD([mg.ones(2, requires_grad=True)], lr=lr)


@pytest.mark.parametrize(("kind", "message", "call"), PLAIN, ids=[re.match(r"\w+", p[1])[0] for p in PLAIN])
def test_a_bad_call_is_explained(kind, message, call):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("make", [mg.tensor, mg.Tensor, mg.as_tensor])
def test_numbers_in_another_byte_order_become_this_machines(make):
    x = make(np.array([1.0, 2.0], ">f4"))
    assert x.dtype.isnative
    assert mg.relu(x).tolist() == [1, 2]


def test_what_the_users_own_function_raises_stays_as_it_is():
    def rate(epoch):
        return {}["missing"]

    with pytest.raises(KeyError, match=r"^'missing'$"):
        mg.optim.lr_scheduler.LambdaLR(sgd(), rate)


CLASSES = [(name, thing) for name, thing in bad_calls.targets() if inspect.isclass(thing)]


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=[name for name, _ in CLASSES])
def test_a_constructor_names_the_argument_that_is_no_number(name, cls):
    """Whatever the others are: types are looked at before a constructor runs."""
    parameters = inspect.signature(cls).parameters.values()
    wanted = [p for p in parameters if p.annotation in (int, float, bool)]
    for parameter in wanted:
        for wrong in (None, "x", {}):
            required = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
            with pytest.raises((TypeError, ValueError)) as caught:
                cls(**{p.name: bad_calls.some(p) for p in required} | {parameter.name: wrong})
            assert cls.__name__ in str(caught.value) and repr(parameter.name) in str(caught.value)


@pytest.mark.parametrize(("name", "count"), [("bad_calls", 2000)])
def test_a_share_of_the_fuzzer_finds_nothing(name, count):
    problems = run(name, count)
    assert not problems, "\n".join(problems)
