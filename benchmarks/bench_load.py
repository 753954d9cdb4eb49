"""What many images cost besides training: seconds and memory of fit_resample.

    python -m benchmarks.bench_load [--json benchmarks/results/bench_load.json]

Up to 200,000 images of 32x32 in uint8, in three classes, with one step of training and a
generator of two layers. For every number of images a process of its own prints the seconds of
the processor, and the most memory that was used beyond what was there before (which held X),
beside the bytes of input and output. The exponent says how seconds grow with that number.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from skgan_aug import CycleGANOverSampler

SIZES = (12_500, 25_000, 50_000, 100_000, 200_000)
SHARES = (0.6, 0.3, 0.1)  # of the classes
CASES: dict = {
    "default": {},
    "selection by a function": {
        "selection": lambda rows: rows[:, 0, 0],
        "synthetic_fraction": 1.0,  # of classes this large the default adds none to rank
    },
    "more translations than source rows": {"source": {1: 2, 2: 1}, "synthetic_fraction": 1.0},
    "memory and checkpoints": {"memory": "memory", "checkpoint_dir": "checkpoints"},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    results = {}
    for case in CASES:
        results[case] = measure_case(case)
        print(case, json.dumps(results[case], indent=1), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def measure_case(case):
    """Measurements of all sizes, and the exponent of time."""
    measurements = measure_in_processes(case, SIZES)
    seconds = [each["seconds"] for each in measurements]
    exponent = np.polyfit(np.log(SIZES), np.log(seconds), 1)[0]
    return {"exponent": round(float(exponent), 3), "measurements": measurements}


def measure_in_processes(case, sizes):
    """Measurements, each in a process of its own."""
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return [pool.apply(measure, (case, n)) for n in sizes]


def measure(case, n):
    """Seconds of the processor and the largest extra memory of one fit."""
    torch.set_num_threads(1)
    X, y = make_problem(n)
    with tempfile.TemporaryDirectory() as folder:
        options = dict(CASES[case])
        for name in ("memory", "checkpoint_dir"):
            if name in options:
                options[name] = Path(folder, options[name])
        sampler = CycleGANOverSampler(
            generator=make_generator, max_iter=1, random_state=0, **options
        )
        sampler.fit_resample(*make_problem(500))  # whatever is loaded when first used
        before = reset_peak()
        start = time.process_time()
        X_resampled, _ = sampler.fit_resample(X, y)
        seconds = time.process_time() - start
        extra = memory("VmHWM") - before
    return {
        "n_images": n,
        "seconds": round(seconds, 3),
        "extra_memory_mb": round(extra / 2**20),
        "input_and_output_mb": round((X.nbytes + X_resampled.nbytes) / 2**20),
        "extra_over_input_and_output": round(extra / (X.nbytes + X_resampled.nbytes), 3),
    }


def make_problem(n):
    y = np.repeat(np.arange(len(SHARES)), [round(share * n) for share in SHARES])
    X = np.random.default_rng(0).integers(0, 256, (len(y), 32, 32), dtype=np.uint8)
    return X, y


def make_generator(spec):
    layers = nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 1, 1), nn.Tanh()
    return nn.Sequential(*layers)


def reset_peak():
    """Forget the peak until now; the bytes that are in use. Linux has both in /proc."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def memory(name):
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(f"{name}:")
    )
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    main()
