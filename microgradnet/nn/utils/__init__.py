"""What is done to parameters and gradients besides training them."""

__all__ = []
