"""What a search over augmentation ratios costs: naive, with imblearn's memory, with ours.

    python benchmarks/bench_grid.py [--json results/bench_grid.json]

Five ratios, three folds, two rare classes of the digits, all in one process; then four pairs
of classes trained one after the other and two at a time. Prints trainings, seconds, ratios,
and whether scores and images agree to the bit.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.training import CycleGANTrainer

RATIOS = (0.2, 0.4, 0.6, 0.8, 1.0)
FOLDS = 3
MAX_ITER = 100  # of each CycleGAN; the classifier is quicker still, as it is with 1300
RARE = (3, 8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    results = {"grid": bench_grid(), "pairs at the same time": bench_jobs()}
    print(json.dumps(results, indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def bench_grid():
    X, y = make_digits(RARE)
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            "naive": run_grid(X, y, {}, {}),
            "memory of imblearn's pipeline": run_grid(X, y, {}, {"memory": f"{folder}/a"}),
            "memory of the sampler": run_grid(X, y, {"memory": f"{folder}/b"}, {}),
        }
    naive_scores, _, naive_seconds = runs["naive"]
    return {
        name: {
            "trainings": n_trainings,
            "seconds": round(seconds, 1),
            "times_as_fast": round(naive_seconds / seconds, 2),
            "scores_identical": bool((scores == naive_scores).all()),
        }
        for name, (scores, n_trainings, seconds) in runs.items()
    }


def run_grid(X, y, sampler_options, pipeline_options):
    """Scores of every ratio and fold, number of trainings, seconds."""
    pipeline = make_pipeline(
        CycleGANOverSampler(max_iter=MAX_ITER, random_state=0, **sampler_options),
        TorchCNNClassifier(max_epochs=2, batch_size=256, random_state=0),
        **pipeline_options,
    )
    search = GridSearchCV(
        pipeline,
        {"cycleganoversampler__sampling_strategy": [only_rare(ratio) for ratio in RATIOS]},
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=0),
        scoring="balanced_accuracy",
        refit=False,
        error_score="raise",
    )
    start = time.perf_counter()
    with counted_trainings() as trainings:
        search.fit(X, y)
    seconds = time.perf_counter() - start
    scores = [search.cv_results_[f"split{fold}_test_score"] for fold in range(FOLDS)]
    return np.array(scores), len(trainings), seconds


class only_rare:  # noqa: N801  (read as a function)
    """A sampling strategy that raises the rare classes, and them alone, to a ratio."""

    def __init__(self, ratio):
        self.ratio = ratio

    def __call__(self, y):
        wanted = int(self.ratio * np.bincount(y).max())
        return {label: max(wanted, int((y == label).sum())) for label in RARE}


class counted_trainings:  # noqa: N801
    """Count the trainings of this process inside the block."""

    def __enter__(self):
        self.fit, trainings = CycleGANTrainer.fit, []

        def counting(trainer, **options):
            trainings.append(trainer.seed)
            return self.fit(trainer, **options)

        CycleGANTrainer.fit = counting
        return trainings

    def __exit__(self, *exception):
        CycleGANTrainer.fit = self.fit


def bench_jobs():
    X, y = make_digits((3, 5, 8, 9))
    X = X.repeat(4, axis=1).repeat(4, axis=2)  # 32x32, as many images are
    results = {}
    for n_jobs in (1, 2):
        sampler = CycleGANOverSampler(max_iter=60, n_jobs=n_jobs, random_state=0)
        if n_jobs > 1:  # starting workers is not what is measured
            sampler.set_params(max_iter=1).fit_resample(X, y)
            sampler.set_params(max_iter=60)
        start = time.perf_counter()
        images, _ = sampler.fit_resample(X, y)
        results[n_jobs] = images, time.perf_counter() - start
    (one, seconds_one), (two, seconds_two) = results[1], results[2]
    return {
        "seconds, n_jobs=1": round(seconds_one, 1),
        "seconds, n_jobs=2": round(seconds_two, 1),
        "times_as_fast": round(seconds_one / seconds_two, 2),
        "images_identical": bool((one == two).all()),
    }


def make_digits(rare):
    X, y = load_digits_images(return_X_y=True)
    return make_imbalanced_images(X, y, rare=list(rare), rare_count=30, random_state=0)


if __name__ == "__main__":
    main()
