"""The main demo, run as a user runs it, with a smaller budget."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from microgradnet.data import load_digits
from microgradnet.data.idx import write_idx

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "demos/digits.py", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("model", "epochs"), [("mlp", 12), ("cnn", 4)])
def test_it_learns_to_read_and_writes_its_pictures(model, epochs, tmp_path):
    done = run("--model", model, "--epochs", str(epochs), "--out", str(tmp_path), "--threshold", "0.94")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "graph.svg").read_text().count("<svg") == 1
    for name in ("graph.png", "curves.png", "gradients.png", "confusion.png", "mistakes.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert len(metrics["epochs"]) == epochs
    assert metrics["epochs"][-1]["test_accuracy"] > 0.94
    assert metrics["epochs"][-1]["train_loss"] < metrics["epochs"][0]["train_loss"]
    assert str(tmp_path) in done.stdout


def test_it_fails_with_a_message_when_the_lesson_does_not_come_out(tmp_path):
    done = run("--epochs", "1", "--samples", "40", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "is not below 96%. The lesson did not come out." in done.stderr


def test_an_output_folder_that_cannot_be_written_is_one_line(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = run("--out", str(blocked / "deeper"))
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(blocked) in done.stderr


def test_the_same_seed_gives_the_same_training(tmp_path):
    def losses(folder: str) -> list:
        run("--epochs", "2", "--out", str(tmp_path / folder), "--seed", "5", "--threshold", "0")
        return json.loads((tmp_path / folder / "metrics.json").read_text())["epochs"]

    assert losses("a") == losses("b")


def test_mnist_is_read_from_the_users_folder_and_large_weights_blow_up(tmp_path, monkeypatch):
    """Small files in MNIST's format: the shipped digits, enlarged."""
    images, labels = load_digits()
    large = np.zeros((len(images), 28, 28), np.uint8)
    large[:, 2:26, 2:26] = np.kron(images / images.max(), np.ones((3, 3))) * 255
    folder = tmp_path / "mnist"
    folder.mkdir()
    for split, part in (("train", slice(0, 1400)), ("t10k", slice(1400, None))):
        write_idx(folder / f"{split}-images-idx3-ubyte", large[part])
        write_idx(folder / f"{split}-labels-idx1-ubyte", labels[part].astype(np.uint8))
    monkeypatch.setenv("MICROGRADNET_DATA", str(tmp_path))
    done = run("--data", "mnist", "--epochs", "8", "--threshold", "0.8", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Held-out accuracy: tanh" in done.stdout


def test_mnist_without_files_or_network_is_one_clear_message(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRADNET_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    done = run("--data", "mnist", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "train-images-idx3-ubyte.gz" in done.stderr
