"""MNIST and Fashion-MNIST: 70,000 images each of handwritten digits and of clothes."""

import os
from pathlib import Path
from typing import ClassVar

import numpy as np

from .dataset import TensorDataset
from .idx import read_idx


class MNIST(TensorDataset):
    """Handwritten digits, 28×28: sample i is (image, label), a float32 (1, 28, 28) from 0 to 1 and an int64, 0 to 9.

    ``split="train"`` has 60,000 samples, ``"test"`` 10,000. LeCun, Bottou, Bengio and Haffner 1998. The four IDX files
    (``FILES``, gzipped or unpacked without ``.gz``) are searched in ``folder``, then in ``mnist`` in the folder named
    by the environment variable MICROGRADNET_DATA, then among earlier downloads. Otherwise they are downloaded (12 MB;
    ``download=False`` forbids it), verified, and kept in the user's cache folder.

    Raises ValueError for another split or a damaged file, FileNotFoundError when the files are not found: it says what
    was tried and where to put them.
    """

    name = "MNIST"
    cached_as = "mnist"
    MIRRORS = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    FILES: ClassVar = {
        "train": {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        },
        "test": {
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    }
    CLASSES = tuple("0123456789")

    def __init__(self, split: str = "train", folder: str | Path | None = None, download: bool = True):
        if split not in self.FILES:
            raise ValueError(f"{self.name}: split must be 'train' or 'test', got {split!r}")
        images, labels = (read_idx(path) for path in self._files(split, folder, download))
        if images.ndim != 3 or labels.shape != images.shape[:1] or images.dtype != np.uint8:
            raise ValueError(
                f"{self.name}: uint8 images (N, H, W) and labels (N,) expected, the files have {images.dtype} "
                f"{images.shape} and {labels.shape}"
            )
        super().__init__(images[:, None] / np.float32(255), labels.astype(np.int64))

    def _files(self, split: str, folder: str | Path | None, may_download: bool) -> list[Path]:
        """The paths of the images' and the labels' files, wherever they are."""
        # Here and in _fetch, not above: Python's network modules take a tenth of the library's import time.
        from .download import cache_folder, md5

        places = [] if folder is None else [Path(folder)]
        if os.environ.get("MICROGRADNET_DATA"):
            # Not the folder itself: the files of MNIST and Fashion-MNIST have the same names.
            places.append(Path(os.environ["MICROGRADNET_DATA"], self.cached_as))
        cache = cache_folder() / self.cached_as
        found = []
        for file, checksum in self.FILES[split].items():
            candidates = [place / name for place in places for name in (file, file.removesuffix(".gz"))]
            path = next((candidate for candidate in candidates if candidate.is_file()), cache / file)
            if path == cache / file and not (path.is_file() and md5(path) == checksum):
                self._fetch(path, checksum, places, may_download)
            found.append(path)
        return found

    def _fetch(self, path: Path, checksum: str, places: list[Path], may_download: bool) -> None:
        from .download import download

        problem = "download=False"
        if may_download:
            try:
                download([mirror + path.name for mirror in self.MIRRORS], path, checksum)
                return
            except OSError as error:  # no connection, or the file cannot be written
                problem = f"download failed: {error}"
        looked = ", ".join(map(str, [*places, path.parent]))
        names = ", ".join(file for files in self.FILES.values() for file in files)
        raise FileNotFoundError(
            f"{self.name}: no whole {path.name} in {looked}; {problem}. Put {names} into a folder and pass it as "
            f"folder=, or into {self.cached_as}/ of the folder that MICROGRADNET_DATA names"
        )


class FashionMNIST(MNIST):
    """Clothes, 28×28 in shades of grey, with the sizes, the format and the arguments of ``MNIST``; 31 MB.

    Xiao, Rasul and Vollgraf 2017; MIT licence. ``CLASSES[label]`` is the name. In MICROGRADNET_DATA its folder is
    ``fashion-mnist``. Use it where digits are too easy to tell two models apart.
    """

    name = "FashionMNIST"
    cached_as = "fashion-mnist"
    MIRRORS = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    )
    FILES: ClassVar = {
        "train": {
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        },
        "test": {
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    }
    CLASSES = (
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )
