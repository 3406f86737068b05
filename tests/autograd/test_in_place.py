"""Writing in place: gradients to the old and the new value, and a clear error where backward would go wrong."""

import numpy as np
import pytest

import microgradnet as mg
from tests.oracle import oracle


def both(program, *arrays):
    """Runs ``program(library, *leaves)`` with us and with PyTorch; compares the result and all gradients."""
    torch = oracle()
    ours = [mg.Tensor(np.array(a), requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    a, b = program(mg, *ours), program(torch, *theirs)
    np.testing.assert_allclose(a.detach().array, b.detach().numpy(), rtol=1e-12)
    weights = np.cos(np.arange(a.numel())).reshape(a.shape)
    (a * mg.Tensor(weights)).sum().backward()
    (b * torch.tensor(weights)).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x.grad.array, y.grad.numpy(), rtol=1e-12)


X, Y = np.arange(1.0, 7.0).reshape(2, 3), np.linspace(-1, 1, 6).reshape(2, 3)


def add_to_a_result(library, x, y):
    z = x * 2
    z += y
    return z


def multiply_a_result(library, x, y):
    z = x * 2
    z.mul_(y)
    return z


def overwrite_a_row(library, x, y):
    z = x * 2
    z[0] = y[1] * 3
    return z * z


def overwrite_by_integers(library, x, y):
    z = x * 2
    z[[0, 1], [1, 2]] = y[0, :2] * 3
    return z * z


def write_through_a_view(library, x, y):
    z = x * 2
    z[1].mul_(y[0])
    return z * z


def write_through_a_view_of_a_view(library, x, y):
    z = x * 2
    z.transpose(0, 1)[1:].add_(y.transpose(0, 1)[:2])
    return z * z


def use_a_view_after_its_base_was_written(library, x, y):
    z = x * 2
    row = z[0]
    z.mul_(y)
    return row * row


def use_one_view_after_another_was_written(library, x, y):
    z = x * 2
    first, flat = z[0], z.reshape(6)
    first.mul_(y[0])
    return flat * flat


def copy_over_and_fill(library, x, y):
    z = x * 2
    z.copy_(y[0])
    w = x * 3
    w[0].zero_()
    w[1].fill_(2.0)
    return z * w + w.clone().copy_(x)


def write_into_zeros(library, x, y):
    z = library.zeros(2, 3, dtype=library.float64)
    z[:, 1] = x[:, 0]
    z[1, :2] = y[0, 1:]
    return z * x


@pytest.mark.parametrize(
    "program",
    [
        add_to_a_result,
        multiply_a_result,
        overwrite_a_row,
        overwrite_by_integers,
        write_through_a_view,
        write_through_a_view_of_a_view,
        use_a_view_after_its_base_was_written,
        use_one_view_after_another_was_written,
        write_into_zeros,
        copy_over_and_fill,
    ],
)
def test_gradients_agree_with_pytorch(program):
    both(program, X, Y)


def test_overwriting_what_backward_needs_names_the_op():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = mg.exp(y)
    z += 1  # exp needs its own output
    with pytest.raises(RuntimeError, match=r"exp needs its.*changed in place"):
        z.sum().backward()


def test_overwriting_through_a_view_is_noticed_too():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y * y
    y[0] = 5.0
    with pytest.raises(RuntimeError, match=r"mul needs its.*changed in place"):
        z.sum().backward()


def test_a_leaf_that_requires_grad_cannot_be_written():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for write in (lambda: x.add_(1), lambda: x.__setitem__(0, 1.0), lambda: x[0].mul_(2)):
        with pytest.raises(RuntimeError, match=r"leaf.*no_grad"):
            write()
    with mg.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0]


def test_an_integer_tensor_cannot_take_a_float_result():
    with pytest.raises(RuntimeError, match=r"float32.*int64"):
        mg.tensor([1, 2]).add_(0.5)


def test_a_result_that_broadcasts_the_tensor_is_refused():
    with pytest.raises(RuntimeError, match=r"\(2, 2\).*\(2,\)"):
        mg.tensor([1.0, 2.0]).add_(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))


def test_views_share_memory():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    x.T[0, 1] = 9.0
    assert x.tolist() == [[1.0, 2.0], [9.0, 4.0]]
    x.view(4)[0] = 7.0
    assert x[0, 0].item() == 7.0


@pytest.mark.parametrize("written", [0, 1])
def test_an_op_of_any_number_of_tensors_notices_a_write_to_each_of_them(written):
    a, b = (mg.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    parts = [a * 2, b * 3]
    product = mg.einsum("i,i->", *parts)
    parts[written].mul_(5)
    with pytest.raises(RuntimeError, match="in place"):
        product.backward()


def test_joining_needs_the_shapes_alone_and_so_may_be_written_over():
    a, b = (mg.tensor(v, requires_grad=True) for v in ([1.0], [2.0, 3.0]))
    parts = [a * 2, b * 3]
    joined = mg.cat(parts)
    parts[1].mul_(5)
    (joined * mg.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert a.grad.tolist() == [2.0] and b.grad.tolist() == [30.0, 300.0]
