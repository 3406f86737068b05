"""The loops themselves: rows longer and shorter than a block, special values, places that several threads add to."""

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.backends import philox
from microgradnet.backends.cpu import normalization, pooling, rows
from microgradnet.backends.cuda import launcher as cuda
from microgradnet.backends.device import library
from microgradnet.elementwise import Elementwise
from microgradnet.primitive import registry

ELEMENTWISE = [
    name
    for name, op in registry.items()
    if isinstance(op, Elementwise) and op.numpy is None and len(op.array_names) == 1 and op.partials
]
VALUES = [-3.0, -1.5, -0.9, -0.5, -0.1, 0.1, 0.25, 0.5, 0.9, 1.5, 2.5, 7.0]


def both(loop, *arguments, outputs):
    """Runs a loop on the host and on the device; compares the arguments at ``outputs``."""
    there = [library().asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    loop(*arguments)
    loop(*there)
    for i in outputs:
        found = there[i].get()
        rtol = 3e-5 if found.dtype == np.float32 else 1e-10
        np.testing.assert_allclose(found, arguments[i], rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_function_and_its_derivative(name, dtype):
    op, dtype = registry[name], np.dtype(dtype)
    numbers = dict(zip(op.parameters, op.defaults, strict=True))
    x, rtol = np.array(VALUES, dtype), 1e-5 if dtype.itemsize == 4 else 1e-11
    scalars = [float(numbers[n]) for n in op.scalar_names]
    with np.errstate(all="ignore"):
        y = np.empty_like(x)
        op.forward_kernel(dtype)(x, y, *scalars)
        inside = np.isfinite(y)  # Python's math, which the simulator calls, raises outside of a function's domain
        x, y = x[inside], y[inside]
        out = library().empty(x.shape, dtype)
        op.forward_kernel(dtype, cuda)(library().asarray(x), out, *scalars)
        np.testing.assert_allclose(out.get(), y, rtol=rtol)
        g = np.linspace(1, 2, x.size).astype(dtype)
        needs = op.fused.needs
        needed = [x if n in op.array_names else y for n in needs if n not in op.scalar_names]
        scalars = [float(numbers[n]) for n in needs if n in op.scalar_names]
        expected, dx = np.empty_like(x), library().empty(x.shape, dtype)
        op.backward_kernel(dtype)(g, *needed, expected, *scalars)
        op.backward_kernel(dtype, cuda)(*map(library().asarray, (g, *needed)), dx, *scalars)
        np.testing.assert_allclose(dx.get(), expected, rtol=rtol * 5, atol=1e-30)


@pytest.mark.parametrize("size", [0, 1, 5, 16, 17, 63, 200])
def test_elementwise_loops_of_any_size(size):
    x = np.linspace(-2, 2, size).astype(np.float32)
    there = mg.tensor(x, device="cuda", requires_grad=True)
    here = mg.tensor(x, requires_grad=True)
    for tensor in (there, here):
        mg.softplus(tensor).sum().backward()
    np.testing.assert_allclose(there.grad.cpu().numpy(), here.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 17), (7, 33), (2, 300), (5, 1000)])
def test_rows(shape, dtype):
    random = np.random.default_rng(0)
    x, g, y, out = (random.standard_normal(shape).astype(dtype) for _ in range(4))
    target = random.integers(0, shape[1], shape[0])
    losses, weights = np.zeros(shape[0], dtype), random.standard_normal(shape[0]).astype(dtype)
    weights[0] = 0  # a row to ignore
    both(rows.softmax, x, out.copy(), outputs=[1])
    both(rows.log_softmax, x, out.copy(), outputs=[1])
    both(rows.softmax_gradient, g, y, out.copy(), outputs=[2])
    both(rows.log_softmax_gradient, g, y, out.copy(), outputs=[2])
    both(rows.cross_entropy, x, target, losses, outputs=[2])
    both(rows.cross_entropy_gradient, x, target, weights, out.copy(), outputs=[3])
    both(rows.running_extreme, x, out.copy(), True, outputs=[1])
    both(rows.running_extreme, x, out.copy(), False, outputs=[1])
    both(rows.running_logsumexp, x, out.copy(), outputs=[1])


def test_softmax_of_infinities_and_nan():
    x = np.array([[-np.inf, 0.0, 1.0], [np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0], [-np.inf, -np.inf, 2.0]], np.float32)
    with np.errstate(invalid="ignore"):
        both(rows.softmax, x, np.empty_like(x), outputs=[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 3), (5, 33), (30, 4)])
def test_normalization_of_rows_and_columns(shape, dtype):
    random = np.random.default_rng(1)
    count, size = shape
    x, g = (random.standard_normal(shape).astype(dtype) + 100 for _ in range(2))
    weight, bias = (random.standard_normal(size).astype(dtype) for _ in range(2))
    means, scales, variances = (np.zeros(count, dtype) for _ in range(3))
    for centered in (True, False):
        both(
            normalization.rows, x, weight, bias, 1e-5, centered, np.empty_like(x), means, scales, outputs=[5, 6, 7]
        )  # fmt: skip
        sums = np.zeros((3, 2, size), dtype)
        both(
            normalization.rows_gradient, x - means[:, None], g - 100, weight, means * 0, scales, centered,
            np.empty_like(x), sums, outputs=[6, 7],
        )  # fmt: skip
    means, scales, variances = (np.zeros(size, dtype) for _ in range(3))
    sums = np.zeros((3, 3, size), dtype)
    both(
        normalization.columns, x, weight, bias, 1e-5, np.empty_like(x), means, scales, variances, sums,
        outputs=[4, 5, 6, 7],
    )  # fmt: skip
    both(
        normalization.columns_gradient, x, g - 100, weight, means, scales, np.empty_like(x), np.zeros(size, dtype),
        np.zeros(size, dtype), np.zeros_like(sums), outputs=[5, 6, 7],
    )  # fmt: skip


def test_additions_to_one_place_are_all_counted():
    g, out = np.ones((2, 40), np.float32), np.zeros((2, 3), np.float32)
    both(pooling.add_at, g, np.tile(np.arange(40) % 2, (2, 1)), out, outputs=[2])
    assert out[0].tolist() == [20, 20, 0]
    table = np.zeros((4, 5), np.float32)
    both(rows.add_rows, np.ones((9, 5), np.float32), np.arange(9) % 3, table, outputs=[2])
    assert table[:, 0].tolist() == [3, 3, 3, 0]


@pytest.mark.parametrize("size", [1, 3, 4, 7, 1030])
def test_dropout_draws_the_same_mask_on_either_device(size):
    x, out = np.ones(size, np.float32), np.empty(size, np.float32)
    both(philox.dropped, x, np.array([7, 9], np.uint64), np.uint64(2**31), np.float32(2), out, outputs=[4])


def test_convolution_of_every_geometry():
    random = np.random.default_rng(2)
    for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 0, 1, 2)):
        x = random.standard_normal((2, 4, 9, 8)).astype(np.float32)
        w = random.standard_normal((6, 4 // groups, 3, 2)).astype(np.float32)
        found = []
        for place in ("cpu", "cuda"):
            a, b = (mg.tensor(v, requires_grad=True, device=place) for v in (x, w))
            out = mg.nn.functional.conv2d(a, b, None, stride, padding, dilation, groups)
            (out * out).sum().backward()
            found.append([out.cpu().detach().numpy(), a.grad.cpu().numpy(), b.grad.cpu().numpy()])
        for mine, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(theirs, mine, rtol=1e-4, atol=1e-4)
