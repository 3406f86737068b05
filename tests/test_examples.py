"""The examples in the docstrings of ``nn``, ``optim`` and what belongs to them run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import microgradnet as mg

PACKAGES = ("nn", "optim", "scalar")


def module_names() -> list[str]:
    names = []
    for package in PACKAGES:
        root = importlib.import_module(f"microgradnet.{package}")
        names += [root.__name__, *(m.name for m in pkgutil.walk_packages(root.__path__, f"{root.__name__}."))]
    return [name for name in names if not name.endswith(".__main__")]


@pytest.mark.parametrize("name", module_names())
def test_examples_in_docstrings_hold(name):
    module = importlib.import_module(name)
    names = {"mg": mg, "nn": mg.nn, "optim": mg.optim, "F": mg.nn.functional, "init": mg.nn.init}
    finder = doctest.DocTestFinder(exclude_empty=True)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for example in finder.find(module, globs={**names, **vars(module)}):
        mg.manual_seed(0)
        report: list[str] = []
        result = doctest.DocTestRunner(optionflags=flags, verbose=False).run(example, out=report.append)
        assert not result.failed, "".join(report)
