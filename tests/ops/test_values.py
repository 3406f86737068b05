"""Answers that were once wrong without a word: each call gives PyTorch's numbers, dtype and gradient, or raises."""

import numpy as np
import pytest

import microgradnet as mg
from tests.oracle import oracle

CALLS = {
    **{
        f"pad {mode} {amounts}": lambda t, F, mode=mode, amounts=amounts: F.pad(
            t.arange(6.0).reshape(1, 1, 6), amounts, mode=mode
        )
        for mode in ("circular", "reflect", "replicate", "constant")
        for amounts in ((2, -1), (-2, 1), (-1, -2), (3, 2), (4, -2), (0, -3))
    },
    **{
        f"{name} of {kind}": lambda t, F, f=name, kind=kind: getattr(F, f)(t.tensor([-2, 3], dtype=getattr(t, kind)))
        for name in ("softsign", "tanhshrink")
        for kind in ("int64", "int32")
    },
    **{
        f"interpolate {mode}": lambda t, F, mode=mode: F.interpolate(
            t.tensor([[[[0, 10], [20, 250]]]], dtype=t.uint8), size=(3, 3), mode=mode
        )
        for mode in ("nearest", "nearest-exact", "bilinear")
    },
    **{
        f"interpolate bytes, {mode} to {size}": lambda t, F, mode=mode, size=size: F.interpolate(
            (t.arange(24).reshape(1, 1, 4, 6) * 77 % 251).to(t.uint8), size=size, mode=mode
        )
        for mode in ("bilinear", "bicubic")
        for size in ((8, 12), (2, 3), (8, 3))
    },
    **{
        f"diff {n}": lambda t, F, n=n: t.diff(t.tensor([1.0, 2, 4]), n, prepend=t.tensor([5.0]), append=t.ones(1))
        for n in (0, 1, 2, 9)
    },
    "tensordot": lambda t, F: t.tensordot(t.ones(2, 1), t.ones(3, 4), dims=1),
    "tensordot, the other": lambda t, F: t.tensordot(t.arange(6.0).reshape(2, 3), t.ones(1, 4), dims=([1], [0])),
    "cosine_similarity": lambda t, F: F.cosine_similarity(t.ones(1), t.ones(4), dim=0),
    "vector_norm 0": lambda t, F: t.linalg.vector_norm(t.tensor([1.0, 0, 3]), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_values_are_pytorchs(name):
    torch = oracle()
    ours, theirs = CALLS[name](mg, mg.nn.functional), CALLS[name](torch, torch.nn.functional)
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


RAISING = {
    "cdist": lambda t, F: t.cdist(t.ones(2, 2), t.zeros(1, 2), p=-1),
    "randperm": lambda t, F: t.randperm(-1),
    "ctc_loss": lambda t, F: F.ctc_loss(t.zeros(6, 1, 3), t.tensor([[1, 2]]), t.tensor([5.7]), t.tensor([2])),
    "diff": lambda t, F: t.diff(t.tensor([1, 2, 4]), prepend=t.tensor(0)),
}


@pytest.mark.parametrize("name", RAISING)
def test_what_has_no_answer_raises(name):
    torch = oracle()
    with pytest.raises((RuntimeError, ValueError)):
        RAISING[name](torch, torch.nn.functional)
    with pytest.raises((ValueError, TypeError), match=name):
        RAISING[name](mg, mg.nn.functional)


def test_convolutions_of_integers_say_so():
    x, w = mg.ones(1, 1, 5).long(), mg.ones(1, 1, 3).long()
    for name in ("conv1d", "conv_transpose1d"):
        with pytest.raises(TypeError, match="floating"):
            getattr(mg.nn.functional, name)(x, w)


@pytest.mark.parametrize("norm", [mg.norm, mg.linalg.vector_norm])
def test_the_norm_that_counts_has_a_gradient_of_0(norm):
    x = mg.tensor([1.0, 0.0], requires_grad=True)
    norm(x, 0).backward()
    assert x.grad.tolist() == [0.0, 0.0]
