"""The scalar engine against PyTorch: values and gradients of random expressions, and the life of a tape."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.scalar import ScalarTape, Value
from tests.oracle import oracle

BINARY = ("add", "sub", "mul", "div")
UNARY = ("tanh", "sigmoid", "exp", "sin", "relu", "softplus", "square")
# A program is a list of steps; each makes a number from earlier ones.
STEPS = st.lists(
    st.tuples(st.sampled_from(BINARY + UNARY), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=25
)


def run(program, leaves, call):
    """All numbers that the program makes, with operands picked among those before."""
    numbers = list(leaves)
    for name, i, j in program:
        x, y = numbers[i % len(numbers)], numbers[j % len(numbers)]
        numbers.append(call(name, x, y))
    return numbers


def ours(name, x, y):
    return {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "div": lambda: x / (y * y + 1)}.get(
        name, lambda: getattr(x / (x * x + 1) if name == "exp" else x, name)()
    )()


@settings(max_examples=150)
@given(STEPS, st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_random_expressions_agree_with_pytorch(program, data):
    torch = oracle()

    def theirs(name, x, y):
        x = x / (x * x + 1) if name == "exp" else x
        binary = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "div": lambda: x / (y * y + 1)}
        unary = getattr(torch.nn.functional, name, None) or getattr(torch, name)
        return binary[name]() if name in binary else unary(x)

    with ScalarTape():
        mine = [Value(v) for v in data]
        root = run(program, mine, ours)[-1]
        their_leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in data]
        their_root = run(program, their_leaves, theirs)[-1]
        if not math.isfinite(their_root.item()) or abs(their_root.item()) > 1e100:
            return
        root.backward()
        their_root.backward()
        assert root.data == pytest.approx(their_root.item(), rel=1e-9, abs=1e-12)
        for a, b in zip(mine, their_leaves, strict=True):
            if b.grad is not None and math.isfinite(b.grad.item()):
                assert a.grad == pytest.approx(b.grad.item(), rel=1e-8, abs=1e-9)


def test_gradients_accumulate_and_only_what_the_root_reaches_is_touched():
    with ScalarTape():
        a, b = Value(2.0), Value(3.0)
        product, other = a * b, a + b
        product.backward()
        product.backward()
        assert (a.grad, b.grad) == (6.0, 4.0)
        assert other.grad == 0.0


def test_micrograds_names_are_there():
    with ScalarTape():
        a = Value(-4.0, label="a")
        b = 2 * a + a.relu() - 1 / a
        assert b._op == "sub"
        assert {v.data for v in b._prev} == {-8.0, -0.25}
        assert repr(a).startswith("Value(data=-4.0, grad=")
        a.data, a.grad = 1.5, 0.5
        assert (a.data, a.grad, a.label) == (1.5, 0.5, "a")


def test_a_steps_numbers_are_dropped_and_the_parameters_stay():
    with ScalarTape() as tape:
        w = Value(1.0)
        mark = tape.mark()
        loss = (w * 3) ** 2
        loss.backward()
        assert w.grad == 18.0
        tape.truncate(mark)
        assert len(tape) == 1
        assert w.data == 1.0
        with pytest.raises(RuntimeError, match="dropped"):
            loss.data  # noqa: B018


def test_values_of_two_tapes_do_not_meet():
    with ScalarTape():
        a = Value(1.0)
    with ScalarTape():
        b = Value(1.0)
        with pytest.raises(RuntimeError, match="different tapes"):
            a + b


def test_division_by_zero_and_log_of_a_negative_are_numpys():
    with ScalarTape():
        assert (Value(1.0) / 0).data == math.inf
        assert math.isnan(Value(-1.0).log().data)


def test_every_elementwise_method_has_the_tensors_value_and_gradient():
    with ScalarTape():
        for name in ("tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "erf", "log1p", "sqrt", "cos"):
            x, t = Value(0.7), mg.tensor(0.7, dtype=mg.float64, requires_grad=True)
            y = getattr(x, name)()
            u = (getattr(mg, name, None) or getattr(mg.nn.functional, name))(t)
            y.backward()
            u.backward()
            assert y.data == pytest.approx(u.item(), rel=1e-12)
            assert x.grad == pytest.approx(t.grad.item(), rel=1e-12)
