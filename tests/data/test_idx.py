import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from microgradnet.data import read_idx, write_idx

DTYPES = st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))


@given(array=ARRAYS, name=st.sampled_from(["x", "x.gz"]))
@settings(deadline=None)
def test_what_is_written_is_read(tmp_path_factory, array, name):
    path = tmp_path_factory.mktemp("idx") / name
    write_idx(path, array)
    back = read_idx(path)
    assert back.dtype == array.dtype and back.dtype.isnative and back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_the_bytes_are_those_of_the_format(tmp_path):
    content = bytes([0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 1, 0, 255, 254])
    (tmp_path / "x").write_bytes(content)
    assert read_idx(tmp_path / "x").tolist() == [[1, 256, -2]]
    write_idx(tmp_path / "y", np.array([[1, 256, -2]], np.int16))
    assert (tmp_path / "y").read_bytes() == content


def test_damaged_files_are_refused_at_every_length(tmp_path):
    path = tmp_path / "x"
    write_idx(path, np.arange(12, dtype=np.uint8).reshape(3, 4))
    whole = path.read_bytes()
    for content in [*(whole[:end] for end in range(len(whole))), whole + b"\0"]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"^read_idx: .*x: (not an IDX file|it should hold 12 bytes of values)"):
            read_idx(path)
    for content in (gzip.compress(whole)[:20], gzip.compress(whole)[:12] + bytes(20)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"^read_idx: .*x: (a damaged gzip|not an IDX) file"):
            read_idx(path)
    for content in (b"\x89PNG....", bytes([0, 0, 7, 1, 0, 0, 0, 0]), bytes([0, 1, 8, 0, 5])):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"^read_idx: .*x: not an IDX file; download it again$"):
            read_idx(path)


def test_a_dtype_that_it_lacks_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"^write_idx: uint8, .* expected, got int64$"):
        write_idx(tmp_path / "x", np.arange(3))
    assert not list(tmp_path.iterdir())
