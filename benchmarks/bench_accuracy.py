"""Test accuracy of TorchCNNClassifier on whole data sets, nothing made rare.

    python -m benchmarks.bench_accuracy FOLDER [--sets fashion_mnist fer2013] [--json FILE]

The folder holds fer2013.npz and Fashion-MNIST's idx files, as for the effectiveness benchmark.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from skgan_aug import TorchCNNClassifier

from .effectiveness.problems import load_whole

# The default network and values; passes and augmentation are what the data ask for.
SETTINGS = {
    "fashion_mnist": {"max_epochs": 12, "augmentation": "flips"},
    "fer2013": {"max_epochs": 20, "augmentation": "flips_shifts"},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--sets", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--module", default="auto")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    results = {}
    if options.json is not None and options.json.exists():
        results = json.loads(options.json.read_text())  # of the sets that are not asked for
    for name in options.sets:
        results[name] = measure(name, options.data, options.module)
        print(name, results[name], flush=True)
        if options.json is not None:
            options.json.write_text(json.dumps(results, indent=1) + "\n")


def measure(name, folder, module):
    X, y, X_test, y_test = load_whole(name, folder)
    settings = SETTINGS[name] | {"module": module}
    classifier = TorchCNNClassifier(random_state=0, verbose=1, **settings)
    start = time.perf_counter()
    classifier.fit(X, y)
    return {
        "settings": settings,
        "n_train": len(X),
        "test_accuracy": round(100 * classifier.score(X_test, y_test), 2),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }


if __name__ == "__main__":
    main()
