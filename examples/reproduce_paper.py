"""
The paper's experiment, end to end
==================================

Zhu, Liu, Qin and Li translate neutral faces into rare expressions and train a CNN with the
result. The same here, with the paper's networks and values or, with ``--fast``, with this
library's generator, which a processor of two cores can train::

    python examples/reproduce_paper.py --data fer2013.csv --classes disgust,sad --fast
    python examples/reproduce_paper.py --dataset sfew --data SFEW --classes disgust,fear
    python examples/reproduce_paper.py --dataset jaffe --data JAFFE --gan-data fer2013.csv

JAFFE is too small to train a CycleGAN: there it is trained on FER2013, translates the neutral
faces of nine women, and the tenth is tested on; features are those of a CNN trained on FER2013
too. Beside the paper's two rows, baseline and augmented, there is a third (not for JAFFE),
random over-sampling: what duplicates alone would have done.

Writes ``report.html``, ``feature_map.png`` and ``figures.json``. Trained CycleGANs stay in the
output folder: killed, the same command goes on.
"""

# %%
# What to run.
import argparse
import json
import shlex
import sys
from pathlib import Path

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import LeaveOneGroupOut

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.comparison import compare_samplers, summarize_comparison
from skgan_aug.datasets import load_fer2013, load_jaffe, load_npz, load_sfew, resize_images
from skgan_aug.inspection import FeatureMapDisplay
from skgan_aug.metrics import class_margins, extract_features
from skgan_aug.reporting import write_report

SIDE = 48  # the CNN of the paper takes FER2013's size
CLASSES = {"fer2013": "disgust,sad", "sfew": "disgust,fear", "jaffe": "disgust,sad"}
# Steps of a CycleGAN and of the CNN. The paper gives neither: its first number is what a
# loss stops falling at, the second twenty passes over FER2013.
PAPER_STEPS, FAST_STEPS = (20_000, 17_000), (1300, 1500)


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--data", type=Path, required=True, help="file or folder")
    parser.add_argument("--dataset", choices=CLASSES, default="fer2013")
    parser.add_argument("--gan-data", type=Path, help="FER2013, for JAFFE")
    parser.add_argument("--classes", help="generated ones, separated by commas")
    parser.add_argument("--source", default="neutral", help="the class that is translated")
    parser.add_argument("--fast", action="store_true", help="this library's generator")
    parser.add_argument(
        "--classifier-weight", type=float, default=1.0, help="with --fast: makes faces cross"
    )
    parser.add_argument("--max-iter", type=int, help="steps of each CycleGAN")
    parser.add_argument("--classifier-steps", type=int, help="steps of the CNN")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=None, help="trainings side by side")
    parser.add_argument("--out", type=Path, default=Path("paper"))
    options = parser.parse_args(arguments)
    steps = FAST_STEPS if options.fast else PAPER_STEPS
    options.max_iter = options.max_iter or steps[0]
    options.classifier_steps = options.classifier_steps or steps[1]
    options.classes = (options.classes or CLASSES[options.dataset]).split(",")
    if options.dataset == "jaffe" and options.gan_data is None:
        parser.error("--dataset jaffe needs --gan-data: FER2013, which a CycleGAN learns from")
    return options


# %%
# Labels are names, so that tables need no key. Data of other sizes are brought to 48x48.
def load(dataset, path):
    """X, y, and what to test on: a split or, for JAFFE, a fold for each woman."""
    if dataset == "jaffe":
        data = load_jaffe(path, size=SIDE)
        folds = LeaveOneGroupOut().split(data.images, data.target, data.groups)
        return data.images, data.target_names[data.target], {"cv": list(folds)}
    if dataset == "sfew":
        data = load_sfew(path, size=SIDE, mode="L")
        test = data.validation_images, data.target_names[data.validation_target]
    else:
        data = read_fer2013(path)
        if "test_images" not in data:
            raise ValueError(f"{path} holds no test images: give all of FER2013.")
        images = resize_images(data.test_images, SIDE)
        test = images, data.target_names[data.test_target]
    X = resize_images(data.images, SIDE)
    return X, data.target_names[data.target], {"test": test}


