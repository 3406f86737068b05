"""The compiler of kernels for GPUs: numba-cuda, or its simulator. This file alone imports it, so that a successor of
numba-cuda, which is in maintenance, can take its place here.
"""

from numba import config, cuda, float32, float64, int64, types

__all__ = ["config", "cuda", "float32", "float64", "int64", "types"]
