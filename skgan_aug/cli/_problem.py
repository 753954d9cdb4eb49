"""From the options to arrays: which images are compared on, which classes are rare."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from ..datasets import load_digits_images, load_image_folder, load_npz, resize_images
from ._console import plain_warnings

# Digits that look alike, so that a classifier needs to see enough of each.
DIGITS_RARE = "3,8,9"
DIGITS_RARE_COUNT = 12
DIGITS_TEST_SIZE = 0.3


@dataclass(frozen=True)
class ImageProblem:
    """Images to compare on."""

    title: str
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None
    test: tuple | None
    test_role: str
    names: dict
    rare: list | None
    rare_count: int | None

    def describe(self, folds):
        """Say in one line what the problem is."""
        shape = " x ".join(str(side) for side in self.X.shape[1:])
        folds = f"{folds} folds" + ("" if self.groups is None else ", by groups")
        held_out = folds if self.test is None else f"{len(self.test[0])} for {self.test_role}"
        line = (
            f"{self.title}: {len(self.X)} images of {shape} for training, {held_out}; "
            f"{len(self.names)} classes"
        )
        if self.rare is None:
            return f"{line}."
        rare = ", ".join(self.names[label] for label in self.rare)
        return f"{line}, of which {rare} keep {self.rare_count} training images each."


def load_problem(settings):
    """Load the data that `settings` names and find its rare classes."""
    size = parse_size(settings.size)
    if settings.data is None:
        title, bunch = "digits", load_digits_images()
    elif settings.data.is_dir():
        title = settings.data.resolve().name
        bunch = _load_folder(settings.data, size)
    else:
        title, bunch = settings.data.name, load_npz(settings.data)
    X, y, test, test_role = _parts(bunch, size)
    rare, rare_count = settings.rare, settings.rare_count
    if settings.data is None:
        X, y, test = _hold_out_digits(X, y, settings.seed)
        test_role = "testing"
        rare, rare_count = rare or DIGITS_RARE, rare_count or DIGITS_RARE_COUNT
    elif (rare is None) != (rare_count is None):
        raise ValueError("--rare and --rare-count belong together: give both or neither.")

    names = _names_of_labels(y, bunch.target_names)
    if test is None:
        _check_folds(settings.folds, y, names)
    if rare is not None:
        rare = parse_rare(rare, names)
        _check_rare_count(rare_count, rare, y, names, 1 if test else settings.folds)
    groups = bunch.get("groups")
    return ImageProblem(title, X, y, groups, test, test_role, names, rare, rare_count)


def _load_folder(path, size):
    """A folder without the files that cannot be read, which the terminal names."""
    with plain_warnings():
        bunch = load_image_folder(path, size=size, unreadable="list")
        if files := bunch.passed_over:
            warnings.warn(
                f"{len(files)} files are no images by their names and are left out, such as "
                f"{files[0]}.",
                stacklevel=1,
            )
    return bunch


def parse_size(size):
    """Turn "32" or "32x48" into an int or a pair, None into None."""
    if size is None:
        return None
    try:
        sides = [int(side) for side in size.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise ValueError(f"--size {size} is no size. Write 32, or 32x48 (height x width).")
    return sides[0] if len(sides) == 1 else tuple(sides)


def parse_rare(rare, names):
    """Turn class names or labels, with commas, into labels."""
    known = {str(label): label for label in names} | {
        name: label for label, name in names.items()
    }
    labels = []
    for name in split_list(rare):
        if name not in known:
            raise ValueError(
                f"--rare names {name}, which is no class. The classes are "
                f"{', '.join(names.values())}."
            )
        labels.append(known[name])
    return labels


def _check_folds(folds, y, names):
    """Refuse folds that cannot all have images of each class."""
    labels, counts = np.unique(y, return_counts=True)
    if folds <= counts.min():
        return
    name, n = names[labels[counts.argmin()].item()], counts.min()
    remedy = f"Give --folds {n}, or" if n > 1 else "Add images, leave the class out, or give"
    images = "1 image" if n == 1 else f"{n} images"
    raise ValueError(
        f"--folds {folds}: class {name} has {images}, not one for each fold. {remedy} images "
        "to test on: a folder of train and test, or an archive with X_test and y_test."
    )


def _check_rare_count(rare_count, rare, y, names, folds):
    """Refuse to keep more images of a class than every training part has."""
    for label in rare:
        n = np.count_nonzero(y == label)
        n_train = n if folds == 1 else n - -(-n // folds)
        if n_train < rare_count:
            part = "" if folds == 1 else f", {n_train} to train on in each of {folds} folds"
            raise ValueError(
                f"--rare-count {rare_count}: class {names[label]} has {n} images{part}. Ask "
                f"for at most {n_train}."
            )


def split_list(text):
    """Split at commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _parts(bunch, size):
    """Images and labels to train on; those to test on, and what they are for."""
    # Archives may hold plain vectors, which have no `images`.
    X = bunch.get("images", bunch.data)
    X = X if size is None else resize_images(X, size)
    for split, role in (("test", "testing"), ("validation", "validation")):
        X_test = bunch.get(f"{split}_images", bunch.get(f"{split}_data"))
        if X_test is not None:
            X_test = X_test if size is None else resize_images(X_test, size)
            return X, bunch.target, (X_test, bunch[f"{split}_target"]), role
    return X, bunch.target, None, ""


def _hold_out_digits(X, y, seed):
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=DIGITS_TEST_SIZE, stratify=y, random_state=seed
    )
    return X, y, (X_test, y_test)


def _names_of_labels(y, target_names):
    labels = np.unique(y)
    if labels.dtype.kind in "US" or len(target_names) == len(labels):
        named = zip(
            labels.tolist(), labels if labels.dtype.kind in "US" else target_names, strict=True
        )
        return {label: str(name) for label, name in named}
    return {label: str(target_names[label]) for label in labels.tolist()}
