"""The GPU's launcher of loops, and the replacement for CuPy on machines without a GPU."""
