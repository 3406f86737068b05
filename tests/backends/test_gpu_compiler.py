"""The compiler for GPUs can be exchanged: one file imports it, and it is asked for with the NumPy that it knows."""

import re
from pathlib import Path

import microgradnet as mg

ROOT = Path(mg.__file__).parent


def test_one_file_imports_it():
    imports = re.compile(r"^\s*(from numba import .*\bcuda\b|(import|from) numba(_cuda|\.cuda))", re.MULTILINE)
    assert [p.name for p in ROOT.rglob("*.py") if imports.search(p.read_text(encoding="utf-8"))] == ["compiler.py"]


def test_where_it_is_asked_for_so_is_its_numpy():
    text = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^\w+ = \[(.*?)\]$", text, re.MULTILINE | re.DOTALL)
    asking = [one for one in lists if "numba-cuda" in one]
    assert len(asking) == 2 and all('"numpy<2.5' in one for one in asking)
