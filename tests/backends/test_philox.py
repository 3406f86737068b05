"""Masks drawn by counting, against Philox4x32-10 in Python's own integers."""

import numpy as np
import pytest

from microgradnet.backends import philox

WORD = 2**32


def numbers(counter: int, key: tuple[int, int]) -> list[int]:
    """Salmon et al. 2011, section 3.3, with ten rounds."""
    c, k = [counter % WORD, counter // WORD, 0, 0], list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], WORD)
        high1, low1 = divmod(0xCD9E8D57 * c[2], WORD)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) % WORD, (k[1] + 0xBB67AE85) % WORD]
    return c


def drawn(size: int, key: tuple[int, int]) -> list[int]:
    """The number for each element: counter by counter within a stretch of 1024, quarter by quarter."""
    return [numbers(i // 1024 * 256 + i % 256, key)[i % 1024 // 256] for i in range(size)]


def test_the_numbers_of_zero_are_those_that_the_authors_publish():
    assert [hex(n) for n in numbers(0, (0, 0))] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]


@pytest.mark.parametrize("counter", [0, 1, 2**32 - 1, 2**32, 2**63 + 5])
def test_the_loop_computes_the_numbers_for_any_counter(counter):
    got = philox.philox(np.uint64(counter), np.uint64(7), np.uint64(2**32 - 9))
    assert [int(n) for n in got] == numbers(counter, (7, 2**32 - 9))


@pytest.mark.parametrize("place", [0, 257, 700, 1000, 1023, 1024, 2047, 2100])
def test_an_element_is_kept_if_its_number_is_at_least_the_threshold(place):
    """The threshold is the number of one element itself, in each quarter, in the second stretch and in the rest."""
    key, size = (3, 5), 2111
    expected = np.array(drawn(size, key), np.uint64)
    x, out = np.arange(1, size + 1, dtype=np.float32), np.empty(size, np.float32)
    philox.dropped(x, np.array(key, np.uint64), expected[place], np.float32(2), out)
    np.testing.assert_array_equal(out, np.where(expected >= expected[place], 2 * x, 0))
    assert out[place] == 2 * x[place]
