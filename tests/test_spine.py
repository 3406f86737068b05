"""The spine stays an afternoon's reading: short files, a short walk, few files behind the README's example."""

import ast
import re
import sys
from pathlib import Path

import microgradnet as mg

ROOT = Path(mg.__file__).parent
SPINE = ("tensor", "tape", "events", "primitive", "elementwise")


def test_the_spine_is_short():
    lines = {name: len((ROOT / f"{name}.py").read_text(encoding="utf-8").splitlines()) for name in SPINE}
    assert sum(lines.values()) <= 1300, lines


def test_the_walk_fits_on_a_page():
    tree = ast.parse((ROOT / "tape.py").read_text(encoding="utf-8"))
    walk = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "walk")
    body = walk.body[1:]  # without the docstring
    assert body[-1].end_lineno - body[0].lineno + 1 <= 30


def first_example() -> str:
    readme = (ROOT.parent / "README.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "Tape" in b)
    return "".join(line for line in block.splitlines(keepends=True) if "visualize" not in line)


def files_entered(code: str) -> set[str]:
    """Files of the package whose functions run when ``code`` runs the second time: kernels are compiled by then."""
    program = compile(code, "<README>", "exec")
    exec(program, {})
    found: set[str] = set()

    def call(frame, event, argument):
        path = Path(frame.f_code.co_filename)
        if ROOT in path.parents and "__pycache__" not in path.parts:
            found.add(str(path.relative_to(ROOT)))

    before = sys.gettrace()
    sys.settrace(call)
    try:
        exec(program, {})
    finally:
        sys.settrace(before)
    return found


def test_the_first_example_of_the_readme_passes_through_six_files(capsys):
    found = files_entered(first_example())
    assert len(found) <= 6, sorted(found)
    assert {f"{name}.py" for name in SPINE} <= found


def test_what_is_counted_is_what_runs():
    assert files_entered("import microgradnet as mg\nmg.nn.Linear(1, 1)(mg.ones(1, 1))") >= {
        "nn/linear.py",
        "tensor.py",
    }
