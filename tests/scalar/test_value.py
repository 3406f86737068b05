"""The scalar engine: micrograd's API, agreement with PyTorch on random expressions, and the ends of the numbers."""

import copy
import math
import threading

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet.autograd import AnomalyError, detect_anomaly
from microgradnet.scalar import ScalarTape, Value, dot, opcodes
from microgradnet.scalar import sum as node_sum
from tests.oracle import oracle

BINARY = ("add", "sub", "mul", "div", "maximum")
UNARY = ("tanh", "sigmoid", "exp", "sin", "relu", "softplus", "square", "abs", "gelu", "erf", "neg")
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
    if name == "div":
        return x / (y * y + 1)
    if name == "exp":
        return (x / (x * x + 1)).exp()
    operators = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "maximum": lambda: x.maximum(y)}
    return operators.get(name, lambda: getattr(x, name)())()


@settings(max_examples=1000, deadline=None)
@given(STEPS, st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_random_expressions_agree_with_pytorch(program, data):
    torch = oracle()

    def theirs(name, x, y):
        if name == "div":
            return x / (y * y + 1)
        if name == "exp":
            return torch.exp(x / (x * x + 1))
        if name in ("add", "sub", "mul", "maximum"):
            return getattr(torch, name)(x, y)
        return (getattr(torch.nn.functional, name, None) or getattr(torch, name))(x)

    with ScalarTape():
        mine = [Value(v) for v in data]
        root = run(program, mine, ours)[-1]
        their_leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in data]
        their_root = run(program, their_leaves, theirs)[-1]
        assume(math.isfinite(their_root.item()) and abs(their_root.item()) < 1e100)
        root.backward()
        their_root.backward()
        assert root.data == pytest.approx(their_root.item(), rel=1e-12, abs=1e-12)
        for a, b in zip(mine, their_leaves, strict=True):
            if b.grad is not None and abs(b.grad.item()) < 1e100:
                assert a.grad == pytest.approx(b.grad.item(), rel=1e-12, abs=1e-12 * max(1, abs(root.data)))


@pytest.mark.parametrize("name", sorted(opcodes.CODES))
def test_every_elementwise_op_is_a_method_with_the_tensors_value_and_gradient(name):
    op = opcodes.OPS[opcodes.CODES[name]]
    start = {"acosh": 1.7, "erfinv": 0.3, "logit": 0.3, "binary_cross_entropy": 0.3}.get(name, 0.7)
    data = [start, 0.4, 1.3, 0.9][: len(op.array_names)]
    with ScalarTape():
        values = [Value(v) for v in data]
        y = getattr(values[0], name)(*values[1:])
        tensors = [mg.tensor(v, dtype=mg.float64, requires_grad=True) for v in data]
        u = op(*tensors)
        y.backward()
        u.backward()
        assert y.data == pytest.approx(u.item(), rel=1e-12)
        for v, t in zip(values, tensors, strict=True):
            assert v.grad == pytest.approx(t.grad.item(), rel=1e-11, abs=1e-14)


# What micrograd's own tests compute: its README's expression, and one with relus of both signs.


def sanity(x):
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    return h + q + q * x


def more_ops(a, b):
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


@pytest.mark.parametrize(("function", "data"), [(sanity, [-4.0]), (more_ops, [-4.0, 2.0])])
def test_micrograds_expressions_agree_with_pytorch(function, data):
    torch = oracle()
    with ScalarTape():
        values = [Value(v) for v in data]
        result = function(*values)
        result.backward()
        tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in data]
        expected = function(*tensors)
        expected.backward()
        assert result.data == expected.item()
        assert [v.grad for v in values] == pytest.approx([t.grad.item() for t in tensors], rel=1e-12)


def test_the_code_of_micrograds_trace_notebook_finds_every_node_and_edge_once():
    """Its ``trace`` walks ``_prev`` and names graphviz nodes by ``id``."""
    with ScalarTape():
        x = Value(1.0)
        y = (x * 2 + 1).relu() * x
        y.backward()
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(y)
        assert len(nodes) == 7
        assert len({id(v) for v in nodes} | {id(v) for edge in edges for v in edge}) == 7
        assert sorted(v._op for v in nodes if v._op) == ["*", "*", "+", "ReLU"]
        assert f"{y.data:.4f} {y.grad:.4f}" == "3.0000 1.0000"


def test_micrograds_names_are_there():
    with ScalarTape():
        a = Value(-4.0, label="a")
        b = 2 * a + a.relu() - 1 / a
        assert (b.op, b._op) == ("sub", "-")
        assert {v.data for v in b._prev} == {-8.0, -0.25}
        assert repr(a) == "Value(data=-4.0, grad=0.0)"
        a.data, a.grad = 1.5, 0.5
        assert (a.data, a.grad, a.label) == (1.5, 0.5, "a")
        assert (b.data, b._op) == (-7.75, "-"), "what was computed before keeps its value"
        assert a in {a} and a * 1 != a


