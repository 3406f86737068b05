"""The papers' updates of the optimizers that look at more than one element, one array at a time, in plain NumPy."""

import numpy as np

from tests.optim.beyond import cases


def aggmo(p, gradients, lr=1e-2, betas=(0.0, 0.9, 0.99), weight_decay=0.0):
    v = np.zeros((len(betas), *p.shape))
    for g in gradients:
        g = g + weight_decay * p
        v = np.stack([beta * one + g for beta, one in zip(betas, v, strict=True)])
        p = p - lr * v.mean(0)
        yield p


def acc_sgd(p, gradients, lr=1e-2, kappa=1000.0, xi=10.0, small_constant=0.7, weight_decay=0.0):
    alpha = 1 - small_constant**2 * xi / kappa
    mean = p
    for g in gradients:
        g = g + weight_decay * p
        mean = alpha * mean + (1 - alpha) * (p - kappa * lr / small_constant * g)
        total = small_constant + (1 - alpha)
        p = small_constant / total * (p - lr * g) + (1 - alpha) / total * mean
        yield p


def ftrl(p, gradients, lr=0.1, beta=1.0, l1=0.0, l2=0.0):
    n = np.zeros_like(p)
    z = -(beta / lr + l2) * p - np.sign(p) * l1
    for g in gradients:
        sigma = (np.sqrt(n + g**2) - np.sqrt(n)) / lr
        z = z + g - sigma * p
        n = n + g**2
        p = np.where(np.abs(z) <= l1, 0.0, -(z - np.sign(z) * l1) / ((beta + np.sqrt(n)) / lr + l2))
        yield p


def madgrad(p, gradients, lr=1e-2, momentum=0.9, weight_decay=0.0, eps=1e-6):
    x0, s, v = p, np.zeros_like(p), np.zeros_like(p)
    for k, g in enumerate(gradients):
        g = g + weight_decay * p
        weight = lr * np.sqrt(k + 1)
        s, v = s + weight * g, v + weight * g**2
        z = x0 - s / (np.cbrt(v) + eps)
        p = momentum * p + (1 - momentum) * z
        yield p


def novograd(p, gradients, lr=1e-2, betas=(0.95, 0.98), eps=1e-8, weight_decay=0.0):
    v, m = None, 0.0
    for g in gradients:
        v = np.sum(g**2) if v is None else betas[1] * v + (1 - betas[1]) * np.sum(g**2)
        m = betas[0] * m + (g / (np.sqrt(v) + eps) + weight_decay * p)
        p = p - lr * m
        yield p


def lars(p, gradients, lr=1.0, momentum=0.9, weight_decay=0.0005, trust_coefficient=0.001):
    v = np.zeros_like(p)
    for g in gradients:
        local = (
            trust_coefficient * np.sqrt(np.sum(p**2)) / (np.sqrt(np.sum(g**2)) + weight_decay * np.sqrt(np.sum(p**2)))
        )
        v = momentum * v + lr * local * (g + weight_decay * p)
        p = p - v
        yield p


