"""The error for a file that is not what it should be."""

from os import PathLike


class DamagedFile(ValueError):
    """A file is cut short, changed, or of another format. The message names file, place and remedy."""

    def __init__(self, reader: str, path: str | PathLike[str], problem: object, remedy: str = "restore it") -> None:
        super().__init__(f"{reader}: {path}: {problem}; {remedy}")


def check_size(reader: str, path: str | PathLike[str], expected: int, stored: int) -> None:
    """Raises DamagedFile, before any memory is taken, for contents that ``stored`` bytes can hardly stand for."""
    if expected > max(1 << 30, 100 * stored):
        raise DamagedFile(
            reader, path, f"{stored} bytes claim to hold {expected}", "if that is meant, save it without compression"
        )
