"""Random training programs, plainly and captured."""

from tests.capture.test_random_programs import check

from . import fuzzer


@fuzzer("capture", count=10_000)
def captured_step(number: int) -> str | None:
    """A random training program gives the same bits when its step is captured, at each of 12 calls."""
    try:
        check(1000 + number)  # the tests have those below 1000
    except AssertionError as error:
        return str(error)
    return None
