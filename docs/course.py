"""Writes the course page: ``python -m demos all``, then ``python docs/course.py``.

The texts are the lessons' own (first line and question of each docstring, what the run found); the pictures are copied
from ``out/`` (or the folder given), made smaller.
"""

import ast
import json
import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from demos.__main__ import LESSONS  # noqa: E402

# The picture that says most, where it is not the first one.
KEY = {
    "first_graph": "paths.png", "moons": "boundary.png", "digits": "mistakes.png", "initialization": "tanh.png",
    "batch_norm": "histograms.png", "optimizers": "ravine.png", "gelu": "gelu.png", "learning_rates": "schedules.png",
    "preprocessing": "clouds.png", "pretraining": "features.png", "second_order": "descent.png",
    "backprop_is_not_descent": "two_losses.png", "activation_search": "ranking.png", "regularization": "losses.png",
}  # fmt: skip
WIDTH = 900  # pixels


def key_picture(out: Path, name: str, report: dict) -> str:
    """Copies a lesson's key picture into docs/course, and returns its name."""
    file = KEY.get(name) or next(p["file"] for p in report["pictures"] if p["file"].endswith(".png"))
    with Image.open(out / name / file) as picture:
        picture = picture.convert("RGB")
        if picture.width > WIDTH:
            picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.LANCZOS)
        target = ROOT / "docs" / "course" / f"{name}.png"
        target.parent.mkdir(exist_ok=True)
        picture.quantize(96).save(target, optimize=True)
    return target.name


def section(out: Path, number: int, name: str) -> str:
    """One lesson: title, question, findings, picture."""
    doc = ast.get_docstring(ast.parse((ROOT / "demos" / f"{name}.py").read_text(encoding="utf-8")))
    question = re.search(r"Question: (.*?)\n\n", doc, re.DOTALL)[1].replace("\n", " ")
    report = json.loads((out / name / "lesson.json").read_text(encoding="utf-8"))
    picture = key_picture(out, name, report)
    found = "\n".join(f"> {sentence}\n>" for sentence in report["findings"]).rstrip("\n>")
    title, seconds = doc.splitlines()[0].rstrip("."), max(1, round(report["seconds"]))
    return "\n\n".join(
        [
            f"## {number}. {title}",
            f"**{question[0].upper()}{question[1:]}**",
            f"`python demos/{name}.py` ([source]({name}.py), {seconds} s)",
            f"![{title}](../docs/course/{picture})",
            "What it found:",
            f"{found}\n",
        ]
    )


HEAD = """# The course

Twenty-four lessons in teaching order. Each is one script: an explicit training loop to read, a question, the maths,
figures, and a finding that it checks itself (it exits non-zero where the finding did not come out).
`python -m demos` lists them, `python -m demos NAME --help` tells a lesson's options, `python -m demos all` runs the
course in some five minutes and writes `out/index.html` with all pictures. (`make demo` has set up `.venv/bin/python`.)

This page is written by `python docs/course.py` from a run of all lessons.

"""


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "out"
    sections = [section(out, number, name) for number, name in enumerate(LESSONS, 1)]
    (ROOT / "demos" / "README.md").write_text(HEAD + "\n".join(sections), encoding="utf-8")


if __name__ == "__main__":
    main()
