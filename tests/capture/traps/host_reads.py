"""Ops and functions that read numbers on the host: what they read must not become a constant."""

import numpy as np

import microgradnet as mg
from microgradnet import nn
from microgradnet.nn import functional as F

from . import batch, labels, net, trap


def reading(function, *makers, refused=None, replays=0, name):
    """Registers a trap around a function of tensors that ``makers`` make anew for each call."""

    def build(captured):
        step = captured(function)
        return lambda i: step(*[make(i) for make in makers])

    build.__name__ = name
    trap(replays=replays, refused=refused, warned=refused is None and not replays)(build)


reading(lambda y: F.one_hot(y, 5), lambda i: labels(i, 5), name="one_hot", replays=6)
reading(lambda y: F.one_hot(y), lambda i: labels(i, 3 + i % 3), name="one_hot_of_as_many_classes_as_there_are")
reading(
    lambda x, y: (F.one_hot(y, 3).float() * x).sum(),
    lambda i: batch(i, 4, 3),
    lambda i: labels(i, 3),
    name="one_hot_times",
    replays=6,
)
reading(lambda y: mg.nonzero(y), lambda i: labels(i, 2), name="nonzero")
reading(lambda y: mg.unique(y), lambda i: labels(i, 3), name="unique")
reading(lambda x, y: mg.repeat_interleave(x, y, 0), batch, lambda i: labels(i, 3), name="repeat_interleave")
reading(lambda x, y: x[y > 0], lambda i: batch(i, 4), lambda i: labels(i, 2), name="mask_as_index")
reading(lambda x: x.masked_select(x > 0), batch, name="masked_select")
reading(lambda y: mg.bincount(y), lambda i: labels(i, 4), name="bincount")
reading(
    lambda x, v: F.gaussian_nll_loss(x, x * 0, v),
    lambda i: batch(i, 4),
    lambda i: mg.Tensor(np.float32([1, 2, 3, -1 if i == 7 else 4])),
    name="gaussian_nll_loss_of_a_negative_variance",
)
reading(
    lambda x, y: F.cross_entropy(x, y),
    lambda i: batch(i, 4, 3),
    lambda i: mg.Tensor(np.array([0, 1, 2, 3 if i == 7 else 0])),
    name="cross_entropy_of_a_class_that_is_not_there",
)
reading(
    lambda x, y: F.nll_loss(F.log_softmax(x, 1), y, ignore_index=2),
    lambda i: batch(i, 4, 3),
    lambda i: labels(i, 3),
    name="nll_loss_with_an_ignored_class",
)
reading(
    lambda x: F.binary_cross_entropy(x, (x > 0.5).float()),
    lambda i: mg.Tensor(np.float32([0.1, 0.9, 0.4, 1.5 if i == 7 else 0.3])),
    name="binary_cross_entropy_out_of_range",
)


def embedded(options):
    table = mg.Tensor(np.arange(12, dtype=np.float32).reshape(6, 2))
    return lambda y: F.embedding(y, table, **options)


reading(embedded({}), lambda i: labels(i, 6), name="embedding", replays=6)
reading(embedded({"padding_idx": 1}), lambda i: labels(i, 6), name="embedding_with_padding", replays=6)
reading(
    embedded({}), lambda i: mg.Tensor(np.array([0, 6 if i == 7 else 5])), name="embedding_of_a_row_that_is_not_there"
)


@trap(replays=6)
def index_write(captured):
    @captured
    def step(x, y):
        z = mg.zeros(4, 3)
        z[y] = x
        return z

    return lambda i: step(batch(i, 2, 3), mg.Tensor(np.array([i % 4, (i + 1) % 4])))


@trap(replays=8)
def embedding_bag(captured):
    bag = nn.EmbeddingBag(6, 3)

    @captured
    def step(y, offsets):
        bag.zero_grad()
        out = bag(y, offsets)
        out.sum().backward()
        return out

    return lambda i: (step(labels(i, 6, 5), mg.Tensor(np.array([0, 1 + i % 4]))), bag)


@trap(replays=8)
def embedding_bag_of_rows(captured):
    bag = nn.EmbeddingBag(6, 3, mode="max")

    @captured
    def step(y):
        bag.zero_grad()
        out = bag(y)
        out.sum().backward()
        return out

    return lambda i: (step(labels(i, 6, 5, 2)), bag)


@trap(replays=8)
def ctc_loss(captured):
    model = nn.Linear(3, 5)

    @captured
    def step(x, y, x_lengths, y_lengths):
        model.zero_grad()
        loss = F.ctc_loss(model(x).log_softmax(2), y, x_lengths, y_lengths)
        loss.backward()
        return loss

    def call(i):
        targets = mg.Tensor(np.random.default_rng(i).integers(1, 5, (2, 3)))
        lengths = mg.Tensor(np.array([7, 6 + i % 2])), mg.Tensor(np.array([3, 1 + i % 3]))
        return step(batch(i, 7, 2, 3), targets, *lengths), model

    return call


@trap(warned=True)
def adaptive_softmax(captured):
    mg.manual_seed(3)
    layer = nn.AdaptiveLogSoftmaxWithLoss(3, 9, [2, 5])
    step = captured(lambda x, y: layer(x, y).loss)
    return lambda i: step(batch(i), labels(i, 9))


@trap(refused="__bool__ reads numbers")
def branch_on_a_number(captured):
    step = captured(lambda x: x * 2 if x.sum() > 0 else x * 3)
    return lambda i: step(batch(i))


