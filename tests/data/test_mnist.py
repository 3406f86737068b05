"""MNIST's files found, fetched and checked; the files and the servers are the tests' own."""

import contextlib
import hashlib
import http.server
import os
import re
import signal
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from microgradnet.data import MNIST, FashionMNIST, download, write_idx
from microgradnet.data.download import cache_folder

IMAGES, LABELS = MNIST.FILES["train"]


class Server(http.server.BaseHTTPRequestHandler):
    """Serves ``files``; ``log`` has (path, Range, status) of every request; ``faults`` decides what goes wrong."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        fault = server.faults.pop(0) if server.faults else None
        content, wanted = server.files.get(self.path), self.headers["Range"]
        begin = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        status = 404 if content is None else 503 if fault == "busy" else 206 if begin else 200
        if status in (200, 206) and begin >= len(content):
            status = 416
        server.log.append((self.path, wanted, status))
        self.send_response(status)
        body = content[begin:] if status in (200, 206) else b""
        if status == 206:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        if fault == "damage":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body) // 2 if fault == "cut" else len(body), 4096):
            self.wfile.write(body[start : start + 4096])
            time.sleep(server.pause)
        self.close_connection = True

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(files: dict, faults=(), ranges=True, pause=0.0):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        server.files = {f"/{name}": content for name, content in files.items()}
        server.faults, server.ranges, server.pause, server.log = list(faults), ranges, pause, []
        server.url = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


DEAD = "http://127.0.0.1:9/"  # nobody listens there


@pytest.fixture
def small(tmp_path, monkeypatch) -> dict:
    """A small MNIST, whose checksums take the place of the real ones; no folder, an empty cache. name -> bytes."""
    monkeypatch.delenv("MICROGRADNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setattr(MNIST, "MIRRORS", (DEAD,))
    rng = np.random.default_rng(0)
    written, sums = {}, {}
    for split, count in (("train", 60), ("test", 10)):
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        arrays = (images, rng.integers(0, 10, count).astype(np.uint8))
        for name, array in zip(MNIST.FILES[split], arrays, strict=True):
            write_idx(tmp_path / name, array)
            written[name] = (tmp_path / name).read_bytes()
            (tmp_path / name).unlink()
            sums.setdefault(split, {})[name] = hashlib.md5(written[name]).hexdigest()
    monkeypatch.setattr(MNIST, "FILES", sums)
    return written


def put(files: dict, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_samples_are_images_and_labels(small, tmp_path):
    data = MNIST("train", put(small, tmp_path / "mine"))
    images, labels = data[:]
    assert len(data) == 60 and len(MNIST("test", tmp_path / "mine")) == 10
    assert images.shape == (60, 1, 28, 28) and images.dtype == np.float32 and labels.dtype == np.int64
    assert 0 <= images.numpy().min() < 0.01 and 0.99 < images.numpy().max() <= 1
    write_idx(tmp_path / "again", np.round(images.numpy()[:, 0] * 255).astype(np.uint8))
    write_idx(tmp_path / "labels", labels.numpy().astype(np.uint8))
    unpacked = {"train-images-idx3-ubyte": "again", "train-labels-idx1-ubyte": "labels"}
    put({name: (tmp_path / made).read_bytes() for name, made in unpacked.items()}, tmp_path / "unpacked")
    np.testing.assert_array_equal(MNIST("train", tmp_path / "unpacked")[:][0].numpy(), images.numpy())


def test_ones_own_folder_comes_first_then_the_environments_then_the_cache(small, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError):
        MNIST(download=False)
    put(small, cache_folder() / "mnist")
    assert len(MNIST(download=False)) == 60
    folders = {}
    for count, folder in ((3, tmp_path / "data" / "mnist"), (2, tmp_path / "mine")):
        folders[count] = put({}, folder)
        write_idx(folder / IMAGES, np.zeros((count, 28, 28), np.uint8))
        write_idx(folder / LABELS, np.zeros(count, np.uint8))
    monkeypatch.setenv("MICROGRADNET_DATA", str(tmp_path / "data"))
    assert len(MNIST()) == 3
    assert len(MNIST(folder=folders[2])) == 2
    with pytest.raises(FileNotFoundError):  # whose files have the names of MNIST's
        FashionMNIST(download=False)


def test_offline_gives_one_clear_message(small, tmp_path, monkeypatch):
    monkeypatch.setenv("MICROGRADNET_DATA", str(tmp_path / "data"))
    with pytest.raises(FileNotFoundError) as error:
        MNIST(folder=tmp_path / "mine")
    message = str(error.value)
    for part in (tmp_path / "mine", tmp_path / "data" / "mnist", cache_folder() / "mnist", DEAD + IMAGES, *small):
        assert str(part) in message
    assert message.startswith(f"MNIST: no whole {IMAGES} in ") and "refused" in message and "\n" not in message
    assert "MICROGRADNET_DATA" in message and "folder=" in message
    with pytest.raises(FileNotFoundError, match=r"; download=False\. Put "):
        MNIST(download=False)


def test_it_is_downloaded_once(small, monkeypatch, capsys):
    with serving(small) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (server.url,))
        assert len(MNIST()) == len(MNIST()) == 60 and len(MNIST("test")) == 10
    assert sorted(path for path, _, _ in server.log) == sorted(f"/{name}" for name in small)
    folder = cache_folder() / "mnist"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == small
    assert IMAGES in capsys.readouterr().err  # the progress bar


def test_the_next_mirror_is_asked(small, monkeypatch):
    with serving({}) as empty, serving(small, ["busy"]) as busy, serving(small) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (DEAD, empty.url, busy.url, server.url))
        assert len(MNIST()) == 60
    assert [status for _, _, status in empty.log] == [404, 404]
    assert [status for _, _, status in busy.log] == [503, 200]
    assert [path for path, _, _ in server.log] == [f"/{IMAGES}"]


@pytest.mark.parametrize("fault", ["cut", "damage"])
def test_what_is_damaged_is_not_kept(small, monkeypatch, fault):
    with serving(small, [fault] * 9) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (server.url,))
        with pytest.raises(FileNotFoundError, match="damaged or another file" if fault == "damage" else "bytes early"):
            MNIST()
        assert not (cache_folder() / "mnist" / IMAGES).exists()
        server.faults.clear()
        assert len(MNIST()) == 60


def test_a_damaged_file_in_the_cache_is_fetched_again(small, monkeypatch):
    folder = put({name: content[:-1] for name, content in small.items()}, cache_folder() / "mnist")
    with serving(small) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (server.url,))
        assert len(MNIST()) == 60
    assert (folder / IMAGES).read_bytes() == small[IMAGES]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_is_resumed_at_the_same_address_or_the_next(small, monkeypatch, ranges):
    with serving(small, ["cut"]) as first, serving(small, ranges=ranges) as second:
        monkeypatch.setattr(MNIST, "MIRRORS", (first.url, second.url))
        assert len(MNIST()) == 60
    half = second.log[0][1]
    assert half is not None and 0 < int(half.removeprefix("bytes=")[:-1]) < len(small[IMAGES])
    assert second.log[0][2] == (206 if ranges else 200)


@pytest.mark.parametrize("beginning", ["wrong", "whole", "too long"])
def test_what_was_left_of_another_download_does_not_matter(small, monkeypatch, beginning):
    content = small[IMAGES]
    left = {"wrong": bytes(100), "whole": content, "too long": content + b"!"}[beginning]
    put({IMAGES + ".part": left}, cache_folder() / "mnist")
    with serving(small) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (server.url,))
        assert len(MNIST()) == 60
    assert not list((cache_folder() / "mnist").glob("*.part"))


def test_kill_9_while_downloading_loses_nothing(tmp_path):
    content = np.random.default_rng(0).bytes(400_000)
    path, checksum = tmp_path / "big", hashlib.md5(content).hexdigest()
    with serving({"big": content}, pause=0.005) as server:
        code = f"""
            from pathlib import Path
            from microgradnet.data import download
            download.download([{server.url + "big"!r}], Path({str(path)!r}), {checksum!r}, progress=False)
        """
        command = [sys.executable, "-c", textwrap.dedent(code)]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        part = path.with_name("big.part")
        while not (part.exists() and part.stat().st_size > 60_000):
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kept = part.stat().st_size
        assert not path.exists() and kept < len(content)
        server.pause = 0
        download.download([server.url + "big"], path, checksum, progress=False)
    assert path.read_bytes() == content
    assert server.log[-1] == ("/big", f"bytes={kept}-", 206)


def test_without_tqdm_one_line_says_what_comes(small, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with serving(small) as server:
        monkeypatch.setattr(MNIST, "MIRRORS", (server.url,))
        MNIST()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"Downloading {server.url}{IMAGES} (0.0 MB)" and len(lines) == 2


def test_files_that_do_not_fit_together_are_named(small, tmp_path):
    folder = put(small, tmp_path / "mine")
    write_idx(folder / LABELS, np.zeros(59, np.uint8))
    with pytest.raises(ValueError, match=r"^MNIST: uint8 images .* the files have uint8 \(60, 28, 28\) and \(59,\)$"):
        MNIST(folder=folder)
    (folder / LABELS).write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"^read_idx: .*: not an IDX file; download it again$"):
        MNIST(folder=folder)
    with pytest.raises(ValueError, match=r"^FashionMNIST: split must be 'train' or 'test', got 'all'$"):
        FashionMNIST("all")


@pytest.mark.parametrize("dataset", [MNIST, FashionMNIST])
def test_addresses_and_checksums_are_whole(dataset):
    assert len(dataset.MIRRORS) >= 2 and all(re.fullmatch(r"https?://\S+/", mirror) for mirror in dataset.MIRRORS)
    sums = [checksum for files in dataset.FILES.values() for checksum in files.values()]
    assert len(set(sums)) == 4 and all(re.fullmatch("[0-9a-f]{32}", checksum) for checksum in sums)
    assert len(dataset.CLASSES) == 10
