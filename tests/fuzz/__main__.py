"""``python -m tests.fuzz [NAME ...] [--count N] [--from K]``: all fuzzers, or the named ones."""

import argparse
import importlib
import pkgutil
import sys
import time

from . import __path__, registry, run

for module in pkgutil.iter_modules(__path__):
    if not module.name.startswith(("__", "test_")):
        importlib.import_module(f"{__package__}.{module.name}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Runs fuzzers; fails if a case does.")
    about = "; ".join(f"{name}: {fuzzer.about}" for name, fuzzer in registry.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=about)
    parser.add_argument("--count", type=int, help="cases of each (default: what make fuzz runs)")
    parser.add_argument("--from", dest="start", type=int, default=0, help="number of the first case")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(registry):
        parser.error(f"no fuzzer {', '.join(sorted(unknown))}; there are {', '.join(registry)}")
    failed = 0
    for name in arguments.names or registry:
        start = time.perf_counter()
        count = arguments.count or registry[name].count
        problems = run(name, count, arguments.start)
        failed += len(problems)
        print(f"{name}: {count} cases, {len(problems)} failed, {time.perf_counter() - start:.0f} s", flush=True)
        print("".join(f"  {problem}\n" for problem in problems), end="", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
