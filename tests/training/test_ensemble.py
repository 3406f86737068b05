import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import microgradnet as mg
from microgradnet import nn
from microgradnet.data import TensorDataset
from microgradnet.training import average, bagging, bootstrap, median, predictions, vote

OUTPUTS = hnp.arrays(np.float32, st.tuples(*[st.integers(1, 6)] * 3), elements=st.floats(-9, 9, width=16))


@given(OUTPUTS)
def test_average_median_and_vote_are_what_they_say(outputs):
    k, n, classes = outputs.shape
    tensor = mg.tensor(outputs)
    np.testing.assert_allclose(average(tensor).numpy(), sum(outputs) / k, atol=1e-5)
    middle = np.sort(outputs, 0)[[(k - 1) // 2, k // 2]].mean(0)
    np.testing.assert_allclose(median(tensor).numpy(), middle, rtol=1e-6)
    assert median(tensor).dtype == np.float32
    ballots = [[outputs[i, j].argmax() for i in range(k)] for j in range(n)]
    shares = [[ballot.count(c) / k for c in range(classes)] for ballot in ballots]
    np.testing.assert_allclose(vote(tensor).numpy(), shares, rtol=1e-6)


def test_a_bootstrap_leaves_out_one_sample_in_e():
    drawn = bootstrap(TensorDataset(np.arange(10_000)), mg.Generator(0))
    assert len(drawn) == 10_000
    assert abs(1 - len(set(drawn.indices.tolist())) / 10_000 - np.exp(-1)) < 0.01
    mg.manual_seed(0)
    assert np.array_equal(bootstrap(range(10_000)).indices, drawn.indices)
    assert len(bootstrap([])) == 0


def test_bagging_trains_each_model_on_a_sample_of_its_own():
    x = mg.arange(30).float()
    means = bagging(TensorDataset(x), 40, lambda subset: subset[np.arange(30)][0].mean().item(), mg.Generator(1))
    assert len(set(means)) > 30
    assert abs(np.mean(means) - 14.5) < 1 and 0.8 < np.std(means) < 2.4  # σ/√n = 8.66/√30 = 1.58


def test_predictions_are_those_of_evaluation_and_leave_the_models_as_they_were():
    models = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)) for _ in range(3)]
    models[1].eval()
    models[2][2].eval()
    modes = [[part.training for part in model.modules()] for model in models]
    x = mg.randn(5, 3)
    outputs = predictions(models, x)
    assert outputs.shape == (3, 5, 4) and not outputs.requires_grad
    assert modes == [[part.training for part in model.modules()] for model in models]
    for model, output in zip(models, outputs.numpy(), strict=True):
        np.testing.assert_array_equal(model.eval()(x).detach().numpy(), output)


def test_what_cannot_be_an_ensemble_is_refused():
    with pytest.raises(ValueError, match=r"^predictions: at least one model is needed, got none$"):
        predictions([], mg.zeros(1))
    with pytest.raises(ValueError, match=r"^bagging: k must be a positive number of models, got 0$"):
        bagging([1], 0, len)
    with pytest.raises(ValueError, match=r"^vote: outputs \(k, N, classes\) expected, got shape \(2, 3\)$"):
        vote(mg.zeros(2, 3))
