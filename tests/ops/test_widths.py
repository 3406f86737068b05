"""Rows of 9, 257 and 1,000 elements, more rows than threads: tails of strands and stretches, several stretches."""

import math

import numpy as np
import pytest

import microgradnet as mg
from microgradnet.nn import functional as F
from tests.ops.case import A, Case
from tests.ops.test_ops import compare
from tests.oracle import oracle

WIDTHS = (9, 257, 1000)
ROWS = 37  # more than a machine for tests has threads, and no multiple of anything
ALONG = ("softmax", "log_softmax", "logsumexp", "cumsum", "cumprod", "logcumsumexp", "cummax", "cummin", "max", "min",
         "sort", "argmax", "argmin", "median")  # fmt: skip
OVER = ("sum", "mean", "var", "std", "amax", "amin", "prod", "nansum", "nanmean", "linalg.vector_norm")


def matrix(width: int, dim: int, numbers: tuple[float, float] = (-2.0, 2.0)) -> A:
    return A(*((ROWS, width) if dim else (width, ROWS)), low=numbers[0], high=numbers[1])


def along(name: str) -> Case:
    numbers = (0.8, 1.2) if "prod" in name else (0.1, 2.0) if "cumsum" in name else (-2.0, 2.0)  # no cancellation
    more = {"stable": True} if name == "sort" else {}
    arguments = [(matrix(w, dim, numbers), {"dim": dim, **more}) for w in WIDTHS for dim in (0, 1)]
    return Case(name, arguments, rtol=1e-4 if "prod" in name else 3e-5)


ROW_CASES = [
    *map(along, (*ALONG, *OVER)),
    *(Case(name, [(matrix(w, 1),) for w in WIDTHS], rtol=3e-5) for name in ("sum", "mean", "var", "amax")),
    *(Case(f"F.layer_norm {w}", [(matrix(w, 1), (w,), A(w), A(w))], rtol=1e-4, ours=F.layer_norm,
           torch=lambda *a: oracle().nn.functional.layer_norm(*a)) for w in WIDTHS),
    *(Case(f"F.rms_norm {w}", [(matrix(w, 1), (w,), A(w))], rtol=1e-4, ours=F.rms_norm,
           torch=lambda *a: oracle().nn.functional.rms_norm(*a)) for w in WIDTHS),
    *(Case("F.group_norm", [(A(ROWS, 6, w), 3, A(6), A(6))], rtol=1e-4) for w in WIDTHS),
    *(Case("F.normalize", [(matrix(w, 1), 2.0, dim)], rtol=3e-5) for w in WIDTHS for dim in (0, 1)),
    *(Case("F.cosine_similarity", [(matrix(w, 1), matrix(w, 1))], rtol=1e-4) for w in WIDTHS),
    Case("F.batch_norm", [(matrix(w, dim), None, None, A(ROWS if not dim else w), A(ROWS if not dim else w), True)
                          for w in WIDTHS for dim in (0, 1)], rtol=1e-4),
]  # fmt: skip


@pytest.mark.parametrize("case", ROW_CASES, ids=str)
def test_long_rows_agree_with_pytorch(case):
    for dtype in case.dtypes:
        for arguments in case.arguments:
            compare(case, arguments, dtype)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("function", ["cross_entropy", "nll_loss"])
def test_losses_over_many_classes_agree_with_pytorch(function, width):
    """With weights, labels to ignore, every reduction, and the last class among the labels."""
    labels = np.random.default_rng(0).integers(0, width, ROWS)
    labels[:2], labels[5] = width - 1, -100
    for reduction in ("mean", "sum", "none"):
        arguments = (A(ROWS, width), A(values=labels.tolist(), dtype="int64"),
                     {"weight": A(width, low=0.1, dtype="float32"), "reduction": reduction})  # fmt: skip
        compare(Case(f"F.{function}", [], rtol=3e-5), arguments, "float32")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_embedding_of_long_rows_adds_up_what_one_row_gets(width):
    """Each of 5 rows is read about 40 times; its gradient is the sum of all of them."""
    index = np.random.default_rng(0).integers(0, 5, 200)
    upstream = np.random.default_rng(1).standard_normal((200, width))
    weight = mg.Tensor(np.random.default_rng(2).standard_normal((5, width)), requires_grad=True)
    rows = F.embedding(mg.Tensor(index), weight)
    np.testing.assert_array_equal(rows.array, weight.array[index])
    rows.backward(mg.Tensor(upstream))
    expected = [upstream[index == i].sum(0) for i in range(5)]
    np.testing.assert_allclose(weight.grad.array, expected, rtol=1e-12)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("place", [*range(9), -1])
def test_the_largest_element_is_found_wherever_it_stands(place, width):
    """A peak of 1,000 that is overlooked overflows exp; softmax must give it everything."""
    x = np.zeros((3, width), np.float32)
    x[1, place] = 1000.0
    expected = np.full((3, width), 1 / width)
    expected[1] = np.arange(width) == place % width
    np.testing.assert_allclose(mg.softmax(mg.Tensor(x), 1).array, expected, rtol=1e-6)
    np.testing.assert_allclose(mg.logsumexp(mg.Tensor(x), 1).array, [math.log(width), 1000, math.log(width)], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_row_to_ignore_gets_a_gradient_of_zero_whatever_it_holds(bad):
    """Its factor is 0, and 0·∞ would be NaN."""
    x = mg.Tensor(np.full((3, 9), 0.5, np.float32), requires_grad=True)
    x.array[1, 4] = bad
    F.cross_entropy(x, mg.tensor([2, -100, 3]), reduction="sum").backward()
    assert np.isfinite(x.grad.array).all() and not x.grad.array[1].any()
    assert x.grad.array[0, 2] == pytest.approx(1 / 9 - 1) and x.grad.array[2, 2] == pytest.approx(1 / 9)


@pytest.mark.parametrize("label", [-1, 9])
@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_a_label_outside_of_the_classes_is_an_error(loss, label):
    with pytest.raises(IndexError, match=f"label {label} is outside"):
        loss(mg.zeros(2, 9), mg.tensor([3, label]))
