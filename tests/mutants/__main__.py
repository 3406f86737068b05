"""Breaks the code on purpose, one small change at a time, and asks whether a test notices: ``make mutants``.

    python -m tests.mutants [PART ...]      all mutants, or those whose file, area or key holds one of the parts

Which files, how many mutants of each and which tests: ``targets.py``; changes by hand: ``by_hand.py``; mutants that no
test can or should kill, and why: ``survivors.py``. The tests run in a copy of the tree. Once for each test file they
are watched, to know which test calls which function; a mutant then meets the tests that call the function it is in,
the fastest first. What was found out stands in ``out/mutants/report.txt``. A mutant that was killed is not tried again
while its file stays as it is, so an interrupted run goes on; remove ``out/mutants`` to begin anew.
"""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from .by_hand import BY_HAND
from .survivors import SURVIVORS
from .targets import TARGETS, chosen

ROOT = Path(__file__).parents[2]
OUT = ROOT / "out" / "mutants"
TREE = OUT / "tree"
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark", "-p", "no:xdist", "--hypothesis-seed=0"]
PACKAGES = ("microgradnet", "visualize", "tests", "demos")
ENOUGH = 40  # seconds of tests for one mutant
MOST_CALLS = 100_000  # that are looked at in one test
SECONDS = 120  # for one mutant


class Watch:
    """A pytest plugin: which functions each test enters, and how long it takes."""

    def __init__(self):
        self.codes: dict[str, set] = {}  # what each test entered
        self.loops: dict[str, set] = {}  # and which compiled loops
        self.seconds: dict[str, float] = {}

    def trace(self, frame, event, argument):
        if event == "call":
            self.left -= 1
            if not self.left:  # a million steps of one kind
                sys.settrace(None)
            self.code.add(frame.f_code)
            if frame.f_code.co_name == "run" and frame.f_code.co_filename.endswith("backends/loops.py"):
                self.loop.add(frame.f_locals["run"])

    def calls(self) -> dict[str, list]:
        """``{test: [seconds, names of what it entered]}``; a loop stands for all that it calls."""
        loops = {loop: [f"loop:{part}" for part in loop.parts("float64")] for loop in set().union(*self.loops.values())}
        found = {}
        for test, seconds in self.seconds.items():
            names = {f"{os.path.relpath(c.co_filename, TREE)}:{c.co_name}" for c in self.codes[test]}
            names = {name for name in names if name.startswith("microgradnet")}
            found[test] = [seconds, sorted(names.union(*(loops[loop] for loop in self.loops[test])))]
        return found

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.seconds[report.nodeid] = float("nan")
        elif report.when == "call":
            self.seconds[report.nodeid] = report.duration

    def pytest_runtest_protocol(self, item, nextitem):
        self.code = self.codes[item.nodeid] = set()
        self.loop = self.loops[item.nodeid] = set()
        self.left = MOST_CALLS
        sys.settrace(self.trace)

    def pytest_runtest_logfinish(self, nodeid, location):
        sys.settrace(None)


def in_a_child(arguments: list[str], log: Path, seconds: float, watched: Path | None = None) -> int | None:
    """pytest's exit status in a forked child, which has the heavy libraries already; None if it took too long."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(log, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(TREE)
        sys.path[:] = [str(TREE)] + [p for p in sys.path if p and Path(p).resolve() != ROOT]
        for name in [n for n in sys.modules if n.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
        import pytest

        watch = Watch()
        status = 99
        try:
            status = int(pytest.main([*OPTIONS, *arguments], plugins=[watch] if watched else []))
            if watched:
                watched.write_text(json.dumps(watch.calls()))
        finally:
            sys.stdout.flush()
            os._exit(status)
    end, done = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end and not done:
            done, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.02)
    finally:
        if not done:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if done else None


def make_tree() -> None:
    """A copy of the packages and their tests, without compiled files: time stamps are kept, so bytecode stays valid."""
    for package in PACKAGES:
        shutil.rmtree(TREE / package, ignore_errors=True)
        shutil.copytree(ROOT / package, TREE / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "Makefile"):
        shutil.copy2(ROOT / name, TREE / name)


def calls_of(test: str) -> dict[str, list]:
    """``{test: (seconds, functions entered)}`` for a test file; found out anew when it or its cases change."""
    path = TREE / test
    texts = [p.read_bytes() for p in sorted(path.parent.glob("*.py")) if p == path or not p.name.startswith("test_")]
    stored = OUT / "calls" / f"{path.stem}_{hashlib.sha256(b''.join(texts)).hexdigest()[:16]}.json"
    if not stored.exists():
        stored.parent.mkdir(parents=True, exist_ok=True)
        print(f"watching {test} ...", flush=True)
        status = in_a_child([test, "--maxfail=1000"], OUT / "baseline.log", 1800, stored)
        if status not in (0, 1):
            raise SystemExit(f"{test}: pytest ended with {status}, see {OUT / 'baseline.log'}")
    return json.loads(stored.read_text())


def tests_for(mutant, file: str, tests: tuple[str, ...]) -> list[str]:
    """The tests that call the mutant's function, the fastest first; all where none is known to."""
    calls: dict[str, list] = {}
    for test in tests:
        calls |= calls_of(test)
    calls = {name: call for name, call in calls.items() if call[0] == call[0]}  # those that fail anyway say nothing
    op = mutant.function.strip("_")
    found = {n for n in calls if op and (f"[{op}" in n or f".{op}" in n)}
    entered = [f"loop:{mutant.function}", *(f"{file}:{scope}" for scope in mutant.scopes)]
    if not (found and {"_", "<lambda>"} & set(mutant.scopes)):  # names that many functions of a file share
        by_scope = ({name for name, call in calls.items() if scope in call[1]} for scope in entered)
        found |= next(filter(None, by_scope), set())
    fastest = sorted(found or calls, key=lambda name: calls[name][0])
    passed = itertools.accumulate(calls[name][0] for name in fastest)
    return [name for name, seconds in zip(fastest, passed, strict=True) if seconds < ENOUGH or name == fastest[0]]


