"""Handwritten digits: a network learns to read, and draws what happened.

Question: can a small network, trained by nothing but the chain rule, read handwritten digits that it has never seen?

The network maps an 8×8 image x to ten numbers (logits) z = f(x; w). Softmax turns them into probabilities p_k =
exp(z_k) / Σ_j exp(z_j), and the loss of an image of digit k is −log p_k. Backward gives ∂loss/∂w for every weight w in
one walk over the graph, and the optimizer moves each weight a little against its gradient.

What to look at: ``graph.svg`` is one forward pass as the tape recorded it. Follow the loss back to a weight: each box
on the way multiplies by its local derivative. ``curves.png``: the held-out loss stops falling before the training loss
does; the gap is what the network memorized. ``gradients.png``: what reaches each layer. ``confusion.png`` and
``mistakes.png``: what it confuses.

``--data mnist`` trains on real MNIST instead (60,000 images of 28×28, downloaded once): 784-30-10 with tanh, with ReLU,
with ReLU from weights far too large, which explodes, and with He initialization, which fixes that.
"""

import sys
import time

import numpy as np
from lesson import Lesson, write_json

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import MNIST, DataLoader, Digits, Subset


def mlp() -> nn.Module:
    """64 pixels, two hidden layers of rectified units, ten logits."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def cnn() -> nn.Module:
    """Two convolutions, each halved by max pooling, then ten logits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 10),
    )  # fmt: skip


MODELS = {"mlp": mlp, "cnn": cnn}


def evaluate(model: nn.Module, images: mg.Tensor, labels: mg.Tensor) -> tuple[float, float]:
    """Mean loss and accuracy over a whole set."""
    model.eval()
    with mg.no_grad():
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels).item()
        accuracy = float((logits.argmax(1) == labels).float().mean())
    model.train()
    return loss, accuracy


