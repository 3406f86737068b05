"""Layers that PyTorch does not have."""
