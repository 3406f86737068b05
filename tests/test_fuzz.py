"""A share of every fuzzer, and of what they found the plain cases. ``make fuzz`` runs the rest."""

import gzip
import inspect
import re
import signal
import zipfile

import numpy as np
import pytest

import microgradnet as mg
from tests.fuzz import bad_calls, damaged_files, fuzzer

PLAIN = [
    (TypeError, r"relu: .*None", lambda: mg.relu(None)),
    (TypeError, r"relu: .*'abc'", lambda: mg.relu("abc")),
    (TypeError, r"std: .*None", lambda: mg.std(None)),
    (TypeError, r"linear: .*'weight'.*'a'", lambda: mg.nn.functional.linear(mg.ones(2), "a")),
    (ValueError, r"Linear: .*'in_features' must not be negative, got -1", lambda: mg.nn.Linear(-1, 2)),
    (TypeError, r"Linear: .*out_features", lambda: mg.nn.Linear(3)),
    (TypeError, r"Dropout: argument 'p' must be .*None", lambda: mg.nn.Dropout(None)),
    (TypeError, r"StepLR: argument 'step_size' must be int, got 'x'", lambda: mg.optim.lr_scheduler.StepLR(sgd(), "x")),
    (TypeError, r"StepLR: optimizer must be an Optimizer, got None", lambda: mg.optim.lr_scheduler.StepLR(None, 1)),
    (ValueError, r"SGD: lr must be finite, got inf", lambda: sgd(float("inf"))),
    (TypeError, r"SGD: lr must be a number, got 'x'", lambda: sgd("x")),
    (TypeError, r"exp: .*object", lambda: mg.exp(np.array([1, None], object))),
    (ValueError, r"from_numpy: >f4", lambda: mg.from_numpy(np.ones(3, ">f4"))),
    (TypeError, r"normal_: .*'tensor'.*'x'", lambda: mg.nn.init.normal_("x")),
    (ValueError, r"make_moons: n_samples.*'x'", lambda: mg.data.make_moons("x")),
]


def sgd(lr=0.1):
    return mg.optim.SGD([mg.ones(2, requires_grad=True)], lr=lr)


@pytest.mark.parametrize(("kind", "message", "call"), PLAIN, ids=[re.match(r"\w+", p[1])[0] for p in PLAIN])
def test_a_bad_call_is_explained(kind, message, call):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("make", [mg.tensor, mg.Tensor, mg.as_tensor])
def test_numbers_in_another_byte_order_become_this_machines(make):
    x = make(np.array([1.0, 2.0], ">f4"))
    assert x.dtype.isnative
    assert mg.relu(x).tolist() == [1, 2]


def test_what_the_users_own_function_raises_stays_as_it_is():
    def rate(epoch):
        return {}["missing"]

    with pytest.raises(KeyError, match=r"^'missing'$"):
        mg.optim.lr_scheduler.LambdaLR(sgd(), rate)


CLASSES = [(name, thing) for name, thing in bad_calls.targets() if inspect.isclass(thing)]


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=[name for name, _ in CLASSES])
def test_a_constructor_names_the_argument_that_is_no_number(name, cls):
    """Whatever the others are: types are looked at before a constructor runs."""
    parameters = inspect.signature(cls).parameters.values()
    wanted = [p for p in parameters if p.annotation in (int, float, bool)]
    for parameter in wanted:
        for wrong in (None, "x", {}):
            required = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
            with pytest.raises((TypeError, ValueError)) as caught:
                cls(**{p.name: bad_calls.some(p) for p in required} | {parameter.name: wrong})
            assert str(caught.value).startswith(f"{cls.__name__}: ")
            assert re.search(rf"\b{parameter.name}\b", str(caught.value).partition("(given")[0])


SHARES = [("calls", 2000), ("files", 3000), ("formulas", 300), ("cache", 3), ("indices", 1500), ("kills", 2)]


@pytest.mark.parametrize(("name", "count"), SHARES)
def test_a_share_of_the_fuzzer_finds_nothing(name, count):
    if name == "kills" and not hasattr(signal, "SIGKILL"):
        pytest.skip("this system has no such signal")
    problems, check = [], fuzzer(name)
    for seed in range(count):
        try:
            check(seed)
        except AssertionError as error:
            problems.append(f"{seed}: {error}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", ["a.safetensors", "a.ckpt"])
def test_every_changed_byte_is_noticed(name, tmp_path):
    content = damaged_files.sound()[name]
    read = mg.load if name == "a.safetensors" else mg.load_checkpoint
    for place in range(0, len(content), 7):
        (tmp_path / name).write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        key = content.index(b"sha256")
        if not key <= place < key + 6:  # without that name it is a file of another library
            with pytest.raises(mg.DamagedFile, match=name):
                read(tmp_path / name)


def test_sizes_are_bounded_before_memory_is_taken(tmp_path):
    claims = bytes([0, 0, 0x0E, 3]) + b"\x00\xff\xff\xff" * 3
    (tmp_path / "a.idx.gz").write_bytes(gzip.compress(claims))
    with pytest.raises(mg.DamagedFile, match="claim to hold"):
        mg.data.read_idx(tmp_path / "a.idx.gz")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr(
            "x.npy",
            b"\x93NUMPY\x01\x00v\x00"
            + f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({1 << 40},), }}".ljust(117).encode()
            + b"\n",
        )
    with pytest.raises(mg.DamagedFile, match="cannot be an array of shape"):
        mg.data.NpzDataset(tmp_path / "a.npz")
    np.savez_compressed(tmp_path / "b.npz", x=np.zeros(10))
    content = bytearray((tmp_path / "b.npz").read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (0xF0000000).to_bytes(4, "little")
    (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(mg.DamagedFile, match="claim to hold 4026531840"):
        mg.data.NpzDataset(tmp_path / "b.npz")
