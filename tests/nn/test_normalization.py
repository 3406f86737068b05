"""PyTorch's normalizations beside PyTorch's own, and what they promise."""

import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnet as mg
from microgradnet import nn
from tests.covered import covers
from tests.nn.agreement import assert_agrees, assert_gradients
from tests.nn.cases_normalization import BATCH, CASES, INSTANCE
from tests.oracle import oracle

covers(*(f"nn.{case.name}" for case in CASES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_normalization_agrees_with_pytorchs_in_training(case, dtype):
    assert_agrees(case, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [*BATCH, *INSTANCE], ids=str)
def test_a_normalization_agrees_with_pytorchs_in_eval(case, dtype):
    assert_agrees(case, dtype, training=False)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_right_in_training(case):
    assert_gradients(case)


@pytest.mark.parametrize("case", [c for c in [*BATCH, *INSTANCE] if "track" not in str(c)], ids=str)
def test_gradients_are_right_in_eval(case):
    assert_gradients(case, training=False)


def test_eval_after_training_agrees_with_pytorch():
    torch = oracle()
    ours, theirs = nn.BatchNorm2d(3, momentum=None), torch.nn.BatchNorm2d(3, momentum=None)
    random = np.random.default_rng(0)
    for _ in range(4):
        x = random.normal(2, 3, (4, 3, 2, 2)).astype(np.float32)
        ours(mg.Tensor(x)), theirs(torch.tensor(x))
    assert ours.num_batches_tracked.item() == 4
    assert ours.num_batches_tracked.dtype == np.int64
    ours.eval(), theirs.eval()
    np.testing.assert_allclose(ours(mg.Tensor(x)).detach(), theirs(torch.tensor(x)).detach(), rtol=1e-5, atol=1e-5)


def test_with_momentum_none_the_running_mean_is_the_mean_of_all_batches():
    layer, x = nn.BatchNorm1d(3, momentum=None), np.random.default_rng(0).standard_normal((5, 8, 3))
    for batch in x:
        layer(mg.Tensor(batch.astype(np.float32)))
    np.testing.assert_allclose(layer.running_mean, x.mean((0, 1)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.running_var, x.var(1, ddof=1).mean(0), rtol=1e-5)
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0, 0]
    assert layer.num_batches_tracked.item() == 0


OFFSET = [
    (lambda: nn.BatchNorm1d(4), (64, 4), (0,)),
    (lambda: nn.BatchNorm2d(4), (16, 4, 3, 3), (0, 2, 3)),
    (lambda: nn.LayerNorm(64), (4, 64), (1,)),
    (lambda: nn.GroupNorm(1, 4), (2, 4, 5, 5), (1, 2, 3)),
    (lambda: nn.InstanceNorm1d(4), (2, 4, 64), (2,)),
]


@pytest.mark.parametrize(("layer", "shape", "dims"), OFFSET)
def test_a_mean_of_a_million_in_float32_leaves_the_variance_accurate(layer, shape, dims):
    x = (1e6 + np.random.default_rng(0).normal(0, 4, shape)).astype(np.float32)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(dims, keepdims=True)) / np.sqrt(exact.var(dims, keepdims=True) + 1e-5)
    # the mean itself, 1e6, is only known to 2⁻⁵ in float32: that over the deviation 4 is what may be lost
    np.testing.assert_allclose(layer()(mg.Tensor(x)).detach(), exact, atol=2**-5 / 4)


CENTRED = [
    lambda: nn.BatchNorm1d(4, eps=0),
    lambda: nn.LayerNorm((4, 6), eps=0),
    lambda: nn.GroupNorm(2, 4, eps=0),
    lambda: nn.InstanceNorm1d(4, eps=0),
]
UNCENTRED = [lambda: nn.RMSNorm(6, eps=0), lambda: nn.FilterResponseNorm(4, eps=0), lambda: nn.PixelNorm(eps=0)]


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-10, 10), st.integers(0, 99))
def test_a_change_of_scale_and_offset_changes_nothing(scale, offset, seed):
    """What lets a net train at any scale of its weights; without centring, of the scale alone."""
    x = mg.Tensor(np.random.default_rng(seed).standard_normal((3, 4, 6)))
    for make, shift in [*((m, offset) for m in CENTRED), *((m, 0) for m in UNCENTRED)]:
        layer = make().double()
        np.testing.assert_allclose(layer((x + shift) * scale).detach(), layer(x).detach(), rtol=1e-7, atol=1e-9)