def main() -> int:
    parts = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and so ends its child
    os.environ.setdefault("MICROGRADNET_CACHE", str(OUT / "kernels"))
    make_tree()
    for library in ("numpy", "numba", "pytest", "hypothesis", "torch"):  # once, for all children
        with contextlib.suppress(ImportError):
            __import__(library)
    results: Counter = Counter()
    lines, unexplained = [], []
    for target in (*BY_HAND, *TARGETS):
        for mutant in chosen(target):
            name = f"{target.file}: {mutant.key}"
            if parts and not any(part in f"{target.area}: {name}" for part in parts):
                continue
            outcome, seconds, log = verdict(mutant, target)
            explained = SURVIVORS.get((target.file, mutant.key))
            if outcome != "killed" and explained is None:
                unexplained.append(name)
            results[target.area, outcome] += 1
            lines.append(f"{outcome:8} {seconds:5.1f} s  {name}{f'  | {log}' if log else ''}"
                         + (f"\n{'':18}{explained}" if explained and outcome != "killed" else ""))  # fmt: skip
            print(lines[-1], flush=True)
    return report(results, lines, unexplained)


def verdict(mutant, target) -> tuple[str, float, str]:
    """("killed", "survived" or "timeout", seconds, the test that failed)."""
    path = TREE / target.file
    stored = OUT / "killed" / hashlib.sha256(mutant.text.encode()).hexdigest()
    if stored.exists():
        return "killed", 0.0, stored.read_text()
    tests = tests_for(mutant, target.file, target.tests)
    start = time.monotonic()
    sys.dont_write_bytecode = True  # of a mutant none must stay
    path.write_text(mutant.text, encoding="utf-8")
    try:
        status = in_a_child(tests, OUT / "mutant.log", SECONDS)
    finally:
        shutil.copy2(ROOT / target.file, path)
        sys.dont_write_bytecode = False
    log = (OUT / "mutant.log").read_text(errors="replace")
    failed = next((line for line in log.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
    failed = failed.partition(" - ")[0].rpartition("/")[2]
    if status == 5:
        raise SystemExit(f"{target.file}: no test was found for {mutant.key}")
    if status:  # a test failed, or nothing could be imported; a timeout may be slow compiling
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(failed)
    outcome = "timeout" if status is None else "killed" if status else "survived"
    return outcome, time.monotonic() - start, failed


def report(results: Counter, lines: list[str], unexplained: list[str]) -> int:
    table = [f"{'area':14}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'killed':>9}"]
    for area in [*dict.fromkeys(area for area, _ in results), "all"]:
        counts = [sum(n for (a, o), n in results.items() if area in (a, "all") and o == outcome)
                  for outcome in ("killed", "timeout", "survived")]  # fmt: skip
        killed, timeout, survived = counts
        total = sum(counts)
        table.append(f"{area:14}{total:8}{killed:8}{timeout:8}{survived:9}{killed / max(total, 1):9.1%}")
    text = "\n".join([*table, "", *lines, "", *(f"without an explanation: {name}" for name in unexplained)])
    (OUT / "report.txt").write_text(text + "\n")
    print("\n" + "\n".join(table))
    total = sum(results.values())
    survived = sum(n for (_, outcome), n in results.items() if outcome != "killed")
    if unexplained or survived > 0.05 * total:
        print(f"{survived} of {total} were not killed, {len(unexplained)} of them without an explanation: "
              f"see {OUT / 'report.txt'}")  # fmt: skip
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
