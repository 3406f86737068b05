"""Files of every format that is read, damaged: they are refused by ``DamagedFile``, or what they say is returned."""

import functools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import microgradnet as mg
from microgradnet.training.metrics_log import MetricsLog, read_metrics

FORMATS: dict[str, tuple[str, Callable[[str], object]]] = {
    "safetensors": ("a.safetensors", mg.load),
    "checkpoint": ("a.ckpt", lambda path: mg.load_checkpoint(path, generator=mg.Generator())),
    "npz": ("a.npz", mg.data.NpzDataset),
    "compressed npz": ("b.npz", mg.data.NpzDataset),
    "idx": ("a.idx", mg.data.read_idx),
    "gzipped idx": ("a.idx.gz", mg.data.read_idx),
    "csv": ("a.csv", mg.data.CSVDataset),
    "metrics csv": ("m.csv", read_metrics),
    "metrics jsonl": ("m.jsonl", read_metrics),
    "resumed metrics": ("m.csv", lambda path: MetricsLog(path, resume=True).close()),
}


@functools.cache
def sound() -> dict[str, bytes]:
    """A file of each name, as the library writes it."""
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mg.save({"w": mg.tensor(values), "b": mg.ones(3)}, root / "a.safetensors")
        mg.save_checkpoint(root / "a.ckpt", model=mg.nn.Linear(3, 2), step=7, log={"a": [1.5, None, "x"]})
        np.savez(root / "a.npz", x=values, y=np.arange(4))
        np.savez_compressed(root / "b.npz", x=values, y=np.arange(4))
        mg.data.write_idx(root / "a.idx", values)
        mg.data.write_idx(root / "a.idx.gz", values)
        (root / "a.csv").write_text("a,b,c\n" + "1,2.5,yes\n3,4,no\n" * 4)
        for name in ("m.csv", "m.jsonl"):
            with MetricsLog(root / name) as log:
                for step in range(4):
                    log(step=step, loss=step / 3, note="fine")
        return {path.name: path.read_bytes() for path in root.iterdir()}


def damaged(content: bytes, draw: random.Random) -> bytes:
    """``content`` with one to three kinds of damage."""
    for _ in range(draw.randint(1, 3)):
        at, end = sorted(draw.randrange(len(content) + 1) for _ in range(2))
        some = draw.randbytes(draw.randint(1, 9))
        content = draw.choice(
            [
                content[:at],
                content[at:],
                content[:at] + content[end:],
                content[:at] + some + content[at:],
                content[:at] + some + content[at + len(some) :],
                content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :] if at < end else b"",
                content[:at] + content[at:end] * 3 + content[end:],
                content.replace(
                    draw.choice([b"1", b"3", b"F32", b",", b"{"]), draw.choice([b"9" * 30, b"BF16", b"[" * 3000])
                ),
                content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :],
            ]
        )
    return content


def check(seed: int) -> str:
    """Case ``seed``: whether the file was read or refused. Raises AssertionError for any other error."""
    draw = random.Random(seed)
    kind = list(FORMATS)[seed % len(FORMATS)]
    name, read = FORMATS[kind]
    content = damaged(sound()[name], draw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            read(str(path))
        except mg.DamagedFile as error:
            assert str(path) in str(error) and "; " in str(error), f"{kind}: no file or no remedy in: {error}"
            return "refused"
        except Exception as error:
            raise AssertionError(f"{kind}: {type(error).__name__}: {error!s:.150} for {content[:60]!r}") from None
    return "read"
