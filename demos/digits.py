"""Handwritten digits: a network learns to read, and draws what happened.

Question: can a small network, trained by nothing but the chain rule, read handwritten digits that it has never seen?

The network maps an 8×8 image x to ten numbers (logits) z = f(x; w). Softmax turns them into probabilities
p_k = exp(z_k) / Σ_j exp(z_j), and the loss of an image of digit k is −log p_k. Backward gives ∂loss/∂w for every
weight w in one walk over the graph, and the optimizer moves each weight a little against its gradient.

What to look at: ``graph.svg`` is one forward pass as the tape recorded it. Follow the loss back to a weight: each box
on the way multiplies by its local derivative. ``curves.png``: the held-out loss stops falling before the training
loss does; what lies between them is what the network learned by heart.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tqdm import tqdm

import microgradnet as mg
import visualize
from microgradnet import nn, optim
from microgradnet.data import DataLoader, Digits, Subset

THRESHOLD = 0.96  # of the held-out digits, with the defaults


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


def train(model: nn.Module, args: argparse.Namespace) -> list[dict]:
    """The training loop of every textbook; returns one row of figures for each epoch."""
    training, held_out = Digits("train"), Digits("test")
    if args.samples:
        training = Subset(training, range(args.samples))
    loader = DataLoader(training, batch_size=args.batch_size, shuffle=True, seed=args.seed)
    loss_function = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=args.lr)
    history = []
    progress = tqdm(range(1, args.epochs + 1), desc=f"training the {args.model}", unit="epoch", disable=None)
    for epoch in progress:
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
        test_loss, test_accuracy = evaluate(model, *held_out.tensors)
        row = {
            "epoch": epoch,
            "train_loss": total / seen,
            "train_accuracy": right / seen,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        history.append(row)
        progress.set_postfix(loss=f"{row['train_loss']:.3f}", accuracy=f"{test_accuracy:.1%}")
    return history


def draw(model: nn.Module, out: Path) -> None:
    """The graph of the loss of four digits, with values and gradients."""
    images, labels = Digits("test")[:4]
    model.zero_grad()
    with mg.Tape() as tape:
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
    loss.name = "loss"
    picture = visualize.draw(tape, model=model, title="one loss, from the digits to the number")
    for kind in ("svg", "png"):
        picture.save(out / f"graph.{kind}")


def write_json(path: Path, content: dict) -> None:
    """Writes beside and renames, so that an interrupted run leaves no half file."""
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(beside, path)


def output_folder(path: Path) -> Path:
    """Makes the folder, or ends the program with one line that says why it cannot be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        sys.exit(f"--out {path}: cannot write there: {error.strerror or error}")
    return path


def positive(text: str) -> int:
    """An argument that counts something."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 expected, got {text!r}")
    return int(text)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", choices=MODELS, default="mlp", help="which network (default: %(default)s)")
    parser.add_argument("--epochs", type=positive, default=30, help="passes over the digits (default: %(default)s)")
    parser.add_argument("--batch-size", type=positive, default=32, help="digits in one step (default: %(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="learning rate of Adam (default: %(default)s)")
    parser.add_argument("--samples", type=positive, help="train on the first so many digits only")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and of the order (default: %(default)s)")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="accuracy to reach (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out/digits"), help="folder (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Trains, draws, reports; returns 0 if the network reads well enough."""
    args = arguments(argv)
    out = output_folder(args.out)
    mg.manual_seed(args.seed)
    model = MODELS[args.model]()
    parameters = sum(p.numel() for p in model.parameters())
    digits = f"{len(Digits('train')):,} digits to learn, {len(Digits('test'))} held out"
    print(f"{args.model}: {parameters:,} parameters; {digits}")
    started = time.perf_counter()
    history = train(model, args)
    seconds = time.perf_counter() - started
    accuracy = history[-1]["test_accuracy"]
    draw(model, out)
    visualize.learning_curves(history, out / "curves.png")
    metrics = {"model": args.model, "parameters": parameters, "seed": args.seed, "seconds": seconds, "epochs": history}
    write_json(out / "metrics.json", metrics)
    print(f"Trained {args.epochs} epochs in {seconds:.1f} s. Reads {accuracy:.1%} of the held-out digits.")
    print(f"Wrote {out}/graph.svg, graph.png, curves.png, metrics.json")
    print("Look at graph.svg: follow the gradient from the loss back to a weight, box by box.")
    if accuracy < args.threshold:
        print(f"That is below {args.threshold:.0%}: the lesson did not come out.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
