"""The scalar engine: micrograd's ``Value``, recorded on a flat tape that one compiled loop reads backwards."""

from .tape import ScalarTape
from .value import Value

__all__ = ["ScalarTape", "Value"]
