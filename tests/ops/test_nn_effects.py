"""What functional layers do besides their result: statistics that move, tables that change, gradients by convention."""

import numpy as np
import pytest

import microgradnet as mg
import microgradnet.nn.functional as F
from tests.oracle import oracle


def both(array, requires_grad=False):
    """One array as our tensor and as PyTorch's."""
    torch = oracle()
    ours, theirs = mg.tensor(np.array(array)), torch.tensor(np.array(array))
    if requires_grad:
        ours.requires_grad_(), theirs.requires_grad_()
    return ours, theirs


def same(ours, theirs, rtol=1e-10):
    np.testing.assert_allclose(ours.detach().array, theirs.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 6), (2, 3, 4, 5)])
@pytest.mark.parametrize("function", ["batch_norm", "instance_norm"])
def test_running_statistics_move_as_those_of_pytorch(function, shape):
    torch = oracle()
    if function == "instance_norm" and len(shape) == 2:
        shape = (5, 3, 2)
    random = np.random.default_rng(0)
    (mean, their_mean), (variance, their_variance) = both([0.5, -1.0, 2.0]), both([1.0, 0.5, 2.0])
    for momentum in (0.1, 0.5, 1.0):
        x, their_x = both(random.normal(3, 2, shape))
        option = {"training": True} if function == "batch_norm" else {"use_input_stats": True}
        same(
            getattr(F, function)(x, mean, variance, momentum=momentum, **option),
            getattr(torch.nn.functional, function)(their_x, their_mean, their_variance, momentum=momentum, **option),
        )
        same(mean, their_mean), same(variance, their_variance)


def test_a_large_mean_does_not_swallow_the_variance():
    x = np.random.default_rng(0).normal(1000.0, 0.01, (512, 3)).astype(np.float32)
    true = (x.astype(np.float64) - x.mean(0, dtype=np.float64)) / np.sqrt(x.var(0, dtype=np.float64) + 1e-8)
    for out in (
        F.batch_norm(mg.tensor(x), None, None, training=True, eps=1e-8).array,
        F.layer_norm(mg.tensor(x.T.copy()), (512,), eps=1e-8).array.T,
        F.instance_norm(mg.tensor(x.T.copy()[None]), eps=1e-8).array[0].T,
    ):
        np.testing.assert_allclose(out, true, atol=0.02)  # the mean itself is rounded to 6e-5, of 0.01


@pytest.mark.parametrize("options", [{"padding_idx": 4}, {"scale_grad_by_freq": True}, {"padding_idx": -1}])
def test_embedding_gradients_by_convention(options):
    torch = oracle()
    weight, their_weight = both(np.random.default_rng(0).normal(size=(5, 3)), requires_grad=True)
    index, their_index = both([[0, 4, 2], [4, 4, 1]])
    F.embedding(index, weight, **options).sum().backward()
    torch.nn.functional.embedding(their_index, their_weight, **options).sum().backward()
    same(weight.grad, their_weight.grad)


def test_max_norm_shortens_the_rows_in_use():
    torch = oracle()
    weight, their_weight = both(np.random.default_rng(0).normal(size=(5, 3)))
    index, their_index = both([0, 2, 2])
    F.embedding(index, weight, max_norm=0.5)
    torch.nn.functional.embedding(their_index, their_weight, max_norm=0.5)
    same(weight, their_weight)


def test_ctc_gradient_at_log_probabilities_is_that_of_pytorch():
    torch = oracle()
    logits = np.random.default_rng(0).normal(size=(8, 2, 4))
    x, their_x = both(logits - np.log(np.exp(logits).sum(-1, keepdims=True)), requires_grad=True)
    targets, their_targets = both([[1, 2, 2], [3, 1, 0]])
    F.ctc_loss(x, targets, (8, 6), (3, 2)).backward()
    torch.nn.functional.ctc_loss(their_x, their_targets, (8, 6), (3, 2)).backward()
    same(x.grad, their_x.grad)


def test_attention_dropout_keeps_the_mean_and_drops_the_share():
    mg.manual_seed(0)
    ones = mg.ones(1, 64, 64)
    out = F.scaled_dot_product_attention(ones, ones, mg.eye(64).reshape(1, 64, 64), dropout_p=0.25).array
    share = (out == 0).mean()
    spread = np.sqrt(0.25 * 0.75 / out.size)
    assert abs(share - 0.25) < 5 * spread
    assert abs(out.mean() * 64 - 1) < 5 * np.sqrt(0.25 / 0.75 / out.size)


def test_det_of_a_singular_matrix_has_its_cofactors_as_gradient():
    x = mg.tensor(np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 5.0]])).requires_grad_()
    mg.det(x).backward()
    np.testing.assert_allclose(x.grad.array, [[14, -10, 2], [-7, 5, -1], [0, 0, 0]], atol=1e-12)


def test_inplace_activation_writes_over_its_input():
    x = mg.tensor([-1.0, 2.0])
    assert F.relu(x, inplace=True) is x and F.leaky_relu(x, 0.1, True) is x
    np.testing.assert_array_equal(x.array, [0.0, 2.0])


BAD_CALLS = [
    (lambda: F.conv2d(mg.ones(1, 3, 4, 4), mg.ones(2, 2, 3, 3)), ValueError, "3"),
    (lambda: F.conv2d(mg.ones(4, 4), mg.ones(2, 3, 3, 3)), ValueError, "conv2d: 3 or 4 dimensions"),
    (lambda: F.conv2d(mg.ones(1, 3, 4, 4), mg.ones(3, 3)), ValueError, "conv2d: a weight of 4 dimensions"),
    (lambda: F.conv2d(mg.ones(1, 3, 4, 4), mg.ones(2, 3, 3, 3), stride=0), ValueError, "stride must be 1 or more"),
    (lambda: F.conv2d(mg.ones(1, 3, 2, 2), mg.ones(2, 3, 3, 3)), ValueError, "larger than the padded input"),
    (lambda: F.conv2d(mg.ones(1, 3, 4, 4), mg.ones(2, 3, 3, 3), padding="full"), ValueError, "'same' or 'valid'"),
    (lambda: F.conv2d(mg.ones(1, 3, 4, 4), mg.ones(2, 3, 3, 3), stride=2, padding="same"), ValueError, "stride 1"),
    (lambda: F.conv_transpose2d(mg.ones(1, 3, 4, 4), mg.ones(2, 3, 3, 3)), ValueError, "takes 2 channels"),
    (lambda: F.conv_transpose1d(mg.ones(1, 3, 4), mg.ones(3, 1, 3), output_padding=1), ValueError, "output_padding"),
    (lambda: F.max_pool2d(mg.ones(1, 1, 4, 4), 2, padding=2), ValueError, "half of the kernel"),
    (lambda: F.max_pool2d(mg.ones(1, 1, 2, 2), 3), ValueError, "larger than the padded input"),
    (lambda: F.avg_pool2d(mg.ones(1, 1, 4, 4), 2, divisor_override=0), ValueError, "divisor_override"),
    (lambda: F.group_norm(mg.ones(2, 4, 3), 3), ValueError, "4 channels cannot be split into 3"),
    (lambda: F.batch_norm(mg.ones(1, 4), None, None, training=True), ValueError, "more than one value"),
    (lambda: F.batch_norm(mg.ones(2, 4), mg.ones(3), mg.ones(4)), ValueError, "running_mean has shape"),
    (lambda: F.layer_norm(mg.ones(2, 4), (3,)), ValueError, "normalized_shape"),
    (lambda: F.cross_entropy(mg.ones(2, 4), mg.tensor([0, 4])), IndexError, "label 4"),
    (lambda: F.cross_entropy(mg.ones(2, 4), mg.tensor([0, 1, 2])), ValueError, "labels of shape"),
    (lambda: F.cross_entropy(mg.ones(2, 4), mg.tensor([0.0, 1.0])), TypeError, "integers"),
    (lambda: F.cross_entropy(mg.ones(2, 4), mg.tensor([0, 1]), reduction="avg"), ValueError, "reduction"),
    (lambda: F.binary_cross_entropy(mg.tensor([1.5]), mg.tensor([1.0])), ValueError, "with_logits"),
    (lambda: F.embedding(mg.tensor([5]), mg.ones(5, 2)), IndexError, "outside of"),
    (lambda: F.embedding(mg.tensor([1.0]), mg.ones(5, 2)), TypeError, "integers"),
    (lambda: F.interpolate(mg.ones(1, 1, 4), 8, mode="bilinear"), ValueError, "4 dimensions"),
    (lambda: F.interpolate(mg.ones(1, 1, 4), 8, scale_factor=2), ValueError, "only one"),
    (lambda: F.pad(mg.ones(2, 3), (3, 0), "reflect"), ValueError, "less than the size 3"),
    (lambda: F.glu(mg.ones(2, 3)), ValueError, "even"),
    (lambda: F.pixel_shuffle(mg.ones(1, 3, 2, 2), 2), ValueError, "not divisible"),
    (lambda: F.one_hot(mg.tensor([3]), 2), IndexError, "class numbers"),
    (lambda: F.prelu(mg.ones(2, 3), mg.ones(2)), ValueError, "2 weights"),
    (lambda: mg.mm(mg.ones(2, 3), mg.ones(2, 3)), ValueError, "inner sizes differ"),
    (lambda: mg.bmm(mg.ones(2, 2, 3), mg.ones(3, 3, 2)), ValueError, "batches differ"),
    (lambda: mg.dot(mg.ones(2, 3), mg.ones(3)), ValueError, "dot: 1-d and 1-d"),
    (lambda: mg.einsum("ij,jk->ik", mg.ones(2, 3), mg.ones(4, 2)), ValueError, "'j'"),
    (lambda: mg.einsum("ij->iz", mg.ones(2, 3)), ValueError, "'z'"),
    (lambda: mg.einsum("i", mg.ones(2, 3)), ValueError, "names 1 dimensions"),
    (lambda: mg.linalg.inv(mg.zeros(2, 2)), ValueError, "singular"),
    (lambda: mg.linalg.cholesky(-mg.eye(2)), ValueError, "positive definite"),
    (lambda: mg.linalg.solve(mg.zeros(2, 2), mg.ones(2)), ValueError, "singular"),
    (lambda: mg.linalg.multi_dot([mg.ones(2, 3), mg.ones(2, 3)]), ValueError, "inner sizes differ"),
]


@pytest.mark.parametrize("call, error, words", BAD_CALLS, ids=range(len(BAD_CALLS)))
def test_bad_calls_say_what_would_be_right(call, error, words):
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value) and "\n" not in str(raised.value)
