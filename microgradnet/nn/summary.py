"""What a model is made of: layers, output shapes, parameters and multiply-adds, in the order in which they run."""

import math
from dataclasses import dataclass

import numpy as np

from .. import dtypes
from ..events import Listener, leave, listen
from ..grad_mode import no_grad
from ..tensor import Tensor
from .module import Module


@dataclass
class SummaryRow:
    """One call of one module. ``parameters`` are its own, not its children's; ``multiply_adds`` include those of the
    modules it called.
    """

    name: str
    kind: str
    depth: int
    output_shape: object
    parameters: int
    trainable: int
    shared: bool
    multiply_adds: int = 0


class ModelSummary:
    """The rows of ``nn.summary`` and their totals; ``print`` shows a table."""

    def __init__(self, rows: list[SummaryRow], model: Module, multiply_adds: int):
        self.rows = rows
        self.total_parameters = sum(p.numel() for p in model.parameters())
        self.trainable_parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
        self.parameter_bytes = sum(p.array.nbytes for p in model.parameters())
        self.multiply_adds = multiply_adds

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters", "multiply-adds")]
        for row in self.rows:
            parameters = "(shared)" if row.shared else f"{row.parameters:,}" if row.parameters else "–"
            if row.parameters and not row.trainable:
                parameters += " frozen"
            label = "  " * row.depth + (f"{row.name}: {row.kind}" if row.name else row.kind)
            table.append((label, str(row.output_shape), parameters, f"{row.multiply_adds:,}"))
        widths = [max(len(cells[i]) for cells in table) for i in range(4)]
        lines = [
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ).rstrip()
            for cells in table
        ]
        rule = "─" * (sum(widths) + 6)
        frozen = self.total_parameters - self.trainable_parameters
        totals = [
            f"parameters       {self.total_parameters:,} ({self.trainable_parameters:,} trainable, {frozen:,} frozen), "
            f"{_bytes(self.parameter_bytes)}",
            f"multiply-adds    {self.multiply_adds:,} in matrix products and convolutions of one forward pass",
        ]
        return "\n".join([lines[0], rule, *lines[1:], rule, *totals])

    __repr__ = __str__


class _Counter(Listener):
    """Counts multiply-adds while modules run: watches the tape, with a hook on every module."""

    def __init__(self):
        self.total = 0

    def call(self, op, arguments, settings, result, node) -> None:
        count = _PRODUCTS.get(op.name)
        if count is not None:
            self.total += count(result.numel(), [getattr(a, "shape", ()) for a in arguments])


def _of_matmul(out: int, shapes: list) -> int:
    """Each output element is a sum over the left operand's last dimension, the right operand's second to last."""
    return out * shapes[0][-1]


# op -> multiply-adds from the number of output elements and the operands' shapes.
_PRODUCTS = {
    "matmul": _of_matmul,
    "linear": lambda out, shapes: out * shapes[1][-1],
    "convolution": lambda out, shapes: out * math.prod(shapes[1][1:]),
    # As a forward op: the transposed convolution. Each input element is multiplied by every weight of its group.
    "convolution_input_gradient": lambda out, shapes: math.prod(shapes[0]) * math.prod(shapes[1][1:]),
}


def summary(model: Module, input_shape=None, *, input_data=None, dtype=None, depth: int | None = None) -> ModelSummary:
    """Runs ``model`` once and describes each layer's output: ``print(nn.summary(model, (1, 28, 28, 1)))``.

    ``input_shape`` is one input's shape, batch included, or a list of several; the model is run on zeros. Other inputs
    (such as class indices) are given as ``input_data``, one tensor or a tuple. ``depth`` leaves out modules nested
    deeper. The model runs in eval mode; its mode and buffers are restored afterwards. Raises ValueError unless exactly
    one of ``input_shape`` and ``input_data`` is given.
    """
    if (input_shape is None) == (input_data is None):
        raise ValueError("summary: give input_shape, such as (32, 784), or input_data")
    if input_data is not None:
        inputs = input_data if isinstance(input_data, tuple | list) else (input_data,)
    else:
        place = next((p.device for p in model.parameters()), "cpu")
        several = bool(input_shape) and isinstance(input_shape[0], tuple | list)
        inputs = [
            Tensor(np.zeros(tuple(shape), dtype or dtypes.get_default_dtype())).to(place)
            for shape in (input_shape if several else [input_shape])
        ]
    rows, open_rows, seen, counter = [], [], set(), _Counter()
    paths = {module: (path.rpartition(".")[2], path.count(".") + bool(path)) for path, module in model.named_modules()}

    def before(module, args):
        own = list(module.parameters(recurse=False))
        name, level = paths[module]
        shared = bool(own) and all(id(p) in seen for p in own)
        seen.update(map(id, own))
        row = SummaryRow(
            name,
            type(module).__name__,
            level,
            None,
            0 if shared else sum(p.numel() for p in own),
            sum(p.numel() for p in own if p.requires_grad),
            shared,
            -counter.total,
        )
        rows.append(row)
        open_rows.append(row)

    def after(module, args, out):
        row = open_rows.pop()
        row.output_shape = _shape(out)
        row.multiply_adds += counter.total

    handles = [h for m in paths for h in (m.register_forward_pre_hook(before), m.register_forward_hook(after))]
    training = {module: module.training for module in paths}
    try:
        model.eval()
        listen(counter)
        with no_grad():
            model(*inputs)
    finally:
        leave(counter)
        for handle in handles:
            handle.remove()
        for module, mode in training.items():
            object.__setattr__(module, "training", mode)
    return ModelSummary([row for row in rows if depth is None or row.depth <= depth], model, counter.total)


def _shape(out):
    """The shape of an output, or of each of several."""
    if isinstance(out, Tensor):
        return tuple(out.shape)
    return tuple(_shape(o) for o in out) if isinstance(out, tuple | list) else type(out).__name__


def _bytes(count: int) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:,} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
