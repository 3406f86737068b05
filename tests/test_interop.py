"""Between libraries and processes: NumPy, DLPack, copies, pickles and files."""

import copy
import pickle

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import nn
from tests.oracle import oracle


def test_from_numpy_shares_memory_and_tensor_copies():
    array = np.zeros(3, np.float32)
    shared, copied = mg.from_numpy(array), mg.tensor(array)
    array[0] = 5
    assert shared[0].item() == 5
    assert copied[0].item() == 0


def test_asarray_gives_the_array_and_refuses_to_lose_a_gradient():
    x = mg.tensor([1.0, 2.0])
    assert np.asarray(x) is x.array or np.shares_memory(np.asarray(x), x.array)
    with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
        np.asarray(x.requires_grad_())


def test_an_array_on_the_left_gives_a_tensor_with_gradient():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = np.array([3.0, 4.0], np.float32) * x
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_a_numpy_function_on_a_tensor_is_an_error_not_a_lost_gradient():
    with pytest.raises((TypeError, RuntimeError)):
        np.sin(mg.tensor([1.0], requires_grad=True))


def test_dlpack_both_ways_shares_memory_with_pytorch():
    torch = oracle()
    ours = mg.tensor([1.0, 2.0])
    theirs = torch.from_dlpack(ours)
    theirs[0] = 7
    assert ours[0].item() == 7
    back = mg.from_dlpack(torch.arange(3))
    assert back.dtype == mg.int64
    assert back.tolist() == [0, 1, 2]


def test_copies_and_pickles_of_leaves():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.tolist() == [1.0, 2.0]
        assert y.requires_grad
        assert y.name == "x"
        assert not np.shares_memory(y.array, x.array)
    with pytest.raises(RuntimeError, match="only leaves"):
        copy.deepcopy(x * 2)


def test_a_copied_module_is_independent_and_keeps_shared_parameters_shared():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    twin = copy.deepcopy(model)
    assert twin[1].weight is twin[0].weight
    assert isinstance(twin[0].weight, nn.Parameter)
    twin[0].weight.array[...] = 0
    assert model[0].weight.array.any()


def test_save_and_load_round_trip_and_leave_no_half_file(tmp_path):
    model = nn.Linear(3, 2)
    path = tmp_path / "model.safetensors"
    mg.save(model.state_dict(), path)
    other = nn.Linear(3, 2)
    other.load_state_dict(mg.load(path))
    assert np.array_equal(other.weight.detach(), model.weight.detach())
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    before = path.read_bytes()
    with pytest.raises(TypeError, match="state_dict"):
        mg.save([1, 2], path)
    assert path.read_bytes() == before


def test_a_strided_or_0d_tensor_is_saved_with_its_shape(tmp_path):
    path = tmp_path / "t.safetensors"
    tensors = {
        "strided": mg.Tensor(np.arange(6.0).reshape(2, 3).T),
        "number": mg.tensor(3.5),
        "flags": mg.tensor([True]),
    }
    mg.save(tensors, path)
    for name, tensor in mg.load(path).items():
        assert tensor.shape == tensors[name].shape
        assert tensor.dtype == tensors[name].dtype
        assert np.array_equal(tensor, tensors[name])


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="not a safetensors file"):
        mg.load(tmp_path / "x")


def test_len_is_that_of_the_first_dimension():
    assert len(mg.ones(3, 2)) == 3
    with pytest.raises(TypeError, match="0-d"):
        len(mg.tensor(1.0))


def test_a_name_can_be_given_and_changed_and_hooks_stay():
    x, seen = mg.Tensor(2.0, requires_grad=True, name="x"), []
    x.register_hook(seen.append)
    assert x.name == "x"
    x.name = "weight"
    (x * 3).backward()
    assert x.name == "weight" and len(seen) == 1
    assert mg.tensor(1.0).name is None
