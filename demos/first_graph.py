"""A first graph: backpropagation step by step, and why a gradient is a sum over paths.

Question: what does backward compute, and why does each weight get the number that it gets?

For L = tanh(a·b + c) every step of the forward pass has a local derivative: ∂(a·b)/∂a = b, ∂(u + c)/∂u = 1,
∂tanh(v)/∂v = 1 − tanh²(v). The chain rule multiplies them along the way from L back to a:
∂L/∂a = (1 − tanh²(a·b + c)) · 1 · b. Backward does this for all inputs in one walk, keeping one running product.

If a weight reaches the loss by several paths, their products are added. In a net with two units after it, a weight of
the first layer has one path through each: ∂L/∂w = Σ over paths of Π of the local derivatives on it.

What to look at: ``steps.html``, the step player: use the arrow keys, or hide the gradients and guess them.
``paths.txt``: each path of one weight in symbols and in numbers, their sum, and a check by finite differences.
``paths.png``: the same paths marked in the graph.
"""

import random
import sys

from lesson import Lesson

import microgradnet as mg
import visualize
from microgradnet.scalar import MLP, ScalarTape, Value


def small_graph(lesson: Lesson) -> float:
    """L = tanh(a·b + c): the player, the picture, and the gradient of a; by hand it must be the same."""
    numbers = {"a": 2.0, "b": -3.0, "c": 6.5}
    a, b, c = (mg.Tensor(v, requires_grad=True, name=name, dtype=mg.float64) for name, v in numbers.items())
    with mg.Tape() as tape:
        loss = mg.tanh(a * b + c)
    title = "L = tanh(a·b + c)"
    player = visualize.play(tape, loss, title=title)
    player.save(lesson.picture("steps.html", "the step player: forward, then backward one edge at a time"))
    with mg.Tape() as tape:
        mg.tanh(a * b + c).backward()
    visualize.draw(tape, title=title).save(lesson.picture("graph.png", "values, gradients and local derivatives"))
    by_hand = (1 - loss.item() ** 2) * b.item()
    lesson.check(
        f"∂L/∂a by hand, {by_hand:.6f}, is backward's, {a.grad.item():.6f}", abs(a.grad.item() - by_hand) < 1e-12
    )
    return a.grad.item()


def many_paths(lesson: Lesson) -> visualize.Paths:
    """A weight of a net 2-2-2-1 of tanh units, and all its paths to the loss."""
    random.seed(lesson.args.seed)
    with ScalarTape():
        model = MLP(2, [2, 2, 1])
        for layer in model.layers[:-1]:
            for neuron in layer.neurons:
                neuron.nonlin = False
        x = [Value(1.0, "x1"), Value(-0.5, "x2")]
        hidden = [unit.tanh() for unit in model.layers[0](x)]
        hidden = [unit.tanh() for unit in model.layers[1](hidden)]
        loss = (model.layers[2](hidden) - 1.0) ** 2
        weight = model.layers[0].neurons[0].w[0]
        weight.label, loss.label = "w", "L"
        paths = visualize.paths(weight, loss)
        paths.save(lesson.out / "paths.txt")
        paths.save(lesson.out / "paths.tex")
        paths.save(lesson.picture("paths.png", "the paths from the weight w to the loss, marked"))
        loss.backward()
        lesson.check(
            f"the sum over the paths, {paths.total:.8f}, is backward's gradient, {weight.grad:.8f}",
            abs(paths.total - weight.grad) <= 1e-12 * max(1, abs(weight.grad)),
        )
        apart = abs(paths.checked - weight.grad)
        lesson.check(f"finite differences agree (apart by {apart:.1e})", apart < 1e-6 * max(1, abs(weight.grad)))
    return paths


def main(argv: list[str] | None = None) -> int:
    lesson = Lesson(__file__, __doc__, argv)
    gradient = small_graph(lesson)
    paths = many_paths(lesson)
    print(paths)
    products = " + ".join(f"({path.product:.4f})" for path in paths.listed)
    lesson.finding(
        f"For L = tanh(a·b + c), ∂L/∂a = {gradient:.4f}: the product of three local derivatives on one path."
    )
    lesson.finding(f"The weight w of the net reaches the loss by {len(paths)} paths: {products} = {paths.total:.4f}.")
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
