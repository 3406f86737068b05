"""Every lesson of the course, run as its reader runs it, with its smaller budget."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LESSONS = sorted(p.stem for p in (ROOT / "demos").glob("*.py") if p.stem not in ("__init__", "__main__", "lesson"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("name", LESSONS)
def test_the_lesson_comes_out(name, tmp_path):
    done = run(f"demos/{name}.py", "--quick", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "lesson.json").read_text())
    assert report["findings"] and report["checks"] and report["pictures"]
    for picture in report["pictures"]:
        content = (tmp_path / picture["file"]).read_bytes()
        start = {".png": b"\x89PNG", ".gif": b"GIF8", ".svg": b"<", ".html": b"<!doctype html>"}
        assert content.lstrip().lower().startswith(start[Path(picture["file"]).suffix].lower())


def test_the_list_names_every_lesson():
    done = run("-m", "demos")
    assert done.returncode == 0, done.stderr
    assert sorted(line.split()[0] for line in done.stdout.splitlines()[: len(LESSONS)]) == LESSONS
    assert not [line for line in done.stdout.splitlines()[: len(LESSONS)] if not line[31:].strip()]
