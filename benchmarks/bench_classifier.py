"""What TorchCNNClassifier costs beside a hand-written loop and beside plain skorch.

    python benchmarks/bench_classifier.py [--json results/bench_classifier.json]

The same network, optimiser, schedule, precision and batch size for all; in turn within one
process, round after round, seconds of an epoch. Then the memory that predictions add. Give it
idle cores.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from skgan_aug import TorchCNNClassifier
from skgan_aug._devices import resolve_precision
from skgan_aug.networks import CompactCNN

N_ROWS, N_CLASSES, BATCH = 4096, 7, 64
RATE, DECAY = 5e-3, 1e-2
ROUNDS, EPOCHS = 5, 2  # the first epoch of each round warms up


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    results = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    for side in (28, 48):
        results[f"{side}x{side}"] = bench_epochs(side)
    results["memory"] = bench_memory()
    for title, rows in results.items():
        print(title, *(rows.items() if isinstance(rows, dict) else [rows]), sep="\n  ")
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def bench_epochs(side):
    """Median seconds of an epoch, spread, and ratio to the hand-written loop's by round."""
    X, y = make_rows(N_ROWS, side)
    runners = {
        "hand-written loop": hand_written(X, y),
        "TorchCNNClassifier": ours(X, y),
        "plain skorch": plain_skorch(X, y),
    }
    seconds: dict = {name: [] for name in runners}
    for _ in range(ROUNDS):
        for name, run in runners.items():
            seconds[name].append(run())
    baseline = seconds["hand-written loop"]
    return {
        name: {
            "s_per_epoch": round(statistics.median(own), 3),
            "lowest": round(min(own), 3),
            "highest": round(max(own), 3),
            "ratio": round(
                statistics.median(a / b for a, b in zip(own, baseline, strict=True)), 3
            ),
        }
        for name, own in seconds.items()
    }


def make_rows(n, side):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(n, side, side), dtype=np.uint8)
    return X, rng.integers(0, N_CLASSES, size=n)


def ours(X, y):
    classifier = TorchCNNClassifier(
        max_epochs=EPOCHS,
        batch_size=BATCH,
        learning_rate=RATE,
        weight_decay=DECAY,
        random_state=0,
    )
    return lambda: classifier.fit(X, y).history_[-1]["dur"]


def hand_written(X, y):
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)
    dtype = getattr(torch, resolve_precision("auto", torch.device("cpu"), is_image=True))

    def run():
        network = CompactCNN(1, X.shape[1:], N_CLASSES).train()
        optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
        n_steps = EPOCHS * -(-len(rows) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, n_steps)
        for _ in range(EPOCHS):
            start = time.perf_counter()
            for batch in torch.randperm(len(rows)).split(BATCH):
                x = rows[batch].unsqueeze(1).float() / 127.5 - 1.0
                with torch.autocast("cpu", torch.bfloat16, enabled=dtype != torch.float32):
                    logits = network(x).float()
                loss = nn.functional.cross_entropy(logits, labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                loss.item()  # a loop that nobody watches is no loop to compare with
            seconds = time.perf_counter() - start
        return seconds

    return run


def plain_skorch(X, y):
    """NeuralNetClassifier as its documentation has it: float32 rows, its own data loader."""
    rows = X[:, None].astype(np.float32) / 127.5 - 1.0
    net = NeuralNetClassifier(
        CompactCNN,
        module__n_channels=1,
        module__image_size=X.shape[1:],
        module__n_classes=N_CLASSES,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=DECAY,
        lr=RATE,
        batch_size=BATCH,
        max_epochs=EPOCHS,
        train_split=None,
        verbose=0,
    )
    return lambda: net.fit(rows, y).history[-1]["dur"]


def bench_memory():
    """Peak memory that predictions add on 100,000 images, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_predict_many)


def _predict_many(n=100_000):
    X, y = make_rows(n, 48)
    classifier = TorchCNNClassifier(max_epochs=1, batch_size=BATCH).fit(X[:512], y[:512])
    before = _peak_mb()
    classifier.predict(X)
    return {"input MB": round(X.nbytes / 2**20), "added MB": round(_peak_mb() - before)}


def _peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
