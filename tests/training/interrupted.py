"""A training that is stopped again and again: ``python interrupted.py FOLDER`` begins it, or goes on with it.

Everything that has a state takes part: dropout's generator, batch norm's statistics, Adam's moments, the schedule, the
place within a pass whose batches threads make ahead with noise on them, the log, and early stopping.
"""

import signal
import sys
from pathlib import Path

import numpy as np

import microgradnet as mg
from microgradnet import nn, optim
from microgradnet.data import DataLoader, TensorDataset, random_noise
from microgradnet.training import EarlyStopping, MetricsLog

STEPS = 60


def noisy(samples: list) -> tuple:
    x, y = (np.stack([part.numpy() for part in field]) for field in zip(*samples, strict=True))
    return mg.tensor(random_noise(x)), mg.tensor(y)


def main(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background starts it with SIGINT ignored
    mg.set_num_threads(1)
    checkpoint = folder / "last.ckpt"
    mg.manual_seed(0)
    x = mg.randn(50, 6)
    data = TensorDataset(x, (x.sum(1, keepdim=True) > 0).float())
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    with MetricsLog(folder / "log.csv", resume=checkpoint.exists()) as log:
        parts = {
            "model": model,
            "optimizer": optimizer,
            "scheduler": optim.lr_scheduler.StepLR(optimizer, 7, 0.8),
            "loader": DataLoader(data, 8, shuffle=True, collate_fn=noisy, num_workers=2),
            "stopping": EarlyStopping(model, patience=STEPS),
            "log": log,
        }
        step = mg.load_checkpoint(checkpoint, **parts)["step"] if checkpoint.exists() else 0
        print("ready", flush=True)
        while step < STEPS:
            for inputs, targets in parts["loader"]:
                loss = nn.functional.binary_cross_entropy_with_logits(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                parts["scheduler"].step()
                parts["stopping"](loss.item())
                step += 1
                log(step=step, loss=loss.item())
                mg.save_checkpoint(checkpoint, **parts, step=step)
                print(step, flush=True)
                if step == STEPS:
                    break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
