"""Tensors in files: safetensors, a format without code that other libraries read too."""

import json
import os
import tempfile
from os import PathLike
from pathlib import Path

import numpy as np

from .backends import device
from .tensor import Tensor


def save(tensors: dict[str, Tensor], path: str | PathLike[str]) -> None:
    """Writes a dict of names to tensors, such as ``model.state_dict()``, to a safetensors file.

    The file is written under another name and then renamed: an interrupted save leaves the old file intact. Tensors
    that share memory are written once each. Raises ``TypeError`` for anything but a flat dict of tensors.
    """
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor) or device.is_array(t) for t in tensors.values()):
        raise TypeError("save: a dict of names to tensors expected, such as model.state_dict()")
    write_file(path, {str(name): device.read(t) for name, t in tensors.items()})


def load(path: str | PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a safetensors file, by name. Raises ``ValueError`` for a file that is not one."""
    return {name: Tensor(array) for name, array in read_file(path)[0].items()}


def write_file(
    path: str | PathLike[str], arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> None:
    """Writes arrays and strings to a safetensors file, under another name that is then changed to ``path``."""
    from safetensors.numpy import save as to_bytes

    path = Path(path)
    arrays = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(to_bytes(arrays, metadata))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def read_file(path: str | PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and strings of a safetensors file. Raises ``ValueError`` for a file that is not one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = Path(path).read_bytes()
    try:
        arrays = from_bytes(content)
        length = int.from_bytes(content[:8], "little")  # of the JSON header
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"load: {path} is not a safetensors file: {error}") from None
    return arrays, metadata
