"""Data to train on: real images, synthetic points, and a loader for batches."""

from ..arguments import explain_all as _explain_all
from .augmentation import random_flip, random_noise, random_shift
from .dataset import Dataset, Subset, TensorDataset, random_split
from .datasets import Digits, load_digits
from .idx import read_idx, write_idx
from .loader import DataLoader, default_collate
from .mnist import MNIST, FashionMNIST
from .preprocessing import PCA, ChannelMean, MeanImage, Standardize, ZCAWhitening
from .synthetic import make_blobs, make_circles, make_moons, make_sine, make_spirals, make_xor
from .tables import CSVDataset, NpzDataset

__all__ = [
    "MNIST",
    "PCA",
    "CSVDataset",
    "ChannelMean",
    "DataLoader",
    "Dataset",
    "Digits",
    "FashionMNIST",
    "MeanImage",
    "NpzDataset",
    "Standardize",
    "Subset",
    "TensorDataset",
    "ZCAWhitening",
    "default_collate",
    "load_digits",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_sine",
    "make_spirals",
    "make_xor",
    "random_flip",
    "random_noise",
    "random_shift",
    "random_split",
    "read_idx",
    "write_idx",
]

_explain_all(globals(), "microgradnet")