def test_a_batch_norm_keeps_its_dtype_and_its_checkpoint_loads_in_pytorch():
    torch = oracle()
    layer = nn.BatchNorm1d(2, dtype=mg.float64)
    assert {str(v.dtype) for k, v in layer.state_dict().items() if "num" not in k} == {"float64"}
    layer(mg.Tensor(np.random.default_rng(0).standard_normal((3, 2))))
    theirs = torch.nn.BatchNorm1d(2, dtype=torch.float64)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in layer.state_dict().items()})
    assert layer.float().running_mean.dtype == np.float32
    assert layer.num_batches_tracked.dtype == np.int64


def test_a_state_from_before_batches_were_counted_loads():
    layer = nn.BatchNorm1d(2)
    layer.num_batches_tracked.add_(7)
    layer.load_state_dict({"weight": [1, 1], "bias": [0, 0], "running_mean": [3, 4], "running_var": [5, 6]})
    assert layer.running_mean.tolist() == [3, 4]
    assert layer.num_batches_tracked.item() == 7


class Processes:
    """Threads that play the processes of a data-parallel run: their all-reduce adds up what each hands in."""

    def __init__(self, count: int):
        self.barrier, self.parts = threading.Barrier(count), [None] * count

    def reduction(self, rank: int):
        def all_reduce(array):
            self.parts[rank] = array
            self.barrier.wait(10)
            total = sum(self.parts)
            self.barrier.wait(10)
            return total

        return all_reduce

    def run(self, function) -> list:
        results = [None] * len(self.parts)

        def one(rank):
            try:
                results[rank] = function(rank)
            except BaseException:
                self.barrier.abort()
                raise

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(len(self.parts))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return results


def test_sync_batch_norm_over_two_processes_is_batch_norm_over_both_batches():
    x = np.random.default_rng(0).normal(3, 2, (6, 3, 2))
    weights, cuts = np.cos(np.arange(x.size)).reshape(x.shape), [slice(0, 2), slice(2, 6)]
    processes = Processes(2)

    def part(rank):
        layer = nn.SyncBatchNorm(3, process_group=processes.reduction(rank), dtype=mg.float64)
        given = mg.Tensor(x[cuts[rank]], requires_grad=True)
        out = layer(given)
        (out * mg.Tensor(weights[cuts[rank]])).sum().backward()
        return out.detach().numpy(), given.grad.numpy(), layer

    parts = processes.run(part)
    whole, given = nn.BatchNorm1d(3, dtype=mg.float64), mg.Tensor(x, requires_grad=True)
    out = whole(given)
    (out * mg.Tensor(weights)).sum().backward()
    np.testing.assert_allclose(np.concatenate([p[0] for p in parts]), out.detach(), atol=1e-12)
    np.testing.assert_allclose(np.concatenate([p[1] for p in parts]), given.grad, atol=1e-12)
    np.testing.assert_allclose(sum(p[2].weight.grad.numpy() for p in parts), whole.weight.grad, atol=1e-12)
    for _, _, layer in parts:
        np.testing.assert_allclose(layer.running_mean, whole.running_mean, atol=1e-12)
        np.testing.assert_allclose(layer.running_var, whole.running_var, atol=1e-12)


def test_convert_sync_batchnorm_keeps_parameters_and_buffers():
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4, momentum=None, bias=False))).eval()
    reduction = np.asarray
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model, reduction)
    assert converted is model
    layer = model[1][0]
    assert type(layer) is nn.SyncBatchNorm
    assert layer.process_group is reduction
    assert (layer.training, layer.momentum, layer.bias) == (False, None, None)
    assert list(model.state_dict()) == list(
        nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4, bias=False))).state_dict()
    )
    original = nn.BatchNorm1d(2)
    assert nn.SyncBatchNorm.convert_sync_batchnorm(original).weight is original.weight


