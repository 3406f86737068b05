"""The training loops of the lessons, with the step in each decorated: at least nine in ten of them replay.

No lesson is written down here a second time. From the lesson's own source the body of each loop that calls ``backward``
is made into what a user would make of it:

    @captured
    def step(batch): ...            # all up to the last update of the parameters or of their rate
    for i in ...:
        batch = ...                 # what is handed in is made before
        loss = step(batch)
        losses.append(loss.item())  # what the lesson keeps or shows is done afterwards

Then the lesson's function runs twice, as it is and decorated, and must return the same bits.
"""

import ast
import os
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import microgradnet as mg
import visualize
from demos.lesson import Lesson
from microgradnet.data import Digits, Subset

from .traps import bits

DEMOS = Path(__file__).parents[2] / "demos"
STEPS = 16
OPTIONS = {"steps": STEPS, "epochs": 1, "batch_size": 50, "lr": 0.1, "seed": 0}


class FakeLesson(Lesson):
    """A lesson of few steps that draws nothing, and returns what it has shown."""

    def __init__(self, *_, quick=None, breaks=None, **options):
        defaults = {name: value[0] if isinstance(value, tuple) else value for name, (value, _) in options.items()}
        self.args = types.SimpleNamespace(**{**defaults, **OPTIONS})
        self.shown: list[dict] = []

    def progress(self, steps, *_, **__):
        """Few steps, without a bar."""
        return range(min(steps, STEPS))

    def show(self, **figures):
        """Keeps the numbers."""
        self.shown.append({name: float(value) for name, value in figures.items()})

    def picture(self, *_):
        """No file."""
        return Path(os.devnull)

    def finding(self, *_):
        """No text."""

    def check(self, *_):
        """Nothing: so few steps prove nothing."""

    compare = check

    def finish(self):
        """What was shown."""
        return self.shown


@dataclass
class Loop:
    """One loop: its lesson and function, a call of that function, and what its step is handed."""

    lesson: str
    function: str
    call: Callable
    handed: tuple[str, ...] = ()  # names that the lesson sets, or ``name=expression`` of what depends on the counter
    refused: str | None = None  # why it cannot replay

    def __str__(self) -> str:
        return f"{self.lesson}.{self.function}"


def _digits(count=600):
    return Subset(Digits("train"), range(count))


def _targets():
    return np.linspace(-1, 1, 40).reshape(-1, 2), np.linspace(0, 1, 20)


LOOPS = [
    Loop("activation_search", "score", lambda m, _: m.score((m.KNOWN["Swish: x·σ(βx)"], STEPS, 0))),
    Loop("activation_search", "learn_beta", lambda m, lesson: m.learn_beta(lesson)),
    Loop("activations", "zigzag", lambda m, _: m.zigzag(mg.rand(STEPS, 2), STEPS, 0.6), ("x",)),
    Loop("activations", "seconds", lambda m, _: len([m.seconds(mg.nn.Tanh(), mg.rand(9).requires_grad_())])),
    Loop(
        "backprop_is_not_descent",
        "descend",
        lambda m, lesson: m.descend(lesson, [w := mg.ones(3).requires_grad_()], lambda: (w * w).mean(), 0.3, ""),
    ),
    Loop(
        "batch_norm", "train", lambda m, lesson: m.train(lesson, m.network(mg.nn.BatchNorm1d), 0.1, 64, ""), ("batch",)
    ),
    Loop("dead_relu", "main", lambda m, _: m.main([]), ("batch", "target")),
    Loop(
        "digits",
        "train",
        lambda m, lesson: m.train(
            lesson, n := m.MODELS["mlp"](), mg.optim.Adam(n.parameters()), _digits(), Digits("test").tensors, ""
        ),
        ("images", "labels"),
    ),
    Loop("hyperparameters", "objective", lambda m, _: m.objective(0.1, 0.1)),
    Loop("initialization", "train", lambda m, lesson: _initialized(m, lesson)),
    Loop(
        "learning_rates",
        "train",
        lambda m, lesson: [m.train(lesson, n, 0.1, m.network().state_dict()) for n in m.schedules(None, 1, 1.0)],
    ),
    Loop("maxout", "fit", lambda m, lesson: m.fit(lesson, 3, np.square, "")),
    Loop("maxout", "digits", lambda m, lesson: m.digits(lesson, lambda a, b: [mg.nn.Maxout(a, b, 2)], ""), ("batch",)),
    Loop(
        "moons",
        "train_tensors",
        lambda m, lesson: m.train_tensors(lesson, m.as_matrices(list(np.sin(range(337)))), *_targets())[0],
        ("factor=rate(step, lesson.args.steps)",),
        refused="an argument is not the same at any two calls",
    ),
    Loop("optimizers", "follow", lambda m, _: m.follow(m.ravine, (-4.0, 0.9), m.RULES["Adam"], 0.02, STEPS, 2.0)),
    Loop(
        "optimizers",
        "digits",
        lambda m, lesson: m.digits(lesson, "Adam", m.RULES["Adam"]),
        ("batch=images[at:at + 64]", "target=labels[at:at + 64]"),
    ),
    Loop("preprocessing", "losses", lambda m, lesson: m.losses(lesson, *_targets(), 0.1, "")),
    Loop("pretraining", "fine_tune", lambda m, lesson: m.fine_tune(lesson, m.network(m.STARTS["small random"]), "")),
    Loop("reading_curves", "train", lambda m, lesson: m.train(lesson, m.network(), 0.5, STEPS, "")),
    Loop("reading_curves", "overfit", lambda m, lesson: m.overfit(lesson)),
    Loop("regularization", "train", lambda m, lesson: _regularized(m, lesson)),
    Loop("second_order", "newton", lambda m, _: m.newton(m.problem(0), STEPS), ("theta",)),
    Loop("second_order", "descent", lambda m, _: m.descent(m.problem(0), STEPS, 1.0), ("theta",)),
    Loop("targets", "train", lambda m, lesson: m.train(lesson, "scaled, tanh output", 0.2)),
    Loop("transfer", "train", lambda m, lesson: m.train(lesson, m.network(), *m.digits("train", range(5)), STEPS, "")),
    Loop("zero_init", "main", lambda m, _: m.main([]), refused=""),  # ``watch`` hears each op, so each is run
]


