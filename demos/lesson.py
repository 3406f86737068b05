"""The common part of the lessons: command line, progress bar, output folder, and the result at the end.

Nothing here trains: each lesson has its own loop, to be read. A lesson states what it found with ``finding``, and the
conditions for it with ``check``, or with ``compare`` where numbers over several seeds must differ by more than their
spread; ``finish`` prints both and returns the program's exit status.

A lesson names ways to break what it claims, its ``BREAKS``. ``--broken NAME`` runs it so, and it must fail; with
``--broken any`` one is drawn and not named, and the question is which.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

import microgradnet as mg


class Lesson:
    """One run of one lesson.

    Args:
        script: ``__file__`` of the lesson; its name is the lesson's, and that of its folder in ``out/``.
        doc: the docstring of the lesson; its first line is the help text.
        argv: the command line, ``sys.argv`` if None.
        quick: options that ``--quick`` changes: a smaller budget, used by the tests.
        breaks: name -> what changes the lesson so that its claim is false, as a context to be entered.
        options: name -> (default, help) of the options of this lesson; an integer must be at least 1, unless its
            default is 0, which means no limit; a tuple has the choices, the default first.

    Afterwards ``args`` has the options, the output folder exists, and all random generators are seeded.
    """

    def __init__(
        self, script: str, doc: str, argv: list[str] | None = None, *, quick: dict | None = None,
        breaks: dict[str, Callable[[], AbstractContextManager]] | None = None, **options,
    ):  # fmt: skip
        self.name = Path(script).stem
        self.title = doc.partition("\n")[0]
        self.breaks = breaks or {}
        self.args = _arguments(self, argv, quick or {}, options)
        self._broken = ExitStack()
        if self.args.broken is not None:
            name = random.choice(list(self.breaks)) if self.args.broken == "any" else self.args.broken
            self._broken.enter_context(self.breaks[name]())
        self.out = _output_folder(self.args.out)
        self.findings: list[str] = []
        self.checks: list[dict] = []
        self.pictures: list[tuple[str, str]] = []
        self._started = time.perf_counter()
        self._bar: tqdm | None = None
        mg.manual_seed(self.args.seed)
        print(self.title)

    def seeds(self, count: int) -> Iterator[int]:
        """``count`` seeds, the first that of the command line; every generator starts from each in turn."""
        for k in range(count):
            seed = self.args.seed + 1000 * k
            mg.manual_seed(seed)
            yield seed

    def progress(self, steps: int, what: str, unit: str = "step") -> Iterator[int]:
        """0, 1, ..., ``steps`` − 1 with a progress bar, to which ``show`` adds the loss and the accuracy."""
        with tqdm(range(steps), desc=what, unit=unit, disable=None, leave=False) as self._bar:
            yield from self._bar

    def show(self, **figures: float) -> None:
        """Shows numbers such as ``loss=0.3, accuracy=0.98`` in the running progress bar."""
        self._bar.set_postfix({name: f"{float(value):.3g}" for name, value in figures.items()}, refresh=False)

    def picture(self, file: str, caption: str) -> Path:
        """The path for a picture, which is listed with its caption at the end and in the course's index."""
        self.pictures.append((file, caption))
        return self.out / file

    def finding(self, sentence: str) -> None:
        """Adds a finding, a plain sentence with its figures."""
        self.findings.append(sentence)

    def check(self, claim: str, holds: bool) -> None:
        """Adds a condition of the findings, with its figures; the lesson fails if one does not hold."""
        self.checks.append({"claim": claim, "holds": bool(holds)})

    def compare(self, claim: str, larger: Sequence[float], smaller: Sequence[float], margin: float = 0.0) -> None:
        """Adds the condition that ``larger`` exceeds ``smaller``, measured with the same seeds in the same order.

        The mean of their differences must be at least ``margin``, and two of its standard errors above 0.
        """
        mean, error = difference(larger, smaller)
        self.check(f"{claim}: by {mean:.2g} ± {error:.1g}", mean >= margin and mean > 2 * error)

    def finish(self) -> int:
        """Prints what was found, writes it to ``lesson.json`` with the pictures' names, and returns the exit status."""
        self._broken.close()
        for sentence in self.findings:
            print(f"  {sentence}")
        print(f"Pictures in {self.out}/: {', '.join(file for file, _ in self.pictures)}")
        failed = [check["claim"] for check in self.checks if not check["holds"]]
        for claim in failed:
            print(f"Not so: {claim}. The lesson did not come out.", file=sys.stderr)
        report = {
            "lesson": self.name, "title": self.title, "seconds": round(time.perf_counter() - self._started, 1),
            "seed": self.args.seed, "findings": self.findings, "checks": self.checks,
            "pictures": [{"file": file, "caption": caption} for file, caption in self.pictures],
        }  # fmt: skip
        write_json(self.out / "lesson.json", report)
        return 1 if failed else 0


def difference(larger: Sequence[float], smaller: Sequence[float]) -> tuple[float, float]:
    """The mean of the differences between pairs, and its standard error."""
    d = np.subtract(larger, smaller)
    return float(d.mean()), float(d.std(ddof=1) / len(d) ** 0.5) if len(d) > 1 else 0.0


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """``mean ± standard deviation``."""
    return f"{np.mean(values):{form}} ± {np.std(values, ddof=1 if len(values) > 1 else 0):{form}}"


def write_json(path: Path, content: dict) -> None:
    """Writes to a temporary name, then renames, so that an interrupted run leaves no partial file."""
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def positive(text: str) -> int:
    """An argument that is a positive integer."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 expected, got {text!r}")
    return int(text)


def _arguments(lesson: Lesson, argv: list[str] | None, quick: dict, options: dict) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python demos/{lesson.name}.py", description=lesson.title)
    for name, (default, text) in options.items():
        if isinstance(default, bool):
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
            continue
        kind = positive if isinstance(default, int) and default else type(default)
        choices = None
        if isinstance(default, tuple):  # the first of the choices is the default
            kind, choices, default = str, default, default[0]
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, choices=choices, default=default,
            help=f"{text} (default: %(default)s)",
        )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: %(default)s)")
    folder = Path("out") / lesson.name
    parser.add_argument("--out", type=Path, default=folder, help="folder of the pictures (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a smaller budget, as the tests run it")
    parser.add_argument(
        "--broken", choices=[*lesson.breaks, "any"] if lesson.breaks else [], metavar="NAME",
        help=f"break the claim and see the lesson fail: {', '.join([*lesson.breaks, 'any'])}",
    )  # fmt: skip
    if "--quick" in (sys.argv[1:] if argv is None else argv):
        parser.set_defaults(**quick)
    return parser.parse_args(argv)


def _output_folder(path: Path) -> Path:
    """Creates the folder, or ends the program with one line that says why it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        sys.exit(f"--out {path}: cannot write there: {error.strerror or error}")
    return path
