"""Data to train on: real digits, made-up points, and what hands either out in batches."""

from .dataset import Dataset, Subset, TensorDataset, random_split
from .datasets import Digits, load_digits
from .loader import DataLoader, default_collate
from .synthetic import make_blobs, make_circles, make_moons, make_sine, make_spirals, make_xor

__all__ = [
    "DataLoader",
    "Dataset",
    "Digits",
    "Subset",
    "TensorDataset",
    "default_collate",
    "load_digits",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_sine",
    "make_spirals",
    "make_xor",
    "random_split",
]