def read_fer2013(path):
    return load_npz(path) if path.suffix == ".npz" else load_fer2013(path)


def load_others(options):
    """What the CycleGANs of JAFFE learn from: FER2013's training images and their labels."""
    if options.dataset != "jaffe":
        return None
    data = read_fer2013(options.gan_data)
    return resize_images(data.images, SIDE), data.target_names[data.target]


def make_sampler(options):
    values = {
        "source": options.source,
        "max_iter": options.max_iter,
        "memory": options.out / "cyclegans",
        "n_jobs": options.jobs,
    }
    if not options.fast:
        return CycleGANOverSampler.paper(**values)
    # As in the paper, all translations go all of the way, however many real images there are.
    return CycleGANOverSampler(
        classifier_weight=options.classifier_weight,
        synthetic_fraction=0.5,
        min_strength=1.0,
        **values,
    )


def make_classifier():
    """The paper's CNN and its optimiser."""
    return TorchCNNClassifier(
        module="paper",
        batch_size=32,
        learning_rate=1e-3,
        learning_rate_schedule="constant",
        optimizer="adam",
        weight_decay=0.0,
    )


# %%
# For JAFFE: an over-sampler whose CycleGANs learn from other images than it over-samples.
class TransferringOverSampler(BaseEstimator):
    """Add a translation of every source image to each of some classes.

    The CycleGANs learn from ``X_other`` and ``y_other``, with the labels of X and y.
    ``image_shape`` says that images are wanted, not rows of pixels.
    """

    def __init__(
        self, sampler, X_other, y_other, classes, image_shape=None, random_state=None
    ):
        self.sampler = sampler
        self.X_other = X_other
        self.y_other = y_other
        self.classes = classes
        self.image_shape = image_shape
        self.random_state = random_state

    def fit_resample(self, X, y):
        """Translate the source images of X."""
        sampler = clone(self.sampler).set_params(
            sampling_strategy=self.wanted_counts(), synthetic_fraction=1.0
        )
        sampler.fit_resample(self.X_other, self.y_other)
        translated = [
            sampler.translate(X[y == source], source=source, target=target)
            for source, target in sampler.cyclegans_
        ]
        labels = [
            np.full(len(rows), target, dtype=y.dtype)
            for rows, (_, target) in zip(translated, sampler.cyclegans_, strict=True)
        ]
        return np.concatenate([X, *translated]), np.concatenate([y, *labels])

    def wanted_counts(self):
        """One row more of each class: what is trained does not depend on how many."""
        return {label: int(np.sum(self.y_other == label)) + 1 for label in self.classes}


# %%
# Three training sets, the same CNN and the same number of steps.
def compare(options, X, y, split, others):
    samplers = {"none": None, "random": RandomOverSampler(), "cyclegan": make_sampler(options)}
    if others is not None:
        samplers["cyclegan"] = TransferringOverSampler(
            samplers["cyclegan"], *others, options.classes
        )
        del samplers["random"]  # all classes are about equal
    result = compare_samplers(
        X,
        y,
        samplers=samplers,
        classifier=make_classifier(),
        n_seeds=options.seeds,
        rare=options.classes,
        classifier_steps=options.classifier_steps,
        n_jobs=options.jobs,
        callback=lambda cell: print(
            f"seed {cell['seed']}, fold {cell['fold']}, {cell['sampler']}: balanced accuracy "
            f"{100 * cell['balanced_accuracy']:.1f}",
            flush=True,
        ),
        **split,
    )
    # Of JAFFE all classes that were asked for gain rows, the largest too.
    is_rare = np.isin(result.classes, options.classes)
    result.minority_classes = result.classes[is_rare]
    result.minority_recall = mean_of_known(result.recall[:, is_rare], axis=1)
    return result


