"""Gradient flow: what happens in each layer over a training, with verdicts in words."""

from .verdicts import Verdict
from .watch import Flow, watch

__all__ = ["Flow", "Verdict", "watch"]
