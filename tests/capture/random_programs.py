"""Random training programs: nets of layers and ops, optimizers, schedules, writes in place, Python state, changes.

``program(seed)`` gives a builder as a trap is: called with a decorator, it builds its world around it and returns
``call(i)``. All that is random is drawn when the program is made, so that two worlds of one seed are the same.
"""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.nn import functional as F

from .traps import batch, labels

WIDTH = 4
NETS = 20  # the programs below 1000 share so many nets, and their compiled loops
ROWS = (4, 6)  # few shapes, so that few kernels are compiled


def _in_place(h):
    h = h * 1.0
    h.mul_(0.5).add_(1.0)
    h[:, 0] = h[:, 1] * 2
    return h


def _written_into_zeros(h):
    z = mg.zeros(h.shape[0], WIDTH, dtype=h.dtype)
    z[1:] = h[:-1]
    z[0] += 1.0
    return z


def _branch_on_a_number(h):
    return h if h.sum() > 0 else -h


OPS: dict[str, Callable] = {
    "tanh": lambda h: h.tanh(),
    "relu": lambda h: h.relu(),
    "sigmoid": lambda h: h.sigmoid(),
    "gelu": lambda h: F.gelu(h),
    "leaky relu in place": lambda h: F.leaky_relu(h * 1.0, 0.1, inplace=True),
    "clamp": lambda h: h.clamp(-0.5, 0.7),
    "powers": lambda h: h.pow(2) - h.abs().sqrt() * 0.1,
    "exp": lambda h: (h * 0.1).exp() - 1,
    "atan2": lambda h: mg.atan2(h, h.abs() + 1),
    "maximum": lambda h: mg.maximum(h, h * 0.3),
    "where": lambda h: mg.where(h > 0, h, h * 0.2),
    "masked fill": lambda h: h.masked_fill(h < -1, 0.5),
    "softmax": lambda h: h.softmax(1),
    "log softmax": lambda h: h.log_softmax(-1),
    "normalized": lambda h: (h - h.mean(1, keepdim=True)) / (h.std(1, keepdim=True) + 1),
    "view": lambda h: h.view(-1).view(h.shape[0], WIDTH),
    "flip": lambda h: h.flip(1) + h.roll(1, 0),
    "transposed": lambda h: (h.T @ h) @ h.T.mean(1) + h,
    "cat": lambda h: mg.cat([h[:, 2:], h[:, :2]], 1),
    "split": lambda h: mg.cat([a * b for a, b in [h.split(2, 1)]] * 2, 1),
    "stack": lambda h: mg.stack([h, h * 2]).sum(0),
    "max": lambda h: h - h.max(1, keepdim=True).values,
    "sort": lambda h: h.sort(1).values,
    "topk": lambda h: h.topk(2, 1).values.repeat(1, 2),
    "cumsum": lambda h: h.cumsum(1) * 0.3,
    "rows": lambda h: h[mg.tensor([1, 0, 2, 3])[: h.shape[0]]].sum(0) + h,
    "gather": lambda h: h + h.gather(1, h.argmax(1, keepdim=True)),
    "in place": _in_place,
    "zeros": _written_into_zeros,
    "detached": lambda h: h + h.detach() * 0.1,
    "scalar twice": lambda h: (lambda m: h * m + m * m)(h.mean()),
    "drawn": lambda h: h + mg.randn_like(h) * 0.01,
    "quantile": lambda h: h - h.quantile(0.3, 1, keepdim=True),
    "scalar": lambda h: h * h.mean() + 1 / (h.pow(2).sum() + 1),
    "expand": lambda h: h[:, :1].expand(h.shape[0], WIDTH) + h,
    "einsum": lambda h: mg.einsum("ij,kj->ik", h, h).softmax(1) @ h,
    "dropout": lambda h: F.dropout(h, 0.3),
    "doubles": lambda h: h.double().exp().float() if h.dtype == mg.float32 else h,
}
ODD: dict[str, Callable] = {
    "branch on a number": _branch_on_a_number,
    "item": lambda h: h * (1 + h.mean().item()),
    "noise": lambda h: h + mg.Tensor(np.random.standard_normal(h.shape).astype(h.dtype)) * 0.01,
    "python noise": lambda h: h * (1 + random.random()),
    "numpy": lambda h: h + mg.Tensor(np.tanh(h.detach().numpy())),
    "selected": lambda h: h + h[h > 0].sum(),
}
LAYERS: dict[str, Callable] = {
    "linear": lambda: nn.Linear(WIDTH, WIDTH),
    "linear without bias": lambda: nn.Linear(WIDTH, WIDTH, bias=False),
    "batch norm": lambda: nn.BatchNorm1d(WIDTH),
    "layer norm": lambda: nn.LayerNorm(WIDTH),
    "group norm": lambda: nn.GroupNorm(2, WIDTH),
    "dropout": lambda: nn.Dropout(0.4),
    "prelu": lambda: nn.PReLU(),
    "tanh": lambda: nn.Tanh(),
    "sequence": lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(inplace=True), nn.Linear(WIDTH, WIDTH)),
}
OPTIMIZERS: dict[str, Callable] = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, lr=0.01),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
    "groups": lambda p: optim.SGD([{"params": p[:1], "lr": 0.1}, {"params": p[1:]}], lr=0.05),
}
SCHEDULES: dict[str, Callable] = {
    "steps": lambda o: optim.lr_scheduler.StepLR(o, 3, 0.5),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 8),
    "lambda": lambda o: optim.lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
}
LOSSES: dict[str, Callable] = {
    "squares": lambda h, y: h.pow(2).mean(),
    "distance": lambda h, y: F.mse_loss(h, h.detach() * 0 + 1),
    "classes": lambda h, y: F.cross_entropy(h, y),
    "smooth": lambda h, y: F.smooth_l1_loss(h, F.one_hot(y, WIDTH).to(h.dtype)),
    "likelihood": lambda h, y: F.nll_loss(h.log_softmax(1), y),
}
# What a user may do before a call, once or again and again.
CHANGES = (
    "freeze", "unfreeze", "eval", "train", "rate", "none", "zero", "hook", "unhook", "scale", "closure", "list",
    "attribute", "layer", "data", "load", "seed", "double batch", "grad", "global",
)  # fmt: skip
STYLES = (
    "plain",
    "accumulate",
    "by hand",
    "autograd.grad",
    "clip",
    "clip value",
    "sign",
    "evaluate",
    "average",
    "state",
)
GLOBAL = {"scale": 1.0}


