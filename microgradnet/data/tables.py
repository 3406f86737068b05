"""Datasets from CSV and ``.npz`` files."""

import csv
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..damaged import DamagedFile, check_size
from .dataset import TensorDataset


class CSVDataset(TensorDataset):
    """The rows of a CSV file: sample i is (x, y), the numbers of row i, float32 (D,), and its ``target``.

    ``target`` is the column to predict, by name or number (default: the last); with None samples are (x,). If all its
    values are integers, y is an int64 (); if one is a string, y is the value's index in ``classes``, the sorted list of
    values; other numbers are float32 (1,). ``columns`` has the names of x's columns. The first line has the names; with
    ``header=False`` they are "0", "1", …

    Raises DamagedFile, a ValueError, naming the line, for a missing value, a string in a column of x or a row
    of another length; KeyError for a target that is not a column.
    """

    def __init__(self, path: str | Path, target: str | int | None = -1, *, header: bool = True, delimiter: str = ","):
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=delimiter)
            filled = ([value.strip() for value in row] for row in reader if row)
            try:
                rows = {reader.line_num: row for row in filled}  # noqa: B035 (it changes as the reader advances)
            except (csv.Error, UnicodeDecodeError) as error:
                place = f"after line {reader.line_num}"
                raise DamagedFile("CSVDataset", path, f"{place}: {error}", "save it as CSV text in UTF-8") from None
        if len(rows) <= header:
            raise DamagedFile("CSVDataset", path, "no rows of data", "check header=")
        width = len(next(iter(rows.values())))
        for line, row in rows.items():
            if len(row) != width:
                problem = f"line {line}: {len(row)} values, the first line has {width}"
                raise DamagedFile("CSVDataset", path, problem, "mend that line")
        names = rows.pop(next(iter(rows))) if header else [str(place) for place in range(width)]
        for line, row in rows.items():
            if "" in row:
                raise DamagedFile(
                    "CSVDataset", path, f"line {line}: {names[row.index('')]} is missing", "mend that line"
                )
        columns = dict(enumerate(zip(*rows.values(), strict=True)))
        y = () if target is None else (self._labels(columns.pop(_place(path, names, target))),)
        self.columns = [names[place] for place in columns]
        x = np.empty((len(rows), len(columns)), np.float32)
        column: Any
        for values, column, name in zip(columns.values(), x.T, self.columns, strict=True):
            for place, (line, value) in enumerate(zip(rows, values, strict=True)):
                try:
                    with np.errstate(over="ignore"):  # beyond float32 is ∞
                        column[place] = float(value)
                except ValueError:
                    problem = f"line {line}: {name} is {value!r:.80}, no number"
                    raise DamagedFile("CSVDataset", path, problem, "mend that line") from None
        try:
            super().__init__(x, *y)
        except (TypeError, ValueError) as error:
            raise DamagedFile("CSVDataset", path, error, "mend its columns") from None

    def _labels(self, values: Sequence[str]) -> np.ndarray:
        """The values of the target as numbers."""
        self.classes: list[str] | None = None
        for kind in (np.int64, np.float32):
            try:
                labels = np.array([kind(value) for value in values])
            except (ValueError, OverflowError):
                continue
            return labels if kind is np.int64 else labels[:, None]
        classes, labels = np.unique(values, return_inverse=True)
        self.classes = classes.tolist()
        return labels


class NpzDataset(TensorDataset):
    """The arrays of an ``.npz`` file: sample i is the tuple of row i of the arrays ``names``, in that order.

    The default is all arrays, in the file's order (``self.names``). Only plain arrays are read: an object in the file
    could run code. Raises DamagedFile, a ValueError, for one, and for a file that is not an ``.npz``; KeyError for a
    missing name.
    """

    def __init__(self, path: str | Path, *names: str):
        remedy = "write it again with np.savez"
        try:
            with Path(path).open("rb") as file, zipfile.ZipFile(file) as archive:
                stored = {name.removesuffix(".npy"): name for name in archive.namelist()}
                self.names = names or tuple(stored)
                if missing := [name for name in self.names if name not in stored]:
                    raise KeyError(f"NpzDataset: {path} has no {', '.join(missing)}; it has {', '.join(stored)}")
                arrays = [_member(path, archive, stored[name]) for name in self.names]
        except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
            raise DamagedFile("NpzDataset", path, f"not an .npz file that can be read: {error}", remedy) from None
        try:
            super().__init__(*arrays)
        except (TypeError, ValueError) as error:
            raise DamagedFile("NpzDataset", path, error, "write arrays of numbers, of as many rows each") from None


def _member(path, archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array of an ``.npz`` file, whose size is known to be right before it is read."""
    info = archive.getinfo(name)
    check_size("NpzDataset", path, info.file_size, info.compress_size)
    remedy = "write it again with np.savez, from arrays of numbers"
    try:
        with archive.open(info) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
            if dtype.hasobject:
                raise ValueError("it holds Python objects, which could run code: allow_pickle is off")
            if math.prod(shape) * dtype.itemsize > info.file_size:
                raise ValueError(f"{info.file_size} bytes cannot be an array of shape {shape}")
        with archive.open(info) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # of zlib, bz2 and lzma, of tokenize and ast in NumPy's reader of headers
        raise DamagedFile("NpzDataset", path, f"{name}: {type(error).__name__}: {error}", remedy) from None


def _place(path, names: Sequence[str], target: str | int) -> int:
    if isinstance(target, str) and target in names:
        return names.index(target)
    if isinstance(target, int) and -len(names) <= target < len(names):
        return target % len(names)
    raise KeyError(f"CSVDataset: {path} has no column {target!r}; it has {', '.join(names)}")
