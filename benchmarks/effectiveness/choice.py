"""What ``synthetic_fraction="auto"`` chooses, and how often that is right.

    python -m benchmarks.effectiveness.choice FOLDER_OF_DATA --problems blood_cells_15

It holds back a third of a training set, and trains classifiers on the rest with translations
and with copies alone. Here the same classifiers are also asked about all test images, which
tells what translations are worth there, and what would have been chosen had other images, as
many of each class, been held back: drawn from those of the test. ``untranslated`` adds source
images as they are in place of translations, which "auto" should refuse.

Each problem, configuration and seed has a file, written as it ends and skipped where it
exists.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np

from skgan_aug import CycleGANOverSampler
from skgan_aug._files import write_whole
from skgan_aug.datasets import make_imbalanced_images
from skgan_aug.synthetic_fraction import (
    N_CLASSIFIERS,
    are_worth_it,
    gain_and_error,
    hold_back,
    rightness,
    train_classifier,
    wanted_counts,
)

from .problems import PROBLEMS, load_problem
from .untranslated import UntranslatedOverSampler

CHOICES = Path(__file__).parents[1] / "results" / "choice"
ADDED = ("cyclegan", "untranslated")
_PROBLEMS = [name for name, problem in PROBLEMS.items() if problem.rare_count is not None]
_N_DRAWS = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--problems", nargs="+", choices=_PROBLEMS, default=_PROBLEMS)
    parser.add_argument("--added", nargs="+", choices=ADDED, default=ADDED)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--memory", default=None, help="folder to keep trained CycleGANs in")
    options = parser.parse_args()
    for problem, added, seed in product(options.problems, options.added, options.seeds):
        path = CHOICES / f"{problem}-{added}-{seed}.json"
        if path.exists():
            continue
        choice = {"problem": problem, "added": added, "seed": seed}
        choice |= judge_choice(problem, added, seed, options.data, options.memory)
        print(choice, flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{json.dumps(choice, indent=1)}\n".encode())


def judge_choice(problem, added, seed, data, memory):
    """What translations gain on rows held back and on test images, and what is chosen."""
    X, y, (X_test, y_test), rare = load_problem(problem, data, seed)
    X, y = make_imbalanced_images(
        X, y, rare=rare, rare_count=PROBLEMS[problem].rare_count, random_state=seed
    )
    held_back = hold_back(X, y, np.random.RandomState(seed))
    most = int(np.unique(y, return_counts=True)[1].max())
    counts = wanted_counts(
        y, y[~held_back], dict.fromkeys(rare, most - PROBLEMS[problem].rare_count)
    )
    samplers = {
        "copies": CycleGANOverSampler(synthetic_fraction=0.0),
        "cyclegan": CycleGANOverSampler(memory=memory),
        "untranslated": UntranslatedOverSampler(),
    }

    def rightness_with(name):
        """About each row that is held back, and about each test image."""
        sampler = samplers[name].set_params(sampling_strategy=counts, random_state=seed)
        resampled = sampler.fit_resample(X[~held_back], y[~held_back])
        classifiers = [
            train_classifier(samplers["copies"], *resampled, 100 * seed + number)
            for number in range(N_CLASSIFIERS)
        ]
        return [
            rightness(classifiers, images, labels)
            for images, labels in ((X[held_back], y[held_back]), (X_test, y_test))
        ]

    gains, test_gains = (
        with_added - with_copies
        for with_added, with_copies in zip(
            rightness_with(added), rightness_with("copies"), strict=True
        )
    )
    y_held_back = y[held_back]
    return {
        "held_back": _in_points(*gain_and_error(gains, y_held_back)),
        "test": _in_points(*gain_and_error(test_gains, y_test)),
        "is_taken": bool(are_worth_it(gains, y_held_back)),
        **shares_taken(test_gains, y_test, np.bincount(y_held_back), seed),
    }


def shares_taken(test_gains, y_test, counts, seed):
    """How often translations are taken where other rows are held back.

    Parameters
    ----------
    test_gains, y_test
        As :func:`~skgan_aug.synthetic_fraction.gain_and_error` takes them.

    counts : int ndarray of shape (n_classes,)
        Rows of each class to draw.

    seed : int
        Of the draws.

    Returns
    -------
    shares : dict
        "taken" of the draws by the rule of "auto", and "ahead": with a higher score.
    """
    rng = np.random.default_rng(seed)
    taken, ahead = [], []
    for _ in range(_N_DRAWS):
        drawn = np.concatenate(
            [
                rng.permutation(np.flatnonzero(y_test == label))[:count]
                for label, count in enumerate(counts)
            ]
        )
        taken.append(are_worth_it(test_gains[drawn], y_test[drawn]))
        ahead.append(gain_and_error(test_gains[drawn], y_test[drawn])[0] > 0)
    return {"taken": float(np.mean(taken)), "ahead": float(np.mean(ahead))}


def _in_points(gain, error):
    return {"gain": round(100 * gain, 2), "error": round(100 * error, 2)}


if __name__ == "__main__":
    main()
