"""Wrong calls of everything public: each is refused in words that name what was called, or it works."""

import contextlib
import functools
import inspect
import io
import os
import random
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import microgradnet as mg
import visualize
from microgradnet.nn.utils import parametrizations, parametrize
from microgradnet.optim import lr_scheduler, swa_utils

# What asks for the network, a terminal or a browser, or never ends by design.
LEFT_OUT = {"MNIST", "FashionMNIST", "play", "Player", "watch", "summary", "capture", "set_num_threads"}
LEFT_OUT |= {
    "Parameter",
    "UninitializedParameter",
    "Tensor",
    "GraphNode",
    "GraphEdge",
}  # made in loops: their arguments are not looked at twice
ALLOWED = (TypeError, ValueError, LookupError, RuntimeError)  # RuntimeError: where PyTorch's meaning asks for it
UNCLEAR = ("object has no attribute", "numba", "positional arguments but", "unsupported operand", "<lambda>()")


@functools.cache
def targets() -> tuple[tuple[str, Callable], ...]:
    """Every public op, layer, initializer, optimizer, schedule, data and picture function, by a name to find it by."""
    found: dict[int, tuple[str, Callable]] = {}
    spaces = {
        "mg": mg.ops,
        "nn": mg.nn,
        "F": mg.nn.functional,
        "init": mg.nn.init,
        "utils": mg.nn.utils,
        "parametrize": parametrize,
        "parametrizations": parametrizations,
        "optim": mg.optim,
        "lr_scheduler": lr_scheduler,
        "swa_utils": swa_utils,
        "linalg": mg.linalg,
        "data": mg.data,
        "visualize": visualize,
        "top": mg,
    }
    for space, module in spaces.items():
        for name in getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]:
            thing = getattr(module, name)
            ours = (getattr(thing, "__module__", "") or "").startswith(("microgradnet", "visualize"))
            raised = inspect.isclass(thing) and issubclass(thing, Exception | tuple)  # a record is Python's
            if ours and callable(thing) and not inspect.ismodule(thing) and not raised and name not in LEFT_OUT:
                found.setdefault(id(thing), (f"{space}.{name}", thing))
    return tuple(found.values())


def arrays(draw: random.Random) -> Any:
    """A tensor as most ops take it."""
    shape = draw.choice([(), (3,), (2, 3), (3, 3), (1, 2, 4, 4), (0,), (2, 0)])
    dtype = draw.choice([np.float32, np.float32, np.float64, np.int64, np.bool_])
    tensor = mg.Tensor(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype))
    return tensor.requires_grad_() if tensor.dtype.kind == "f" and draw.random() < 0.4 else tensor


def fitting(draw: random.Random, name: str) -> Any:
    """What may be right for a parameter of this name."""
    if name in ("params", "parameters"):
        return [mg.ones(3, requires_grad=True)]
    if name in ("optimizer", "base", "base_optimizer"):
        return mg.optim.SGD([mg.ones(3, requires_grad=True)], lr=0.1)
    if name in ("module", "model"):
        return mg.nn.Linear(2, 3)
    return draw.choice([arrays(draw), arrays(draw), 1, 2, 0, -1, 0.5, (1, 2), True, [arrays(draw), arrays(draw)]])


def some(parameter: inspect.Parameter) -> Any:
    """What a parameter's annotation asks for, roughly."""
    if parameter.annotation in (int, float, bool):
        return 1
    return mg.ones(3) if parameter.annotation is mg.Tensor else fitting(random.Random(0), parameter.name)


BAD: list[Callable[[], Any]] = [
    lambda: None,
    lambda: "x",
    lambda: "",
    lambda: b"\xff\xfe",
    lambda: [],
    lambda: [1, "a"],
    lambda: [[1.0], [2.0, 3.0]],
    lambda: {},
    lambda: {"a": 1},
    lambda: object(),
    lambda: lambda x: x,
    lambda: mg.nn.Linear,
    lambda: mg.nn.Linear(2, 2),
    lambda: np.ones((2, 3), ">f4"),
    lambda: mg.ones(2, 3).numpy().astype(">f8"),
    lambda: np.array([1, None], object),
    lambda: np.array(["a", "b"]),
    lambda: np.array([1j, 2]),
    lambda: np.array(["2020-01-01"], "datetime64[D]"),
    lambda: np.array([(1, 2.0)], [("a", "i4"), ("b", "f4")]),
    lambda: np.ones((2, 3), np.float16),
    lambda: np.ones(3, np.uint16),
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: -(10**30),
    lambda: 10**30,
    lambda: -1,
    lambda: -3,
    lambda: 99,
    lambda: 2.5,
    lambda: 1j,
    lambda: True,
    lambda: (None, 1),
    lambda: (-1, 2),
    lambda: (1, 2, 3, 4, 5, 6, 7),
    lambda: range(3),
    lambda: slice(1, 2),
    lambda: ...,
    lambda: np.dtype("float32"),
    lambda: "name\x00with null",
    lambda: "a" * 5000,
    lambda: iter([1, 2]),
]


def call(number: int) -> tuple[str, Callable, list, dict]:
    """Case ``number``: what is called, and with what."""
    draw = random.Random(number)
    known = targets()
    name, target = known[number % len(known)]
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except ValueError:
        parameters = []
    args, kwargs = [], {}
    for parameter in parameters:
        value = draw.choice(BAD)() if draw.random() < 0.3 else fitting(draw, parameter.name)
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += [value] * draw.randint(0, 2)
        elif parameter.kind is parameter.VAR_KEYWORD:
            continue
        elif parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
            args.append(value)
        elif draw.random() < 0.3:
            kwargs[parameter.name] = value
    if args and draw.random() < 0.7:
        args[draw.randrange(len(args))] = draw.choice(BAD)()
    if draw.random() < 0.04:
        args = args[:-1]
    if draw.random() < 0.04:
        args += [draw.choice(BAD)()] * 3
    if draw.random() < 0.03:
        kwargs["no_such_argument"] = 1
    return name, target, args, kwargs


def problem_of(names: set[str], error: BaseException) -> str | None:
    """What is wrong with how a call was refused."""
    message = str(error)
    if type(error).__module__.startswith(("microgradnet", "visualize")) or isinstance(error, OSError):
        return None  # a class of its own says what it means, and the system names the file
    if not isinstance(error, ALLOWED) or isinstance(error, RecursionError | UnicodeError):
        return f"is a {type(error).__name__}"
    if not any(name.strip("_").lower() in message.lower() for name in names):
        return f"does not name {' or '.join(sorted(names))}"
    return next((f"says {words!r}" for words in UNCLEAR if words in message), None)


def check(seed: int) -> str:
    """Case ``seed``: whether the call worked or was refused. Raises AssertionError for an unclear refusal."""
    name, target, args, kwargs = call(seed)
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                target(*args, **kwargs)
        except Exception as error:
            problem = problem_of({name.rpartition(".")[2], getattr(target, "__name__", "")} - {""}, error)
            if problem:
                given = ", ".join([*(f"{a!r:.40}" for a in args), *(f"{k}={v!r:.40}" for k, v in kwargs.items())])
                raise AssertionError(f"{name}({given}) {problem}: {type(error).__name__}: {error!s:.200}") from None
            return "refused"
        finally:
            os.chdir(before)
            mg.set_default_dtype(mg.float32)
    return "worked"