@trap(refused="reads numbers")
def number_of_a_parameter_that_changes(captured):
    w = mg.ones(3, requires_grad=True)

    @captured
    def step(x):
        scale = float(w.detach().sum())
        w.grad = None
        (x * w * scale).sum().backward()
        with mg.no_grad():
            w.sub_(w.grad * 0.1)
        return x * scale

    return lambda i: (step(batch(i)), w)


@trap(replays=3)
def number_of_a_constant_changed_outside(captured):
    temperature = mg.tensor(2.0)
    step = captured(lambda x: x / temperature.item())

    def call(i):
        if i == 6:
            temperature.fill_(4.0)
        return step(batch(i))

    return call


@trap(replays=3)
def constant_tensor_changed_outside(captured):
    scale = mg.ones(3)
    step = captured(lambda x: x * scale)

    def call(i):
        if i == 6:
            scale.fill_(4.0)
        if i == 9:
            scale.array[1] = 3
        return step(batch(i))

    return call


@trap(warned=True)
def numbers_of_the_result_in_a_string(captured):
    texts = []

    @captured
    def step(x):
        texts.append(f"{x.sum():.3f}")
        return x * 2

    return lambda i: (step(batch(i)), texts)


@trap(warned=True)
def loop_until_small(captured):
    @captured
    def step(x):
        while x.abs().max() > 1e-1:
            x = x * 0.5
        return x

    return lambda i: step(batch(i) * 2 ** (i % 4))


@trap(warned=True)
def index_from_a_number(captured):
    step = captured(lambda x, y: x[int(y[0])] + x[y[1]])
    return lambda i: step(batch(i), labels(i, 4))


@trap(warned=True)
def range_of_a_length(captured):
    step = captured(lambda x, n: sum(x[k] for k in range(n)))
    return lambda i: step(batch(i), mg.Tensor(np.array(1 + i % 3)))


@trap(warned=True)
def numpy_of_a_value(captured):
    step = captured(lambda x: x * mg.Tensor(np.sort((x * 2).numpy(), axis=0)))
    return lambda i: step(batch(i))


@trap(warned=True)
def array_of_a_value(captured):
    step = captured(lambda x: x * mg.Tensor(np.sort((x * 2).array, axis=0)))
    return lambda i: step(batch(i))


@trap(warned=True)
def array_written_by_numpy(captured):
    @captured
    def step(x):
        y = x * 2
        y.array[0] = 7
        return y + 1

    return lambda i: step(batch(i))


@trap(warned=True)
def parameter_written_by_numpy(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = model(x).pow(2).sum()
        loss.backward()
        for p in model.parameters():
            p.array[...] -= 0.1 * p.grad.array
        return loss

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def parameter_written_through_data(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = model(x).pow(2).sum()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        return loss

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def data_replaced_inside(captured):
    model = net()

    @captured
    def step(x):
        model.zero_grad()
        loss = model(x).pow(2).sum()
        loss.backward()
        for p in model.parameters():
            p.data = p.data - 0.1 * p.grad
        return loss

    return lambda i: (step(batch(i)), model)


@trap(warned=True)
def comparison_with_allclose(captured):
    step = captured(lambda x: x * 2 if mg.allclose(x, x.abs()) else x * 3)
    return lambda i: step(batch(i).abs() if i % 2 else batch(i))


@trap(warned=True)
def equality_of_tensors(captured):
    step = captured(lambda x: x * 2 if mg.equal(x, x.abs()) else x * 3)
    return lambda i: step(batch(i).abs() if i % 2 else batch(i))


@trap(replays=8)
def multinomial_and_bernoulli(captured):
    step = captured(lambda x: (mg.multinomial(x.abs(), 2), mg.bernoulli(x.sigmoid()), mg.rand_like(x)))
    return lambda i: step(batch(i))


@trap(warned=True)
def padding_of_sequences_of_other_lengths(captured):
    step = captured(lambda x, n: x * (mg.arange(3) < n.view(4, 1)).float())
    return lambda i: step(batch(i), labels(i, 4))


@trap(warned=True)
def sorted_and_top(captured):
    step = captured(lambda x: (x.sort(0), x.topk(2, 1), x.argmax(1), x.median(0)))
    return lambda i: step(batch(i))


@trap(warned=True)
def gathered_and_scattered(captured):
    @captured
    def step(x, y):
        picked = x.gather(1, y)
        return picked, mg.zeros(4, 3).scatter_add(1, y, picked), x.index_select(0, y[:, 0])

    return lambda i: step(batch(i), labels(i, 3, 4, 2))


@trap(warned=True)
def histogram_and_search(captured):
    edges = mg.tensor([-1.0, 0.0, 1.0])
    step = captured(lambda x: (mg.searchsorted(edges, x), mg.cumsum(x, 0)))
    return lambda i: step(batch(i))


@trap(warned=True)
def linear_algebra(captured):
    @captured
    def step(x):
        a = x.T @ x + mg.eye(3)
        return mg.linalg.inv(a), mg.linalg.cholesky(a), mg.linalg.slogdet(a), mg.linalg.svd(x), mg.linalg.eigh(a)

    return lambda i: step(batch(i, 5, 3))


@trap(warned=True)
def singular_matrix_at_one_call(captured):
    step = captured(lambda x: mg.linalg.inv(x))
    return lambda i: step(mg.zeros(3, 3) if i == 7 else batch(i, 3, 3))


@trap(replays=5)
def error_of_an_op_in_the_middle_of_a_training(captured):
    model = nn.Linear(3, 3)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x, y):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        loss = F.cross_entropy(model(x), y * 2)
        loss.backward()
        return loss

    def call(i):
        try:
            loss = step(batch(i), mg.Tensor(np.array([0, 1, 0, 2 if i == 7 else 0]) % 3 * (i == 7)))
        except IndexError as error:
            loss = str(error)
        return loss, model

    return call