def _initialized(m, lesson):
    return m.train(lesson, mg.nn.Tanh, mg.nn.init.xavier_normal_, [48, 48], 0.1, "")


def _regularized(m, lesson):
    small, held = (tuple(t[: m.COUNT] for t in Digits(s).tensors) for s in ("train", "test"))
    return [m.train(lesson, name, small, held)[1] for name in m.METHODS]


def _names(nodes, context) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def _trains(node) -> bool:
    return any(
        isinstance(n, ast.Call) and getattr(n.func, "attr", getattr(n.func, "id", "")) in ("backward", "grad")
        for n in ast.walk(node)
    )


def _is_step(statement) -> bool:
    return isinstance(statement, ast.Expr) and getattr(getattr(statement.value, "func", None), "attr", "") == "step"


def _updates(statement) -> bool:
    written = isinstance(statement, ast.With) and any(isinstance(n, ast.AugAssign) for n in ast.walk(statement))
    return written or _is_step(statement) or _trains(statement)


def _keeps(statement) -> bool:
    """Whether a statement keeps or shows a number in Python, looks at the clock, or leaves the loop."""
    kept = {"append", "show", "perf_counter", "register_forward_hook"}
    return any(getattr(getattr(n, "func", None), "attr", "") in kept for n in ast.walk(statement)) or any(
        isinstance(n, ast.Return | ast.Continue | ast.Break) for n in ast.walk(statement)
    )


