"""``watch``: activations, gradients and updates of each layer during training."""

from dataclasses import dataclass, field

import numpy as np

import microgradnet as mg
from microgradnet.backends.device import read
from microgradnet.events import Listener, leave, listen

from . import pictures
from .statistics import Moments, evenly, likeness, moments, silent_units
from .verdicts import FLAT, Verdict, judge

EVERY = 20  # steps between two looks


@dataclass
class Layer:
    """The record of one layer: a number or ``Moments`` for each look.

    ``flat`` is the share of inputs where an activation's derivative is below 6 % of its maximum, ``alike`` the
    similarity of its units, ``silent`` which units were 0 for all samples. ``weight`` is (std, fan_in) of the weights
    before it.
    """

    name: str
    title: str
    bounded: bool = False
    weight: tuple[float, int] | None = None
    activations: list[Moments] = field(default_factory=list)
    gradients: list[Moments] = field(default_factory=list)
    flat: list[float] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)
    silent: list[np.ndarray] = field(default_factory=list)

    def dead_share(self, looks: int) -> float:
        """The share of units that were silent in each of the last looks."""
        last = self.silent[-looks:]
        if not last or any(s.shape != last[0].shape for s in last):
            return 0.0
        return float(np.mean(np.logical_and.reduce(last)))


class Flow(Listener):
    """Records while it is open; see ``watch``, also for what it raises (TypeError, ValueError). ``print(flow)`` is a
    table of the last look.

    ``steps`` are the recorded steps, ``layers`` the records in the order in which the layers ran, ``ratios`` for each
    parameter a list of (step, ‖update‖ / ‖parameter‖).
    """

    def __init__(self, model, every: int):
        if not hasattr(model, "named_modules"):
            raise TypeError(f"watch: a module expected, got {type(model).__name__}")
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"watch: every must be a whole number of steps, at least 1, got {every!r}")
        self.model, self.every = model, every
        self.steps: list[int] = []
        self.ratios: dict[str, list[tuple[int, float]]] = {}
        self._layers: dict[str, Layer] = {}
        self._step, self._looking, self._before = -1, False, None
        self._watched: dict = {}  # module -> its name, of the modules without parts
        self._weight: tuple[float, int] | None = None
        self._curves: dict[int, tuple] = {}

    @property
    def layers(self) -> list[Layer]:
        """The layers in the order of their first run."""
        return list(self._layers.values())

    def __enter__(self) -> "Flow":
        whole = [(name, module) for name, module in self.model.named_modules() if not list(module.children())]
        self._watched = {module: name for name, module in whole}
        listen(self)
        return self

    def __exit__(self, *exception) -> None:
        leave(self)
        self._measure_update()
        self._watched, self._looking = {}, False

    def enter(self, module, arguments) -> None:
        """A forward of the model begins a step."""
        if module is self.model:
            self._start(module, arguments)

    def leave(self, module, arguments, output) -> None:
        """A layer has given its output."""
        if self._looking and module in self._watched and hasattr(output, "array"):
            self._look(self._watched[module], module, arguments, output)

    def verdicts(self) -> list[Verdict]:
        """The net's problems at the last look; empty for a healthy net. Thresholds: docs/gradient_flow.md."""
        return judge(self)

    def histograms(self, path, what: str = "activations", look: int = -1):
        """The histogram of each layer at one look; ``what`` is "activations" or "gradients"."""
        return pictures.histograms(self, path, what, look)

    def ridge(self, path, layer: str, what: str = "activations"):
        """One layer's histograms during training, the first look at the bottom."""
        return pictures.ridge(self, path, layer, what)

    def heatmap(self, path, what: str = "activations"):
        """The standard deviation of every layer at every look, as colours."""
        return pictures.heatmap(self, path, what)

    def gradient_norm(self, path):
        """The size of the gradient by depth, at the first, the middle and the last look."""
        return pictures.gradient_norm(self, path)

    def update_ratio(self, path):
        """‖update‖ / ‖parameter‖ during training, with a guide line at 1e-3."""
        return pictures.update_ratio(self, path)

    def _start(self, module, args) -> None:
        self._measure_update()
        self._looking = False
        if not module.training or not mg.is_grad_enabled():
            return
        self._step += 1
        self._weight = None
        if self._step % self.every == 0:
            self._looking = True
            self.steps.append(self._step)
            self._before = {name: np.array(read(p)) for name, p in self.model.named_parameters() if p.requires_grad}

    def _measure_update(self) -> None:
        """When the step after a look begins: how far the last step moved each parameter."""
        if self._before is None:
            return
        now = dict(self.model.named_parameters())
        for name, before in self._before.items():
            size = float(np.linalg.norm(before))
            moved = float(np.linalg.norm(read(now[name]) - before))
            if size > 0 and moved > 0:
                self.ratios.setdefault(name, []).append((self.steps[-1], moved / size))
        self._before = None

    def _look(self, name: str, module, args: tuple, output) -> None:
        weight = getattr(module, "weight", None)
        if weight is not None and getattr(weight, "ndim", 0) >= 2:
            self._weight = float(read(weight).std()), int(np.prod(weight.shape[1:]))
        layer = self._layers.get(name)
        if layer is None:
            number = len(self._layers) + 1
            title = f"layer {number} ({f'{name}: ' if name else ''}{type(module).__name__})"
            layer = self._layers[name] = Layer(name, title)
        layer.weight = self._weight
        numbers = read(output)
        layer.activations.append(moments(numbers))
        layer.alike.append(likeness(numbers))
        if getattr(module, "is_elementwise", False) and args and hasattr(args[0], "array"):
            layer.bounded, largest = self._curve(module)
            layer.flat.append(_flat_share(module, read(args[0]), largest))
            layer.silent.append(silent_units(numbers))
        if output.requires_grad:
            output.register_hook(lambda gradient: layer.gradients.append(moments(read(gradient))))

    def _curve(self, module) -> tuple[bool, float]:
        """Whether an activation is flat on both sides, and its largest derivative."""
        if id(module) not in self._curves:
            slope = np.abs(_derivative(module, np.linspace(-8, 8, 321, dtype=np.float32)))
            largest = float(slope.max())
            self._curves[id(module)] = bool(max(slope[0], slope[-1]) < FLAT * largest), largest
        return self._curves[id(module)]

    def __str__(self) -> str:
        if not self.steps:
            return "nothing was seen: no forward pass in training mode ran inside of watch"
        rows = [("layer", "mean", "std", "zeros", "saturated", "gradient (rms)", "units alike")]
        for layer in self.layers:
            last = layer.activations[-1]
            gradient = f"{layer.gradients[-1].rms:.2e}" if layer.gradients else ""
            flat = f"{layer.flat[-1]:.0%}" if layer.flat and layer.bounded else ""
            spread = f"{last.mean:.3g}", f"{last.std:.3g}", f"{last.zeros:.0%}"
            rows.append((layer.title, *spread, flat, gradient, f"{layer.alike[-1]:.2f}"))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        table = "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)
        words = [f"- {verdict}" for verdict in self.verdicts()] or ["No illness found."]
        return "\n".join([f"step {self.steps[-1]}, {len(self.steps)} looks", table, *words])


