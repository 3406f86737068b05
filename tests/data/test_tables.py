import numpy as np
import pytest

from microgradnet.data import CSVDataset, DataLoader, NpzDataset

IRIS = "length,width,species\n5.1,3.5,setosa\n7.0, 3.2 ,versicolor\n\n6.3,3.3,virginica\n4.9,3e0,setosa\n"


def written(tmp_path, text: str):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_with_classes(tmp_path):
    data = CSVDataset(written(tmp_path, "\ufeff" + IRIS))
    assert data.columns == ["length", "width"] and data.classes == ["setosa", "versicolor", "virginica"]
    x, y = data[:]
    np.testing.assert_array_equal(x.numpy(), np.float32([[5.1, 3.5], [7, 3.2], [6.3, 3.3], [4.9, 3]]))
    assert x.dtype == np.float32 and y.dtype == np.int64 and y.tolist() == [0, 1, 2, 0]
    (batch, labels), *_ = DataLoader(data, 3)
    assert batch.shape == (3, 2) and labels.shape == (3,)


@pytest.mark.parametrize("target", ["b", 1, -2])
def test_a_target_of_numbers(target, tmp_path):
    x, y = CSVDataset(written(tmp_path, "a,b,c\n1,0.5,3\n4,2,6\n"), target)[:]
    assert x.tolist() == [[1, 3], [4, 6]]
    assert y.tolist() == [[0.5], [2]] and y.dtype == np.float32


def test_whole_numbers_are_labels(tmp_path):
    data = CSVDataset(written(tmp_path, "3;1.5\n-2;2.5\n"), 0, header=False, delimiter=";")
    assert data[:][1].tolist() == [3, -2] and data[:][1].dtype == np.int64
    assert data.columns == ["1"] and data.classes is None


def test_no_target(tmp_path):
    data = CSVDataset(written(tmp_path, "a,b\n1,2\n"), target=None)
    assert len(data[0]) == 1 and data[0][0].tolist() == [1, 2]


def test_what_is_wrong_in_a_table_is_named_with_its_line(tmp_path):
    for text, message in [
        ("", "no rows of data"),
        ("a,b\n", "no rows of data"),
        ("a,b\n1,2\n\n3\n", "line 4: 1 values, the first line has 2"),
        ("a,b\n1,2\n3,\n", "line 3: b is missing"),
        ("a,b\n1,2\n?,2\n", r"line 3: a is '\?', no number"),
    ]:
        with pytest.raises(ValueError, match=rf"^CSVDataset: .*table\.csv[,:]? {message}(; .*)?$"):
            CSVDataset(written(tmp_path, text))
    with pytest.raises(ValueError, match=r"^CSVDataset: .* 1 of its 2 values are NaN"):
        CSVDataset(written(tmp_path, "a,b\n1,2\nnan,2\n"))
    for target in ("species", 2, -3):
        with pytest.raises(KeyError, match=r"CSVDataset: .*table\.csv has no column .*; it has a, b"):
            CSVDataset(written(tmp_path, "a,b\n1,2\n"), target)


def test_arrays_of_an_npz_file(tmp_path):
    images, labels = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32), np.arange(5)
    np.savez(tmp_path / "a.npz", images=images, labels=labels, weights=np.ones(5))
    data = NpzDataset(tmp_path / "a.npz", "labels", "images")
    assert len(data) == 5 and data[3][0].item() == 3
    np.testing.assert_array_equal(data[:][1].numpy(), images)
    everything = NpzDataset(tmp_path / "a.npz")
    assert everything.names == ("images", "labels", "weights") and len(everything[0]) == 3


class Trap:
    def __reduce__(self):
        return print, ("code was run",)


def test_objects_are_not_unpickled(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", x=np.array([Trap()]), y=np.zeros(1))
    with pytest.raises(ValueError, match=r"^NpzDataset: .*a\.npz: x\.npy: .*Python objects, which could run code"):
        NpzDataset(tmp_path / "a.npz")
    assert len(NpzDataset(tmp_path / "a.npz", "y")) == 1
    np.save(tmp_path / "b.npy", np.array([Trap()]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"^NpzDataset: .*b\.npy: not an \.npz file"):
        NpzDataset(tmp_path / "b.npy")
    assert capsys.readouterr().out == ""


def test_files_that_are_no_archive_are_named(tmp_path):
    (tmp_path / "junk").write_bytes(b"junk, and no more")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04torn")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("junk", "torn.npz", "empty"):
        with pytest.raises(ValueError, match=rf"^NpzDataset: .*{name}: not an \.npz file"):
            NpzDataset(tmp_path / name)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"one\.npy: not an \.npz file.*; write it again with np\.savez$"):
        NpzDataset(tmp_path / "one.npy")
    np.savez(tmp_path / "a.npz", x=np.zeros(2))
    with pytest.raises(KeyError, match=r"a\.npz has no y, z; it has x"):
        NpzDataset(tmp_path / "a.npz", "x", "y", "z")
