"""Ops that sum, average or rank along dimensions."""
