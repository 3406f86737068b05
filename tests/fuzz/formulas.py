"""Formulas for ``python -m visualize``: any text is drawn, or refused in one line."""

import contextlib
import io
import random
import tempfile
import warnings
from pathlib import Path

from visualize.__main__ import main

PLAIN = ["a", "b", "a", "b", "+", "-", "*", "/", "**", "(", ")", "tanh(a)", "exp(", "2", "0.5"]
PARTS = [
    *PLAIN,
    ",",
    "=",
    ".",
    "L = ",
    "max(",
    "1e999",
    "9" * 400,
    "lambda",
    "if",
    "[",
    "]",
    "'",
    "\x00",
    "\ud800",
    "é",
]
PARTS += ["__import__", "0", "%", "//", "@", " "]
REPEATED = ["{}a+", "{}a*", "{}tanh(", "{}(", "{}-", "{}a**", "{}9", "{}a,"]


def formula(draw: random.Random) -> str:
    """A text of parts of formulas, sometimes a long one."""
    if draw.random() < 0.2:
        part = draw.choice(REPEATED).format("")
        closed = ")" * draw.choice([0, 1]) if "(" in part else ""
        count = draw.choice([10, 200, 900, 1900])
        return part * count + "a" + closed * count
    return "".join(draw.choice(draw.choice([PLAIN, PLAIN, PLAIN, PARTS])) for _ in range(draw.randint(1, 9)))


def check(seed: int) -> str:
    """Case ``seed``: "drawn" or "refused". Raises AssertionError for an error that is not told in a line."""
    draw = random.Random(seed)
    text, said = formula(draw), io.StringIO()
    values = [f"{name}={draw.choice(['1', '-2.5', '3', '0', 'nan', '1e400'])}" for name in "ab" if name in text]
    values += draw.choices([[], ["b"], ["c=1"], ["b=x"]], [12, 1, 1, 1])[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = str(
            Path(folder) / draw.choice(["a.txt", "a.txt", "a.html", "none/a.txt", "a\x00.txt", "x" * 300 + ".txt"])
        )
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
                code = main([f" {text}", *values, "--out", out])
        except SystemExit as end:
            code = end.code
        except Exception as error:
            raise AssertionError(f"{text[:60]!r}: {type(error).__name__}: {error!s:.120}") from None
    assert code in (0, 2) and (code == 0 or said.getvalue()), f"{text[:60]!r}: returned {code}"
    return "drawn" if code == 0 else "refused"
