"""Ops of neural networks: convolution, pooling, normalization, dropout, attention, embedding."""
