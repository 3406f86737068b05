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
    "tests/autograd/test_function.py", "tests/autograd/test_grad_mode.py",
)  # fmt: skip
SCALAR = ("tests/scalar/test_tape.py", "tests/scalar/test_value.py", "tests/scalar/test_derivative.py",
          "tests/scalar/test_replay.py")  # fmt: skip
OPTIM = ("tests/optim/test_agreement.py", "tests/optim/test_optimizer.py", "tests/optim/test_state.py",
         "tests/optim/test_update_rule.py", "tests/optim/test_properties.py")  # fmt: skip
SCHEDULES = ("tests/optim/test_lr_scheduler.py",)
NORMS = ("tests/nn/test_normalization.py", "tests/nn/test_tables.py")


def _targets(area: str, folder: str, tests: tuple[str, ...], **counts: int) -> list[Target]:
    return [Target(area, f"microgradnet/{folder}{name.replace('__', '/')}.py", n, tests) for name, n in counts.items()]


TARGETS = [
    *_targets("spine", "", (*AUTOGRAD, "tests/test_dtypes.py", "tests/test_interop.py", "tests/ops/test_indexing.py"),
              tensor=14, tape=16, views=6, grad_mode=8, dtypes=5),
    *_targets("spine", "", (*AUTOGRAD, *OPS), primitive=14, elementwise=12),
    *_targets("kernels", "backends/", (*OPS, *FUSED), cpu__rows=24),
    *_targets("kernels", "backends/", (*OPS, *EFFECTS, *NORMS), cpu__normalization=10, cpu__pooling=8, cpu__gates=6),
    *_targets("kernels", "backends/", ("tests/backends/test_scalar_math.py",), scalar_math=20),
    *_targets("kernels", "backends/", ("tests/ops/test_stochastic.py", "tests/nn/test_dropout.py"), philox=5),
    *_targets("kernels", "backends/", ("tests/autograd/test_backward.py", *OPS, "tests/backends/test_vector_tiles.py"),
              source=6, loops=6),
    *_targets("ops", "ops/reduce/", (*OPS, *FUSED), reduction=10, norms=6, statistics=6, cumulative=6, row_loops=4),
    *_targets("ops", "ops/arrays/", (*OPS, "tests/ops/test_indexing.py"), indexing=6, scatter=6, shape=6, dims=4,
              joining=4, splitting=4, sorting=4, padding=4, rearranging=4, diagonals=4),
    *_targets("ops", "ops/linalg/", OPS, matmul=6, products=4, distance=4),
    *_targets("ops", "ops/nn/", (*OPS, *FUSED, *EFFECTS, "tests/nn/test_tables.py"), losses__classification=8,
              losses__regression=4, losses__binary=4, embedding=6, dropout=3, normalization=6, pooling=4, convolution=4),
    *_targets("ops", "ops/elementwise/", OPS, arithmetic=10, activation=10, exponential=4, comparison=6, rounding=4,
              trigonometric=4, special=4),
    *_targets("nn", "nn/", ("tests/nn/test_utils_gradients.py",), utils__clip_grad=10),
    *_targets("nn", "nn/", ("tests/nn/test_module.py", "tests/nn/test_containers.py"), module=10, containers=4),
    *_targets("nn", "nn/", ("tests/nn/test_layers.py", "tests/nn/test_tables.py", "tests/nn/test_sequences.py"),
              recurrent=6, linear=3, embedding=3, attention=5),
    *_targets("nn", "nn/", ("tests/nn/test_dropout.py",), dropout=3),
    *_targets("nn", "nn/", ("tests/nn/test_init.py", "tests/nn/test_init_beyond.py"), init__variance=6),
    *_targets("nn", "nn/", NORMS, normalization__batch=6, normalization__running=3),
    *_targets("optim", "optim/", OPTIM, sgd=4, adam=5, adagrad=4, adadelta=3, rmsprop=4, nadam=4, radam=4, rprop=3,
              asgd=3, optimizer=10, update_rule=6),
    *_targets("optim", "optim/", ("tests/optim/test_lbfgs.py",), lbfgs=5),
    *_targets("lr_scheduler", "optim/lr_scheduler/", SCHEDULES, scheduler=5, decay=5, cosine=5, cyclic=6, plateau=6,
              combined=5, multiplied=3),
    *_targets("scalar", "scalar/", SCALAR, tape=16, value=8, opcodes=6, derivative=4),
    *_targets("autograd", "autograd/", ("tests/autograd/test_gradcheck.py", "tests/autograd/test_functional.py"),
              gradcheck=6, functional=8),
    *_targets("autograd", "autograd/", AUTOGRAD, function=5, gradient=5),
]  # fmt: skip
