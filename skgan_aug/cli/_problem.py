"""From the options to arrays: which images are compared on, which classes are rare."""

import csv
import io
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from .._text import counted
from ..datasets import load_digits_images, load_image_folder, load_npz, resize_images
from ..datasets._files import composed

# Digits that look alike, so that a classifier needs to see enough of each.
DIGITS_RARE = "3,8,9"
DIGITS_RARE_COUNT = 12
DIGITS_TEST_SIZE = 0.3


@dataclass(frozen=True)
class ImageProblem:
    """Images to compare on; labels are the names of the classes."""

    title: str
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None
    test: tuple | None
    test_role: str
    classes: list
    rare: list | None
    rare_count: int | None

    def describe(self, folds):
        """Say in one line what the problem is."""
        what = f"rows of {self.X.shape[1]} values"
        if self.X.ndim > 2:
            what = f"images of {' x '.join(str(side) for side in self.X.shape[1:])}"
        if self.test is None:
            held_out = f"{folds} folds" + ("" if self.groups is None else ", by groups")
        else:
            held_out = f"{len(self.test[0])} for {self.test_role}"
        line = (
            f"{self.title}: {len(self.X)} {what} for training, {held_out}; "
            f"{len(self.classes)} classes"
        )
        return f"{line}{self._describe_rare()}.{self._describe_unmeasured()}"

    def _describe_rare(self):
        if self.rare is None:
            return ""
        rare = f", of which {', '.join(self.rare)}"
        if self.rare_count is not None:
            return f"{rare} keep {self.rare_count} training images each"
        return f"{rare} {'is' if len(self.rare) == 1 else 'are'} rare"

    def _describe_unmeasured(self):
        tested = self.classes if self.test is None else set(self.test[1].tolist())
        lacking = [name for name in self.classes if name not in tested]
        if not lacking:
            return ""
        whose = "its recall is" if len(lacking) == 1 else "their recalls are"
        return f" No test images of {', '.join(lacking)}: {whose} not measured."


def load_problem(settings):
    """Load the data that `settings` names and find its rare classes."""
    rare, rare_count = settings.rare, settings.rare_count
    if settings.data is not None and rare is None and rare_count is not None:
        raise ValueError(
            f"--rare-count {rare_count} is given without --rare. Name the classes that it is "
            "for with --rare, or leave it out."
        )
    size = parse_size(settings.size)
    title, bunch = _load(settings, size)
    X, y, test, test_role = _parts(bunch, size)
    if settings.data is None:
        X, y, test = _hold_out_digits(X, y, settings.seed)
        test_role = "testing"
        rare = DIGITS_RARE if rare is None else rare
        rare_count = rare_count or DIGITS_RARE_COUNT

    names = _names_of_labels(y, bunch.target_names)
    y = _named(y, names, "training")
    if test is None:
        _check_folds(settings.folds, y)
    else:
        test = test[0], _named(test[1], names, test_role)
    if rare is not None:
        is_folder = settings.data is not None and settings.data.is_dir()
        labels = {} if is_folder else names  # that a user of a folder could not know
        rare = parse_rare(rare, names.values(), labels)
    if rare_count is not None:
        _check_rare_count(rare_count, rare, y, 1 if test else settings.folds)
    classes, groups = list(names.values()), bunch.get("groups")
    return ImageProblem(title, X, y, groups, test, test_role, classes, rare, rare_count)


def _load(settings, size):
    data = settings.data
    if data is None:
        return "digits", load_digits_images()
    if data.is_dir():
        return data.resolve().name, _load_folder(data, size)
    if not data.exists():
        raise FileNotFoundError(
            f"--data: there is no file {data}, and no folder of that name. Give a .npz "
            "archive, or a folder of class folders."
        )
    bunch = load_npz(data)
    if size is not None and "images" not in bunch:
        raise ValueError(
            f"--size {settings.size}: X in {data} holds rows of shape {bunch.data.shape[1:]}, "
            "no images. Leave --size out, or store images of shape (n, H, W) or (n, H, W, C)."
        )
    return data.name, bunch


