"""The GPU's launcher of loops, and what stands in for CuPy where there is no GPU."""
