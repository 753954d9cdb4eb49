"""Run the cells of the effectiveness benchmark that have not been run yet.

    python -m benchmarks.effectiveness.run FOLDER_OF_DATA --problems blood_cells_15
    python -m benchmarks.effectiveness.render

A cell is one problem, configuration, augmentation of the classifier and seed; draw of the
data, over-sampler and classifier all follow the seed. Each is written to its own file as it
ends, and skipped where that exists: the command may be killed and started again at any time,
and in several processes with other ``--seeds``.
"""

import argparse
import json
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import torch

import skgan_aug
from skgan_aug._devices import resolve_device
from skgan_aug._files import write_whole
from skgan_aug.comparison import SCORES, compare_samplers

from .boundaries import RecordingClassifier, score_with_best_boundaries
from .classifiers import AUGMENTATIONS, CLASSIFIERS
from .configurations import (
    CONFIGURATIONS,
    LOGIT_ADJUSTED,
    LOGIT_ADJUSTED_RATIO,
    make_configuration,
)
from .problems import HELD_OUT_PROBLEMS, PROBLEMS, load_problem

CELLS = Path(__file__).parents[1] / "results" / "effectiveness"
SECONDS = ("sampler_seconds", "classifier_seconds")


def main():
    options = _parse_options()
    results = options.results or cells_of(options.classifier)
    # Seeds outermost: stopped early, every configuration has as many.
    cells = [
        (problem, name, augmentation, seed)
        for seed, problem, name, augmentation in product(
            options.seeds, options.problems, options.configurations, options.augmentations
        )
        if not cell_path(results, problem, name, augmentation, seed).exists()
    ]
    # The augmentations of a configuration share its CycleGANs: one worker runs them all.
    groups: dict = {}
    for cell in cells:
        groups.setdefault((cell[0], cell[1], cell[3]), []).append(cell)
    joblib.Parallel(n_jobs=options.jobs)(
        joblib.delayed(run_cells)(
            group, options.data, options.memory, results, options.classifier
        )
        for group in groups.values()
    )


def _parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    lists = {
        "problems": tuple(PROBLEMS),
        "configurations": CONFIGURATIONS,
        "augmentations": tuple(AUGMENTATIONS),
    }
    for name, known in lists.items():
        parser.add_argument(f"--{name}", nargs="+", choices=known, default=known)
    # What is held out runs when it is asked for.
    parser.set_defaults(problems=[name for name in PROBLEMS if name not in HELD_OUT_PROBLEMS])
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count())
    parser.add_argument("--memory", default=None, help="folder to keep trained CycleGANs in")
    parser.add_argument(
        "--classifier",
        choices=CLASSIFIERS,
        default=CLASSIFIERS[0],
        help="what learns; the cells of each go to a folder of their own",
    )
    parser.add_argument("--results", type=Path, default=None, help="folder of the cells")
    return parser.parse_args()


def cells_of(learner):
    """The folder of a classifier's cells; that of the default network has no suffix."""
    return CELLS if learner == CLASSIFIERS[0] else CELLS.with_name(f"{CELLS.name}_{learner}")


def cell_path(results, problem, name, augmentation, seed):
    return results / problem / f"{name}-{augmentation}-{seed}.json"


def run_cells(cells, data, memory, results, learner):
    for problem, name, augmentation, seed in cells:
        cell = run_cell(problem, name, augmentation, seed, data, memory, learner)
        path = cell_path(results, problem, name, augmentation, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{json.dumps(cell, indent=1)}\n".encode())


def run_cell(problem, name, augmentation, seed, data, memory, learner):
    X, y, test, rare = load_problem(problem, data, seed)
    sampler, classifier = make_configuration(
        name, augmentation, memory, whole=(X, y), learner=learner
    )
    ratio = LOGIT_ADJUSTED_RATIO if name in LOGIT_ADJUSTED else PROBLEMS[problem].ratio
    result = compare_samplers(
        X,
        y,
        samplers={name: sampler},
        classifier=classifier,
        test=test,
        n_seeds=1,
        random_state=seed,
        rare=rare,
        rare_count=PROBLEMS[problem].rare_count,
        ratios=[ratio],
        classifier_steps=PROBLEMS[problem].classifier_steps,
    )
    labels = np.searchsorted(result.classes, test[1])
    moved = np.nan
    if result.error[0] is None and isinstance(classifier, RecordingClassifier):
        moved = score_with_best_boundaries(RecordingClassifier.recorded, labels)
    share = np.unique(test[1], return_counts=True)[1] / len(test[1])
    return {
        "problem": problem,
        "configuration": name,
        "augmentation": augmentation,
        "classifier": learner,
        "seed": seed,
        **{score: _rounded(100 * result[score][0]) for score in SCORES},
        "recall": _rounded(100 * result.recall[0]),
        "best_boundaries": _rounded(100 * moved),
        "accuracy": _rounded(100 * np.dot(result.recall[0], share)),
        **{key: _rounded(result[key][0]) for key in SECONDS},
        "error": result.error[0],
        "versions": {
            "skgan_aug": skgan_aug.__version__,
            **{package: version(package) for package in ("torch", "imbalanced-learn")},
        },
        "device": _device_name(),
        "finished": time.strftime("%Y-%m-%d"),
    }


def _device_name():
    device = resolve_device("auto")
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _rounded(value):
    """Two decimals; None for what there is not, which JSON has no number for."""
    return np.round(value, 2).tolist() if np.isfinite(value).all() else None


if __name__ == "__main__":
    main()
