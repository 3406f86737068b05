"""What is done to parameters and gradients besides training them."""

from . import parametrizations, parametrize

__all__ = ["parametrizations", "parametrize"]
