"""Softmax over very many classes, few of which are frequent."""

from typing import NamedTuple

from ..ops import cat, zeros
from ..tensor import Tensor
from . import functional as F
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module


class ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Frequent classes in a full softmax, rare ones in clusters, each behind one of its entries. Grave et al. 2017.

    The increasing ``cutoffs`` split the classes 0 … n_classes − 1, sorted by frequency, into the head and the clusters;
    cluster i works in ``in_features/div_valueⁱ⁺¹`` dimensions. Input (N, in_features) or (in_features), targets (N) or
    (). Raises ValueError for cutoffs that are not increasing integers in [1, n_classes − 1] and for shapes that do not
    fit, RuntimeError for targets outside [0, n_classes).

    >>> layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])
    >>> layer(mg.zeros(3, 8), mg.tensor([0, 5, 19])).output.shape
    (3,)
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs,
        div_value: float = 4.0,
        head_bias: bool = False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        cutoffs = list(cutoffs)
        if (
            not cutoffs
            or cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs are increasing integers in [1, {n_classes - 1}], got {cutoffs}"
            )
        made = {"device": device, "dtype": dtype}
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*cutoffs, n_classes]
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, **made)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, hidden, bias=False, **made), Linear(hidden, size, bias=False, **made))
            )

    def reset_parameters(self) -> None:
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> ASMoutput:
        batched = target_.dim() > 0
        x, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        if target.dim() != 1 or x.dim() != 2 or len(x) != len(target):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss: (N, features) and (N) expected, got shapes {tuple(input_.shape)} "
                f"and {tuple(target_.shape)}"
            )
        numbers = target.numpy()
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < self.n_classes):
            raise RuntimeError(
                f"AdaptiveLogSoftmaxWithLoss: targets must be in [0, {self.n_classes}), "
                f"got {numbers.min()} to {numbers.max()}"
            )
        head = F.log_softmax(self.head(x), 1)
        columns = numbers.copy()
        output = zeros(len(target), dtype=x.dtype)
        for i, tail in enumerate(self.tail):
            rows = ((numbers >= self.cutoffs[i]) & (numbers < self.cutoffs[i + 1])).nonzero()[0]
            columns[rows] = self.shortlist_size + i
            if len(rows):
                within = F.log_softmax(tail(x[Tensor(rows)]), 1)
                relative = Tensor(numbers[rows] - self.cutoffs[i])
                output = output.index_add(0, Tensor(rows), within.gather(1, relative.unsqueeze(1)).squeeze(1))
        output = output + head.gather(1, Tensor(columns).unsqueeze(1)).squeeze(1)
        return ASMoutput(output if batched else output.squeeze(0), (-output).mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        head = self.head(input)
        logs = F.log_softmax(head, 1)
        parts = [logs[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            cluster = logs[:, self.shortlist_size + i : self.shortlist_size + i + 1]
            parts.append(F.log_softmax(tail(input), 1) + cluster)
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each row: (N, in_features) -> (N)."""
        return self.log_prob(input).argmax(1)