def test_an_operand_that_appears_twice_is_listed_twice():
    with ScalarTape():
        x = Value(3.0)
        y = x * x
        assert y.operands == [x, x]
        assert y._prev == {x}


def test_python_and_numpy_numbers_mix_on_either_side():
    with ScalarTape():
        x = Value(3.0)
        for number in (2, 2.0, np.float64(2), np.float32(2), np.int64(2), True + 1):
            assert (number * x).data == (x * number).data == 6.0
            assert (number - x).data == -1.0
            assert (number / x).data == 2 / 3
            assert (number**x).data == 8.0
            assert (x**number).data == 9.0
        assert x < 4 and x <= 3 and x > np.float64(2) and x >= 3 and not x > 5
        assert max(x, Value(5.0)).data == 5.0
        assert abs(-x).data == 3.0 and float(-x) == -3.0


def test_what_is_no_number_is_refused_by_name():
    with ScalarTape():
        x = Value(1.0)
        with pytest.raises(TypeError, match="unsupported operand"):
            x + "one"
        with pytest.raises(TypeError, match=r"maximum: Values and numbers expected, got list"):
            x.maximum([1])
        with pytest.raises(TypeError, match=r"leaky_relu takes negative_slope; got"):
            x.leaky_relu(0.1, 0.2)
        with pytest.raises(TypeError, match=r"maximum takes y; got"):
            x.maximum()
        with pytest.raises(TypeError, match="at least one Value"):
            node_sum([1.0, 2.0])
        with pytest.raises(ValueError, match="one length expected, got 1 and 2"):
            dot([x], [x, x])


def test_an_ops_numbers_are_given_by_position_or_name():
    with ScalarTape():
        x = Value(-2.0)
        assert x.leaky_relu().data == pytest.approx(-0.02)
        assert x.leaky_relu(0.5).data == x.leaky_relu(negative_slope=0.5).data == -1.0
        assert x.clamp(-1, 1).data == -1.0
        y = x.softplus(beta=2.0)
        y.backward()
        assert y.data == pytest.approx(math.log1p(math.exp(-4)) / 2)
        assert x.grad == pytest.approx(1 / (1 + math.exp(4)))


def test_sums_and_dot_products_are_single_nodes():
    with ScalarTape() as tape:
        w, x = [Value(v) for v in (1.0, 2.0, 3.0)], [Value(v) for v in (4.0, 5.0, 6.0)]
        before = len(tape)
        y, z = dot(w, x), node_sum([*w, w[0]])
        assert len(tape) == before + 2
        (y + z).backward()
        assert (y.data, z.data) == (32.0, 7.0)
        assert [v.grad for v in w] == [6.0, 6.0, 7.0]
        assert [v.grad for v in x] == [1.0, 2.0, 3.0]
        assert y.operands == [*w, *x]


def test_gradients_accumulate_and_only_what_the_root_reaches_is_touched():
    with ScalarTape():
        a, b = Value(2.0), Value(3.0)
        product, other = a * b, a + b
        product.backward()
        product.backward()
        assert (a.grad, b.grad) == (6.0, 4.0)
        assert other.grad == 0.0


def test_the_ends_of_the_numbers_are_numpys_and_nothing_is_raised():
    with ScalarTape():
        assert (Value(1.0) / 0).data == math.inf
        assert math.isnan((Value(0.0) / 0).data)
        assert math.isnan(Value(-1.0).log().data)
        assert Value(0.0).log().data == -math.inf
        assert math.isnan((Value(-1.0) ** 0.5).data)
        assert Value(1000.0).exp().data == math.inf
        x = Value(0.0)
        x.sqrt().backward()
        assert x.grad == math.inf
        y = Value(math.nan)
        (y * 2 + 1).backward()
        assert y.grad == 2.0


def test_anomaly_mode_names_the_node_that_is_not_finite():
    with ScalarTape(), detect_anomaly():
        x = Value(0.0)
        with pytest.raises(AnomalyError, match=r"forward: log\(-1\) is nan"):
            (x - 1).log().data  # noqa: B018
    with ScalarTape(), detect_anomaly():
        x = Value(0.0, label="x")
        root = x.sqrt()
        with pytest.raises(AnomalyError, match=r"the gradient of 'x' = leaf\(\) is inf"):
            root.backward()


def test_every_thread_has_a_tape_of_its_own():
    seen = []

    def work():
        x = Value(2.0)
        (x * x).backward()
        seen.append((x.tape, x.grad))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert [g for _, g in seen] == [4.0] * 4
    assert len({id(t) for t, _ in seen}) == 4


def test_a_copied_model_has_a_tape_of_its_own():
    with ScalarTape():
        w = Value(2.0)
        copied = copy.deepcopy({"w": w, "again": w})
        copied["w"].data = 5.0
        assert w.data == 2.0
        assert (copied["w"] * copied["again"]).data == 25.0