@dataclass
class Batch:
    """A batch with names."""

    x: object
    y: object


# How a batch is handed to the step, and how the step takes it apart; how it returns the loss and the output.
GIVEN: dict[str, tuple[Callable, Callable]] = {
    "tensors": (lambda x, y: (x, y), lambda b: b),
    "dict": (lambda x, y: {"y": y, "x": x}, lambda b: (b["x"], b["y"])),
    "record": (Batch, lambda b: (b.x, b.y)),
    "arrays": (lambda x, y: [x.numpy(), y.numpy()], lambda b: tuple(mg.tensor(a) for a in b)),
}
RETURNED: dict[str, Callable] = {
    "tuple": lambda loss, out: (loss, out),
    "dict": lambda loss, out: {"loss": loss, "out": [out, out]},
    "none": lambda loss, out: None,
}


class Net(nn.Module):
    """Layers and ops in a row, with a plain number of its own."""

    def __init__(self, parts: list):
        super().__init__()
        self.first = nn.Linear(3, WIDTH)
        self.layers = nn.ModuleList([LAYERS[name]() for kind, name in parts if kind == "layer"])
        self.ops = [OPS.get(name) or ODD.get(name) for kind, name in parts]
        self.scale = 1.0

    def forward(self, x):
        """Each part in turn."""
        h, layers = self.first(x), iter(self.layers)
        for op in self.ops:
            h = next(layers)(h) if op is None else op(h)
        return h * self.scale


class World:
    """What a program's step sees: the model, its optimizer, and Python values."""

    def __init__(self, net: random.Random, rng: random.Random):
        self.parts = [
            ("layer", net.choice(list(LAYERS))) if net.random() < 0.4 else ("op", net.choice(list(OPS)))
            for _ in range(net.randint(1, 5))
        ]
        if net.random() < 0.08:
            self.parts.insert(net.randint(0, len(self.parts)), ("op", net.choice(list(ODD))))
        self.doubles = net.random() < 0.15
        self.style = rng.choice(STYLES)
        self.optimizer_name = rng.choice(list(OPTIMIZERS))
        self.schedule_name = rng.choice([None, *SCHEDULES])
        self.schedule_inside = rng.random() < 0.5
        self.loss = LOSSES[rng.choice(list(LOSSES))]
        self.to_none = rng.random() < 0.6
        self.python = rng.choice([None] * 12 + ["counter", "history", "every third"])
        self.plan: dict[int, list[str]] = {}
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            self.plan.setdefault(rng.randint(1, 11), []).append(rng.choice(CHANGES))
        self.sizes = [rng.choice(ROWS) for _ in range(3)] if rng.random() < 0.3 else [ROWS[0]]
        self.given = rng.choice(["tensors"] * 3 + list(GIVEN))
        self.returned = rng.choice(list(RETURNED))


def program(seed: int) -> Callable:
    """The builder of the program with that number."""
    net = seed % NETS if seed < 1000 else seed
    world = World(random.Random(net), random.Random(seed + 1))

    def build(captured: Callable) -> Callable:
        return _built(copy.deepcopy(world), captured)

    build.__name__ = f"program {seed}"
    return build


