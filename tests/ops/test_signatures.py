"""What editors, type checkers and ``help`` see of the ops and of Tensor's methods is what a call takes and gives."""

import ast
import collections.abc
import importlib
import inspect
import pkgutil
import types
import typing
from pathlib import Path

import numpy as np
import pytest

import microgradnet as mg
from microgradnet import ops
from microgradnet.ops import methods, signatures
from microgradnet.primitive import Primitive
from tests.ops.test_ops import CASES, map_arrays, split

SHELVES = [m.name for m in pkgutil.walk_packages(ops.__path__, "microgradnet.ops.") if not m.ispkg]


def defined_in(module) -> set[str]:
    """The public ops and functions that the file itself defines."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (isinstance(value, Primitive) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }


def test_the_list_of_ops_has_every_op_of_each_file_once():
    assert len(set(ops.__all__)) == len(ops.__all__)
    files = [defined_in(importlib.import_module(name)) for name in [*SHELVES, "microgradnet.choice"]]
    missing = {name for file in files if file & set(ops.__all__) for name in file} - set(ops.__all__)
    assert not missing, f"write these names into microgradnet/ops/__init__.py: {sorted(missing)}"
    assert not [name for name in ops.__all__ if getattr(mg, name) is not getattr(ops, name)]


def test_every_file_with_methods_is_among_the_families():
    families = {family.__name__ for family in methods.FAMILIES}
    modules = [importlib.import_module(name) for name in SHELVES if not name.endswith((".methods", ".signatures"))]
    assert not [m.__name__ for m in modules if hasattr(m, "METHODS") and m.__name__ not in families]


def test_the_stub_is_what_the_ops_say():
    written = signatures.PATH.read_text(encoding="utf-8")
    assert written == signatures.text(), "write it anew: python -m microgradnet.ops.signatures"


def stub_methods() -> dict[str, ast.FunctionDef]:
    tree = ast.parse(signatures.PATH.read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def test_the_stub_has_every_method_that_is_attached():
    attached = {name for name in vars(mg.Tensor) if name in methods.METHODS}
    assert attached == set(methods.METHODS) == set(stub_methods())


@pytest.mark.parametrize("name", sorted(n for n in methods.METHODS if not n.startswith("__")))
def test_inspect_and_the_stub_agree(name):
    """Names, order, kinds and defaults of what ``inspect.signature`` finds are those that an editor shows."""
    arguments = stub_methods()[name].args
    shown = list(inspect.signature(getattr(mg.Tensor, name)).parameters.values())[1:]
    positional = [a.arg for a in arguments.args[1:]]
    assert [p.name for p in shown if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    assert [p.name for p in shown if p.kind is p.KEYWORD_ONLY] == [a.arg for a in arguments.kwonlyargs]
    assert [p.name for p in shown if p.kind is p.VAR_POSITIONAL] == [a.arg for a in [arguments.vararg] if a]
    given = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    assert [p.default for p in shown if p.default is not p.empty] == [ast.literal_eval(d) for d in given]


@pytest.mark.parametrize("name", ops.__all__)
def test_no_op_hides_its_parameters(name):
    kinds = {p.kind for p in inspect.signature(getattr(ops, name)).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds or name == "at_least"


def test_help_shows_parameters():
    assert list(inspect.signature(mg.add).parameters) == ["input", "other", "alpha"]
    assert list(inspect.signature(mg.matmul).parameters) == ["a", "b"]
    assert list(inspect.signature(mg.Tensor.sum).parameters)[1:] == ["dim", "keepdim", "dtype"]
    assert list(inspect.signature(mg.ones(2).clamp).parameters) == ["min", "max"]
    assert mg.Tensor.tanh.__doc__ == mg.tanh.__doc__


def fits(value, annotation) -> bool:
    """Whether ``value`` is of the annotated type, as far as that can be seen."""
    if annotation in (typing.Any, inspect.Parameter.empty):
        return True
    if annotation is None or annotation is type(None):
        return value is None
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, part) for part in parts)
    if origin is tuple:
        each = [parts[0]] * len(value) if parts[-1] is Ellipsis and isinstance(value, tuple) else parts
        return isinstance(value, tuple) and len(value) == len(each) and all(map(fits, value, each))
    if origin is collections.abc.Sequence:
        return isinstance(value, list | tuple) and all(fits(v, parts[0]) for v in value)
    if origin is collections.abc.Callable:
        return callable(value)
    if annotation is float:
        return isinstance(value, int | float | np.number)
    if annotation is int:
        return isinstance(value, int | np.integer)
    return isinstance(value, origin or annotation)


BY_NAME = [case for case in CASES if case.ours is None and inspect.isfunction(case.our_function())]


@pytest.mark.parametrize("case", BY_NAME, ids=str)
def test_annotations_are_true(case):
    """Each argument that the cases pass, and each result, is of the type that the signature says."""
    function = case.our_function()
    hints = typing.get_type_hints(function)
    random = np.random.default_rng(0)
    for arguments in case.arguments:
        positional, keyword = split(arguments)
        tensors = [map_arrays(a, lambda s: mg.tensor(s.draw(random, case.dtypes[0]))) for a in positional]
        named = {k: map_arrays(a, lambda s: mg.tensor(s.draw(random, case.dtypes[0]))) for k, a in keyword.items()}
        bound = inspect.signature(function).bind(*tensors, **named)
        for name, value in bound.arguments.items():
            several = inspect.signature(function).parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            for one in value if several else [value]:
                assert fits(one, hints.get(name, typing.Any)), f"{name}: {hints[name]} was given {one!r}"
        result = function(*tensors, **named)
        assert fits(result, hints.get("return", typing.Any)), f"{hints['return']} expected, gave {type(result)}"


def public_functions(module) -> list:
    """The functions that ``module`` defines for its users, and the methods of its classes."""
    found = []
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            found.append(value)
        elif inspect.isclass(value):
            found += [f for n, f in vars(value).items() if inspect.isfunction(f) and not n.startswith("_")]
    return found


ANNOTATED = [
    "autograd.anomaly",
    "autograd.functional",
    "autograd.gradcheck",
    "autograd.gradient",
    "func",
    "grad_mode",
    "random",
    "serialization",
    "checkpoint",
    "dtypes",
    "nn.module",
    "data.augmentation",
    "data.dataset",
    "data.datasets",
    "data.idx",
    "data.loader",
    "data.mnist",
    "data.synthetic",
    "data.tables",
    "training.early_stopping",
    "training.ensemble",
    "training.freezing",
    "training.metrics_log",
    "training.pretraining",
    "training.search",
]


@pytest.mark.parametrize("name", ANNOTATED)
def test_what_is_public_is_annotated(name):
    bare = []
    for function in public_functions(importlib.import_module(f"microgradnet.{name}")):
        own = getattr(function, "__wrapped__", function)
        parameters = [p for p in inspect.signature(own).parameters.values() if p.name not in ("self", "cls", "ctx")]
        if "return" not in own.__annotations__ or any(p.annotation is p.empty for p in parameters):
            bare.append(own.__qualname__)
    assert not bare


def test_both_packages_say_that_they_are_typed():
    for package in ("microgradnet", "visualize"):
        assert (Path(mg.__file__).parents[1] / package / "py.typed").exists()