def _load_folder(path, size):
    """A folder without the files that cannot be read, which the terminal names."""
    bunch = load_image_folder(path, size=size, unreadable="list")
    if files := bunch.passed_over:
        warnings.warn(
            f"Files left out because their names are not those of images: {len(files)}, such "
            f"as {files[0]}.",
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


def parse_rare(rare, names, labels):
    """Turn class names or ``{label: name}``, with commas, into names."""
    known = {str(label): name for label, name in labels.items()}
    known |= {composed(name): name for name in names}
    chosen = split_list("--rare", rare)
    for name in chosen:
        if name not in known:
            raise no_class("--rare", name, names)
    return list(dict.fromkeys(known[name] for name in chosen))


def no_class(option, name, known):
    """The error for a name that is none of the classes."""
    message = f"{option} names {name}, which is no class. The classes are {', '.join(known)}."
    if any("," in other or '"' in other for other in known):
        message += f""" Write {option} '"a, b",c' for a name with a comma, "" for a quote."""
    return ValueError(message)


def _check_folds(folds, y):
    """Refuse folds that cannot all have images of each class."""
    names, counts = np.unique(y, return_counts=True)
    if folds <= counts.min():
        return
    name, n = names[counts.argmin()], counts.min()
    remedy = f"Give --folds {n}, or" if n > 1 else "Add images, leave the class out, or give"
    raise ValueError(
        f"--folds {folds}: class {name} has {counted(n, 'image')}, not one for each fold. "
        f"{remedy} images to test on: a folder of train and test, or an archive with X_test "
        "and y_test."
    )


def _check_rare_count(rare_count, rare, y, folds):
    """Refuse to keep more images of a class than every training part has."""
    for name in rare:
        n = np.count_nonzero(y == name)
        n_train = n if folds == 1 else n - -(-n // folds)
        if n_train < rare_count:
            part = "" if folds == 1 else f", {n_train} to train on in each of {folds} folds"
            raise ValueError(
                f"--rare-count {rare_count}: class {name} has {n} images{part}. Ask "
                f"for at most {n_train}."
            )


def split_list(option, text):
    """Split at commas outside double quotes; accents are composed, as in names of classes."""
    lines = csv.reader(io.StringIO(composed(text)), skipinitialspace=True)
    try:
        parts = [part.strip() for line in lines for part in line if part.strip()]
    except csv.Error as error:
        raise ValueError(f"{option} cannot be split at its commas: {error}") from error
    if not parts:  # as of a variable of the shell that is not set
        raise ValueError(f"{option} {text!r} names nothing. Name something, or leave it out.")
    return parts


def refuse_inside(option, path, folder):
    """Refuse a folder of ours among the class folders of a data set."""
    if path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"{option} {path} lies in {folder}, which is for class folders alone. Give a "
            "folder beside it."
        )


def check_choice(option, name, known):
    """Refuse an unknown name, listing those that there are."""
    if name not in known:
        raise ValueError(
            f"{option} names {name!r}, which is unknown. Choose among {', '.join(known)}."
        )


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
    """``{label: name}`` of the classes to train on, in the order of the labels."""
    labels = np.unique(y)
    if len(labels) < 2:
        raise ValueError(
            "--data holds images of one class to train on, and a comparison needs at least "
            "two: give the folder that holds the folders of all classes, or an archive with "
            "more."
        )
    if labels.dtype.kind in "US":
        names = labels.astype(str)
    elif len(target_names) == len(labels):
        names = target_names
    else:
        names = target_names[labels.astype(int)]
    return dict(zip(labels.tolist(), names.tolist(), strict=True))


def _named(y, names, role):
    """Names in place of labels, so that whatever shows a class shows its name."""
    for label in np.unique(y).tolist():
        if label not in names:
            raise ValueError(
                f"Images for {role} are of class {label!r}, which those to train on lack. "
                "Leave them out."
            )
    return np.array([names[label] for label in y.tolist()])
