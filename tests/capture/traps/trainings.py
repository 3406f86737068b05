"""Trainings as people write them: each is replayed and gives what the plain one gives."""

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.nn import functional as F

from . import batch, labels, net, training, trap, twin


def forward(name: str, function, *makers, replays: int = 6, layers=()) -> None:
    """Registers a training whose loss is the mean square of ``function(h, ...)``, ``h`` being a layer's output."""

    def build(captured):
        layer = nn.Linear(3, 4)
        modules = nn.ModuleList([make() for make in layers])
        optimizer = optim.SGD([*layer.parameters(), *modules.parameters()], lr=0.1)

        @captured
        def step(x, *more):
            loss = function(layer(x), *modules, *more).float().pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return lambda i: (step(batch(i), *[make(i) for make in makers]), layer, modules)

    build.__name__ = name
    trap(replays=replays)(build)


def written(h):
    z = mg.zeros(4, 4)
    z[1:3] = h[:2] * 2
    z[0] += 1.0
    return z


def gated(h):
    gate = h.sigmoid()
    h = h * 1
    h.mul_(gate)
    return h


forward("view", lambda h: h.view(2, 8).tanh().view(4, 4))
forward("view_minus_one_and_flatten", lambda h: h.view(-1).unflatten(0, (2, 8)).flatten() + h.reshape(16))
forward("masked_fill", lambda h: h.masked_fill(h < 0, 0.5))
forward("masked_fill_of_a_given_mask", lambda h, m: h.masked_fill(m > 0, -1.0), lambda i: labels(i, 2, 4, 4))
forward("one_hot_targets", lambda h, y: h.softmax(1) - F.one_hot(y, 4).float(), lambda i: labels(i, 4))
forward("gate_in_place", gated)
forward("leaky_relu_in_place", lambda h: F.leaky_relu(h * 1, 0.1, inplace=True))
forward("relu_in_place", lambda h, f: f(h), layers=[lambda: nn.ReLU(inplace=True)])
forward("dropout_in_place", lambda h: F.dropout(h * 1, 0.3, inplace=True))
forward("zeros_and_a_write", written)
forward("slice_assigned_from_itself", lambda h: _shifted(h))
forward("fill_diagonal_and_triangles", lambda h: h.tril() + h.triu(1) * 2)
forward("split_chunk_and_cat", lambda h: mg.cat([*h.split(2, 1), *h.chunk(2, 1)], 1))
forward("stack_unbind_and_sum", lambda h: sum(mg.stack(h.unbind(0))))
forward("expand_and_repeat", lambda h: h[:, :1].expand(4, 4) * h.repeat(1, 2)[:, :4])
forward("roll_flip_and_permute", lambda h: h.roll(1, 0).flip(1).permute(1, 0))
forward("einsum", lambda h: mg.einsum("ij,kj->ik", h, h))
forward("max_and_indices", lambda h: h.max(1).values + h.min(0)[0])
forward("sort_and_topk", lambda h: h.sort(1).values[:, :2] + h.topk(2, 1).values)
forward("cumsum_and_prod", lambda h: h.cumsum(0) + h.prod(1, keepdim=True))
forward("logsumexp_and_softmax", lambda h: h.logsumexp(1, keepdim=True) + h.log_softmax(0))
forward("variance_and_norm", lambda h: h.var(0) + h.std(1, keepdim=True) + h.norm())
forward("cross_entropy", lambda h, y: F.cross_entropy(h, y), lambda i: labels(i, 4))
forward("cross_entropy_smoothed", lambda h, y: F.cross_entropy(h, y, label_smoothing=0.1), lambda i: labels(i, 4))
forward("smooth_l1_and_huber", lambda h: F.smooth_l1_loss(h, h * 0 + 1) + F.huber_loss(h, h * 0))
forward("where_of_two", lambda h: mg.where(h > 0, h * 2, h.exp()))
forward("minimum_of_two", lambda h: mg.minimum(h, h.flip(0)) + mg.maximum(h, h * 0.5))
forward("scalar_mixed_in", lambda h: h * h.mean() + h.sum())
forward("doubles_in_the_middle", lambda h: h.double().pow(2).sum(1).float())
forward("gather_with_targets", lambda h, y: h.gather(1, y.view(4, 1)), lambda i: labels(i, 4))
forward("rows_by_index", lambda h, y: h[y], lambda i: labels(i, 4))
forward("index_add", lambda h, y: mg.zeros(4, 4).index_add(0, y, h), lambda i: labels(i, 4))
forward("layer_norm", lambda h, f: f(h), layers=[lambda: nn.LayerNorm(4)])
forward("group_norm", lambda h, f: f(h), layers=[lambda: nn.GroupNorm(2, 4)])
forward("batch_norm", lambda h, f: f(h), layers=[lambda: nn.BatchNorm1d(4)])
forward("rms_norm", lambda h, f: f(h), layers=[lambda: nn.RMSNorm(4)])
forward("prelu", lambda h, f: f(h), layers=[nn.PReLU])
forward("dropout", lambda h, f: f(h), layers=[lambda: nn.Dropout(0.4)])
forward("alpha_dropout", lambda h, f: f(h), layers=[lambda: nn.AlphaDropout(0.4)])
forward("instance_norm_with_statistics", lambda h, f: f(h.view(2, 2, 4)), layers=[
    lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True)
])  # fmt: skip
forward("embedding_of_an_argument", lambda h, f, y: h * f(y), lambda i: labels(i, 9), layers=[
    lambda: nn.Embedding(9, 4)
])  # fmt: skip
forward("embedding_with_a_padding_row", lambda h, f, y: h * f(y), lambda i: labels(i, 9), layers=[
    lambda: nn.Embedding(9, 4, padding_idx=2)
])  # fmt: skip
forward("convolution", lambda h, f: f(h.view(1, 1, 4, 4)), layers=[lambda: nn.Conv2d(1, 2, 3, padding=1)])
forward("pooling", lambda h: F.max_pool2d(h.view(1, 1, 4, 4), 2) + F.avg_pool2d(h.view(1, 1, 4, 4), 2))
forward("attention", lambda h, f: f(h.view(1, 4, 4), h.view(1, 4, 4), h.view(1, 4, 4))[0], layers=[
    lambda: nn.MultiheadAttention(4, 2, batch_first=True)
])  # fmt: skip
forward("lstm", lambda h, f: f(h.view(2, 2, 4))[0], layers=[lambda: nn.LSTM(4, 3)])
forward("gru", lambda h, f: f(h.view(2, 2, 4))[0], layers=[lambda: nn.GRU(4, 3)])


