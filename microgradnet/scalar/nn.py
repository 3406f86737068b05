"""Neurons of Values: a network to follow number by number. micrograd's classes and names."""

import random

from .value import Value


class Module:
    """Base of everything with parameters."""

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def parameters(self) -> list[Value]:
        """Every weight and bias."""
        return []


class Neuron(Module):
    """``relu(Σ wᵢ·xᵢ + b)``, or without the relu. Weights are uniform in (−1, 1) by Python's ``random``, b is 0."""

    def __init__(self, nin: int, nonlin: bool = True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x) -> Value:
        total = self.b
        for w, v in zip(self.w, x, strict=True):
            total = total + w * v
        return total.relu() if self.nonlin else total

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons that see the same inputs; returns a list, or the one output of one neuron."""

    def __init__(self, nin: int, nout: int, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers of ``nouts`` neurons one after the other; the last one is linear."""

    def __init__(self, nin: int, nouts: list[int]):
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last) for i in range(len(nouts))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
