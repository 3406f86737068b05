"""Gradients of gradients: f″, f‴ on the scalar tape, against closed forms, PyTorch and the tensor engine."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.scalar import ScalarTape, Value, dot, grad, local_derivatives, opcodes
from microgradnet.scalar import sum as node_sum
from tests.oracle import oracle
from tests.scalar.test_value import STEPS, ours, run

# Their second derivative with respect to a parameter is a limit that both sides take differently at these points.
POINTS = {"acosh": 1.7, "erfinv": 0.3, "logit": 0.3, "binary_cross_entropy": 0.3}


def derivatives(function, at: float, order: int) -> list[float]:
    with ScalarTape():
        x = Value(at)
        y, out = function(x), []
        for _ in range(order):
            y = grad(y, x)
            out.append(y.data)
        return out


def test_polynomials_and_functions_have_their_textbook_derivatives():
    assert derivatives(lambda x: x**4, 1.5, 5) == pytest.approx([13.5, 27.0, 36.0, 24.0, 0.0])
    assert derivatives(lambda x: x.sin(), 0.3, 4) == pytest.approx(
        [math.cos(0.3), -math.sin(0.3), -math.cos(0.3), math.sin(0.3)]
    )
    assert derivatives(lambda x: x.exp() * x, 0.5, 3) == pytest.approx([math.exp(0.5) * (0.5 + n) for n in (1, 2, 3)])
    t = math.tanh(0.4)
    assert derivatives(lambda x: x.tanh(), 0.4, 3) == pytest.approx(
        [1 - t * t, -2 * t * (1 - t * t), (1 - t * t) * (6 * t * t - 2)]
    )


@pytest.mark.parametrize("name", sorted(set(opcodes.CODES) - {"digamma", "lgamma"}))
def test_every_ops_second_derivative_is_the_tensors(name):
    op = opcodes.OPS[opcodes.CODES[name]]
    data = [POINTS.get(name, 0.7), 0.4, 1.3, 0.9][: len(op.array_names)]
    with ScalarTape():
        values = [Value(v) for v in data]
        firsts = grad(getattr(values[0], name)(*values[1:]), values)
        seconds = [grad(g * g + g, values) for g in firsts]
        tensors = [mg.tensor(v, dtype=mg.float64, requires_grad=True) for v in data]
        theirs = mg.autograd.grad(op(*tensors), tensors, create_graph=True, allow_unused=True)
        for g, mine, their in zip(firsts, seconds, theirs, strict=True):
            assert g.data == pytest.approx(their.item(), rel=1e-11, abs=1e-13)
            expected = (
                mg.autograd.grad(their * their + their, tensors, allow_unused=True, retain_graph=True)
                if their.requires_grad
                else [None] * len(tensors)
            )
            got = [v.data for v in mine]
            assert got == pytest.approx([0.0 if e is None else e.item() for e in expected], rel=1e-10, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_recorded_gradients_are_those_of_backward(program, data):
    with ScalarTape():
        leaves = [Value(v) for v in data]
        root = run(program, leaves, ours)[-1]
        root.backward()
        assume(all(math.isfinite(v.grad) and abs(v.grad) < 1e50 for v in leaves))
        recorded = grad(root, leaves)
        for v, g in zip(leaves, recorded, strict=True):
            assert g.data == pytest.approx(v.grad, rel=1e-11, abs=1e-11 * max(1, abs(root.data)))


SMOOTH = st.lists(
    st.tuples(st.sampled_from(["add", "mul", "tanh", "sin", "sigmoid", "div"]), st.integers(0, 30), st.integers(0, 30)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(SMOOTH, st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=2))
def test_hessians_agree_with_pytorch(program, data):
    torch = oracle()

    def theirs(name, x, y):
        if name == "div":
            return x / (y * y + 1)
        return {"add": x + y, "mul": x * y}[name] if name in ("add", "mul") else getattr(torch, name)(x)

    with ScalarTape():
        leaves = [Value(v) for v in data]
        root = run(program, leaves, ours)[-1]
        mine = [[h.data for h in grad(g, leaves)] for g in grad(root, leaves)]
    vector = torch.tensor(data, dtype=torch.float64)
    expected = torch.autograd.functional.hessian(lambda v: run(program, list(v), theirs)[-1] + 0 * v.sum(), vector)
    assume(bool(expected.abs().max() < 1e6))
    for row, their_row in zip(mine, expected.tolist(), strict=True):
        assert row == pytest.approx(their_row, rel=1e-9, abs=1e-9)


def test_sums_and_dots_are_differentiated_twice():
    with ScalarTape():
        w, x = Value(3.0), Value(2.0)
        y = dot([w, x], [x, x]) * node_sum([w, w, x])  # (wx + x²)(2w + x)
        g = grad(y, x)
        assert g.data == (3 + 4) * 8 + 10  # (w + 2x)(2w + x) + wx + x²
        assert grad(g, w).data == (2 * 3 + 2) + 2 * (3 + 4) + 2  # ∂/∂w of it
        assert grad(g, x).data == 2 * 8 + (3 + 4) + 3 + 4


def test_local_derivatives_are_the_numbers_on_the_edges():
    with ScalarTape():
        a, b = Value(2.0), Value(-3.0)
        assert [float(v) for v in local_derivatives(a * b)] == [-3.0, 2.0]
        assert [float(v) for v in local_derivatives(a - b)] == [1.0, -1.0]
        assert [float(v) for v in local_derivatives(a / b)] == pytest.approx([-1 / 3, -2 / 9])
        assert local_derivatives(a) == []


def test_what_the_output_does_not_depend_on_has_the_gradient_zero_and_strangers_are_refused():
    with ScalarTape():
        x, y = Value(1.0), Value(2.0)
        z = x * x
        assert [g.data for g in grad(z, [x, y])] == [2.0, 0.0]
        assert (x.grad, y.grad) == (0.0, 0.0)
        late = Value(9.0)
        assert grad(z, late).data == 0.0
    with ScalarTape(), pytest.raises(ValueError, match="grad: inputs on the output's tape expected"):
        grad(z, Value(1.0))
    with ScalarTape(), pytest.raises(NotImplementedError, match="derivative of trigamma is not known"):
        x = Value(1.5)
        grad(grad(x.digamma(), x), x)