def mean_of_known(values, axis):
    """Mean without NaN, which is the recall of a class that a woman does not show."""
    return np.ma.masked_invalid(values).mean(axis=axis).filled(np.nan)


def figures(options, result, test_labels):
    """Accuracy, balanced accuracy and recalls of each training set, in points.

    ``test_labels`` has the labels of each fold: accuracy is the mean of recalls, each with
    the share of its class.
    """
    names = result.classes.tolist()
    shares = np.array([[np.mean(y == name) for name in names] for y in test_labels])
    table = {}
    for row in summarize_comparison(result):
        own = (result.sampler == row["sampler"]) & np.isfinite(result.balanced_accuracy)
        recall = 100 * result.recall[own]
        accuracy = np.nansum(recall * shares[result.fold[own]], axis=1)
        table[row["sampler"]] = {
            "accuracy": round(float(accuracy.mean()), 2),
            "accuracy_sd": round(float(accuracy.std(ddof=1)), 2)
            if len(accuracy) > 1
            else None,
            "balanced_accuracy": round(100 * row["balanced_accuracy"], 2),
            "balanced_accuracies": (100 * result.balanced_accuracy[own]).round(2).tolist(),
            "recall": dict(
                zip(names, mean_of_known(recall, axis=0).round(1).tolist(), strict=True)
            ),
            "seconds": round(row["seconds"]),
        }
    return {"options": {name: str(value) for name, value in vars(options).items()}} | table


# %%
# The paper's two looks at features: a map of real and generated images, and the margins
# between a class and its nearest neighbour, before and after. The real images are some that
# the classifier never saw: the test images; for JAFFE, whose classifier learns from FER2013
# too, all of them.
def look_at_features(options, X, y, split, others, seed):
    sampler = make_sampler(options).set_params(random_state=seed)  # kept from the comparison
    if others is None:
        n_most = max(np.unique(y, return_counts=True)[1])
        sampler.set_params(sampling_strategy=dict.fromkeys(options.classes, n_most))
    else:
        sampler = TransferringOverSampler(sampler, *others, options.classes)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    synthetic = getattr(sampler, "synthetic_mask_", np.arange(len(y_resampled)) >= len(y))
    X_synthetic, y_synthetic = X_resampled[synthetic], y_resampled[synthetic]
    classifier = make_classifier().set_params(random_state=0, max_epochs=5)
    classifier.fit(*((X, y) if others is None else others))
    X_real, y_real = split.get("test", (X, y))
    shown = np.isin(y_real, [*options.classes, options.source])
    display = FeatureMapDisplay.from_estimator(
        classifier,
        np.concatenate([X_real[shown], X_synthetic]),
        np.concatenate([y_real[shown], y_synthetic]),
        np.arange(shown.sum() + len(y_synthetic)) >= shown.sum(),
    )
    display.figure_.savefig(options.out / "feature_map.png", dpi=150)
    margins = class_margins(
        extract_features(classifier, X_real),
        y_real,
        extract_features(classifier, X_synthetic),
        y_synthetic,
    )
    return {
        label: {"neighbor": str(neighbor), "before": float(before), "after": float(after)}
        for label, neighbor, before, after in zip(
            *(margins[key] for key in ("label", "neighbor", "before", "after")), strict=True
        )
    }


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse_options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    X, y, split = load(options.dataset, options.data)
    others = load_others(options)
    result = compare(options, X, y, split, others)
    folds = [y[test] for _, test in split["cv"]] if "cv" in split else [split["test"][1]]
    found = figures(options, result, folds)
    write_report(
        result,
        options.out / "report.html",
        title=f"{options.dataset}: {options.source} to {' and '.join(options.classes)}",
        command=shlex.join(["python", "examples/reproduce_paper.py", *arguments]),
    )
    seed = result.settings["seeds"][0]
    found["margins"] = look_at_features(options, X, y, split, others, seed)
    (options.out / "figures.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
