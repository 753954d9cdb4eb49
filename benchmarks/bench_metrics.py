"""Whether the metrics tell good synthetic images from bad ones.

    python -m benchmarks.bench_metrics FOLDER [--json benchmarks/results/bench_metrics.json]

Blood cells, of which three classes are cut to 60 images. Five sets of 100 synthetic images a
class: of a well-trained, a briefly trained and an untrained generator; real training images
drawn again; the first set with its labels shuffled. Beside them 100 real images, for what a
perfect generator would get. All are held against 100 other real images, through the features
of a classifier that was trained on none of these. Takes about 25 minutes on one core.

Averaged over the classes, all distances, precision, recall, density, coverage and both GAN
scores put the three generators in order. What does not: diversity, because trained generators
scatter more widely than real images; and within single classes GAN-test and the Frechet
distance, which prefer noise to the basophils of a briefly trained generator, and for
eosinophils recall.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.effectiveness.problems import PROBLEMS, load_problem, load_whole
from skgan_aug import CycleGANOverSampler, TorchCNNClassifier, metrics
from skgan_aug.datasets import make_imbalanced_images

PROBLEM, N = "blood_cells_60", 100  # of 200 test images, twice as many are needed
STEPS = {"well trained": 1300, "briefly trained": 150, "untrained": 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", default=None, help="folder to keep trained CycleGANs in")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load(options.data, options.seed)
    sets = make_sets(data, options.seed, options.memory)
    judge = train_judge(data, options.seed)
    by_class = {
        name: {
            title: judge_class(data, images, labels, label, judge)
            for title, label in zip(PROBLEMS[PROBLEM].rare, data["rare"], strict=True)
        }
        for name, (images, labels) in sets.items()
    }
    for name, (images, labels) in sets.items():
        add_gan_scores(by_class[name], data, images, labels, judge, options.seed)
    means = {name: mean_over_classes(rows) for name, rows in by_class.items()}
    print_table(means)
    results = {
        "problem": PROBLEM,
        "seed": options.seed,
        "images per class": N,
        "mean over classes": rounded(means),
        "by class": {name: rounded(rows) for name, rows in by_class.items()},
    }
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def load(folder, seed):
    """Training images, real images to compare with, and images for the judge alone."""
    X, y, (X_test, y_test), rare = load_problem(PROBLEM, folder, seed)
    rare_count = PROBLEMS[PROBLEM].rare_count
    X, y = make_imbalanced_images(X, y, rare=rare, rare_count=rare_count, random_state=seed)
    rng = np.random.RandomState(seed)
    rows = {label: rng.permutation(np.flatnonzero(y_test == label)) for label in rare}
    reference = np.concatenate([rows[label][:N] for label in rare])
    real = np.concatenate([rows[label][N : 2 * N] for label in rare])
    X_whole, y_whole = load_whole(PROBLEMS[PROBLEM].dataset, folder)[:2]
    drawn = {image.tobytes() for image in X}
    others = np.array([image.tobytes() not in drawn for image in X_whole])
    return {
        "rare": rare,
        "train": (X, y),
        "reference": (X_test[reference], y_test[reference]),
        "real": (X_test[real], y_test[real]),
        "judge": (X_whole[others], y_whole[others]),
    }


def make_sets(data, seed, memory):
    """{name: (images, labels)}, N of each rare class."""
    X, y = data["train"]
    wanted = {label: np.count_nonzero(y == label) + N for label in data["rare"]}
    sets = {"real": data["real"]}
    for name, max_iter in STEPS.items():
        sampler = CycleGANOverSampler(
            sampling_strategy=wanted,
            synthetic_fraction=1.0,
            min_strength=1.0,
            classifier_weight=0.0,  # metrics are compared here, not defaults
            max_iter=max_iter,
            memory=memory,
            random_state=seed,
        )
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        sets[name] = X_resampled[len(X) :], y_resampled[len(X) :]
    rng = np.random.RandomState(seed)
    drawn = np.concatenate([rng.choice(np.flatnonzero(y == k), N) for k in data["rare"]])
    sets["duplicator"] = X[drawn], y[drawn]
    images, labels = sets["well trained"]
    sets["labels shuffled"] = images, rng.permutation(labels)
    return sets


def train_judge(data, seed):
    """What turns images into features: a classifier that has seen none of those compared."""
    classifier = TorchCNNClassifier(augmentation="flips_shifts", random_state=seed)
    classifier.fit(*data["judge"])
    X, y = data["reference"]
    print(f"The judge recognises {classifier.score(X, y):.3f} of the real images.")
    return partial(metrics.extract_features, classifier)


def judge_class(data, images, labels, label, judge):
    """The metrics of one class that compare its images, through their features."""
    X, y = data["train"]
    synthetic = judge(images[labels == label])
    real = judge(data["reference"][0][data["reference"][1] == label])
    kernel = metrics.kernel_distance(real, synthetic, random_state=0)
    manifold = metrics.precision_recall(real, synthetic)
    balls = metrics.density_coverage(real, synthetic)
    test = metrics.two_sample_test(real, synthetic, random_state=0)
    copies = metrics.memorization(judge(X[y == label]), synthetic)
    return {
        "frechet": metrics.frechet_distance(real, synthetic),
        "kernel": kernel.distance,
        "kernel_se": kernel.standard_error,
        "precision": manifold.precision,
        "recall": manifold.recall,
        "density": balls.density,
        "coverage": balls.coverage,
        "two_sample": test.accuracy,
        "p_value": test.p_value,
        "copied": copies.copied_fraction,
        "median_ratio": copies.median_ratio,
        "diversity": metrics.diversity(real, synthetic).ratio,
    }


def add_gan_scores(rows, data, images, labels, judge, seed):
    """GAN-train on images, beside N real ones of each common class; GAN-test on features."""
    X, y = data["train"]
    rng = np.random.RandomState(seed)
    common = np.setdiff1d(y, data["rare"])
    kept = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:N] for k in common])
    train = metrics.gan_train_score(
        TorchCNNClassifier(augmentation="flips_shifts", random_state=seed),
        *data["reference"],
        np.concatenate([images, X[kept]]),
        np.concatenate([labels, y[kept]]),
    )
    X_judge, y_judge = data["judge"]
    test = metrics.gan_test_score(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200)),
        judge(X_judge),
        y_judge,
        judge(images),
        labels,
    )
    for row, label in zip(rows.values(), data["rare"], strict=True):
        row["gan_train"], row["gan_test"] = train.recall[label], test.recall[label]


def mean_over_classes(rows):
    metrics_of_all = [metric for metric in next(iter(rows.values())) if metric != "p_value"]
    return {
        metric: float(np.mean([row[metric] for row in rows.values()]))
        for metric in metrics_of_all
    }


def rounded(rows):
    return {
        name: {metric: round(value, 4) for metric, value in row.items()}
        for name, row in rows.items()
    }


def print_table(means):
    print(" " * 14, *(f"{name:>16}" for name in means))
    for metric in next(iter(means.values())):
        print(f"{metric:<14}", *(f"{row[metric]:16.3f}" for row in means.values()))


if __name__ == "__main__":
    main()
