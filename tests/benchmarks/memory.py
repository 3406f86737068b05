"""Memory: the peak of a training step beside PyTorch's, and whether it stays flat over ten thousand steps."""

import subprocess
import sys
from pathlib import Path

import numpy as np

STEPS = 30
MANY = 10_000


def resident(key: str = "VmRSS") -> float:
    """Megabytes that this process has now (VmRSS) or had at most (VmHWM); Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) / 1024


def _step(library: str, kind: str):
    """One training step of ours or PyTorch's, on the nets of ``training_steps``."""
    from tests.benchmarks.training_steps import cnn, mlp, stepper

    random = np.random.default_rng(0)
    shape, batch = (
        ((1, 28, 28), 64 if kind == "cnn" else 1) if "cnn" in kind else ((784,), 256) if kind == "mlp" else ((2,), 100)
    )
    x = random.standard_normal((batch, *shape)).astype(np.float32)
    y = random.integers(0, 10 if kind != "tiny" else 2, batch)
    if library == "torch":
        import torch
        from torch import nn, optim

        x, y = torch.from_numpy(x), torch.from_numpy(y)
    else:
        import microgradnet as mg
        from microgradnet import nn, optim

        x, y = mg.Tensor(x), mg.Tensor(y)
    sizes = [784, 500, 500, 500, 10] if kind == "mlp" else [2, 16, 16, 2]
    model = cnn(nn) if "cnn" in kind else mlp(nn, sizes, "Tanh")
    before = resident()
    step = stepper(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.01), x, y)
    return step, before


def main(library: str, kind: str) -> None:
    """Prints megabytes: the peak above the model and its data, or the growth from the 1,000th step to the last.

    A small step comes first, so that what either library loads when it is first used (compiled code) is not counted.
    """
    _step(library, "tiny")[0]()
    _step(library, "small cnn")[0]()
    step, before = _step(library, kind)
    if kind != "tiny":
        for _ in range(STEPS):
            step()
        print(resident("VmHWM") - before)
        return
    for i in range(MANY):
        step()
        if i == 999:
            before = resident()
    print(resident() - before)


def table() -> str:
    """Each measurement in a process of its own."""
    rows = ["| work | ours, MB | torch, MB |", "| --- | --- | --- |"]
    names = {
        "mlp": "MLP 784-500-500-500-10, batch 256: peak above model and data",
        "cnn": "MNIST CNN, batch 64: peak above model and data",
        "tiny": f"MLP 2-16-16-2: growth from step 1,000 to step {MANY:,}",
    }
    for kind, name in names.items():
        figures = []
        for library in ("ours", "torch"):
            command = [sys.executable, "-m", "tests.benchmarks.memory", library, kind]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            figures.append(f"{float(done.stdout):.1f}" if done.returncode == 0 else "not measured")
        rows.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