def train(lesson: Lesson, model: nn.Module, optimizer, training, held_out, what: str) -> list[dict]:
    """The textbook training loop; returns one row of figures for each epoch."""
    loader = DataLoader(training, batch_size=lesson.args.batch_size, shuffle=True, seed=lesson.args.seed)
    loss_function = nn.CrossEntropyLoss()
    history = []
    for epoch in lesson.progress(lesson.args.epochs, what, unit="epoch"):
        total, right, seen = 0.0, 0, 0
        for images, labels in loader:
            logits = model(images)
            loss = loss_function(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            right += int((logits.argmax(1) == labels).sum())
            seen += len(labels)
        test_loss, test_accuracy = evaluate(model, *held_out)
        history.append(
            {
                "epoch": epoch + 1,
                "train_loss": total / seen,
                "train_accuracy": right / seen,
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
            }
        )
        lesson.show(loss=total / seen, accuracy=test_accuracy)
    return history


def draw(model: nn.Module, lesson: Lesson) -> None:
    """The graph of the loss of four digits, with values and gradients."""
    images, labels = Digits("test")[:4]
    model.zero_grad()
    with mg.Tape() as tape:
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
    loss.name = "loss"
    picture = visualize.draw(tape, model=model, title="one loss, from the digits to the number")
    picture.save(lesson.picture("graph.svg", "one forward pass, with the gradients of backward"))
    picture.save(lesson.out / "graph.png")


def show_answers(model: nn.Module, lesson: Lesson, images: mg.Tensor, labels: mg.Tensor) -> None:
    """The confusion matrix, and the digits with the largest losses."""
    model.eval()
    with mg.no_grad():
        probabilities = nn.functional.softmax(model(images), 1).numpy()
    answers, truth = probabilities.argmax(1), labels.numpy()
    visualize.plot_confusion_matrix(
        truth, answers, lesson.picture("confusion.png", "what it takes for what"), title="held-out digits"
    )
    order = np.argsort(probabilities[np.arange(len(truth)), truth])[:12]
    visualize.plot_images(
        images.numpy()[order, 0], [f"{truth[i]}: {answers[i]} with {probabilities[i, answers[i]]:.0%}" for i in order],
        lesson.picture("mistakes.png", "the digits that it is most wrong about"), title="truth: answer",
    )  # fmt: skip


def read_digits(lesson: Lesson) -> None:
    """The shipped digits: one network, its graph, its curves, its mistakes."""
    args = lesson.args
    model = MODELS[args.model]()
    parameters = sum(p.numel() for p in model.parameters())
    training, held_out = Digits("train"), Digits("test").tensors
    print(f"{args.model}: {parameters:,} parameters; {len(training):,} digits to learn, {len(held_out[0])} held out")
    if args.samples:
        training = Subset(training, range(args.samples))
    started = time.perf_counter()
    optimizer = optim.Adam(model.parameters(), lr=args.lr)
    with visualize.watch(model) as flow:
        history = train(lesson, model, optimizer, training, held_out, f"training the {args.model}")
    seconds = time.perf_counter() - started
    accuracy = history[-1]["test_accuracy"]
    draw(model, lesson)
    visualize.learning_curves(history, lesson.picture("curves.png", "loss and accuracy, epoch by epoch"))
    flow.gradient_norm(lesson.picture("gradients.png", "the gradient that reaches each layer"))
    show_answers(model, lesson, *held_out)
    metrics = {"model": args.model, "parameters": parameters, "seed": args.seed, "seconds": seconds, "epochs": history}
    write_json(lesson.out / "metrics.json", metrics)
    lesson.finding(f"Trained {args.epochs} epochs in {seconds:.1f} s; reads {accuracy:.1%} of the held-out digits.")
    for verdict in flow.verdicts():
        lesson.finding(f"Gradient flow: {verdict}")
    lesson.check(f"{accuracy:.1%} read is not below {args.threshold:.0%}", accuracy >= args.threshold)


def read_mnist(lesson: Lesson) -> None:
    """784-30-10 on MNIST: tanh, ReLU, ReLU from weights that are too large, ReLU with He initialization."""
    training, held_out = MNIST("train"), MNIST("test").tensors
    if lesson.args.samples:
        training = Subset(training, range(lesson.args.samples))
    starts = {
        "tanh": (nn.Tanh, nn.init.xavier_normal_),
        "ReLU": (nn.ReLU, None),
        "ReLU, weights 10·N": (nn.ReLU, lambda w: nn.init.normal_(w, 0, 10.0)),
        "ReLU, He": (nn.ReLU, lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
    }
    curves, last = {}, {}
    for name, (activation, start) in starts.items():
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 30), activation(), nn.Linear(30, 10))
        for layer in (model[1], model[3]):
            if start is not None:
                start(layer.weight)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        with np.errstate(all="ignore"):
            history = train(lesson, model, optimizer, training, held_out, name)
        curves[name] = [row["train_loss"] for row in history]
        last[name] = history[-1]
    visualize.plot_lines(
        {n: ([r + 1 for r in range(len(v))], np.nan_to_num(v, nan=1e6, posinf=1e6)) for n, v in curves.items()},
        lesson.picture("curves.png", "training loss, epoch by epoch"), xlabel="epoch", logy=True,
        ylabel="cross-entropy, nats", title="MNIST, 784-30-10",
    )  # fmt: skip
    shares = {name: row["test_accuracy"] for name, row in last.items()}
    visualize.plot_bars(shares, lesson.picture("accuracy.png", "held-out accuracy"), xlabel="held-out digits read")
    lesson.finding("Held-out accuracy: " + ", ".join(f"{name} {share:.1%}" for name, share in shares.items()) + ".")
    first = {name: values[0] for name, values in curves.items()}
    lesson.finding(
        f"The first epoch's loss is {first['ReLU, weights 10·N']:.0f} from 10·N and {first['ReLU, He']:.2f} from He."
    )
    blown = not np.isfinite(first["ReLU, weights 10·N"]) or first["ReLU, weights 10·N"] > 10 * first["ReLU, He"]
    lesson.check("ReLU with weights that are too large blows up", blown)
    lesson.check("He initialization mends it", shares["ReLU, He"] > shares["ReLU, weights 10·N"])
    lesson.check(f"the best reads {max(shares.values()):.1%}", max(shares.values()) >= lesson.args.threshold)


def main(argv: list[str] | None = None) -> int:
    """Trains, draws, reports; returns 0 if the network reads well enough."""
    lesson = Lesson(
        __file__, __doc__, argv, quick={"epochs": 12, "threshold": 0.94}, data=(("digits", "mnist"), "which digits"),
        model=(("mlp", "cnn"), "which network, for --data digits"), epochs=(30, "passes over the digits"),
        batch_size=(32, "digits in one step"), lr=(3e-3, "learning rate of Adam"),
        samples=(0, "train on the first so many digits only; 0 is all"), threshold=(0.96, "accuracy to reach"),
    )  # fmt: skip
    if lesson.args.data == "mnist":
        try:
            read_mnist(lesson)
        except FileNotFoundError as error:  # no files and no connection: the message says where to put them
            print(error, file=sys.stderr)
            return 1
    else:
        read_digits(lesson)
    return lesson.finish()


if __name__ == "__main__":
    sys.exit(main())
