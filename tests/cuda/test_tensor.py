"""What a tensor on the device is: how it gets there and back, what it may meet, what it says of itself."""

import pickle

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from microgradnet.backends.cuda import launcher as cuda
from microgradnet.backends.cuda import simulated


def test_there_and_back_with_the_gradient():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    there = x.to("cuda")
    assert (there.device, there.grad_fn.op.name) == ("cuda:0", "moved")
    (there * there).sum().backward()
    assert x.grad.device == "cpu"
    assert x.grad.tolist() == [2, 4, 6]
    assert there.cuda() is there
    assert there.cpu().tolist() == [1, 2, 3]
    assert x.to("cuda", "float64").dtype == mg.float64
    assert x.cuda().to(device="cpu").device == "cpu"


def test_second_order():
    x = mg.tensor([0.5, -1.0], requires_grad=True, device="cuda")
    (gradient,) = mg.autograd.grad((x.tanh() ** 3).sum(), x, create_graph=True)
    (second,) = mg.autograd.grad(gradient.sum(), x)
    y = mg.tensor([0.5, -1.0], requires_grad=True)
    (expected,) = mg.autograd.grad(mg.autograd.grad((y.tanh() ** 3).sum(), y, create_graph=True)[0].sum(), y)
    assert second.device == "cuda:0"
    np.testing.assert_allclose(second.cpu().numpy(), expected.numpy(), rtol=1e-5)


def test_tensors_of_two_devices_do_not_mix_but_numbers_do():
    there, here = mg.ones(3, device="cuda"), mg.ones(3)
    with pytest.raises(
        RuntimeError, match=r"mul: all tensors must be on one device, got cuda:0 and cpu .*\.to\('cuda'\)"
    ):
        there * here
    assert (there * 2 + mg.tensor(3.0)).cpu().tolist() == [5, 5, 5]
    assert (there + np.ones(3, np.float32)).cpu().tolist() == [2, 2, 2]
    assert (here + 1).device == "cpu"


def test_what_it_says():
    x = mg.tensor([[1.0, 2.0]], device="cuda")
    assert repr(x) == "tensor([[1., 2.]], device='cuda:0')"
    with pytest.raises(TypeError, match=r"this tensor is on cuda:0: use \.cpu\(\)\.numpy\(\)"):
        x.numpy()
    assert x.sum().item() == 3.0
    assert x.tolist() == [[1.0, 2.0]]
    assert float(x[0, 1]) == 2.0
    with pytest.raises(RuntimeError, match=r"to\('cuda:1'\): one GPU is used"):
        x.to("cuda:1")
    with pytest.raises(RuntimeError, match=r"to\('tpu'\): a device is"):
        x.to(device="tpu")


def test_views_writes_and_indices():
    x = mg.arange(12.0, device="cuda").reshape((3, 4))
    x[1] = 0
    x[:, 0] += 5
    x[mg.tensor([0, 2], device="cuda"), mg.tensor([1, 3])] = -1.0
    assert x.tolist() == [[5, -1, 2, 3], [5, 0, 0, 0], [13, 9, 10, -1]]
    w = mg.ones(4, device="cuda", requires_grad=True)
    y = w * 2
    y[1:3] = 0
    y.sum().backward()
    assert w.grad.cpu().tolist() == [2, 0, 0, 2]


def test_a_module_moves_as_a_whole_and_its_state_can_be_loaded_anywhere():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    there = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).cuda()
    there.load_state_dict(model.state_dict())
    assert {p.device for p in [*there.parameters(), *there.buffers()]} == {"cuda:0"}
    x = mg.randn(5, 3)
    model.eval(), there.eval()
    np.testing.assert_allclose(there(x.cuda()).cpu().detach().numpy(), model(x).detach().numpy(), rtol=1e-5, atol=1e-6)
    model.load_state_dict(there.state_dict())
    assert {p.device for p in model.parameters()} == {"cpu"}


def test_copies(tmp_path):
    x = mg.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    again = pickle.loads(pickle.dumps(x))
    assert again.tolist() == [1, 2]
    assert again.requires_grad
    path = tmp_path / "weights.safetensors"
    pytest.importorskip("safetensors")
    mg.save({"x": x.detach()}, path)
    assert mg.load(path)["x"].tolist() == [1, 2]
    assert mg.load(path)["x"].device == "cpu"


def test_a_graph_over_both_devices():
    a, b = mg.tensor([2.0], requires_grad=True), mg.tensor([3.0], requires_grad=True, device="cuda")
    ((a * 3).cuda() * b).cpu().backward()
    assert (a.grad.tolist(), a.grad.device) == ([9.0], "cpu")
    assert (b.grad.tolist(), b.grad.device) == ([6.0], "cuda:0")


def test_wrong_labels_and_numbers_of_rows_read_nan_since_nobody_waits():
    logits = mg.zeros(2, 3, device="cuda")
    losses = nn.functional.cross_entropy(logits, mg.tensor([1, 7], device="cuda"), reduction="none")
    assert np.isfinite(losses.cpu().tolist()).tolist() == [True, False]
    rows = nn.functional.embedding(mg.tensor([1, 9], device="cuda"), mg.ones(4, 2, device="cuda"))
    assert np.isfinite(rows.cpu().tolist()).tolist() == [[True, True], [False, False]]


def test_a_number_of_no_dimensions_gets_a_gradient_of_none():
    x = mg.tensor(2.0, requires_grad=True, device="cuda")
    (x[None] * 3).sum().backward()
    assert (x.grad.shape, x.grad.item()) == ((), 3.0)


def test_a_tape_of_the_device_can_be_read_and_played():
    x = mg.tensor([1.0, 2.0], requires_grad=True, device="cuda")
    with mg.Tape() as tape:
        loss = (x * x).sum()
    assert "5" in str(tape)
    steps = list(tape.steps(loss))
    assert steps[-1].contributions["x"].tolist() == [1.0, 2.0]
    assert x.grad.cpu().tolist() == [2.0, 4.0]


def test_gradients_of_rows_that_do_not_exist_go_nowhere():
    table = mg.ones(3, 2, device="cuda", requires_grad=True)
    rows = nn.functional.embedding(mg.tensor([2, 9, -1, 2], device="cuda"), table)
    rows.backward(mg.ones(4, 2, device="cuda"))
    assert table.grad.cpu().tolist() == [[0, 0], [0, 0], [2, 2]]


def test_clipping_waits_once():
    parameters = [mg.ones(3, device="cuda", requires_grad=True) for _ in range(4)]
    for p in parameters:
        p.grad = mg.ones(3, device="cuda")
    before = simulated.waits
    nn.utils.clip_grad_norm_(parameters, 1.0)
    assert not cuda.simulated() or simulated.waits == before + 1
    np.testing.assert_allclose(parameters[0].grad.cpu().numpy(), 1 / 12**0.5, rtol=1e-5)


def test_pictures_and_statistics_of_what_is_on_the_device(tmp_path):
    pytest.importorskip("graphviz")
    import visualize

    x, model = mg.tensor([[1.0, 2.0]], device="cuda"), nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).cuda()
    with mg.Tape() as tape:
        loss = (model(x) ** 2).mean()
    assert "backward" in {event.kind for event in visualize.tell(tape).events}
    loss.backward()
    assert "tanh" in visualize.draw(tape).dot
    assert "Linear" in str(nn.summary(model, (1, 2)))
    step = mg.optim.SGD(model.parameters(), lr=0.1)
    with visualize.watch(model, every=1) as flow:
        for _ in range(3):
            step.zero_grad()
            (model(x) ** 2).mean().backward()
            step.step()
    assert "Tanh" in str(flow)