def lamb(p, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01):
    m = v = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        r = (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * p
        p = p - lr * np.sqrt(np.sum(p**2)) / np.sqrt(np.sum(r**2)) * r
        yield p


def sophia_without_hessian(p, gradients, lr=1e-4, betas=(0.965, 0.99), rho=0.04, eps=1e-12, weight_decay=0.1):
    m = np.zeros_like(p)
    for g in gradients:
        m = betas[0] * m + (1 - betas[0]) * g
        p = p - lr * weight_decay * p
        p = p - lr * np.clip(m / eps, -1, 1)
        yield p


def sm3(p, gradients, lr=0.1, momentum=0.9):
    shape = p.shape or (1,)
    p = p.reshape(shape)
    covers = [np.zeros(n) for n in shape]
    m = np.zeros(shape)
    for g in gradients:
        g = g.reshape(shape)
        nu = np.empty(shape)
        for index in np.ndindex(shape):
            nu[index] = min(cover[i] for cover, i in zip(covers, index, strict=True)) + g[index] ** 2
        covers = [np.array([np.take(nu, i, axis).max() for i in range(n)]) for axis, n in enumerate(shape)]
        m = momentum * m + (1 - momentum) * g / np.sqrt(nu)
        p = p - lr * m
        yield p


def schedule_free_sgd(y, gradients, lr=1.0, momentum=0.9, weight_decay=0.0, warmup_steps=0):
    x = z = y
    total = 0.0
    for t, g in enumerate(gradients, 1):
        gamma = lr * min(1, t / warmup_steps) if warmup_steps else lr
        z = z - gamma * (g + weight_decay * y)
        total += gamma**2
        x = (1 - gamma**2 / total) * x + gamma**2 / total * z
        y = (1 - momentum) * z + momentum * x
        yield y


def schedule_free_adamw(y, gradients, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0):
    x = z = y
    v, gammas = np.zeros_like(y), []
    for t, g in enumerate(gradients, 1):
        v = betas[1] * v + (1 - betas[1]) * g**2
        gammas.append(lr * np.sqrt(1 - betas[1] ** t) * (min(1, t / warmup_steps) if warmup_steps else 1))
        z = z - gammas[-1] * g / (np.sqrt(v) + eps) - gammas[-1] * weight_decay * y
        c = gammas[-1] ** 2 / np.sum(np.square(gammas))
        x = (1 - c) * x + c * z
        y = (1 - betas[0]) * z + betas[0] * x
        yield y


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**exponent) @ vectors.T


def mode_product(tensor, matrix, axis):
    return np.moveaxis(np.tensordot(matrix, tensor, (1, axis)), 0, axis)


def gram(tensor, axis):
    others = [i for i in range(tensor.ndim) if i != axis]
    return np.tensordot(tensor, tensor, (others, others))


def shampoo(p, gradients, lr=0.1, momentum=0.0, weight_decay=0.0, eps=1e-4, update_every=1, max_size=1200):
    shape = p.shape
    p = p.reshape(shape or (1,))
    k = p.ndim
    statistics = [eps * np.eye(n) for n in p.shape]
    velocity = np.zeros_like(p)
    for t, g in enumerate(gradients):
        g = g.reshape(p.shape) + weight_decay * p
        for axis, n in enumerate(p.shape):
            statistics[axis] = statistics[axis] + (gram(g, axis) if n <= max_size else np.diag(np.diag(gram(g, axis))))
        if t % update_every == 0:
            roots = [power(matrix, -1 / (2 * k)) for matrix in statistics]
        for axis, root in enumerate(roots):
            g = mode_product(g, root, axis)
        velocity = momentum * velocity + g
        p = p - lr * velocity
        yield p.reshape(shape)


def soap(p, gradients, lr=3e-3, betas=(0.95, 0.95), eps=1e-8, weight_decay=0.01, update_every=10, max_size=10000):
    axes = [axis for axis, n in enumerate(p.shape) if p.ndim > 1 and n <= max_size]
    m = v = np.zeros_like(p)

    def rotated(tensor, bases, transposed):
        for axis in axes:
            tensor = mode_product(tensor, bases[axis].T if transposed else bases[axis], axis)
        return tensor

    for t, g in enumerate(gradients):
        if t == 0:
            statistics = {axis: (1 - betas[1]) * gram(g, axis) for axis in axes}
            bases = {axis: np.linalg.eigh(statistics[axis])[1][:, ::-1] for axis in axes}
            yield p
            continue
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * rotated(g, bases, True) ** 2
        m_hat, v_hat = rotated(m, bases, True) / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        p = p - lr * (rotated(m_hat / (np.sqrt(v_hat) + eps), bases, False) + weight_decay * p)
        for axis in axes:
            statistics[axis] = betas[1] * statistics[axis] + (1 - betas[1]) * gram(g, axis)
            if t % update_every == 0:
                bases[axis] = np.linalg.qr(statistics[axis] @ bases[axis])[0]
        yield p