class _Decorated(ast.NodeTransformer):
    """Decorates the step of the one loop of a function that trains."""

    def __init__(self, loop: Loop):
        self.loop = loop
        self.found = 0

    def visit_FunctionDef(self, node):
        return self.generic_visit(node) if node.name == self.loop.function else node

    def visit_For(self, node):
        if any(isinstance(n, ast.For) and _trains(n) for s in node.body for n in ast.walk(s)) or not _trains(node):
            return self.generic_visit(node)
        self.found += 1
        handed = [name.partition("=")[0] for name in self.loop.handed]
        for name, _, expression in (text.partition("=") for text in self.loop.handed):
            if expression:
                node.body = [_Replaced(name, expression).visit(s) for s in node.body]
                first = next(i for i, s in enumerate(node.body) if name in _names([s], ast.Load))
                node.body.insert(first, ast.parse(f"{name} = {expression}").body[0])
        before, inside, after = self._split(node.body, set(handed), _names([node.target], ast.Store) - set(handed))
        written = {s.target.id for n in inside for s in ast.walk(n) if isinstance(s, ast.AugAssign)}
        written -= _names([s.target for n in inside for s in ast.walk(n) if isinstance(s, ast.For)], ast.Store)
        made = sorted((_names(inside, ast.Store) - written) & (_names(after, ast.Load) | set(handed) | {"loss"}))
        returned = "".join(f"{name}, " for name in made)
        step = ast.parse(f"@captured\ndef step_of_the_loop({', '.join(handed)}): return ({returned})").body[0]
        step.body = [*([ast.Nonlocal(sorted(written))] if written else []), *inside, *step.body]
        call = f"step_of_the_loop({', '.join(handed)})"
        node.body = [*before, *ast.parse(f"{returned} = {call}" if made else call).body, *after]
        return [step, node]

    @staticmethod
    def _split(body: list, handed: set[str], counter: set[str]) -> tuple[list, list, list]:
        """What is done before the step, in it and after it."""
        last = max(i for i, s in enumerate(body) if _updates(s) or _names([s], ast.Store) & handed)
        stepped = [i for i, s in enumerate(body) if _is_step(s)]
        kept = [i for i, s in enumerate(body) if _keeps(s) and stepped and i > stepped[0]]
        end = min([last + 1, *kept])  # a number that is kept between two updates ends the step
        before, inside, after = [], [], []
        for statement in body[:end]:
            if _keeps(statement):
                (after if inside else before).append(statement)
                continue
            read, made = _names([statement], ast.Load), _names([statement], ast.Store)
            is_handed = made & handed and not read & (handed | _names(inside, ast.Store))
            counts = not inside and isinstance(statement, ast.Assign) and read & counter
            (before if is_handed or counts else inside).append(statement)
        return before, inside, [*after, *body[end:]]


class _Replaced(ast.NodeTransformer):
    """Puts a name where an expression stands."""

    def __init__(self, name: str, expression: str):
        self.name, self.expression = name, ast.unparse(ast.parse(expression, mode="eval"))

    def generic_visit(self, node):
        if isinstance(node, ast.expr) and ast.unparse(node) == self.expression:
            return ast.Name(self.name, ast.Load())
        return super().generic_visit(node)

    visit_Subscript = visit_Call = generic_visit


def _loaded(loop: Loop, decorate: bool, captured: Callable) -> types.ModuleType:
    path = DEMOS / f"{loop.lesson}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if decorate:
        decorator = _Decorated(loop)
        tree = ast.fix_missing_locations(decorator.visit(tree))
        assert decorator.found == 1
    module = types.ModuleType(f"lesson_{loop.lesson}")
    module.__dict__.update(captured=captured, __file__=str(path))
    drawing = mock.MagicMock()
    drawing.watch = visualize.watch
    with mock.patch.dict(sys.modules, {module.__name__: module, "visualize": drawing, "lesson": mock.MagicMock()}):
        exec(compile(tree, path.name, "exec"), module.__dict__)
    module.__dict__["Lesson"] = FakeLesson
    return module


def _run(loop: Loop, decorate: bool) -> tuple[object, list, list[str]]:
    steps: list = []

    def captured(function):
        steps.append(mg.capture(function))
        return steps[-1]

    mg.manual_seed(0)
    module = _loaded(loop, decorate, captured)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = bits([loop.call(module, lesson := FakeLesson()), lesson.shown])
    return result, steps, [str(w.message) for w in caught if str(w.message).startswith("capture:")]


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_a_lessons_loop_gives_the_same_and_replays(loop):
    plain, _, _ = _run(loop, decorate=False)
    ours, steps, refusals = _run(loop, decorate=True)
    assert ours == plain
    assert steps
    if loop.refused is None:
        assert not refusals
        assert all(step.replays > 0 for step in steps)
    else:
        assert not any(step.replays for step in steps)
        assert all(loop.refused in refusal for refusal in refusals)


def test_no_training_of_a_lesson_is_left_out():
    found = set()
    for path in DEMOS.glob("*.py"):
        functions = [n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef)]
        found |= {
            f"{path.stem}.{f.name}"
            for f in functions
            for n in ast.walk(f)
            if isinstance(n, ast.For) and _is_training(n)
        }
    assert found and found <= set(map(str, LOOPS))


def _is_training(loop: ast.For) -> bool:
    """Whether a loop has gradients computed and an update of its own."""
    return any(map(_trains, loop.body)) and any(_updates(s) and not _trains(s) for s in loop.body)


def test_nine_in_ten_of_the_loops_replay():
    assert sum(loop.refused is None for loop in LOOPS) >= 0.9 * len(LOOPS)