@covers("nn.CrossMapLRN2d")
@pytest.mark.parametrize("args", [(3,), (5, 0.5, 1.5, 2.0)])
def test_cross_map_lrn_is_pytorchs_local_response_norm(args):
    """Not PyTorch's CrossMapLRN2d, whose windows keep the first channel and whose gradient is not its forward's."""
    torch = oracle()
    ours, theirs = nn.CrossMapLRN2d(*args), torch.nn.LocalResponseNorm(*args)
    assert repr(ours) == repr(torch.nn.CrossMapLRN2d(*args))
    values = np.random.default_rng(0).standard_normal((2, 7, 2, 3))
    x, y = mg.Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    a, b = ours(x), theirs(y)
    np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-12)
    (a * a * a).sum().backward(), (b * b * b).sum().backward()
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-9)


BAD = [
    (lambda: nn.BatchNorm1d(3)(mg.zeros(1, 3)), r"BatchNorm1d: .*more than one value for each channel.*\(1, 3\)"),
    (lambda: nn.BatchNorm2d(3)(mg.zeros(1, 3, 1, 1)), "BatchNorm2d: .*more than one value"),
    (lambda: nn.SyncBatchNorm(3)(mg.zeros(1, 3)), "SyncBatchNorm: .*more than one value"),
    (lambda: nn.SyncBatchNorm(3, process_group=np.asarray)(mg.zeros(1, 3)), "SyncBatchNorm: .*more than one value"),
    (lambda: nn.SyncBatchNorm(3)(mg.zeros(3)), "SyncBatchNorm: 2-d or more input expected"),
    (lambda: nn.BatchNorm1d(3)(mg.zeros(2, 3, 4, 4)), r"BatchNorm1d: 2-d or 3-d input expected, .*\(2, 3, 4, 4\)"),
    (lambda: nn.BatchNorm2d(3)(mg.zeros(2, 3)), "BatchNorm2d: 4-d input expected"),
    (lambda: nn.BatchNorm3d(3)(mg.zeros(3, 2, 2, 2)), "BatchNorm3d: 5-d input expected"),
    (lambda: nn.BatchNorm1d(3)(mg.zeros(2, 4)), r"BatchNorm1d: 3 channels expected in dimension 1, .*\(2, 4\)"),
    (lambda: nn.InstanceNorm1d(3)(mg.zeros(2, 3, 4, 4)), "InstanceNorm1d: 2-d or 3-d input"),
    (lambda: nn.InstanceNorm2d(3, affine=True)(mg.zeros(2, 4, 4, 4)), "InstanceNorm2d: 3 channels expected"),
    (lambda: nn.InstanceNorm1d(3)(mg.zeros(2, 3, 1)), "more than one value for each channel"),
    (lambda: nn.LayerNorm((3, 4))(mg.zeros(2, 4)), r"layer_norm: normalized_shape \(3, 4\).*\(2, 4\)"),
    (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape must name at least one"),
    (lambda: nn.RMSNorm(4)(mg.zeros(2, 3)), "rms_norm: normalized_shape"),
    (lambda: nn.GroupNorm(3, 4), "GroupNorm: 4 channels cannot be split into 3 groups"),
    (lambda: nn.GroupNorm(0, 4), "GroupNorm: 4 channels cannot be split into 0 groups"),
    (lambda: nn.GroupNorm(2, 4)(mg.zeros(2, 6)), r"GroupNorm: \(N, 4, …\) expected"),
    (lambda: nn.LocalResponseNorm(0), "LocalResponseNorm: size must be positive"),
    (lambda: nn.CrossMapLRN2d(3)(mg.zeros(2, 3, 4)), r"CrossMapLRN2d: \(N, C, H, W\) expected"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_reduction_must_be_a_function():
    with pytest.raises(TypeError, match="process_group is a function that sums"):
        nn.SyncBatchNorm(3, process_group="world")


def test_an_instance_norm_that_needs_no_channels_only_warns_about_their_number():
    with pytest.warns(UserWarning, match=r"num_features is 3, the input has shape \(2, 4, 5\)"):
        nn.InstanceNorm1d(3)(mg.zeros(2, 4, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.InstanceNorm1d(4)(mg.zeros(2, 4, 5))