def _built(world: World, captured: Callable) -> Callable:
    GLOBAL["scale"] = 1.0
    model = Net(world.parts)
    if world.doubles:
        model.double()
    average = copy.deepcopy(model)
    optimizer = OPTIMIZERS[world.optimizer_name](list(model.parameters()))
    schedule = SCHEDULES[world.schedule_name](optimizer) if world.schedule_name else None
    factor, weights, settings, state = 1.0, [1.0], Settings(), mg.zeros(WIDTH)
    history, k = [], 0
    style, loss_of, inside, to_none = world.style, world.loss, world.schedule_inside, world.to_none
    python = world.python

    def update(loss):
        if style == "by hand":
            for p in model.parameters():
                p.grad = None
            loss.backward()
            with mg.no_grad():
                for p in model.parameters():
                    if p.grad is not None:
                        p.sub_(p.grad, alpha=0.05)
        elif style == "autograd.grad":
            used = [p for p in model.parameters() if p.requires_grad]
            for p, g in zip(used, mg.autograd.grad(loss, used, allow_unused=True), strict=True):
                p.grad = g
            optimizer.step()
        elif style == "accumulate":
            loss.backward()
        else:
            optimizer.zero_grad(set_to_none=to_none)
            loss.backward()
            if style == "clip":
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            elif style == "clip value":
                nn.utils.clip_grad_value_(model.parameters(), 0.05)
            elif style == "sign":
                for p in model.parameters():
                    if p.grad is not None:
                        p.grad = p.grad.sign() * 0.01
            optimizer.step()
        if style == "average":
            with mg.no_grad():
                for a, p in zip(average.parameters(), model.parameters(), strict=True):
                    a.lerp_(p.detach(), 0.1)

    (given, taken), returned = GIVEN[world.given], RETURNED[world.returned]

    def step(handed, scale=1.0):
        nonlocal k
        x, y = taken(handed)
        out = model(x) * (factor * scale * weights[0] * settings.scale * GLOBAL["scale"])
        if style == "state":
            with mg.no_grad():
                state.mul_(0.5).add_(out.detach().mean(0).to(state.dtype))
            out = out + state.to(out.dtype)
        loss = loss_of(out, y)
        if python in ("counter", "every third"):
            k += 1
        if python == "history":
            history.append(loss)
        trains = model.training or style != "evaluate"
        if trains and loss.requires_grad and (python != "every third" or k % 3 == 0):
            update(loss)
        if schedule is not None and inside:
            schedule.step()
        return returned(loss, out)

    step = captured(step)
    handles: list = []

    def call(i: int):
        nonlocal factor
        scale = 1.0
        rows = world.sizes[i % len(world.sizes)]
        for change in world.plan.get(i, ()):
            if change == "freeze":
                model.first.requires_grad_(False)
            elif change == "unfreeze":
                model.requires_grad_(True)
            elif change in ("eval", "train"):
                model.train(change == "train")
            elif change == "rate":
                optimizer.param_groups[0]["lr"] *= 0.5
            elif change in ("none", "zero"):
                optimizer.zero_grad(set_to_none=change == "none")
            elif change == "hook":
                handles.append(model.first.register_forward_hook(lambda m, args, out: out * 2))
            elif change == "unhook" and handles:
                handles.pop().remove()
            elif change == "scale":
                scale = -0.0 if i % 2 else 2.0
            elif change == "closure":
                factor = factor * 2
            elif change == "list":
                weights[0] += 1
            elif change == "attribute":
                settings.scale = settings.scale / 2
                model.scale = 0.5
            elif change == "layer" and len(model.layers):
                model.layers[0] = nn.Linear(WIDTH, WIDTH, dtype=model.first.weight.dtype)
            elif change == "data":
                model.first.weight.data = model.first.weight.data * 0.5
            elif change == "load":
                average_state = average.state_dict()
                if average_state.keys() == model.state_dict().keys():
                    model.load_state_dict(average_state)
            elif change == "seed":
                mg.manual_seed(i)
            elif change == "double batch":
                rows = ROWS[1]
            elif change == "grad":
                model.first.bias.grad = mg.ones(WIDTH, dtype=model.first.bias.dtype)
            elif change == "global":
                GLOBAL["scale"] += 1
        x = batch(i, rows, 3, dtype=np.float64 if world.doubles else np.float32)
        handed = given(x, labels(i, WIDTH, rows))
        result = step(handed, scale) if i % 4 else step(handed, scale=scale)
        if style == "accumulate" and i % 3 == 2:
            optimizer.step()
            optimizer.zero_grad(set_to_none=to_none)
        if schedule is not None and not inside:
            schedule.step()
        return result, model, average, state, k, len(history), optimizer

    return call


class Settings:
    """A plain object that the step reads a number from."""

    def __init__(self):
        self.scale = 1.0
