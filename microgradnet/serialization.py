"""Tensors in files: safetensors, a format without code that other libraries read too."""

import hashlib
import json
import os
import secrets
from os import PathLike
from pathlib import Path

import numpy as np

from .backends import device
from .damaged import DamagedFile
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
    """The tensors of a safetensors file, by name. Raises ``DamagedFile``, a ValueError, for a file that is not one."""
    return {name: Tensor(array) for name, array in read_file(path)[0].items()}


_NO_DIGEST = b'"sha256":"' + b"0" * 64 + b'"'  # what the digest is taken over, and stands in place of


def write_file(
    path: str | PathLike[str], arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> None:
    """Writes arrays and strings to a safetensors file, under another name that is then changed to ``path``.

    The metadata's ``sha256`` is a digest of the whole file. The mode is the old file's, else what the umask says; where
    ``path`` is a link, the file that it leads to is replaced.
    """
    from safetensors.numpy import save as to_bytes

    path = Path(os.path.realpath(path))
    arrays = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}
    content = to_bytes(arrays, {**(metadata or {}), "sha256": "0" * 64})
    digest = hashlib.sha256(content).hexdigest().encode()
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.replace(_NO_DIGEST, b'"sha256":"' + digest + b'"', 1))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(beside, path.stat().st_mode & 0o777)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_file(path: str | PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and strings of a safetensors file, of ours or another library's.

    Raises ``DamagedFile`` for a file that is not one, or not as it was written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = Path(path).read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")  # of the JSON header
        header = json.loads(content[8 : 8 + length]) if length < len(content) else None
        if not isinstance(header, dict):
            raise ValueError("no header in JSON")
        kinds = {entry.get("dtype") for name, entry in header.items() if name != "__metadata__"}
        metadata = header.get("__metadata__") or {}
        digest = metadata.pop("sha256", None)
        if digest is not None and digest != _digest(content, digest):
            raise ValueError("its bytes have changed since it was written (the checksum differs)")
        if foreign := kinds - set(_KINDS):
            raise ValueError(f"elements of type {', '.join(sorted(map(str, foreign)))}, which NumPy lacks")
        arrays = from_bytes(content)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise DamagedFile(
            "load",
            path,
            f"not a safetensors file that can be read: {error}",
            "restore it from a copy, or save it again",
        ) from None
    return arrays, metadata


_KINDS = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")


def _digest(content: bytes, digest: str) -> str:
    given = b'"sha256":"' + digest.encode() + b'"'
    return hashlib.sha256(content.replace(given, _NO_DIGEST, 1)).hexdigest()
