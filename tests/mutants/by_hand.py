"""Mutants by hand: faults that once passed every test, and some that no operator of ``operators.py`` makes."""

from pathlib import Path
from typing import NamedTuple

from .operators import Mutant

ROOT = Path(__file__).parents[2]


class Change(NamedTuple):
    """One text of a file put in the place of another; the old one stands in the file once."""

    area: str
    file: str
    why: str
    old: str
    new: str
    tests: tuple[str, ...]
    function: str = "by hand"  # whose tests to take, where there are many

    def mutants(self) -> list[Mutant]:
        source = (ROOT / self.file).read_text(encoding="utf-8")
        if source.count(self.old) != 1:
            raise ValueError(
                f"{self.file}: {self.why}: the old text stands {source.count(self.old)} times in it, not once"
            )
        return [Mutant(f"by hand: {self.why}", self.function, (), source.replace(self.old, self.new))]


ROWS = "microgradnet/backends/cpu/rows.py"
BY_HAND = [
    Change(
        "kernels", ROWS, "total_exp stops at 256 columns",
        """        for j in lanes(part.size):
            some += exp(part[j] - shift)
        total += some
""",
        """        for j in lanes(part.size):
            some += exp(part[j] - shift)
        total += some if start == 0 else 0
""",
        ("tests/ops/test_widths.py",),
    ),
    Change(
        "kernels", ROWS, "largest skips the first element of the tail",
        "lanes(row.size // 8 * 8, row.size)", "lanes(row.size // 8 * 8 + 1, row.size)",
        ("tests/ops/test_widths.py",),
    ),
    Change(
        "kernels", ROWS, "a row to ignore is multiplied by 0, not set to 0",
        "        if g[i] == 0:", "        if g[i] != g[i]:",
        ("tests/ops/test_widths.py",),
    ),
    Change(
        "nn", "microgradnet/nn/utils/clip_grad.py", "clip_grad_norm_ ignores a norm that is NaN",
        "if factor < 1 or math.isnan(factor):", "if factor < 1:",
        ("tests/nn/test_utils_gradients.py",),
    ),
    Change(
        "scalar", "microgradnet/scalar/tape.py", "collect loses the gradients",
        "            self._grad[: len(grad)] = grad\n        labels", "        labels",
        ("tests/scalar/test_tape.py",),
    ),
    Change(
        "spine", "microgradnet/grad_mode.py", "the inner no_grad switches recording on when it ends",
        """        return self

    def __exit__(self, *exception: object) -> None:
        state.grad_enabled = self.previous
""",
        """        return self

    def __exit__(self, *exception: object) -> None:
        state.grad_enabled = True
""",
        ("tests/autograd/test_grad_mode.py",),
    ),
    Change(
        "ops", "microgradnet/ops/elementwise/activation.py", "a wrong formula of softplus",
        "ln(1 + e^(βx))/β", "ln(2 + e^(βx))/β",
        ("tests/formulas/test_against_ops.py",),
        "softplus",
    ),
    Change(
        "capture", "microgradnet/capture/step.py", "the content of inputs that never changed is not checked",
        "if fixed and not same_bits(own, given):", "if False:",
        ("tests/capture/test_fixed_inputs.py",),
    ),
]  # fmt: skip
