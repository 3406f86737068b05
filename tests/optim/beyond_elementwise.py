"""The papers' updates of the optimizers whose step is a function of one element, worked in plain NumPy."""

import numpy as np

from tests.optim.beyond import cases


def sign_sgd(p, gradients, lr=1e-4, weight_decay=0.0):
    for g in gradients:
        p = p - lr * np.sign(g + weight_decay * p)
        yield p


def signum(p, gradients, lr=1e-4, momentum=0.9, weight_decay=0.0):
    m = np.zeros_like(p)
    for g in gradients:
        m = momentum * m + (1 - momentum) * (g + weight_decay * p)
        p = p - lr * np.sign(m)
        yield p


def lion(p, gradients, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    m = np.zeros_like(p)
    for g in gradients:
        c = betas[0] * m + (1 - betas[0]) * g
        p = p - lr * (np.sign(c) + weight_decay * p)
        m = betas[1] * m + (1 - betas[1]) * g
        yield p


def yogi(p, gradients, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, weight_decay=0.0, initial_accumulator=1e-6):
    m, v = np.zeros_like(p), np.full_like(p, initial_accumulator)
    for g in gradients:
        g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = v - (1 - betas[1]) * np.sign(v - g**2) * g**2
        p = p - lr * m / (np.sqrt(v) + eps)
        yield p


def adabelief(p, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, weight_decay=0.0):
    m = s = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        p = p - lr * weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * (g - m) ** 2 + eps
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(s / (1 - betas[1] ** t)) + eps)
        yield p


def adabound(
    p, gradients, lr=1e-3, betas=(0.9, 0.999), final_lr=0.1, gamma=1e-3, eps=1e-8, weight_decay=0.0, amsbound=False
):
    m = v = largest = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = np.maximum(largest, v) if amsbound else v
        low, high = final_lr * (1 - 1 / (gamma * t + 1)), final_lr * (1 + 1 / (gamma * t))
        p = p - np.clip(lr / (np.sqrt(largest) + eps), low, high) / np.sqrt(t) * m
        yield p


def adopt(p, gradients, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, clip=True):
    m, v = np.zeros_like(p), None
    for t, g in enumerate(gradients):
        g = g + weight_decay * p
        if v is None:
            v = g**2
        else:
            ratio = g / np.maximum(np.sqrt(v), eps)
            if clip:
                ratio = np.clip(ratio, -(t**0.25), t**0.25)
            m = betas[0] * m + (1 - betas[0]) * ratio
            p = p - lr * m
            v = betas[1] * v + (1 - betas[1]) * g**2
        yield p


def qhadam(p, gradients, lr=1e-3, betas=(0.995, 0.999), nus=(0.7, 1.0), eps=1e-8, weight_decay=0.0):
    m = v = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        above = (1 - nus[0]) * g + nus[0] * m_hat
        p = p - lr * above / (np.sqrt((1 - nus[1]) * g**2 + nus[1] * v_hat) + eps)
        yield p


def adan(p, gradients, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0):
    b1, b2, b3 = (1 - beta for beta in betas)  # as the paper counts them
    gradients = list(gradients)
    for k, g in enumerate(gradients):
        if k == 0:
            m, v, n = g, np.zeros_like(g), g**2
        else:
            change = g - gradients[k - 1]
            m = (1 - b1) * m + b1 * g
            v = change if k == 1 else (1 - b2) * v + b2 * change
            n = (1 - b3) * n + b3 * (g + (1 - b2) * change) ** 2
        p = (p - lr / (np.sqrt(n) + eps) * (m + (1 - b2) * v)) / (1 + weight_decay * lr)
        yield p


def ademamix(
    p, gradients, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=2.0, alpha_warmup=None, beta3_warmup=None, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    m1 = m2 = v = np.zeros_like(p)
    b1, b2, b3_end = betas
    for t, g in enumerate(gradients, 1):
        a, b3 = alpha, b3_end
        if alpha_warmup:
            a = min(t * alpha / alpha_warmup, alpha)
        if beta3_warmup:
            part, fast, slow = t / beta3_warmup, np.log(b1), np.log(b3_end)
            b3 = b3_end if part >= 1 else min(np.exp(fast * slow / ((1 - part) * slow + part * fast)), b3_end)
        m1 = b1 * m1 + (1 - b1) * g
        m2 = b3 * m2 + (1 - b3) * g
        v = b2 * v + (1 - b2) * g**2
        step = (m1 / (1 - b1**t) + a * m2) / (np.sqrt(v / (1 - b2**t)) + eps)
        p = p - lr * (step + weight_decay * p)
        yield p


CASES = [
    *cases("SignSGD", sign_sgd, {}, {"lr": 0.01, "weight_decay": 0.5}),
    *cases("Signum", signum, {}, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.5}),
    *cases("Lion", lion, {}, {"lr": 0.01, "betas": (0.8, 0.7), "weight_decay": 0.5}),
    *cases("Yogi", yogi, {}, {"lr": 0.1, "eps": 1e-2, "weight_decay": 0.1, "initial_accumulator": 0.1}),
    *cases("Yogi", yogi, {"betas": (0.5, 0.6), "initial_accumulator": 1.0}),
    *cases("AdaBelief", adabelief, {}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    *cases("AdaBound", adabound, {}, {"lr": 0.01, "betas": (0.5, 0.9), "weight_decay": 0.1, "amsbound": True}),
    *cases("AdaBound", adabound, {"final_lr": 0.01, "gamma": 0.5, "eps": 1e-3}),
    *cases("ADOPT", adopt, {}, {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1}, {"clip": False, "eps": 0.5}),
    *cases("QHAdam", qhadam, {}, {"lr": 0.1, "betas": (0.9, 0.9), "nus": (0.3, 0.4), "weight_decay": 0.1}),
    *cases("Adan", adan, {}, {"lr": 0.1, "betas": (0.7, 0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    *cases("AdEMAMix", ademamix, {}, {"lr": 0.1, "alpha": 5.0, "alpha_warmup": 4, "beta3_warmup": 4}),
    *cases("AdEMAMix", ademamix, {"lr": 0.01, "betas": (0.5, 0.6, 0.8), "beta3_warmup": 50, "weight_decay": 0.1}),
]
