"""The course: ``python -m demos`` lists the lessons, ``python -m demos NAME`` runs one, ``python -m demos all`` all.

``all`` writes every lesson's pictures below ``out/`` and an index page, ``out/index.html``, that links them.
"""

import argparse
import ast
import html
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# In teaching order, with the seconds that each takes with its defaults on two cores.
LESSONS = {
    "first_graph": 1, "backprop_is_not_descent": 4, "gradient_check": 2, "moons": 10, "digits": 4,
    "zero_init": 2, "initialization": 14, "activations": 6, "dead_relu": 4, "maxout": 16, "gelu": 3,
    "activation_search": 26, "batch_norm": 24, "optimizers": 20, "learning_rates": 18, "reading_curves": 5,
    "preprocessing": 4, "targets": 7, "regularization": 34, "pretraining": 15, "hyperparameters": 18,
    "transfer": 20, "convolution": 6, "second_order": 2,
}  # fmt: skip


def title(name: str) -> str:
    """The first line of a lesson's docstring."""
    return (ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))) or "").partition("\n")[0]


def run(name: str, options: list[str]) -> int:
    """Runs one lesson in a separate process, from the checkout, and returns its exit status."""
    path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, str(HERE / f"{name}.py"), *options]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def index_page(out: Path, names: list[str]) -> Path:
    """Writes a page with each lesson's findings and pictures."""
    sections = []
    for name in names:
        file = out / name / "lesson.json"
        if not file.exists():
            continue
        report = json.loads(file.read_text(encoding="utf-8"))
        came_out = all(check["holds"] for check in report["checks"])
        findings = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in report["findings"])
        pictures = "".join(_figure(name, **picture) for picture in report["pictures"])
        verdict = "" if came_out else "<p><strong>This run did not come out.</strong></p>"
        heading = f"<h2 id='{name}'>{html.escape(report['title'])}</h2>"
        sections.append(f"<section>{heading}{verdict}{findings}<div class='pictures'>{pictures}</div></section>")
    links = "".join(f"<li><a href='#{name}'>{html.escape(title(name))}</a></li>" for name in names)
    page = (HERE / "index.html").read_text(encoding="utf-8")
    page = page.replace("{{contents}}", links).replace("{{lessons}}", "\n".join(sections))
    beside = out / "index.tmp"
    beside.write_text(page, encoding="utf-8")
    os.replace(beside, out / "index.html")
    return out / "index.html"


def _figure(name: str, file: str, caption: str) -> str:
    link, words = html.escape(f"{name}/{file}", quote=True), html.escape(caption)
    if file.endswith((".png", ".svg", ".gif")):
        image = f"<a href='{link}'><img src='{link}' alt='{words}' loading='lazy'></a>"
        return f"<figure>{image}<figcaption>{words}</figcaption></figure>"
    return f"<p><a href='{link}'>{html.escape(file)}</a>: {words}</p>"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m demos", description="The lessons of the course.",
        epilog="Options after the name are the lesson's own: python -m demos NAME --help",
    )  # fmt: skip
    parser.add_argument("lesson", nargs="?", choices=[*LESSONS, "all"], metavar="LESSON", help="a name, or all")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the folders (default: %(default)s)")
    args, options = parser.parse_known_args(argv)
    if args.lesson is None:
        for name, seconds in LESSONS.items():
            print(f"{name:<24} {seconds:>3} s  {title(name)}")
        print("\npython -m demos NAME runs one; python -m demos all runs the course and writes out/index.html")
        return 0
    names = list(LESSONS) if args.lesson == "all" else [args.lesson]
    failed = [name for name in names if run(name, ["--out", str(args.out / name), *options])]
    if args.lesson == "all":
        print(f"Every lesson's pictures: {index_page(args.out, names)}")
    if failed:
        print(f"Did not come out: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