def _shifted(h):
    h = h.clone()
    h[1:] = h[:-1] * 0.5
    h[0, 0] = 3.0
    return h


@trap(replays=6)
def accumulation_with_zeroing_outside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def accumulate(x):
        loss = model(x).pow(2).mean() / 3
        loss.backward()
        return loss

    def call(i):
        loss = accumulate(batch(i))
        if i % 3 == 2:
            optimizer.step()
            optimizer.zero_grad()
        return loss, model

    return call


@trap(replays=5)
def accumulation_inside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(parts):
        optimizer.zero_grad(set_to_none=False)
        for x in parts:
            (model(x).pow(2).mean() / len(parts)).backward()
        optimizer.step()

    return lambda i: (step([batch(i), batch(i + 20), batch(i + 40)]), model)


@trap(replays=6)
def zero_grad_keeps_the_memory(captured):
    model = net()
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    @captured
    def step(x):
        optimizer.zero_grad(set_to_none=False)
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=4)
def zero_grad_of_the_model_either_way(captured):
    model = net()
    optimizer = optim.Adam(model.parameters(), lr=0.01)

    @captured
    def step(x, none):
        model.zero_grad(set_to_none=none)
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i), i % 2 == 0), model)


@trap(replays=6)
def schedule_inside(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss

    return lambda i: (step(batch(i)), model, optimizer)


@trap(replays=6)
def schedule_outside(captured):
    model = net()
    optimizer = optim.AdamW(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    step = captured(training(model, optimizer))

    def call(i):
        loss = step(batch(i))
        schedule.step()
        return loss, model, schedule.get_last_lr()

    return call


@trap(replays=6)
def clipping_by_norm(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean() * 10
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return loss, norm

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def clipping_by_value(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean() * 10
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.1)
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def average_of_the_weights_by_hand(captured):
    model = net()
    average = twin(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with mg.no_grad():
            for a, p in zip(average.parameters(), model.parameters(), strict=True):
                a.mul_(0.9).add_(p, alpha=0.1)
        return loss

    return lambda i: (step(batch(i)), model, average)


@trap(replays=6)
def average_of_the_weights_by_lerp(captured):
    model = net()
    average = twin(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with mg.no_grad():
            for a, p in zip(average.parameters(), model.parameters(), strict=True):
                a.lerp_(p, 0.1)
        return loss

    return lambda i: (step(batch(i)), model, average)


@trap(replays=6)
def target_net_loaded_inside(captured):
    model = net()
    target = twin(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        with mg.no_grad():
            y = target(x)
        loss = F.mse_loss(model(x), y + 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        target.load_state_dict(model.state_dict())
        return loss

    return lambda i: (step(batch(i)), model, target)


@trap(replays=6)
def parameters_copied_inside(captured):
    model = net()
    target = twin(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = F.mse_loss(model(x), target(x).detach() + 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with mg.no_grad():
            for t, p in zip(target.parameters(), model.parameters(), strict=True):
                t.copy_(p)
        return loss

    return lambda i: (step(batch(i)), model, target)


@trap(replays=6)
def two_losses_and_two_optimizers(captured):
    generator, critic = net(), nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1))
    first, second = optim.Adam(generator.parameters(), lr=0.01), optim.RMSprop(critic.parameters(), lr=0.01)

    @captured
    def step(x):
        fake = generator(x)
        second.zero_grad()
        c = F.softplus(critic(fake.detach())).mean() + F.softplus(-critic(x[:, :1])).mean()
        c.backward()
        second.step()
        first.zero_grad()
        g = F.softplus(-critic(fake)).mean()
        g.backward()
        first.step()
        return g, c

    return lambda i: (step(batch(i)), generator, critic)


@trap(replays=3)
def several_sizes_of_batches(captured):
    model = net(nn.BatchNorm1d(4), nn.ReLU())
    step = captured(training(model, optim.SGD(model.parameters(), lr=0.1)))
    return lambda i: (step(batch(i, (8, 8, 5)[i % 3], 3)), model)


@trap(replays=3)
def training_and_evaluation_with_one_step(captured):
    model = net(nn.BatchNorm1d(4), nn.Dropout(0.2))
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        if model.training:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss

    def call(i):
        model.train(i % 3 != 2)
        return step(batch(i)), model

    return call


@trap(replays=6)
def decay_and_groups(captured):
    model = net()
    groups = [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[2].parameters(), "weight_decay": 0.1}]
    step = captured(training(model, optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)))
    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def penalty_written_by_hand(captured):
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    @captured
    def step(x):
        loss = model(x).pow(2).mean() + 0.01 * sum(p.abs().sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return lambda i: (step(batch(i)), model)


@trap(replays=6)
def tensors_without_modules(captured):
    w, b = mg.Tensor(np.ones((3, 2), np.float32), requires_grad=True), mg.zeros(2, requires_grad=True)

    @captured
    def step(x):
        loss = (x @ w + b).tanh().pow(2).sum()
        loss.backward()
        with mg.no_grad():
            for p in (w, b):
                p -= 0.1 * p.grad
                p.grad.zero_()
        return loss

    return lambda i: (step(batch(i)), w, b)


@trap(replays=6)
def spline_of_a_mask_and_a_position(captured):
    positions = mg.arange(4.0).view(4, 1)
    mask = mg.tril(mg.ones(4, 4))
    layer = nn.Linear(3, 3)

    @captured
    def step(x):
        layer.zero_grad()
        h = layer(x) + positions
        scores = (h @ h.T).masked_fill(mask == 0, float("-inf")).softmax(-1)
        loss = (scores @ h).pow(2).mean()
        loss.backward()
        return loss

    return lambda i: (step(batch(i)), layer)


@trap(replays=8)
def momentum_in_a_dict_of_parameters(captured):
    model = net()
    velocity = {p: mg.zeros_like(p) for p in model.parameters()}

    @captured
    def step(x):
        loss = model(x).pow(2).mean()
        model.zero_grad()
        loss.backward()
        with mg.no_grad():
            for p in model.parameters():
                velocity[p].mul_(0.9).add_(p.grad)
                p.sub_(velocity[p], alpha=0.1)
        return loss

    return lambda i: (step(batch(i)), model, list(velocity.values()))


@trap(replays=6)
def two_adversaries_with_noise(captured):
    maker, judge = net(), nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
    of_maker, of_judge = optim.Adam(maker.parameters(), lr=0.01), optim.Adam(judge.parameters(), lr=0.01)

    @captured
    def step(x):
        made = maker(mg.randn(4, 3))
        judged = F.softplus(judge(made.detach())).mean() + F.softplus(-judge(x[:, :1])).mean()
        of_judge.zero_grad()
        judged.backward()
        of_judge.step()
        fooled = F.softplus(-judge(made)).mean()
        of_maker.zero_grad()
        fooled.backward()
        of_maker.step()
        return judged, fooled

    return lambda i: (step(batch(i)), maker, judge)


@trap(replays=8)
def words_drawn_one_after_the_other(captured):
    words, out = nn.Embedding(10, 4), nn.Linear(4, 10)

    @captured
    @mg.no_grad()
    def step(text):
        for _ in range(3):
            text = mg.cat([text, mg.multinomial(out(words(text[:, -1])).softmax(1), 1)], 1)
        return text

    return lambda i: step(labels(i, 10, 2, 3))
