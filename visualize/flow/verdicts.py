"""Verdicts in words: which layer has which problem, the figure and threshold, what to try. docs/gradient_flow.md."""

from typing import NamedTuple

import numpy as np

SATURATED = 0.5  # share of a bounded activation's inputs where the derivative is below FLAT of its maximum
FLAT = 0.06  # for tanh: |y| > 0.97
DEAD = 0.25  # share of units that were 0 for every sample in the last looks
LOOKS = 5  # number of latest looks in which a dead unit must have been silent
VANISHING = 1e-3  # size of the first layer's gradient relative to the last layer's
EXPLODING = 1e3
ALIKE = 1 - 1e-6  # similarity of units


class Verdict(NamedTuple):
    """One problem: its layer, the figure that shows it, the threshold, a sentence, and what to try."""

    layer: str
    illness: str  # "saturated", "dead", "vanishing", "exploding" or "symmetric"
    figure: float
    threshold: float
    text: str
    advice: str

    def __str__(self) -> str:
        return f"{self.text} {self.advice}"


def judge(flow) -> list[Verdict]:
    """The verdicts of a ``Flow`` at its last look; empty for a healthy net."""
    layers = [layer for layer in flow.layers if layer.activations]
    return [*_saturated(layers), *_dead(layers), *_symmetric(layers), *_ends(layers)]


def _saturated(layers) -> list[Verdict]:
    found = []
    for i, layer in enumerate(layers):
        if layer.bounded and layer.flat and layer.flat[-1] > SATURATED:
            share = f"{layer.flat[-1]:.0%} of its inputs"
            text = f"{layer.title}: {share} are saturated (derivative below {FLAT:.0%} of its largest)"
            before = next((other for other in reversed(layers[:i]) if other.gradients), None)
            if before is not None and layer.gradients and before.gradients[-1].rms > 0:
                ratio = layer.gradients[-1].rms / before.gradients[-1].rms
                if ratio > 1.5:
                    text += f"; gradients reaching {before.title} are {ratio:.0f}× smaller"
            found.append(Verdict(layer.name, "saturated", layer.flat[-1], SATURATED, f"{text}.", _too_large(layer)))
    return found


def _too_large(layer) -> str:
    if layer.weight is None:
        return "Make the numbers that reach it smaller: normalize them."
    std, fan_in = layer.weight
    good = np.sqrt(1 / fan_in)
    if std > 1.5 * good:
        return (
            f"Weights with std {std:.2g} are too large for fan_in {fan_in}: try xavier_normal_ (std near {good:.2g})."
        )
    return (
        "Its weights are of the right size, so its inputs are too large: standardize the data or normalize the layer."
    )


def _dead(layers) -> list[Verdict]:
    found = []
    for layer in layers:
        share, looks = layer.dead_share(LOOKS), min(LOOKS, len(layer.silent))
        if share > DEAD:
            text = f"{layer.title}: {share:.0%} of its units gave 0 for every sample of the last {looks} looks."
            advice = "They get no gradient and cannot come back: a smaller learning rate, a bias of 0.01, or LeakyReLU."
            found.append(Verdict(layer.name, "dead", share, DEAD, text, advice))
    return found


def _symmetric(layers) -> list[Verdict]:
    found = []
    for layer in layers:
        if not layer.alike or layer.alike[-1] < ALIKE:
            continue
        zero = layer.weight is not None and layer.weight[0] == 0
        if layer.dead_share(LOOKS) <= DEAD or zero:  # silent units are equal too
            why = "its weights are all equal, so all its units" if zero else "all its units"
            text = f"{layer.title}: {why} give the same numbers, get the same gradient and stay the same."
            advice = "Draw the weights at random: xavier_normal_ for tanh and sigmoid, kaiming_normal_ for ReLU."
            found.append(Verdict(layer.name, "symmetric", layer.alike[-1], ALIKE, text, advice))
    return found


def _ends(layers) -> list[Verdict]:
    """Vanishing and exploding: the first layer's gradient relative to the last layer's, and the size of activations."""
    with_gradient = [layer for layer in layers if layer.gradients]
    found = []
    broken = next((layer for layer in layers if layer.activations[-1].not_finite > 0), None)
    if broken is not None:
        share = broken.activations[-1].not_finite
        text = f"{broken.title}: {share:.0%} of its numbers are NaN or Inf."
        found.append(
            Verdict(broken.name, "exploding", share, 0.0, text, "Smaller weights, or a smaller learning rate.")
        )
    elif len(layers) > 1 and layers[-1].activations[-1].rms > EXPLODING * max(layers[0].activations[-1].rms, 1e-30):
        ratio = layers[-1].activations[-1].rms / max(layers[0].activations[-1].rms, 1e-30)
        text = f"{layers[-1].title}: its numbers are {ratio:.1e} times as large as those of {layers[0].title}."
        advice = "Each layer enlarges them: try kaiming_normal_ weights, or normalization."
        found.append(Verdict(layers[-1].name, "exploding", ratio, EXPLODING, text, advice))
    if len(with_gradient) < 2:
        return found
    first, last = with_gradient[0], with_gradient[-1]
    if not last.gradients[-1].rms > 0 or not np.isfinite(first.gradients[-1].rms):
        return found
    ratio = first.gradients[-1].rms / last.gradients[-1].rms
    if ratio < VANISHING:
        text = (
            f"{first.title}: its gradient is {1 / ratio:.1e} times smaller than that of {last.title}."
            if ratio
            else (f"{first.title}: its gradient is 0, where that of {last.title} is not.")
        )
        advice = (
            "On the way back every layer shrinks it: larger weights (xavier, kaiming), ReLU, normalization, shortcuts."
        )
        found.append(Verdict(first.name, "vanishing", ratio, VANISHING, text, advice))
    if ratio > EXPLODING:
        text = f"{first.title}: its gradient is {ratio:.1e} times as large as that of {last.title}."
        advice = "On the way back every layer enlarges it: smaller weights, normalization, gradient clipping."
        found.append(Verdict(first.name, "exploding", ratio, EXPLODING, text, advice))
    return found
