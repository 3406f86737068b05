"""Datasets from CSV and ``.npz`` files."""

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .dataset import TensorDataset


class CSVDataset(TensorDataset):
    """The rows of a CSV file: sample i is (x, y), the numbers of row i, float32 (D,), and its ``target``.

    ``target`` is the column to predict, by name or number (default: the last); with None samples are (x,). If all its
    values are integers, y is an int64 (); if one is a string, y is the value's index in ``classes``, the sorted list of
    values; other numbers are float32 (1,). ``columns`` has the names of x's columns. The first line has the names; with
    ``header=False`` they are "0", "1", …

    Raises ValueError, naming the line, for a missing value, a string in a column of x or a row of another length;
    KeyError for a target that is not a column.
    """

    def __init__(self, path: str | Path, target: str | int | None = -1, *, header: bool = True, delimiter: str = ","):
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=delimiter)
            filled = ([value.strip() for value in row] for row in reader if row)
            rows = {reader.line_num: row for row in filled}  # noqa: B035 (it changes as the reader advances)
        if len(rows) <= header:
            raise ValueError(f"CSVDataset: {path} has no rows of data")
        width = len(next(iter(rows.values())))
        for line, row in rows.items():
            if len(row) != width:
                raise ValueError(f"CSVDataset: {path}, line {line}: {len(row)} values, the first line has {width}")
        names = rows.pop(next(iter(rows))) if header else [str(place) for place in range(width)]
        for line, row in rows.items():
            if "" in row:
                raise ValueError(f"CSVDataset: {path}, line {line}: {names[row.index('')]} is missing")
        columns = dict(enumerate(zip(*rows.values(), strict=True)))
        y = () if target is None else (self._labels(columns.pop(_place(path, names, target))),)
        self.columns = [names[place] for place in columns]
        x = np.empty((len(rows), len(columns)), np.float32)
        for values, column, name in zip(columns.values(), x.T, self.columns, strict=True):
            for place, (line, value) in enumerate(zip(rows, values, strict=True)):
                try:
                    column[place] = float(value)
                except ValueError:
                    raise ValueError(f"CSVDataset: {path}, line {line}: {name} is {value!r}, no number") from None
        super().__init__(x, *y)

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
    could run code. Raises ValueError for one, and for a file that is not an ``.npz``; KeyError for a missing name.
    """

    def __init__(self, path: str | Path, *names: str):
        try:
            archive = np.load(path, allow_pickle=False)
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"NpzDataset: {path} is not an .npz file: {error}") from None
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError(f"NpzDataset: {path} is a single array; np.savez writes .npz files")
        with archive:
            self.names = names or tuple(archive.files)
            missing = [name for name in self.names if name not in archive.files]
            if missing:
                raise KeyError(f"NpzDataset: {path} has no {', '.join(missing)}; it has {', '.join(archive.files)}")
            try:
                arrays = [archive[name] for name in self.names]
            except ValueError as error:
                raise ValueError(f"NpzDataset: {path}: {error}") from None
        super().__init__(*arrays)


def _place(path, names: Sequence[str], target: str | int) -> int:
    if isinstance(target, str) and target in names:
        return names.index(target)
    if isinstance(target, int) and -len(names) <= target < len(names):
        return target % len(names)
    raise KeyError(f"CSVDataset: {path} has no column {target!r}; it has {', '.join(names)}")
