"""Where mutants are made, how many, and which test files should notice."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from .operators import Mutant, candidates

ROOT = Path(__file__).parents[2]


class Target(NamedTuple):
    """A file, how many of its candidates to take, and the test files that should notice."""

    area: str
    file: str
    count: int
    tests: tuple[str, ...]


@cache
def _candidates(file: str) -> list[Mutant]:
    return candidates((ROOT / file).read_text(encoding="utf-8"))


def chosen(target) -> list[Mutant]:
    """The mutants of a target: the first of the file's candidates; for a change by hand, that one."""
    return target.mutants() if hasattr(target, "mutants") else _candidates(target.file)[: target.count]


OPS = ("tests/ops/test_ops.py", "tests/ops/test_widths.py", "tests/ops/test_reduction_edges.py")
EFFECTS = ("tests/ops/test_nn_effects.py",)
FUSED = ("tests/ops/test_fused.py",)
AUTOGRAD = (
    "tests/autograd/test_backward.py", "tests/autograd/test_in_place.py", "tests/autograd/test_tape.py",
    "tests/autograd/test_function.py", "tests/autograd/test_grad_mode.py", "tests/autograd/test_events.py",
)  # fmt: skip
SCALAR = ("tests/scalar/test_tape.py", "tests/scalar/test_value.py", "tests/scalar/test_derivative.py",
          "tests/scalar/test_replay.py")  # fmt: skip
OPTIM = ("tests/optim/test_agreement.py", "tests/optim/test_optimizer.py", "tests/optim/test_update_rule.py",
         "tests/optim/test_state.py")  # fmt: skip
SCHEDULES = ("tests/optim/test_lr_scheduler.py",)


def _targets(area: str, folder: str, tests: tuple[str, ...], **counts: int) -> list[Target]:
    return [Target(area, f"microgradnet/{folder}{name.replace('__', '/')}.py", n, tests) for name, n in counts.items()]


TARGETS = [
    *_targets("spine", "", (*AUTOGRAD, "tests/test_dtypes.py", "tests/test_interop.py", "tests/ops/test_indexing.py"),
              tensor=10, tape=12, views=5, grad_mode=6, dtypes=3),
    *_targets("lr_scheduler", "optim/lr_scheduler/", SCHEDULES, scheduler=3, decay=3, cosine=3, cyclic=4, plateau=4,
              combined=3),
    *_targets("nn", "nn/", ("tests/nn/test_utils_gradients.py",), utils__clip_grad=7),
    *_targets("nn", "nn/", ("tests/nn/test_module.py", "tests/nn/test_containers.py"), module=6),
    *_targets("scalar", "scalar/", SCALAR, tape=10, value=5, opcodes=3),
    *_targets("autograd", "autograd/", ("tests/autograd/test_gradcheck.py", "tests/autograd/test_functional.py"),
              gradcheck=4, functional=4),
    *_targets("autograd", "autograd/", AUTOGRAD, function=3, gradient=3),
    *_targets("optim", "optim/", OPTIM, sgd=3, adam=3, rmsprop=2, radam=2, optimizer=5, update_rule=3),
    *_targets("spine", "", (*AUTOGRAD, *OPS), primitive=10, elementwise=8),
    *_targets("kernels", "backends/", ("tests/backends/test_scalar_math.py",), scalar_math=5),
    *_targets("kernels", "backends/", ("tests/backends/test_philox.py",), philox=3),
    *_targets("kernels", "backends/", (*OPS, *FUSED), cpu__rows=16),
    *_targets("kernels", "backends/", OPS, cpu__normalization=4, cpu__pooling=3, cpu__gates=2, source=3, loops=2),
    *_targets("ops", "ops/reduce/", (*OPS, *FUSED), reduction=4, norms=2, statistics=2, cumulative=2),
    *_targets("ops", "ops/arrays/", (*OPS, "tests/ops/test_indexing.py"), indexing=3, scatter=2, shape=2, joining=2),
    *_targets("ops", "ops/linalg/", OPS, matmul=2, distance=2),
    *_targets("ops", "ops/nn/", (*OPS, *FUSED, *EFFECTS), losses__classification=4, losses__regression=2, embedding=2,
              normalization=2),
    *_targets("ops", "ops/elementwise/", (*OPS, "tests/ops/test_written_once.py"), arithmetic=3,
              activation=4, comparison=2),
]  # fmt: skip
