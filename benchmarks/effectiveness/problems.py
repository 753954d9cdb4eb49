"""The imbalanced problems of the effectiveness benchmark.

The images lie in a folder of the user's: blood_cells.npz, fer2013.npz, cifar10.npz,
mnist.npz and letters.npz (arrays X_train, y_train, X_test, y_test, classes) and
Fashion-MNIST's four idx files, as they are published.

The defaults were chosen on blood cells, Fashion-MNIST and FER2013. CIFAR-10 and MNIST are held
out: nothing is chosen on them, and their rare classes were drawn. So are the three data sets
with rare classes that no development problem has (blood cells in the size of their file) and
with 30 images of a rare class, a long tail of blood cells, letters of 96x96 pixels, and five
data sets with few images of any class, or with 5 of the rare ones.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from skgan_aug.datasets import (
    load_fashion_mnist,
    load_npz,
    make_imbalanced_images,
    resize_images,
)

from .configurations import CLASSIFIER_STEPS


@dataclass(frozen=True)
class Problem:
    """A data set of which some classes are cut down, or one taken as it is."""

    dataset: str
    size: int
    rare: tuple[str, ...]
    rare_count: int | None = None
    common_count: int | None = None  # at most so many of every other class
    tail: tuple[int, ...] = ()  # of each rare class, in their order, where they differ
    ratio: float = 1.0  # what rare classes are raised to
    classifier_steps: int = CLASSIFIER_STEPS


def _levels(dataset, size, rare, common_count, *, rare_counts=(15, 60), other=""):
    return {
        f"{dataset}{other}_{rare_count}": Problem(
            dataset, size, rare, rare_count, common_count
        )
        for rare_count in rare_counts
    }


def _whole(dataset, size, rare, ratio):
    """All images as they are: more of them, so half as many steps again."""
    steps = CLASSIFIER_STEPS * 3 // 2
    return Problem(dataset, size, rare, ratio=ratio, classifier_steps=steps)


BLOOD_CELLS = ("basophil", "eosinophil", "monocyte")
GARMENTS = ("Dress", "Shirt", "Sneaker")
EXPRESSIONS = ("disgust", "fear", "surprise")
DEVELOPMENT_PROBLEMS = {
    **_levels("blood_cells", 32, BLOOD_CELLS, 620),
    **_levels("fashion_mnist", 28, GARMENTS, 1000),
    **_levels("fer2013", 48, EXPRESSIONS, 1200),
}
# The classes at numpy.random.default_rng(0).choice(10, 3, replace=False).
HELD_OUT_PROBLEMS = {
    **_levels("cifar10", 32, ("dog", "truck", "frog"), 1000),
    **_levels("mnist", 28, ("5", "9", "6"), 1000),
    # Three of the classes that no development problem cuts, drawn likewise.
    **_levels("blood_cells", 48, ("neutrophil", "platelet", "lymphocyte"), 620, other="_48"),
    **_levels("fashion_mnist", 28, ("Coat", "Ankle boot", "Sandal"), 1000, other="_other"),
    **_levels("fer2013", 48, ("sad", "neutral", "happy"), 1200, other="_other"),
    # Between the two levels that the defaults were chosen at.
    **_levels("blood_cells", 32, BLOOD_CELLS, 620, rare_counts=[30]),
    **_levels("fashion_mnist", 28, GARMENTS, 1000, rare_counts=[30]),
    **_levels("fer2013", 48, EXPRESSIONS, 1200, rare_counts=[30]),
    # Larger images, of letters in many fonts (see letters.py).
    "letters_15": Problem("letters", 96, ("F", "J", "G"), 15, 440),
    # From 620 images to 15 in equal ratios; which class has how many was drawn likewise.
    "blood_cells_long_tail": Problem(
        "blood_cells",
        32,
        ("lymphocyte", "ig", "neutrophil", "monocyte", "basophil", "eosinophil", "platelet"),
        tail=(364, 214, 126, 74, 43, 26, 15),
    ),
}
# Five of the problems above with fewer images, as in SFEW and JAFFE: of any class, or of the
# rare ones alone, a third of what the defaults were chosen at.
FROM_15 = {
    dataset: (DEVELOPMENT_PROBLEMS | HELD_OUT_PROBLEMS)[f"{dataset}_15"]
    for dataset in ("blood_cells", "fashion_mnist", "fer2013", "cifar10", "mnist")
}
HELD_OUT_PROBLEMS |= {
    f"{name}_15_of_100": replace(problem, common_count=100)
    for name, problem in FROM_15.items()
}
HELD_OUT_PROBLEMS |= {
    f"{name}_5": replace(problem, rare_count=5) for name, problem in FROM_15.items()
}
# Raised half as far.
HALF_RATIO_PROBLEMS = {
    f"{name}_0.5": replace(DEVELOPMENT_PROBLEMS[name], ratio=0.5)
    for name in ("blood_cells_15", "fashion_mnist_15")
}
PROBLEMS = {
    **DEVELOPMENT_PROBLEMS,
    **HALF_RATIO_PROBLEMS,
    "fer2013_whole": _whole("fer2013", 48, ("disgust",), ratio=0.2),
    "fer2013_whole_0.1": _whole("fer2013", 48, ("disgust",), ratio=0.1),
    **HELD_OUT_PROBLEMS,
}


def load_problem(name, folder, seed):
    """Draw a problem's training images.

    Parameters
    ----------
    name : str
        A key of PROBLEMS.

    folder : path
        Where the data sets lie.

    seed : int
        Decides which images are kept. Rare classes of one size are cut later, by
        ``compare_samplers``.

    Returns
    -------
    X, y, test, rare : ndarray, ndarray, tuple (X_test, y_test), list of label
    """
    problem = PROBLEMS[name]
    X, y, X_test, y_test, classes = _load(problem.dataset, problem.size, Path(folder))
    rare = [classes.index(label) for label in problem.rare]
    most = dict(zip(rare, problem.tail, strict=False))
    if problem.common_count is not None:
        most |= dict.fromkeys(np.setdiff1d(y, rare).tolist(), problem.common_count)
    for label, count in most.items():
        if np.count_nonzero(y == label) > count:
            X, y = make_imbalanced_images(
                X, y, rare=label, rare_count=count, random_state=seed
            )
    return X, y, (X_test, y_test), rare


def load_whole(dataset, folder):
    """X, y, X_test, y_test of a data set in its own size, nothing left out."""
    size = next(problem.size for problem in PROBLEMS.values() if problem.dataset == dataset)
    return _load(dataset, size, Path(folder))[:4]


@cache
def _load(dataset, size, folder):
    if dataset == "fashion_mnist":
        data = load_fashion_mnist(folder)
    else:
        data = load_npz(folder / f"{dataset}.npz")
    X, X_test = resize_images(data.images, size), resize_images(data.test_images, size)
    return X, data.target, X_test, data.test_target, data.target_names.tolist()
