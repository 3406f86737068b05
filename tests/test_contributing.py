"""The worked examples of CONTRIBUTING.md run as they stand there, and its checks are those of CI."""

import html
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnet as mg
import visualize
from microgradnet import events, tape
from microgradnet.primitive import Primitive

ROOT = Path(__file__).parents[1]
SECTIONS = ("Add an op", "Add a layer", "Add an optimizer", "Add a lesson")


def example(section: str) -> str:
    """The Python blocks of one section, one after the other."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text.split(f"## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    assert blocks, f"CONTRIBUTING.md: no example under {section!r}"
    return "\n".join(blocks)


def run(file: Path, *options: str, path: Path = ROOT) -> subprocess.CompletedProcess:
    """Runs a script in a process of its own: an op of its must not stay in this one's registry."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(path)])}
    command = [sys.executable, str(file), *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_worked_example_runs(section, tmp_path):
    file = tmp_path / "momentum.py"
    file.write_text(example(section), encoding="utf-8")
    options = ["--quick", "--out", str(tmp_path)] if section == "Add a lesson" else []
    done = run(file, *options, path=ROOT / "demos")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "section, sound, broken",
    [
        ("Add an op", "return tanh(x)", "return tanh(x) / 2"),
        ("Add an op", "b=lambda g, a: g", "b=lambda g, a: -g"),
        ("Add a layer", "(1 - gate) * input", "gate * input"),
        ("Add an optimizer", "momentum * momentum_buffer + g\n    return", "momentum_buffer + g\n    return"),
        ("Add a lesson", "for m in (0.0, 0.8)", "for m in (0.0, 1e-9)"),
    ],
)
def test_an_example_with_a_mistake_fails(section, sound, broken, tmp_path):
    text = example(section)
    assert sound in text
    file = tmp_path / "momentum.py"
    file.write_text(text.replace(sound, broken), encoding="utf-8")
    options = ["--quick", "--out", str(tmp_path)] if section == "Add a lesson" else []
    assert run(file, *options, path=ROOT / "demos").returncode != 0


def test_the_listener_of_the_architecture_page_hears_what_it_says(tmp_path):
    (block,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.DOTALL
    )
    file = tmp_path / "counter.py"
    file.write_text(block, encoding="utf-8")
    done = run(file)
    assert done.returncode == 0, done.stderr


def test_the_picture_of_the_architecture_shows_code_that_exists():
    specification = importlib.util.spec_from_file_location("architecture", ROOT / "docs" / "architecture.py")
    architecture = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(architecture)
    names = vars(events) | vars(tape) | vars(mg) | vars(visualize) | {"Primitive": Primitive}
    drawn = architecture.PICTURE.read_text(encoding="utf-8")
    for place, text in architecture.BOXES.values():
        owner, _, attribute = place.partition(".")
        assert owner in names, place
        # Primitive.forward and the slots of Tensor are set on instances
        assert not attribute or hasattr(names[owner], attribute) or hasattr(mg.tanh, attribute), place
        for line in (place, *text.split("\n")):
            assert line in html.unescape(drawn), f"draw it anew: {line}"
    for _, event in architecture.TELLS:
        assert hasattr(events.Listener, event)


def test_pre_commit_runs_what_make_lint_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    linted = [line.strip().removeprefix("@").replace("$(PY)", ".venv/bin/python") for line in recipe.splitlines()]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ +entry: (.*)$", hooks, re.MULTILINE) == linted
    assert set(re.findall(r"^  - repo: (.*)$", hooks, re.MULTILINE)) == {"local"}
    assert "make lint" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_links_of_the_guides_lead_somewhere():
    for guide in ("CONTRIBUTING.md", "CHANGELOG.md", "README.md", "docs/architecture.md"):
        file = ROOT / guide
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{guide} links to {target}"


@pytest.mark.parametrize("guide", ["CONTRIBUTING.md", "docs/architecture.md", "README.md"])
def test_the_paths_that_the_guides_name_exist(guide):
    text = (ROOT / guide).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:microgradnet|visualize|tests|demos|docs)/[\w./*-]*)`", text)) - {"demos/momentum.py"}
    assert named
    assert not [path for path in named if not list(ROOT.glob(path.rstrip("/")))]