def watch(model, every: int = EVERY) -> Flow:
    """``with visualize.watch(model) as flow:`` around a training loop records every ``every``-th step of it.

    For each layer it keeps mean, standard deviation, histogram and share of zeros of activations and gradients, the
    share saturated (by the activation's own derivative; a module of your own takes part with ``is_elementwise = True``)
    and how alike the units are; for each parameter the ratio of update to size. Then ``print(flow)``,
    ``flow.verdicts()`` and the pictures show it.

    With a look in 20 steps, a net of four layers of 500 units (batch 256) trains 3 to 6 % slower. Numbers of large
    layers are sampled (4,096 each). Steps are counted by the model's forward in training mode. A step inside
    ``mg.capture`` runs plainly while it is watched.

    Raises TypeError for anything but a module, ValueError for ``every`` < 1.
    """
    return Flow(model, every)


def _derivative(module, at: np.ndarray) -> np.ndarray:
    with mg.enable_grad():
        x = mg.tensor(at).requires_grad_()
        (slope,) = mg.autograd.grad(module.forward(x).sum(), x)
    return read(slope)


def _flat_share(module, inputs: np.ndarray, largest: float) -> float:
    sample = evenly(inputs).astype(np.float32)
    sample = sample[np.isfinite(sample)]
    return float(np.mean(np.abs(_derivative(module, sample)) < FLAT * largest)) if len(sample) else 0.0
