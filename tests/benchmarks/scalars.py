"""The scalar engine beside micrograd: a step of its moons demo, recorded anew and replayed."""

import random

from microgradnet.data import make_moons
from microgradnet.scalar import MLP, Replay, ScalarTape, Value

from .race import Result, race

POINTS = 100


def _loss(value, model, points, labels):
    """The loss of micrograd's demo notebook: a hinge for each point, and an L2 penalty."""
    scores = [model([value(v) for v in point]) for point in points]
    hinges = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    return sum(hinges) * (1.0 / len(hinges)) + 1e-4 * sum(p * p for p in model.parameters())


def measure(torch) -> list[Result]:
    """One step of MLP(2, [16, 16, 1]) on 100 points: forward, backward, update."""
    x, y = make_moons(POINTS, noise=0.1, seed=1)
    points, labels = x.tolist(), [2.0 * int(v) - 1 for v in y]
    random.seed(1337)
    with ScalarTape() as tape:
        model = MLP(2, [16, 16, 1])
        start = tape.mark()

        def recorded():
            loss = _loss(Value, model, points, labels)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.05 * p.grad
            tape.truncate(start)

    peers = {}
    try:
        from micrograd.engine import Value as Theirs
        from micrograd.nn import MLP as TheirMLP
    except ImportError:
        print("micrograd is not installed: its column is missing (pip install micrograd)")
    else:
        their_model = TheirMLP(2, [16, 16, 1])

        def theirs():
            loss = _loss(Theirs, their_model, points, labels)
            their_model.zero_grad()
            loss.backward()
            for p in their_model.parameters():
                p.data -= 0.05 * p.grad

        peers["micrograd"] = theirs

    def inside():
        with tape:
            recorded()

    with ScalarTape() as kept:
        fixed = MLP(2, [16, 16, 1])
        replay = Replay(_loss(Value, fixed, points, labels))
    parameters = fixed.parameters()
    print(f"scalar moons: {len(replay):,} nodes, {kept.nbytes / len(kept):.0f} bytes each")

    steps = [0.05] * 100
    times = race({"recorded": inside, "replayed": lambda: replay.train(parameters, steps), **peers}, seconds=12)
    times["replayed"] /= len(steps)
    their = {name: times[name] for name in peers}
    return [
        Result("scalar moons step, recorded (goal 1/40 of micrograd)", times["recorded"], their, None),
        Result("scalar moons step, replayed (goal 1/4000 of micrograd)", times["replayed"], their, None),
    ]
