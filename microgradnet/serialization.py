"""Tensors in files: safetensors, which holds no code and which other libraries read."""

import os
import tempfile
from pathlib import Path

import numpy as np

from .tensor import Tensor


def save(tensors, path) -> None:
    """Writes a dict of names to tensors, such as ``model.state_dict()``, to a safetensors file.

    The file is written beside and renamed: an interrupted save leaves the old file whole. Tensors that share memory
    are written once each. Raises ``TypeError`` for anything but a flat dict of tensors.
    """
    from safetensors.numpy import save as to_bytes

    path = Path(path)
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor | np.ndarray) for t in tensors.values()):
        raise TypeError("save: a dict of names to tensors expected, such as model.state_dict()")
    arrays = {str(name): np.ascontiguousarray(getattr(t, "array", t)) for name, t in tensors.items()}
    arrays = {name: a.reshape(np.shape(getattr(tensors[name], "array", tensors[name]))) for name, a in arrays.items()}
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(to_bytes(arrays))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def load(path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, by name. Raises ``ValueError`` for a file that is not one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        return {name: Tensor(array) for name, array in from_bytes(Path(path).read_bytes()).items()}
    except SafetensorError as error:
        raise ValueError(f"load: {path} is not a safetensors file: {error}") from None
