"""Ops that create, rearrange, index and sort elements."""
