"""Whether translations cross into their class, by a classifier that knows it well.

    python -m benchmarks.effectiveness.crossing FOLDER_OF_DATA --problem fashion_mnist_15

A judge is trained on the whole data set, which no user has; CycleGANs on the problem's few
rare images, with several weights of their losses and sizes of what they see. Printed for
each, and written beside the cells as it ends: the share of translations that the judge gives
to the target class and to the source class, and how much an image changes, in percent of its
range.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.comparison._samplers import set_training_steps
from skgan_aug.datasets import make_imbalanced_images

from .problems import PROBLEMS, load_problem, load_whole
from .run import CELLS

LEVERS = ("cycle_weight", "identity_weight", "classifier_weight", "max_size")
_JUDGED = 500  # source images of a pair
_JUDGE_STEPS, _JUDGE_ROWS = 1500, 15_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--problem", choices=PROBLEMS, default="fashion_mnist_15")
    parser.add_argument("--cycle-weights", type=float, nargs="+", default=[2, 10])
    parser.add_argument("--identity-weights", type=float, nargs="+", default=[0, 2])
    parser.add_argument("--classifier-weights", type=float, nargs="+", default=[0, 1])
    parser.add_argument("--max-sizes", type=int, nargs="+", default=[64])
    parser.add_argument("--max-iter", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=None)
    options = parser.parse_args()
    path = CELLS / f"crossing_{options.problem}_{options.max_iter}_{options.seed}.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    done = {tuple(row.get(name, 64) for name in LEVERS) for row in rows}
    X, y = cut_rare_classes(options.problem, options.data, options.seed)
    judge = train_judge(PROBLEMS[options.problem].dataset, options.data)
    for values in product(*(getattr(options, f"{name}s") for name in LEVERS)):
        if values in done:
            continue
        names = dict(zip(LEVERS, values, strict=True))
        sampler = CycleGANOverSampler(
            **names,
            max_iter=options.max_iter,
            n_snapshots=0,
            n_jobs=options.jobs,
            random_state=options.seed,
        )
        found = [names | row for row in judge_pairs(sampler, X, y, judge)]
        print(*found, sep="\n", flush=True)
        rows += found
        path.write_text(json.dumps(rows, indent=1) + "\n")


def cut_rare_classes(problem, folder, seed):
    X, y, _, rare = load_problem(problem, folder, seed)
    for label in rare:
        X, y = make_imbalanced_images(
            X, y, rare=label, rare_count=PROBLEMS[problem].rare_count, random_state=seed
        )
    return X, y


def train_judge(dataset, folder):
    X, y, X_test, y_test = load_whole(dataset, folder)
    rows = np.random.default_rng(0).permutation(len(y))[:_JUDGE_ROWS]
    judge = TorchCNNClassifier(augmentation="flips_shifts", random_state=0)
    set_training_steps(judge, len(rows), _JUDGE_STEPS)
    judge.fit(X[rows], y[rows])
    print(
        f"the judge is right on {judge.score(X_test, y_test):.1%} of test images", flush=True
    )
    return judge


def judge_pairs(sampler, X, y, judge):
    """For each pair what the judge says of its translations."""
    sampler.fit_resample(X, y)
    for source, target in sampler.cyclegans_:
        images = X[y == source][:_JUDGED]
        translated = sampler.translate(images, source=source, target=target)
        labels = judge.predict(translated)
        change = np.abs(translated.astype(float) - images).mean() / 255
        yield {
            "source": int(source),
            "target": int(target),
            "judged_target": round(float(np.mean(labels == target)), 3),
            "judged_source": round(float(np.mean(labels == source)), 3),
            "change_percent": round(100 * float(change), 2),
            "target_score": round(sampler.history_[source, target][-1]["target_score"], 3),
        }


if __name__ == "__main__":
    main()
