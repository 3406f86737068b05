"""Metrics in files: CSV or JSON lines, written in whole rows, or TensorBoard's event files.

with MetricsLog("run.csv") as log:
    for step in range(1000):
        ...
        log(step=step, loss=loss, accuracy=accuracy)
"""

import csv
import errno
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..damaged import DamagedFile
from ..tensor import Tensor


class MetricsLog:
    """Appends a row to a file at each call, ``log(step=3, loss=0.25)``: numbers, strings, None, tensors of one element.

    ``run.csv`` begins with a line of names, and every row must have the same ones; ``run.jsonl`` has one JSON object
    per line, with any names. NaN and the infinities, which JSON lacks, are the strings "nan", "inf" and "-inf". Each
    row is passed to the system in one write before the call returns: it survives the end of the program, even by ``kill
    -9``. A partial row, which a crash of the machine can leave, is removed when the file is opened again.

    An existing file is overwritten, or continued with ``resume=True``. A checkpoint stores the number of rows:
    ``load_checkpoint(path, log=log)`` removes those written after the checkpoint, so that a resumed training leaves the
    same log as an uninterrupted one. ``read_metrics`` reads it.

    Raises ValueError for another suffix, names that differ from the first row's, or line breaks in names or strings;
    TypeError for other values; OSError for a row that the disk has no room for, of which nothing is left in the file.
    """

    irrevocable = True  # load_state_dict removes rows

    def __init__(self, path: str | Path, resume: bool = False):
        self.path = Path(path)
        _check_suffix("MetricsLog", self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "ab" if resume else "wb", buffering=0)  # noqa: SIM115 (it stays open)
        self._cut(None)

    def __call__(self, **metrics: Any) -> None:
        row = {name: _plain(name, value) for name, value in metrics.items()}
        if self.path.suffix == ".jsonl":
            line = json.dumps({name: _json_value(value) for name, value in row.items()}, ensure_ascii=False) + "\n"
        else:
            begun, self._names = self._names, self._names or list(row)
            if set(row) != set(self._names):
                had = ", ".join(self._names)
                raise ValueError(f"MetricsLog: {self.path.name} has the columns {had}; got {', '.join(row)}")
            line = ("" if begun else _csv_line(row)) + _csv_line(row[name] for name in self._names)
        self._append(line.encode())
        self.rows += 1

    def _append(self, content: bytes) -> None:
        """The whole row or nothing: a full disk takes a part of it."""
        end = self._file.seek(0, io.SEEK_END)
        try:
            written = self._file.write(content)
            if written != len(content):
                raise OSError(errno.ENOSPC, "only a part of a row could be written", str(self.path))
        except BaseException:
            self._file.truncate(end)
            if not end:
                self._names = None
            raise

    def state_dict(self) -> dict:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict) -> None:
        """Removes the rows after the first ``rows``. Raises ValueError for a file that has fewer."""
        if state_dict["rows"] > self.rows:
            raise ValueError(
                f"MetricsLog: {self.path} has {self.rows} rows, the checkpoint was made with {state_dict['rows']}: "
                "open it with resume=True"
            )
        self._cut(state_dict["rows"])

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _cut(self, rows: int | None) -> None:
        """Keeps the first ``rows`` (for None all complete ones)."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        header = whole[: self.path.suffix == ".csv"]
        try:
            self._names = next(csv.reader([header[0].decode()])) if header else None
        except (ValueError, csv.Error) as error:
            self._file.close()
            raise DamagedFile("MetricsLog", self.path, f"line 1: {error}", "begin another file") from None
        kept = whole[len(header) :][:rows]
        self.rows = len(kept)
        self._file.truncate(sum(map(len, header + kept)))
        self._file.seek(0, io.SEEK_END)


class TensorBoardLog:
    """The same call, ``log(step=3, loss=0.25)``, for event files that TensorBoard shows: one curve per name.

    Writes into ``folder`` with tensorboardX, which imports PyTorch if it is installed; raises ImportError without
    tensorboardX. ``step`` is required.
    """

    def __init__(self, folder: str | Path):
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise ImportError("TensorBoardLog: tensorboardX is needed: pip install tensorboardX") from None
        self._writer = SummaryWriter(str(folder))

    def __call__(self, *, step: int, **metrics: Any) -> None:
        for name, value in metrics.items():
            self._writer.add_scalar(name, float(_plain(name, value)), int(step))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> "TensorBoardLog":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def read_metrics(path: str | Path) -> list[dict]:
    """The rows of a ``MetricsLog``, numbers as numbers; without an incomplete last row. Works while it is written.

    Raises ValueError for another suffix, DamagedFile, which is one too, for a line that is no row.
    """
    path = Path(path)
    _check_suffix("read_metrics", path)
    lines = path.read_bytes().split(b"\n")[:-1]
    rows: list[dict] = []
    names: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            if path.suffix == ".jsonl":
                rows.append({name: _number(value) for name, value in json.loads(line.decode()).items()})
                continue
            (values,) = csv.reader([line.decode()], strict=True)
            if number == 1:
                names = values
            else:
                rows.append({name: _number(value) for name, value in zip(names, values, strict=True)})
        except (ValueError, AttributeError, RecursionError, csv.Error) as error:
            raise DamagedFile("read_metrics", path, f"line {number}: {error}", "remove that line") from None
    return rows


def _check_suffix(name: str, path: Path) -> None:
    if path.suffix not in (".csv", ".jsonl"):
        raise ValueError(f"{name}: a path that ends in .csv or .jsonl expected, got {str(path)!r}")


def _plain(name: str, value):
    """A value as a plain Python value."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        value = value.item()
    if not isinstance(value, int | float | str | type(None)):
        raise TypeError(f"MetricsLog: {name} must be a number or a text, got {value!r:.40}")
    for text in (name, value):
        if isinstance(text, str) and ("\n" in text or "\r" in text):
            raise ValueError(f"MetricsLog: {name!r:.40} has a line break in it: {text!r:.40}")
    return value


def _json_value(value):
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _csv_line(values: Iterable) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def _number(value):
    """The value of a string in the file; JSON's numbers, booleans and None are returned unchanged."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"True": True, "False": False, "": None}.get(value, value)