def dadapt_adam(ps, gradients, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6):
    p, sizes = joined(ps)
    m = v = s = np.zeros_like(p)
    d, r, slow = d0, 0.0, np.sqrt(betas[1])
    for step in gradients:
        g = joined(step)[0] + weight_decay * p
        r = slow * r + (1 - slow) * d * lr * np.dot(
            g, s / (np.sqrt(v) + eps)
        )  # with v before g, as in the authors' code
        m = betas[0] * m + (1 - betas[0]) * d * lr * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        p = p - m / (np.sqrt(v) + eps)
        s = slow * s + (1 - slow) * d * lr * g
        d = max(d, r / ((1 - slow) * np.sum(np.abs(s))))
        yield split(p, sizes)


def prodigy(ps, gradients, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, d0=1e-6):
    p, sizes = joined(ps)
    p0 = p
    m = v = s = np.zeros_like(p)
    d, r, slow = d0, 0.0, np.sqrt(betas[1])
    for step in gradients:
        g = joined(step)[0]
        m = betas[0] * m + (1 - betas[0]) * d * g
        v = betas[1] * v + (1 - betas[1]) * d**2 * g**2
        r = slow * r + (1 - slow) * lr * d**2 * np.dot(g, p0 - p)
        s = slow * s + (1 - slow) * lr * d**2 * g
        p = p - lr * d * m / (np.sqrt(v) + d * eps) - lr * d * weight_decay * p
        d = max(d, r / np.sum(np.abs(s)))
        yield split(p, sizes)


def joined(arrays):
    return np.concatenate([a.reshape(-1) for a in arrays]), [a.shape for a in arrays]


def split(vector, shapes):
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(vector, ends[:-1]), shapes, strict=True)]


CASES = [
    *cases("AggMo", aggmo, {}, {"lr": 0.1, "betas": (0.5, 0.8), "weight_decay": 0.1}, {"betas": (0.9,)}),
    *cases("AccSGD", acc_sgd, {"lr": 1e-4}, {"lr": 0.01, "kappa": 50.0, "xi": 5.0, "small_constant": 0.5}),
    *cases("AccSGD", acc_sgd, {"lr": 0.001, "weight_decay": 0.1}),
    *cases("FTRL", ftrl, {}, {"lr": 0.5, "beta": 0.5, "l1": 0.3, "l2": 0.2}, {"beta": 0.0, "l1": 1.0}),
    *cases("MADGRAD", madgrad, {}, {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.1, "eps": 1e-3}),
    *cases("NovoGrad", novograd, {}, {"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1, "weight_decay": 0.1}),
    *cases("LARS", lars, {}, {"lr": 0.5, "momentum": 0.5, "weight_decay": 0.1, "trust_coefficient": 0.1}),
    *cases("LARS", lars, {"momentum": 0.0, "weight_decay": 0.0}),
    *cases("LAMB", lamb, {}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 0.1, "weight_decay": 0.5}, {"weight_decay": 0.0}),
    *cases("SophiaG", sophia_without_hessian, {}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1.0, "weight_decay": 0.0}),
    *cases("SM3", sm3, {}, {"lr": 0.5, "momentum": 0.0}),
    *cases(
        "ScheduleFreeSGD", schedule_free_sgd, {}, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1, "warmup_steps": 4}
    ),
    *cases("ScheduleFreeAdamW", schedule_free_adamw, {}, {"lr": 0.1, "betas": (0.5, 0.8), "eps": 1e-2}),
    *cases("ScheduleFreeAdamW", schedule_free_adamw, {"weight_decay": 0.1, "warmup_steps": 4}),
    *cases("Shampoo", shampoo, {}, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1, "eps": 1.0, "update_every": 2}),
    *cases("Shampoo", shampoo, {"max_size": 3}),
    *cases("SOAP", soap, {}, {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.0, "update_every": 2}),
    *cases("SOAP", soap, {"max_size": 3, "update_every": 1}),
    *cases(
        "DAdaptAdam", dadapt_adam, {}, {"lr": 0.5, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.1, "d0": 0.1}
    ),
    *cases("Prodigy", prodigy, {}, {"lr": 0.5, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.1, "d0": 0.1}),
]
