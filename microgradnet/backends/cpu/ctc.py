"""The forward-backward recursion of connectionist temporal classification, in the log domain, one sample per thread."""

import math

import numpy as np

from ..loops import loop


@loop
def log_add(a, b):
    """``log(eᵃ + eᵇ)``."""
    top = a if a > b else b
    if top == -math.inf:
        return top
    return top + math.log(math.exp(a - top) + math.exp(b - top))


@loop
def label(targets, s, blank):
    """Label s of the targets with a blank before, between and after them."""
    return targets[s // 2] if s % 2 else blank


@loop
def may_skip(targets, s):
    """Whether label s may follow label s − 2: it is not blank and differs from it."""
    return s % 2 == 1 and s >= 3 and targets[s // 2] != targets[s // 2 - 1]


@loop
def forward_variables(log_probs, targets, count, steps, blank, alpha):
    """α(t, s): the log-probability of all paths that are at label s after step t. Returns the loss."""
    labels = 2 * count + 1
    alpha[:] = -math.inf
    if steps == 0:
        return 0.0 if count == 0 else math.inf
    alpha[0, 0] = log_probs[0, blank]
    if count:
        alpha[0, 1] = log_probs[0, targets[0]]
    for t in range(1, steps):
        for s in range(labels):
            total = alpha[t - 1, s]
            if s >= 1:
                total = log_add(total, alpha[t - 1, s - 1])
            if may_skip(targets, s):
                total = log_add(total, alpha[t - 1, s - 2])
            alpha[t, s] = total + log_probs[t, label(targets, s, blank)]
    last = alpha[steps - 1, labels - 1]
    return -(log_add(last, alpha[steps - 1, labels - 2]) if count else last)


@loop(parallel=True, on_host=True)
def losses(log_probs, targets, input_lengths, target_lengths, blank, out):
    """−log p(targets) of each sample: log_probs (N, T, C), targets (N, S)."""
    for n in prange(log_probs.shape[0]):  # noqa: F821 (prange is there when numba compiles this)
        count, steps = target_lengths[n], input_lengths[n]
        alpha = np.empty((max(steps, 1), 2 * count + 1))
        out[n] = forward_variables(log_probs[n], targets[n], count, steps, blank, alpha)


@loop(parallel=True, on_host=True)
def gradients(log_probs, targets, input_lengths, target_lengths, blank, g, out):
    """``g·(p − γ)``, γ(t, c) the probability that the path is at class c at step t, given the targets."""
    for n in prange(log_probs.shape[0]):  # noqa: F821
        count, steps = target_lengths[n], input_lengths[n]
        labels = 2 * count + 1
        alpha = np.empty((max(steps, 1), labels))
        loss = forward_variables(log_probs[n], targets[n], count, steps, blank, alpha)
        out[n] = 0
        if g[n] == 0 or steps == 0:
            continue
        beta, following = np.full(labels, -math.inf), np.full(labels, -math.inf)
        for t in range(steps - 1, -1, -1):
            for s in range(labels):
                if t == steps - 1:
                    total = 0.0 if s >= labels - 2 else -math.inf
                else:
                    total = following[s]
                    if s + 1 < labels:
                        total = log_add(total, following[s + 1])
                    if s + 2 < labels and may_skip(targets[n], s + 2):
                        total = log_add(total, following[s + 2])
                c = label(targets[n], s, blank)
                beta[s] = total + log_probs[n, t, c]
                out[n, t, c] -= math.exp(alpha[t, s] + total + loss)
            beta, following = following, beta
            for c in range(log_probs.shape[2]):
                out[n, t, c] = g[n] * (out[n, t, c] + math.exp(log_probs[n, t, c]))
