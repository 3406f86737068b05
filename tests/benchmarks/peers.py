"""Every peer that is installed, on the same steps in one run, and the floor: the step's matrix products alone.

PyTorch eager and compiled, JAX (jit), MyGrad and HIPS autograd. A peer that is not there, or that cannot run here (no C
compiler for ``torch.compile``), is left out and named.
"""

from itertools import pairwise

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from tests.benchmarks.floors import mlp_shapes, products
from tests.benchmarks.race import Result, race_row
from tests.benchmarks.training_steps import mlp, stepper

# (row, sizes, batch, learning rate); tanh between the layers, cross-entropy, SGD.
ROWS = [
    ("MLP 784-500-500-500-10, batch 256, SGD: every peer", [784, 500, 500, 500, 10], 256, 0.01),
    ("MLP 2-16-16-3, batch 100, SGD: every peer", [2, 16, 16, 3], 100, 0.01),
]


def weights(sizes: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same weights for those that have no modules: W (in, out) and b."""
    random = np.random.default_rng(0)
    scale = [(random.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32) for a, b in pairwise(sizes)]
    return [(w, np.zeros(w.shape[1], np.float32)) for w in scale]


def captured(sizes, x, y, rate):
    model = mlp(nn, sizes, "Tanh")
    optimizer, loss_function = optim.SGD(model.parameters(), lr=rate), nn.CrossEntropyLoss()

    def step(x, y):
        loss = loss_function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    step, x, y = mg.capture(step, fallback=False), mg.Tensor(x), mg.Tensor(y)
    return lambda: step(x, y)


def compiled_torch(sizes, x, y, rate):
    import torch

    model = mlp(torch.nn, sizes, "Tanh")
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
    import jax
    import jax.numpy as jnp

    def loss(parameters, x, y):
        for i, (w, b) in enumerate(parameters):
            x = x @ w + b
            x = jnp.tanh(x) if i < len(parameters) - 1 else x
        return -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(len(y)), y])

    @jax.jit
    def update(parameters, x, y):
        gradients = jax.grad(loss)(parameters, x, y)
        return jax.tree_util.tree_map(lambda p, g: p - rate * g, parameters, gradients)

    state = [jax.tree_util.tree_map(jnp.asarray, weights(sizes)), jnp.asarray(x), jnp.asarray(y)]

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


PEERS = {
    "torch.compile": compiled_torch, "JAX jit": jax_jit, "MyGrad": mygrad, "autograd": hips_autograd,
}  # fmt: skip


def measure(torch) -> list[Result]:
    """One row for ours eager and one for ours captured, beside all peers."""
    results = []
    for row, sizes, batch, rate in ROWS:
        random = np.random.default_rng(0)
        x = random.standard_normal((batch, sizes[0])).astype(np.float32)
        y = random.integers(0, sizes[-1], batch)
        model = mlp(nn, sizes, "Tanh")
        optimizer = optim.SGD(model.parameters(), lr=rate)
        runners = {
            "ours": stepper(model, nn.CrossEntropyLoss(), optimizer, mg.Tensor(x), mg.Tensor(y)),
            "captured": captured(sizes, x, y, rate),
        }
        if torch is not None:
            theirs = mlp(torch.nn, sizes, "Tanh")
            updater = torch.optim.SGD(theirs.parameters(), lr=rate)
            loss = torch.nn.CrossEntropyLoss()
            runners["torch"] = stepper(theirs, loss, updater, torch.from_numpy(x), torch.from_numpy(y))
        for name, make in PEERS.items():
            try:
                run = make(sizes, x, y, rate)
                run()
            except Exception as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                print(f"{name} is left out: {reason[:120]}")
            else:
                runners[name] = run
        result = race_row(row, runners, None, products(mlp_shapes(sizes, batch)), seconds=6)
        replayed = result.peers.pop("captured")
        results += [result, result._replace(row=f"{row}, ours captured", ours=replayed)]
    return results
