"""Activation modules that PyTorch does not have: fixed, learned, and found by search."""
