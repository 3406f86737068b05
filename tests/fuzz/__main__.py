"""``python -m tests.fuzz [NAME ...] [--count N] [--start SEED]``: runs fuzzers and says how often each outcome came."""

import argparse
import sys
import time
from collections import Counter

from . import FUZZERS, SLOW, fuzzer


def main() -> int:
    """Runs what the command line asks for; 1 if a seed failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(FUZZERS)} (default: all)")
    parser.add_argument("--count", type=int, help="seeds for each (default: 10,000, fewer of slow ones)")
    parser.add_argument("--start", type=int, default=1000, help="the first seed; the tests have those below 1000")
    options = parser.parse_args()
    if unknown := set(options.names) - FUZZERS.keys():
        parser.error(f"no fuzzer {', '.join(sorted(unknown))}: there are {', '.join(FUZZERS)}")
    failed = 0
    for name in options.names or FUZZERS:
        check, met, begun = fuzzer(name), Counter(), time.perf_counter()
        count = SLOW.get(name, 10_000) if options.count is None else options.count
        for seed in range(options.start, options.start + count):
            try:
                met[check(seed)] += 1
            except AssertionError as error:
                failed += 1
                print(f"{name} {seed}: {error}", flush=True)
            if sum(met.values()) % 500 == 0:
                so_far = f"{seed - options.start + 1:,} of {count:,}, {dict(met)}"
                print(f"{name}: {so_far}", file=sys.stderr, flush=True)
        print(f"{name}: {count:,} seeds in {time.perf_counter() - begun:.0f} s, {failed} failed: {dict(met)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
