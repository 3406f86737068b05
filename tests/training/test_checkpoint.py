"""Checkpoints lose nothing: every key and value comes back, or nothing is changed."""

import os
import stat

import numpy as np
import pytest
from safetensors.numpy import save_file

import microgradnet as mg
from microgradnet import nn
from microgradnet.training.metrics_log import MetricsLog, read_metrics


def test_keys_that_look_alike_are_kept_apart(tmp_path):
    value = {1: mg.tensor([1.0]), "1": mg.tensor([2.0]), "a.b": mg.tensor([3.0]), "a": {"b": mg.tensor([4.0])}}
    mg.save_checkpoint(tmp_path / "c", value=value, **{"value.a": {"b": np.array([5])}})
    got = mg.load_checkpoint(tmp_path / "c", generator=mg.Generator())
    assert list(got["value"]) == [1, "1", "a.b", "a"]
    numbers = [got["value"][1], got["value"]["1"], got["value"]["a.b"], got["value"]["a"]["b"], got["value.a"]["b"]]
    assert [float(n[0]) for n in numbers] == [1, 2, 3, 4, 5]


def snapshot(*parts):
    return [{k: str(v) for k, v in part.state_dict().items()} for part in parts]


def test_a_part_that_refuses_leaves_everything_as_it_was(tmp_path):
    small, large = nn.Linear(2, 2), nn.Linear(5, 5)
    wrong = mg.optim.SGD([*large.parameters(), *nn.Linear(1, 1).parameters()], lr=0.5)
    mg.save_checkpoint(tmp_path / "c", model=small, optimizer=wrong, other=wrong)
    model = nn.Linear(2, 2)
    first = mg.optim.SGD([*large.parameters(), *nn.Linear(1, 1).parameters()], lr=0.1)
    refusing = mg.optim.Adam(model.parameters(), lr=0.1)
    generator = mg.Generator().manual_seed(3)
    before, drawn = snapshot(model, first, refusing), str(generator.get_state())
    with pytest.raises(ValueError, match="groups"):
        mg.load_checkpoint(tmp_path / "c", generator=generator, model=model, other=first, optimizer=refusing)
    assert snapshot(model, first, refusing) == before
    assert str(generator.get_state()) == drawn


def test_a_log_is_cut_only_when_all_else_is_loaded(tmp_path):
    model = nn.Linear(2, 2)
    with MetricsLog(tmp_path / "log.csv") as log:
        log(step=1)
        mg.save_checkpoint(tmp_path / "c", log=log, model=model)
        log(step=2)
        with pytest.raises(RuntimeError, match="shape"):
            mg.load_checkpoint(tmp_path / "c", generator=mg.Generator(), log=log, model=nn.Linear(3, 2))
    assert len(read_metrics(tmp_path / "log.csv")) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_mode_follows_the_umask_and_then_the_file(tmp_path):
    before = os.umask(0o027)
    try:
        mg.save({"a": mg.ones(1)}, tmp_path / "a")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
        (tmp_path / "a").chmod(0o600)
        mg.save({"a": mg.ones(2)}, tmp_path / "a")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "store").mkdir()
    mg.save({"a": mg.ones(1)}, tmp_path / "store" / "real")
    (tmp_path / "link").symlink_to(tmp_path / "store" / "real")
    mg.save({"a": mg.ones(4)}, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and mg.load(tmp_path / "store" / "real")["a"].shape == (4,)
    (tmp_path / "dangling").symlink_to("nowhere")
    mg.save({"a": mg.ones(3)}, tmp_path / "dangling")
    assert (tmp_path / "dangling").is_symlink() and mg.load(tmp_path / "nowhere")["a"].shape == (3,)


def test_files_of_other_libraries_and_older_ones_have_no_checksum(tmp_path):
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "a")
    assert mg.load(tmp_path / "a")["a"].tolist() == [1, 1]
