"""Ops of one element: each its function, its derivative and its formula."""
