"""The IDX format of MNIST: a few bytes for type and shape, then the numbers, big-endian."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from ..damaged import DamagedFile, check_size

# The third byte of a file is the element type; the first two are zero, the fourth is the number of dimensions.
DTYPES: dict[int, np.dtype] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, gzipped or not, in the machine's byte order.

    Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits": 0, 0, type, number of dimensions, each
    dimension as a 4-byte integer, then the values, the last dimension fastest. Raises DamagedFile, a ValueError, for
    one that is not an IDX file or whose length does not match its header.
    """
    content = Path(path).read_bytes()
    remedy = "download it again"
    stored, zipped = len(content), None
    if content[:2] == b"\x1f\x8b":
        zipped = zlib.decompressobj(wbits=31)
        content, rest = _more(path, zipped, content, 4 + 4 * 255)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES or len(content) < 4 + 4 * content[3]:
        raise DamagedFile("read_idx", path, "not an IDX file", remedy)
    dtype, dimensions = DTYPES[content[2]], content[3]
    shape = tuple(np.frombuffer(content, ">u4", dimensions, 4).tolist())
    expected = math.prod(shape) * dtype.itemsize
    check_size("read_idx", path, expected, stored)
    if zipped is not None:
        start = 4 + 4 * dimensions
        content += _more(path, zipped, rest, max(start + expected + 1 - len(content), 1))[0]
        if len(content) <= start + expected and not zipped.eof:
            raise DamagedFile("read_idx", path, "a damaged gzip file: it is cut short", remedy)
    values = content[4 + 4 * dimensions :]
    if len(values) != expected:
        raise DamagedFile(
            "read_idx", path, f"it should hold {expected} bytes of values for shape {shape}, has {len(values)}", remedy
        )
    try:
        return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:  # more dimensions than NumPy has
        raise DamagedFile("read_idx", path, f"its shape cannot be: {error}", remedy) from None


def _more(path: str | Path, zipped, content: bytes, most: int) -> tuple[bytes, bytes]:
    """Up to ``most`` further bytes of a gzip file, and what is left of it."""
    try:
        return zipped.decompress(content, most), zipped.unconsumed_tail
    except zlib.error as error:
        raise DamagedFile("read_idx", path, f"a damaged gzip file: {error}", "download it again") from None


def write_idx(path: str | Path, array: np.ndarray) -> None:
    """Writes an array as an IDX file, gzipped if the name ends in .gz. Raises TypeError for a dtype that IDX does not
    have.
    """
    codes = {dtype.newbyteorder("="): code for code, dtype in DTYPES.items()}
    if array.dtype not in codes:
        raise TypeError(f"write_idx: uint8, int8, int16, int32, float32 or float64 expected, got {array.dtype}")
    code = codes[array.dtype]
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(DTYPES[code]).tobytes()
    Path(path).write_bytes(gzip.compress(content, mtime=0) if Path(path).suffix == ".gz" else content)
