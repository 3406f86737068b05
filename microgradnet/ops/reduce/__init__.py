"""Reductions: sums, means, extremes and statistics along dimensions."""
