"""Text that a picture shows in place of a formula."""


class Notation(str):
    """Words or signs that say what an op does, where no formula of numbers does: shown as they are, never evaluated."""

    __slots__ = ()
