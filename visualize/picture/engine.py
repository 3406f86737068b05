"""From DOT text to a file. ``dot`` if it is on the PATH, else the engine that pygraphviz's wheels bundle.

The layout is C code on untrusted input, so it runs in a separate process with a time limit: a crash or a hang there
becomes an error message here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FORMATS = ("svg", "png", "pdf")
SECONDS = 30
_BUNDLED = """
import sys, warnings
warnings.simplefilter("ignore")
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode(), strict=False)
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


class RenderError(RuntimeError):
    """The picture could not be made."""


def render(source: str, kind: str, seconds: float = SECONDS) -> bytes:
    """``source`` laid out and drawn as ``kind``: svg, png or pdf. Raises ``RenderError`` with the reason."""
    if kind not in FORMATS:
        raise RenderError(f"draw: the format is one of {', '.join(FORMATS)} or dot, got {kind!r}")
    command = _engine(kind)
    try:
        done = subprocess.run(command, input=source.encode(errors="replace"), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"draw: the layout took longer than {seconds:g} s and was stopped: "
            "draw a smaller part of the graph, or save it as .dot"
        ) from None
    if done.returncode != 0 or not done.stdout:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [
            f"it ended with status {done.returncode}"
        ]
        raise RenderError(f"draw: the layout engine failed: {last[0]}")
    return done.stdout


def _engine(kind: str) -> list[str]:
    if dot := shutil.which("dot"):
        return [dot, f"-T{kind}"]
    check = subprocess.run([sys.executable, "-c", "import pygraphviz"], capture_output=True)
    if check.returncode == 0:
        return [sys.executable, "-c", _BUNDLED, kind]
    raise RenderError(
        "draw: no layout engine: install Graphviz (its `dot` on the PATH) or `pip install pygraphviz`; "
        'saving as ".dot" works without one'
    )


def write(path: Path, content: bytes) -> None:
    """Writes to a temporary name, then renames. Raises ``RenderError`` if the path cannot be written."""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        raise RenderError(f"draw: cannot write {path}: {error.strerror or error}") from None
