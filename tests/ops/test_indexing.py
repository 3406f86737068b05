"""``x[index]`` and ``x[index] = v`` in all their forms, in value, gradient and memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgradnet as mg
from tests.oracle import oracle


@st.composite
def slices(draw, size: int):
    """Slices, also beyond the end, with steps that go forwards."""
    end = st.none() | st.integers(-size - 2, size + 2)
    return slice(draw(end), draw(end), draw(st.none() | st.integers(1, 3)))


@st.composite
def indices(draw):
    """A shape, and an index into it: a list of numbers, slices, None, ``...`` and arrays of integers or booleans."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=0, max_size=4)))
    common = draw(st.sampled_from([(), (1,), (2,), (3, 1), (2, 3)]))
    parts, dim = [], 0
    used_ellipsis = False
    while dim < len(shape):
        kind = draw(st.sampled_from(["number", "slice", "slice", "none", "ellipsis", "array", "mask", "stop"]))
        size = shape[dim]
        if kind == "stop":
            break
        if kind == "number":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            parts.append(draw(slices(size)))
        elif kind == "none":
            parts.append(None)
            continue
        elif kind == "ellipsis":
            if used_ellipsis:
                continue
            used_ellipsis = True
            parts.append(...)
            dim += draw(st.integers(0, len(shape) - dim))
            rest = len(shape) - dim
            parts += [draw(slices(1)) for _ in range(rest)] if draw(st.booleans()) else [0] * rest
            break
        elif kind == "array":
            ones = draw(st.lists(st.booleans(), min_size=len(common), max_size=len(common)))
            own = tuple(1 if one else n for n, one in zip(common, ones, strict=True))
            count = int(np.prod(own))
            numbers = draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count))
            parts.append(np.array(numbers, np.int64).reshape(own))
        else:
            # A mask meets the other arrays only with as many elements as they have, so it goes alone.
            if any(isinstance(p, np.ndarray) for p in parts):
                continue
            several = draw(st.integers(1, min(2, len(shape) - dim)))
            count = int(np.prod(shape[dim : dim + several]))
            marks = draw(st.lists(st.booleans(), min_size=count, max_size=count))
            parts.append(np.array(marks).reshape(shape[dim : dim + several]))
            common = ()  # arrays that follow broadcast as 0-d
            dim += several - 1
        dim += 1
    return shape, parts


def converted(parts: list, tensor):
    """The index, with its arrays made tensors; a single part goes bare."""
    parts = tuple(tensor(p) if isinstance(p, np.ndarray) else p for p in parts)
    return parts[0] if len(parts) == 1 else parts


def numbers(shape: tuple) -> np.ndarray:
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)


@given(indices())
def test_reading_agrees_with_pytorch(drawn):
    torch = oracle()
    shape, parts = drawn
    ours, theirs = mg.Tensor(numbers(shape), requires_grad=True), torch.tensor(numbers(shape), requires_grad=True)
    a, b = ours[converted(parts, mg.Tensor)], theirs[converted(parts, torch.tensor)]
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    weights = np.cos(numbers(a.shape))
    (a * mg.Tensor(weights)).sum().backward()
    (b * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-12)


@given(indices())
def test_reading_agrees_with_numpy_where_no_number_stands_beside_an_array(drawn):
    shape, parts = drawn
    arrays = [p for p in parts if isinstance(p, np.ndarray)]
    if arrays and (any(isinstance(p, int) for p in parts) or any(a.ndim == 0 for a in arrays)):
        return
    expected = numbers(shape)[tuple(parts)]
    np.testing.assert_array_equal(mg.Tensor(numbers(shape))[converted(parts, mg.Tensor)].numpy(), expected)


@given(indices())
def test_the_gradient_of_reading_is_read_with_the_same_index(drawn):
    shape, parts = drawn
    x = mg.Tensor(numbers(shape), requires_grad=True)
    index = converted(parts, mg.Tensor)
    cotangent = mg.Tensor(np.sin(numbers(x[index].shape)), requires_grad=True)
    (g,) = mg.autograd.grad(x[index], [x], cotangent, create_graph=True)
    weights = mg.Tensor(np.cos(numbers(shape)))
    (back,) = mg.autograd.grad((g * weights).sum(), [cotangent])
    np.testing.assert_allclose(back.array, weights[index].array)


@given(indices(), st.booleans())
def test_writing_out_of_place_agrees_with_pytorch(drawn, accumulate):
    torch = oracle()
    shape, parts = drawn
    arrays = [p for p in parts if isinstance(p, np.ndarray)]
    if not arrays or len(arrays) != len(parts):
        return
    count = np.prod(numbers(shape)[tuple(parts)].shape, dtype=int)
    if not accumulate and np.unique(numbers(shape)[tuple(parts)]).size < count:
        return  # an element written twice: which value stays is not defined
    values = -numbers(numbers(shape)[tuple(parts)].shape)
    results = []
    for library, tensor in ((mg, mg.Tensor), (torch, torch.tensor)):
        x, v = tensor(numbers(shape)).requires_grad_(), tensor(values).requires_grad_()
        out = library.index_put(x, tuple(tensor(p) for p in parts), v, accumulate)
        (out * out).sum().backward()
        results.append((out.detach().numpy(), np.asarray(x.grad), np.asarray(v.grad)))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_numbers_beside_an_array_select_first():
    x = mg.Tensor(numbers((2, 3, 4)))
    np.testing.assert_array_equal(x[0, :, [0, 1]].array, x.array[0][:, [0, 1]])
    assert x[mg.tensor(0), :, [0, 1]].shape == (3, 2) and x[[0, 1], :, 0].shape == (2, 3)


def test_truth_values_add_a_dimension():
    x = mg.Tensor(numbers((2, 3)))
    assert x[True].shape == (1, 2, 3) and x[False].shape == (0, 2, 3)
    assert x[mg.tensor(True), [0, 1]].shape == (2, 3)


def test_an_index_of_numbers_and_slices_is_a_view_and_others_are_copies():
    x = mg.Tensor(numbers((3, 4)))
    for index in (1, (1, 2), slice(1, 3), (..., 0), None, (slice(None), None, 2)):
        assert np.shares_memory(x[index].array, x.array), index
    for index in ([0, 1], mg.tensor([True, False, True]), (slice(None), [1])):
        assert not np.shares_memory(x[index].array, x.array), index


def test_the_index_may_change_after_the_reading():
    x, index = mg.Tensor(numbers((4,)), requires_grad=True), mg.tensor([0, 2])
    picked = x[index].sum()
    index.array[:] = 3
    picked.backward()
    assert x.grad.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (slice(None, None, -1), ValueError),
        (5, IndexError),
        ((0, 0, 0), IndexError),
        (1.0, IndexError),
        ("a", IndexError),
        ([0, 7], IndexError),
        ([True, False, True], IndexError),
        (([0, 1], [0, 1, 2]), IndexError),
    ],
    ids=str,
)
def test_what_raises_in_pytorch_raises_here(index, error):
    torch = oracle()
    with pytest.raises((error, TypeError)):
        torch.zeros(2, 3)[index]
    with pytest.raises(error, match="getitem"):
        mg.zeros(2, 3)[index]
