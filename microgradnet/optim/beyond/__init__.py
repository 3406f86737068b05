"""Optimizers and penalties that PyTorch does not have."""
