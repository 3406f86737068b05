"""Gradient flow: statistics of each layer during training, with verdicts in words."""

from .verdicts import Verdict
from .watch import Flow, watch

__all__ = ["Flow", "Verdict", "watch"]
