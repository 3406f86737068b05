"""Capture a training step once, replay it without Python's graph building: ``step = mg.capture(train_step)``."""

from .step import CapturedStep, capture

__all__ = ["CapturedStep", "capture"]
