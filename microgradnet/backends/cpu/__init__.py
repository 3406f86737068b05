"""The CPU's launcher of loops, and the loops themselves: convolution, pooling, normalization, rows."""
