"""Every peer that is installed, on the same steps in one run, and the floor: the step's matrix products alone.

PyTorch eager and compiled, JAX (jit), MyGrad, HIPS autograd and minitorch. A peer that is not there, or that cannot run
here (no C compiler for ``torch.compile``, a minitorch whose exercises are not solved), is left out and named. Only the
first three take the CNN's step: the others have no convolution, or one that takes seconds. micrograd has single numbers
only, and races in ``scalars.py``.
"""

from functools import partial
from itertools import pairwise

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from tests.benchmarks.floors import cnn_shapes, mlp_shapes, products
from tests.benchmarks.race import Floor, Result, race_row
from tests.benchmarks.training_steps import cnn, mlp, stepper

# (row, sizes, batch, learning rate); tanh between the layers, cross-entropy, SGD.
ROWS = [
    ("MLP 784-500-500-500-10, batch 256, SGD: every peer", [784, 500, 500, 500, 10], 256, 0.01),
    ("MLP 2-16-16-3, batch 100, SGD: every peer", [2, 16, 16, 3], 100, 0.01),
]


def weights(*chains: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same weights for those that have no modules: W (in, out) and b, for each pair of neighbours in a chain."""
    random = np.random.default_rng(0)
    pairs = [pair for sizes in chains for pair in pairwise(sizes)]
    scale = [(random.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32) for a, b in pairs]
    return [(w, np.zeros(w.shape[1], np.float32)) for w in scale]


def captured(build, x, y, rate):
    model = build(nn)
    optimizer, loss_function = optim.SGD(model.parameters(), lr=rate), nn.CrossEntropyLoss()

    def step(x, y):
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    step, x, y = mg.capture(step, fallback=False), mg.Tensor(x), mg.Tensor(y)
    return lambda: step(x, y)


def compiled_torch(build, x, y, rate):
    import torch

    model = build(torch.nn)
    optimizer, loss_function = torch.optim.SGD(model.parameters(), lr=rate), torch.nn.CrossEntropyLoss()
    forward = torch.compile(lambda x, y: loss_function(model(x), y))
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def step():
        loss = forward(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def jax_jit(sizes, x, y, rate):
    import jax.numpy as jnp

    def scores(parameters, x):
        for i, (w, b) in enumerate(parameters):
            x = x @ w + b
            x = jnp.tanh(x) if i < len(parameters) - 1 else x
        return x

    return _jax_step(scores, weights(sizes), x, y, rate)


def jax_cnn(x, y, rate):
    """The net of ``training_steps.cnn``; channels come last, which takes as long as channels first (measured)."""
    import jax

    def convolution(x, w, b):
        return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b

    def scores(parameters, x):
        first, second, third, fourth = parameters
        x = jax.nn.relu(convolution(x, *first))
        x = jax.nn.relu(convolution(x, *second))
        x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = jax.nn.relu(x.reshape(len(x), -1) @ third[0] + third[1])
        return x @ fourth[0] + fourth[1]

    (w1, b1), (w2, b2), *linear = weights([9, 32], [9 * 32, 64], [64 * 12 * 12, 128, 10])
    parameters = [(w1.reshape(3, 3, 1, 32), b1), (w2.reshape(3, 3, 32, 64), b2), *linear]
    return _jax_step(scores, parameters, np.moveaxis(x, 1, -1), y, rate)


def _jax_step(scores, parameters, x, y, rate):
    """The step that lowers the cross-entropy of ``scores(parameters, x)``."""
    import jax
    import jax.numpy as jnp

    def loss(parameters, x, y):
        return -jnp.mean(jax.nn.log_softmax(scores(parameters, x))[jnp.arange(len(y)), y])

    @jax.jit
    def update(parameters, x, y):
        gradients = jax.grad(loss)(parameters, x, y)
        return jax.tree_util.tree_map(lambda p, g: p - rate * g, parameters, gradients)

    state = [jax.tree_util.tree_map(jnp.asarray, parameters), jnp.asarray(x), jnp.asarray(y)]

    def step():
        state[0] = jax.block_until_ready(update(*state))

    return step


def mygrad(sizes, x, y, rate):
    import mygrad as library
    from mygrad.nnet.losses import softmax_crossentropy

    parameters = [[library.tensor(p) for p in layer] for layer in weights(sizes)]

    def step():
        h = x
        for i, (w, b) in enumerate(parameters):
            h = library.matmul(h, w) + b
            h = library.tanh(h) if i < len(parameters) - 1 else h
        softmax_crossentropy(h, y).backward()
        for layer in parameters:
            for p in layer:
                p.data -= np.float32(rate) * p.grad

    return step


def hips_autograd(sizes, x, y, rate):
    import autograd
    import autograd.numpy as anp

    def loss(parameters):
        h = x
        for i, (w, b) in enumerate(parameters):
            h = anp.dot(h, w) + b
            h = anp.tanh(h) if i < len(parameters) - 1 else h
        h = h - anp.max(h, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(h), axis=1)) - h[np.arange(len(y)), y])

    gradient, parameters = autograd.grad(loss), weights(sizes)

    def step():
        for (w, b), (gw, gb) in zip(parameters, gradient(parameters), strict=True):
            w -= np.float32(rate) * gw.astype(np.float32)
            b -= np.float32(rate) * gb.astype(np.float32)

    return step


def minitorch_fast(sizes, x, y, rate):
    """The course's package with the exercises solved: ``FastOps``, its loops compiled by numba."""
    import minitorch

    backend = minitorch.TensorBackend(minitorch.FastOps)

    def tensor(array):
        return minitorch.tensor(array.tolist(), backend=backend)

    layers = [[minitorch.Parameter(tensor(p)) for p in layer] for layer in weights(sizes)]
    inputs, wanted = tensor(x), tensor(np.eye(sizes[-1])[y])

    def step():
        h = inputs
        for i, (w, b) in enumerate(layers):
            h = h @ w.value + b.value
            # It has no tanh: 2σ(2x) − 1.
            h = (h * 2.0).sigmoid() * 2.0 - 1.0 if i < len(layers) - 1 else h
        losses = h.exp().sum(1).log() - (h * wanted).sum(1)
        (losses.sum() / len(y)).view(1).backward()
        for layer in layers:
            for p in layer:
                p.update(p.value - p.value.grad * rate)  # a new tensor, without a gradient

    return step


PEERS = {"JAX jit": jax_jit, "MyGrad": mygrad, "autograd": hips_autograd}
# Its products are plain loops: a step of the large MLP takes it too long to race.
SMALL = {"minitorch": minitorch_fast}


def measure(torch) -> list[Result]:
    """For each step a row for ours eager and one for ours captured, beside all peers."""
    random = np.random.default_rng(0)
    results = []
    for row, sizes, batch, rate in ROWS:
        x = random.standard_normal((batch, sizes[0])).astype(np.float32)
        y = random.integers(0, sizes[-1], batch)
        makers = {**PEERS, **SMALL} if max(sizes) < 100 else PEERS
        peers = {name: partial(make, sizes) for name, make in makers.items()}
        build = partial(mlp, sizes=sizes, activation="Tanh")
        results += _rows(torch, row, build, peers, x, y, rate, products(mlp_shapes(sizes, batch)))
    x = random.standard_normal((64, 1, 28, 28)).astype(np.float32)
    y = random.integers(0, 10, 64)
    row = "MNIST CNN (conv 32, conv 64, pool, 128, 10), batch 64, SGD: every peer with convolutions"
    return results + _rows(torch, row, cnn, {"JAX jit": jax_cnn}, x, y, 0.01, products(cnn_shapes(64)))


def _rows(torch, row: str, build, peers: dict, x, y, rate: float, floor: Floor) -> list[Result]:
    """Ours, eager and captured, against PyTorch, eager and compiled, and those of ``peers`` that run here."""
    model = build(nn)
    optimizer = optim.SGD(model.parameters(), lr=rate)
    runners = {"ours": stepper(model, nn.CrossEntropyLoss(), optimizer, mg.Tensor(x), mg.Tensor(y))}
    peers = {"captured": partial(captured, build), **peers}
    if torch is not None:
        theirs = build(torch.nn)
        updater = torch.optim.SGD(theirs.parameters(), lr=rate)
        runners["torch"] = stepper(
            theirs, torch.nn.CrossEntropyLoss(), updater, torch.from_numpy(x), torch.from_numpy(y)
        )
        peers["torch.compile"] = partial(compiled_torch, build)
    for name, make in peers.items():
        try:
            run = make(x, y, rate)
            run()
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            print(f"{name} is left out ({row.split(':')[0]}): {reason[:120]}")
        else:
            runners[name] = run
    result = race_row(row, runners, None, floor, seconds=6)
    if "captured" not in result.peers:
        return [result]
    replayed = result.peers.pop("captured")
    return [result, result._replace(row=f"{row}, ours captured", ours=replayed)]
